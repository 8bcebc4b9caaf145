"""The way in as a client walks it: typed steps, typed refusals, and the session's cookie."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from gateways import Gateways
from models import AccessFlow, Session
from tests import cast
from tests.cast import CAMILLE_PHONE, CODE, OTHER_CODE, nobodys_number
from tests.kept import ON_ONE
from tests.resolvers.walking import codes_sent_to
from tests.schema.asking import Answer, Asker

KEYPAD = "{ challengeId expiresAt keys { position glyph label } }"
RESULT = f"""{{ __typename
    ... on FlowStep {{ flowId purpose expiresAt }}
    ... on KeypadStep {{ keypad {KEYPAD} }}
    ... on SmsCodeStep {{ smsReference smsExpiresAt resendAllowedAt }}
    ... on NewCodeStep {{ first {KEYPAD} second {KEYPAD} }}
    ... on SignedIn {{ customer {{ firstNames }} }}
    ... on Problem {{ code message }}
    ... on WrongCredentials {{ attemptsLeft next {{ __typename ... on FlowStep {{ flowId }}
        ... on KeypadStep {{ keypad {KEYPAD} }} }} }}
    ... on KeypadOver {{ next {{ __typename ... on KeypadStep {{ keypad {KEYPAD} }} }} }}
    ... on WeakCode {{ weakness next {{ __typename }} }}
    ... on CodesDiffer {{ next {{ __typename }} }}
    ... on WrongCode {{ attemptsLeft }}
    ... on AccountLocked {{ until }}
    ... on InvalidInput {{ fields {{ field rule }} }} }}"""
LOG_IN = f"""mutation($of: Identifier!, $accessible: Boolean! = false) {{
    logIn(identifier: $of, accessibleKeypad: $accessible) {RESULT} }}"""
RECOVER = LOG_IN.replace("logIn", "recoverCode").replace("false", "true")
ENTER = f"mutation($flow: ID!, $entry: KeypadEntry!) {{ enterCode(flowId: $flow, entry: $entry) {RESULT} }}"
PHONE = f"mutation($flow: ID!, $phone: String!) {{ confirmPhone(flowId: $flow, phone: $phone) {RESULT} }}"
SMS = f"mutation($flow: ID!, $code: String!) {{ enterSmsCode(flowId: $flow, code: $code) {RESULT} }}"
CHOOSE = f"""mutation($flow: ID!, $first: KeypadEntry!, $second: KeypadEntry!) {{
    chooseCode(flowId: $flow, first: $first, second: $second) {RESULT} }}"""


def pressed(keypad: Any, code: str) -> dict[str, Any]:
    """A code read off the labels of an accessible keypad."""
    position = {key["label"]: key["position"] for key in keypad["keys"]}
    return {"challengeId": keypad["challengeId"], "positions": [position[digit] for digit in code]}


def session_of(answer: Answer) -> str:
    assert answer.cookie is not None
    (token,) = re.findall(r"(?:^|, )session=([^;]*);", answer.cookie)
    return str(token)


async def keypad_step(ask: Asker, number: str) -> Any:
    return (await ask(LOG_IN, of={"cardOrCreditNumber": number}, accessible=True))["logIn"]


async def test_a_customer_signs_in(ask: Asker, gateways: Gateways) -> None:
    access = await cast.camille_with_access(gateways)
    spaced = f"{access.number[:4]} {access.number[4:8]} {access.number[8:]}"
    step = await keypad_step(ask, spaced)
    assert (step["__typename"], step["purpose"]) == ("KeypadStep", "SIGN_IN")
    assert step["expiresAt"] == "2026-06-15T10:15:00+00:00"
    answer = await ask(ENTER, flow=step["flowId"], entry=pressed(step["keypad"], CODE))
    assert answer["enterCode"] == {"__typename": "SignedIn", "customer": {"firstNames": "Camille"}}
    assert answer.cookie is not None
    flags = {part.strip().lower() for part in answer.cookie.split(";")[1:]}
    assert flags == {"httponly", "samesite=strict", "path=/", "max-age=43200"}
    token = session_of(answer)
    assert (await Session.owned_by(access.owner.id).get()).token_digest not in token


async def test_a_file_number_signs_in_as_well(ask: Asker, gateways: Gateways) -> None:
    access = await cast.camille_with_access(gateways)
    await cast.identifier(access.contract, access.contract.file_number)
    typed = access.contract.file_number.lower()
    step = (await ask(LOG_IN, of={"fileNumber": typed}, accessible=True))["logIn"]
    answer = await ask(ENTER, flow=step["flowId"], entry=pressed(step["keypad"], CODE))
    assert answer["enterCode"]["__typename"] == "SignedIn"


async def test_a_keypad_shows_images_and_says_no_digit(ask: Asker) -> None:
    step = (await ask(LOG_IN, of={"cardOrCreditNumber": nobodys_number()}))["logIn"]
    keys = step["keypad"]["keys"]
    assert [key["position"] for key in keys] == list(range(10))
    assert {key["label"] for key in keys} == {None}
    assert len({key["glyph"] for key in keys}) == 10
    for key in keys:
        kind, _, drawn = key["glyph"].partition(";base64,")
        assert kind == "data:image/svg+xml"
        image = base64.b64decode(drawn).decode()
        assert "<text" not in image
        assert "<title" not in image


async def test_an_accessible_keypad_says_each_digit_once(ask: Asker) -> None:
    step = await keypad_step(ask, nobodys_number())
    keys = step["keypad"]["keys"]
    assert sorted(key["label"] for key in keys) == list("0123456789")
    again = (await keypad_step(ask, nobodys_number()))["keypad"]["keys"]
    glyphs = {key["label"]: key["glyph"] for key in keys}
    assert {key["label"]: key["glyph"] for key in again} == glyphs
    assert [key["label"] for key in again] != [key["label"] for key in keys]


async def test_a_wrong_code_leads_to_the_same_step_with_another_keypad(
    ask: Asker, gateways: Gateways
) -> None:
    access = await cast.camille_with_access(gateways)
    answers = []
    for number in (access.number, nobodys_number()):
        step = await keypad_step(ask, number)
        for _ in range(4):
            entry = pressed(step["keypad"], OTHER_CODE)
            refused = (await ask(ENTER, flow=step["flowId"], entry=entry))["enterCode"]
            answers.append((number, {**refused, "next": refused["next"]["__typename"]}))
            step = refused["next"]
        entry = pressed(step["keypad"], OTHER_CODE)
        last = await ask(ENTER, flow=step["flowId"], entry=entry)
        answers.append((number, last["enterCode"]))
        assert last.cookie is None
    hers, nobodys = [[answer for number, answer in answers if number == asked] for asked in dict(answers)]
    assert hers == nobodys
    assert [answer.get("attemptsLeft") for answer in hers] == [4, 3, 2, 1, None]
    assert hers[0]["next"] == "KeypadStep"
    assert hers[4]["__typename"] == "AccountLocked"
    assert hers[4]["until"] == "2026-06-15T10:30:00+00:00"


async def test_a_forgotten_code_is_replaced(ask: Asker, gateways: Gateways) -> None:
    access = await cast.camille_with_access(gateways)
    phone = (await ask(RECOVER, of={"cardOrCreditNumber": access.number}))["recoverCode"]
    assert (phone["__typename"], phone["purpose"]) == ("PhoneStep", "FORGOTTEN_CODE")
    sms = (await ask(PHONE, flow=phone["flowId"], phone="06 12 34 56 01"))["confirmPhone"]
    assert (sms["smsExpiresAt"], sms["resendAllowedAt"]) == (
        "2026-06-15T10:10:00+00:00",
        "2026-06-15T10:00:30+00:00",
    )
    (code,) = await codes_sent_to(access.owner)
    wrong = (await ask(SMS, flow=sms["flowId"], code=f"{(int(code) + 1) % 10**6:06d}"))["enterSmsCode"]
    assert (wrong["code"], wrong["attemptsLeft"]) == ("WRONG_CODE", 4)
    entered = await ask(SMS, flow=sms["flowId"], code=code)
    new, provisional = entered["enterSmsCode"], session_of(entered)
    assert new["__typename"] == "NewCodeStep"
    chosen = pressed(new["first"], OTHER_CODE), pressed(new["second"], OTHER_CODE)
    given = {"flow": new["flowId"], "first": chosen[0], "second": chosen[1]}
    assert (await ask(CHOOSE, **given))["chooseCode"]["__typename"] == "FlowOver"  # without the session
    done = await ask.with_session(provisional, CHOOSE, **given)
    assert done["chooseCode"] == {"__typename": "SignedIn", "customer": {"firstNames": "Camille"}}
    assert session_of(done)
    step = await keypad_step(ask, access.number)  # with the cookie of before, which is trusted no more
    answer = await ask(ENTER, flow=step["flowId"], entry=pressed(step["keypad"], OTHER_CODE))
    assert answer["enterCode"]["__typename"] == "SmsCodeStep"


async def test_a_walk_by_phone_is_answered_alike_for_nobody(ask: Asker, gateways: Gateways) -> None:
    access = await cast.camille_with_access(gateways)
    answers = []
    for number, phone in ((access.number, "0612345699"), (nobodys_number(), CAMILLE_PHONE)):
        step = (await ask(RECOVER, of={"cardOrCreditNumber": number}))["recoverCode"]
        sms = (await ask(PHONE, flow=step["flowId"], phone=phone))["confirmPhone"]
        wrong = (await ask(SMS, flow=step["flowId"], code="000000"))["enterSmsCode"]
        answers.append([{**part, "flowId": "", "smsReference": ""} for part in (step, sms, wrong)])
    assert answers[0] == answers[1]


@ON_ONE
@pytest.mark.parametrize(
    ("of", "field", "rule"),
    [
        ({"cardOrCreditNumber": ""}, "cardOrCreditNumber", "IDENTIFIER_EMPTY"),
        ({"cardOrCreditNumber": "3060"}, "cardOrCreditNumber", "IDENTIFIER_LENGTH"),
        ({"cardOrCreditNumber": "4" * 17}, "cardOrCreditNumber", "IDENTIFIER_PREFIX"),
        ({"cardOrCreditNumber": "x"}, "cardOrCreditNumber", "IDENTIFIER_CHARACTERS"),
        ({"fileNumber": ""}, "fileNumber", "IDENTIFIER_EMPTY"),
        ({"fileNumber": "A_B"}, "fileNumber", "IDENTIFIER_CHARACTERS"),
        ({"fileNumber": "3060" + "0" * 13}, "fileNumber", "IDENTIFIER_CARD_OR_CREDIT_NUMBER"),
    ],
)
async def test_a_malformed_identifier_is_told_by_its_field(
    ask: Asker, of: dict[str, str], field: str, rule: str
) -> None:
    before = await AccessFlow.all().count()
    refused = (await ask(LOG_IN, of=of))["logIn"]
    assert (refused["code"], refused["fields"]) == ("BAD_USER_INPUT", [{"field": field, "rule": rule}])
    assert await AccessFlow.all().count() == before


@ON_ONE
@pytest.mark.parametrize(
    "of", [{}, {"cardOrCreditNumber": None}, {"cardOrCreditNumber": "1", "fileNumber": "2"}]
)
async def test_an_identifier_is_one_of_the_two(ask: Asker, of: dict[str, Any]) -> None:
    answer = await ask(LOG_IN, of=of)
    assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"])


async def test_signing_out_erases_the_cookie(ask: Asker) -> None:
    owner = await cast.ines()
    answer = await ask("mutation { signOut { sessionsClosed } }", owner)
    assert answer["signOut"] == {"sessionsClosed": 1}
    assert answer.cookie is not None
    assert "max-age=0" in answer.cookie.lower()
    assert (await ask("{ customer { id } }", owner))["customer"] is None
