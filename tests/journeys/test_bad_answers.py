"""Answers no keypad gives, steps taken twice or elsewhere, tries by the thousand: what they cost, and buy."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from feed.sample.demo import DEMO_CODE
from tests.journeys.browser import ENTER_CODE, STEPS, Browser, Step, pressed
from tests.journeys.databases import of_customer, query
from tests.journeys.personal import sample_customer
from tests.journeys.portal import Portal
from tests.journeys.test_devices import WHO, kind, number_of, to_the_sms

WRONG = "135791"
TRY = "mutation($flow: ID!, $entry: KeypadEntry!) {{ {} }}"
ONE_TRY = "t{}: enterCode(flowId: $flow, entry: $entry) {{ __typename }}"


def many_tries(count: int) -> str:
    """A document that enters a code so many times."""
    return TRY.format(" ".join(ONE_TRY.format(number) for number in range(count)))


def tries_of(portal: Portal, number: str) -> tuple[int, int]:
    """Wrong codes in a row on browsers nobody knows, and answers that flows took, of one customer."""
    url, where = portal.settings["database_url"], of_customer(number)
    tallies = query(url, f"SELECT failures FROM attempt_tally WHERE {where}")
    flows = query(url, f"SELECT tries FROM access_flow WHERE {where}")
    return sum(row["failures"] for row in tallies), sum(row["tries"] for row in flows)


async def test_a_thousand_tries_in_one_document_are_refused_before_any_is_made(shared_portal: Portal) -> None:
    number = number_of("Léger")
    before = tries_of(shared_portal, number)
    tersely = "".join(f"t{place}:enterCode(flowId:$f,entry:$e){{__typename}}" for place in range(1_000))
    async with Browser(shared_portal) as browser:
        step = await browser.begin("logIn", number)
        flow, entry = step["flowId"], pressed(step["keypad"], WRONG)
        for document, refused in (
            (many_tries(1_000), "Syntax Error: Source contains more than 50000 code points"),
            (f"mutation($f:ID!,$e:KeypadEntry!){{{tersely}}}", "Syntax Error: Document contains more than"),
            (many_tries(31), "Document has too many aliases: 31 found, 30 allowed"),
            (many_tries(21), "Document has too many root fields: 21 found, 20 allowed"),
        ):
            answer = (await browser.send(document, flow=flow, entry=entry, f=flow, e=entry)).json()
            (error,) = answer["errors"]
            assert (error["message"].startswith(refused), "data" in answer) == (True, False), error
        assert tries_of(shared_portal, number) == before
        assert kind(await browser.enter_code(step, DEMO_CODE)) == "SmsCodeStep"


async def test_tries_within_the_limits_of_a_document_are_refused_together(shared_portal: Portal) -> None:
    number = number_of("Moreau")
    before = tries_of(shared_portal, number)
    async with Browser(shared_portal) as browser:
        step = await browser.begin("logIn", number)
        variables = {"flow": step["flowId"], "entry": pressed(step["keypad"], WRONG)}
        answer = (await browser.send(many_tries(2), **variables)).json()
        (error,) = answer["errors"]
        assert (error["extensions"]["code"], "data" in answer) == ("GRAPHQL_VALIDATION_FAILED", False)
        assert tries_of(shared_portal, number) == before


async def test_parallel_guesses_are_five_whatever_their_number_and_lock_strangers_out_but_not_her(
    shared_portal: Portal,
) -> None:
    number = number_of("Gosselin")
    async with Browser(shared_portal) as hers, Browser(shared_portal) as stranger:
        assert kind(await hers.sign_in(number, DEMO_CODE, surely=True)) == "SignedIn"
        steps = [await stranger.begin("logIn", number) for _ in range(12)]
        answers = await asyncio.gather(*(stranger.enter_code(step, WRONG) for step in steps))
        assert Counter(map(kind, answers)) == {"WrongCredentials": 4, "AccountLocked": 8}
        assert tries_of(shared_portal, number)[0] == 5
        locked = await stranger.enter_code(await stranger.begin("logIn", number), DEMO_CODE)
        assert kind(locked) == "AccountLocked"
        assert tries_of(shared_portal, number)[0] == 5
        step = await hers.enter_code(await hers.begin("logIn", number), DEMO_CODE)
        assert kind(step) == "SignedIn"


async def test_several_operations_in_one_request_are_refused(shared_portal: Portal) -> None:
    number = number_of("Normand")
    before = tries_of(shared_portal, number)
    async with Browser(shared_portal) as browser:
        step = await browser.begin("logIn", number)
        document = ENTER_CODE + STEPS
        variables = {"flow": step["flowId"], "entry": pressed(step["keypad"], WRONG)}
        one = {"query": document, "variables": variables}
        headers = {"Cookie": browser.cookie}
        batch = await browser.http.post("/graphql", json=[one] * 10, headers=headers)
        assert batch.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
        read = {"query": document, "variables": json.dumps(variables)}
        by_get = await browser.http.get("/graphql", params=read, headers=headers)
        assert (by_get.status_code, "data" in by_get.json()) == (403, False)
        assert tries_of(shared_portal, number) == before
        assert kind(await browser.enter_code(step, DEMO_CODE)) == "SmsCodeStep"


RIGHT = [0, 1, 2, 3, 4, 5]
TOLD = [
    ([0, 1, 2, 3, 4, 10], "POSITIONS_OUT_OF_RANGE"),
    ([0, 1, 2, 3, 4, -1], "POSITIONS_OUT_OF_RANGE"),
    ([2**31 - 1] * 6, "POSITIONS_OUT_OF_RANGE"),
    ([], "POSITIONS_COUNT"),
    (RIGHT[:5], "POSITIONS_COUNT"),
    ([*RIGHT, 6], "POSITIONS_COUNT"),
    ([0] * 1_900, "POSITIONS_COUNT"),
    (3, "POSITIONS_COUNT"),  # one value is a list of one (GraphQL 3.11)
]
NOT_POSITIONS: list[Any] = [
    [0.5, 1, 2, 3, 4, 5],
    [2**31, 1, 2, 3, 4, 5],
    [1e40] * 6,
    ["0", "1", "2", "3", "4", "5"],
    "012345",
    [True] * 6,
    [None] * 6,
    [[0, 1, 2, 3, 4, 5]],
    {"0": 1},
    None,
    [0] * 100_000,
    [0] * 20_000,
]


async def test_positions_that_no_keypad_has_are_told_and_cost_neither_keypad_nor_try(
    shared_portal: Portal,
) -> None:
    number = number_of("Lemaire")
    before = tries_of(shared_portal, number)
    async with Browser(shared_portal) as browser:
        step = await browser.begin("logIn", number)
        for positions, rule in TOLD:
            answered = (await _sent(browser, step, positions)).json()["data"]["step"]
            assert (kind(answered), answered["fields"]) == (
                "InvalidInput",
                [{"field": "positions", "rule": rule}],
            )
        for positions in NOT_POSITIONS:
            answer = (await _sent(browser, step, positions)).json()
            codes = {error["extensions"]["code"] for error in answer["errors"]}
            assert ("data" in answer, len(codes)) == (False, 1)
            assert codes <= {"BAD_USER_INPUT", "BAD_REQUEST", "PAYLOAD_TOO_LARGE"}, positions
        assert tries_of(shared_portal, number) == before
        assert kind(await browser.enter_code(step, DEMO_CODE)) == "SmsCodeStep"


async def _sent(browser: Browser, step: Step, positions: Any) -> Any:
    entry = {"challengeId": step["keypad"]["challengeId"], "positions": positions}
    return await browser.send(ENTER_CODE + STEPS, flow=step["flowId"], entry=entry)


@pytest.mark.parametrize("token", ["", "x", "é" * 43, "A" * 43, "A" * 5_000, "0", "../../etc"])
async def test_made_up_flows_and_keypads_lead_nowhere(shared_portal: Portal, token: str) -> None:
    async with Browser(shared_portal) as browser:
        step = await browser.begin("logIn", number_of("Normand"))
        assert kind(await browser.enter_code({**step, "flowId": token}, DEMO_CODE)) == "FlowOver"
        assert kind(await browser.resume(token)) == "FlowOver"
        assert kind(await browser.enter_sms_code({"flowId": token}, "123456")) == "FlowOver"
        keypad = {**step["keypad"], "challengeId": token}
        assert kind(await browser.enter_code({**step, "keypad": keypad}, DEMO_CODE)) == "KeypadOver"


async def test_steps_taken_twice_or_in_anothers_place_lead_nowhere(shared_portal: Portal) -> None:
    one = sample_customer("Lombard")
    assert one.row.phone is not None
    async with Browser(shared_portal) as browser:
        signing_in = await to_the_sms(browser, "Lombard")
        code = await browser.sms_code(signing_in)
        recovering = await browser.begin("recoverCode", one.sign_in_numbers[0])
        assert kind(await browser.enter_code({**signing_in, **keypad_of(WRONG)}, WRONG)) == "FlowOver"
        assert kind(await browser.enter_sms_code(recovering, code)) == "FlowOver"
        assert kind(await browser.confirm_phone(signing_in, one.row.phone)) == "FlowOver"
        recovering = await browser.confirm_phone(recovering, one.row.phone)
        other_code = await browser.sms_code(recovering)
        swapped = await browser.enter_sms_code(recovering, code)
        assert (kind(swapped), swapped["attemptsLeft"]) == ("WrongCode", 4)
        assert kind(await browser.enter_sms_code(signing_in, code)) == "SignedIn"
        assert kind(await browser.enter_sms_code(signing_in, code)) == "FlowOver"
        assert await browser.ask(WHO) == {"customer": {"lastName": "Lombard"}}
        choosing = await browser.enter_sms_code(recovering, other_code)
        assert kind(choosing) == "NewCodeStep"
        assert kind(await browser.enter_sms_code(recovering, other_code)) == "FlowOver"


def keypad_of(digits: str) -> dict[str, Any]:
    """A keypad that a client made up."""
    keys = [{"label": str(digit), "position": digit} for digit in range(10)]
    return {"keypad": {"challengeId": digits, "keys": keys}}
