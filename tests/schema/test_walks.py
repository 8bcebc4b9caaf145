"""Whole walks through the application, as a browser takes them: cookies, steps, and surer sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.browsers import label
from gateways import Gateways
from models import AuditEvent, Device, Session
from tests import cast
from tests.cast import BROWSER, CODE, OTHER_CODE, Access
from tests.conftest import Clock
from tests.resolvers.walking import codes_sent_to
from tests.schema.asking import Asker
from tests.schema.browser import Browser
from tests.schema.test_access import CHOOSE, LOG_IN, PHONE, RECOVER, RESULT, SMS, pressed

RESUME = f"mutation($flow: ID!) {{ resumeAccess(flowId: $flow) {RESULT} }}"
STEP_UP = f"mutation {{ stepUp(accessibleKeypad: true) {RESULT} }}"
KEYS = "{ challengeId keys { position label } }"
CHANGE_CODE = f"""mutation {{ changeCode(accessibleKeypad: true) {{ __typename
    ... on StepUpRequired {{ code assurance next {{ __typename }} }}
    ... on NewCodeStep {{ flowId first {KEYS} second {KEYS} }} }} }}"""
CHANGE_PHONE = """mutation { requestPhoneChange(phone: "06 12 34 56 09") { __typename ... on Problem { code }
    ... on StepUpRequired { assurance next { __typename ... on FlowStep { purpose } } } } }"""
WHO = "{ customer { firstNames } session { assurance } }"
HOUR = timedelta(hours=1)


@pytest.fixture
async def access(database: str, gateways: Gateways) -> Access:
    return await cast.camille_with_access(gateways)


async def log_in(browser: Browser, access: Access) -> Any:
    of = {"cardOrCreditNumber": access.number}
    return (await browser(LOG_IN, of=of, accessible=True))["logIn"]


async def sign_in(browser: Browser, access: Access) -> Any:
    return await browser.press(await log_in(browser, access), CODE)


async def in_an_old_session(browser: Browser, access: Access, clock: Clock) -> None:
    """Signed in an hour ago, and at it since."""
    assert (await sign_in(browser, access))["__typename"] == "SignedIn"
    clock.now += HOUR
    await Session.owned_by(access.owner.id).filter(closed_at=None).update(seen_at=clock.now)


async def test_a_new_browser_is_known_from_its_first_walk_and_trusted_from_its_first_sms(
    ask: Asker, access: Access
) -> None:
    browser = Browser(ask)
    step = await log_in(browser, access)
    assert set(browser.cookies) == {"device"}
    assert len(browser.cookies["device"]) == 43
    flags = {"httponly": "True", "samesite": "strict", "path": "/", "max-age": str(400 * 86_400)}
    assert browser.given["device"] == flags
    asked = await browser.press(step, CODE)
    assert (asked["__typename"], asked["purpose"]) == ("SmsCodeStep", "SIGN_IN")
    assert asked["smsExpiresAt"] == "2026-06-15T10:10:00+00:00"
    assert set(browser.cookies) == {"device"}
    arrived = await browser.give_back(asked, access.owner)
    assert arrived == {"__typename": "SignedIn", "customer": {"firstNames": "Camille"}}
    assert set(browser.cookies) == {"device", "session"}
    assert (await browser(WHO)).data == {
        "customer": {"firstNames": "Camille"},
        "session": {"assurance": "STRONG_RECENT"},
    }
    later = Browser(ask, device=browser.cookies["device"])
    assert (await sign_in(later, access))["__typename"] == "SignedIn"


async def test_a_shared_browser_is_asked_for_an_sms_each_time(ask: Asker, access: Access) -> None:
    browser, known = Browser(ask), await Device.owned_by(access.owner.id).count()
    asked = await sign_in(browser, access)
    code = (await codes_sent_to(access.owner))[-1]
    untrusting = SMS.replace("code: $code", "code: $code, trustDevice: false")
    arrived = (await browser(untrusting, flow=asked["flowId"], code=code))["enterSmsCode"]
    assert arrived["__typename"] == "SignedIn"
    assert await Device.owned_by(access.owner.id).count() == known
    again = Browser(ask, device=browser.cookies["device"])
    assert (await sign_in(again, access))["__typename"] == "SmsCodeStep"


async def test_the_browser_is_called_as_it_names_itself(ask: Asker, access: Access) -> None:
    browser = Browser(ask)
    await browser.give_back(await sign_in(browser, access), access.owner)
    named = label("python-httpx/0.28.1")
    event = await AuditEvent.owned_by(access.owner.id).get(kind="SIGNED_IN")
    device = await Device.owned_by(access.owner.id).order_by("-id").first()
    assert device is not None
    assert event.label == device.label == named


async def test_a_page_that_was_loaded_again_goes_on_in_its_browser_alone(ask: Asker, access: Access) -> None:
    browser = Browser(ask)
    step = await log_in(browser, access)
    resumed = (await browser(RESUME, flow=step["flowId"]))["resumeAccess"]
    assert (resumed["__typename"], resumed["flowId"]) == ("KeypadStep", step["flowId"])
    assert resumed["keypad"]["challengeId"] != step["keypad"]["challengeId"]
    for other in (Browser(ask), Browser(ask, device="o" * 43)):
        refused = (await other(RESUME, flow=step["flowId"]))["resumeAccess"]
        assert (refused["__typename"], refused["code"]) == ("FlowOver", "FLOW_OVER")
    asked = await browser.press(resumed, CODE)
    again = (await browser(RESUME, flow=asked["flowId"]))["resumeAccess"]
    assert again == asked


async def test_a_change_of_phone_is_asked_to_be_proven_again(
    ask: Asker, access: Access, clock: Clock
) -> None:
    browser = Browser(ask, device=BROWSER)
    await in_an_old_session(browser, access, clock)
    before, token = await cast.known_of(access.owner), browser.cookies["session"]
    refused = (await browser(CHANGE_PHONE))["requestPhoneChange"]
    assert (refused["__typename"], refused["code"]) == ("StepUpRequired", "STEP_UP_REQUIRED")
    assert refused["assurance"] == "STRONG_RECENT"
    assert (refused["next"]["__typename"], refused["next"]["purpose"]) == ("KeypadStep", "STEP_UP")
    assert await cast.known_of(access.owner) == before

    asked = await browser.press((await browser(STEP_UP))["stepUp"], CODE)
    assert (asked["__typename"], asked["purpose"]) == ("SmsCodeStep", "STEP_UP")
    assert (await browser.give_back(asked, access.owner))["__typename"] == "SignedIn"
    assert browser.cookies["session"] != token
    assert (await browser(CHANGE_PHONE))["requestPhoneChange"]["__typename"] == "ConfirmationSent"
    assert (await Browser(ask, device=BROWSER, session=token)(WHO))["customer"] is None


async def test_a_code_is_changed_in_a_sure_session(ask: Asker, access: Access, clock: Clock) -> None:
    browser = Browser(ask, device=BROWSER)
    await in_an_old_session(browser, access, clock)
    refused = (await browser(CHANGE_CODE))["changeCode"]
    assert (refused["code"], refused["next"]) == ("STEP_UP_REQUIRED", {"__typename": "KeypadStep"})
    asked = await browser.press((await browser(STEP_UP))["stepUp"], CODE)
    await browser.give_back(asked, access.owner)
    step, token = (await browser(CHANGE_CODE))["changeCode"], browser.cookies["session"]
    entries = {part: pressed(step[part], OTHER_CODE) for part in ("first", "second")}
    done = (await browser(CHOOSE, flow=step["flowId"], **entries))["chooseCode"]
    assert done == {"__typename": "SignedIn", "customer": {"firstNames": "Camille"}}
    assert browser.cookies["session"] != token
    later = Browser(ask, device=BROWSER)
    assert (await later.press(await log_in(later, access), OTHER_CODE))["__typename"] == "SignedIn"


async def test_a_provisional_session_sees_nothing(ask: Asker, access: Access) -> None:
    browser = Browser(ask)
    asked = (await browser(RECOVER, of={"cardOrCreditNumber": access.number}))["recoverCode"]
    sent = (await browser(PHONE, flow=asked["flowId"], phone="06 12 34 56 01"))["confirmPhone"]
    new = await browser.give_back(sent, access.owner)
    assert new["__typename"] == "NewCodeStep"
    assert browser.given["session"]["max-age"] == "900"
    assert (await browser(WHO)).data == {"customer": None, "session": {"assurance": "PROVISIONAL"}}
    contracts = await browser("{ contracts { label } }")
    assert (contracts.data["contracts"], contracts.codes) == (None, ["UNAUTHENTICATED"])
    for act in (STEP_UP, CHANGE_PHONE):
        (refused,) = (await browser(act)).data.values()
        assert refused["__typename"] == "NotSignedIn"
    left = await browser("mutation { signOut(everywhere: true) { sessionsClosed } }")
    assert left["signOut"] == {"sessionsClosed": 1}
    assert set(browser.cookies) == {"device"}
    entries = {part: pressed(new[part], OTHER_CODE) for part in ("first", "second")}
    over = (await browser(CHOOSE, flow=new["flowId"], **entries))["chooseCode"]
    assert over["code"] == "FLOW_OVER"


async def test_a_browser_that_recovered_a_code_is_trusted_again(ask: Asker, access: Access) -> None:
    browser = Browser(ask, device=BROWSER)
    asked = (await browser(RECOVER, of={"cardOrCreditNumber": access.number}))["recoverCode"]
    sent = (await browser(PHONE, flow=asked["flowId"], phone="06 12 34 56 01"))["confirmPhone"]
    new = await browser.give_back(sent, access.owner)
    entries = {part: pressed(new[part], OTHER_CODE) for part in ("first", "second")}
    done = (await browser(CHOOSE, flow=new["flowId"], **entries))["chooseCode"]
    assert done["__typename"] == "SignedIn"
    kept, before = Browser(ask, device=browser.cookies["device"]), Browser(ask, device=BROWSER)
    assert (await kept.press(await log_in(kept, access), OTHER_CODE))["__typename"] == "SignedIn"
    assert (await before.press(await log_in(before, access), OTHER_CODE))["__typename"] == "SmsCodeStep"


async def test_a_customer_without_a_phone_is_told_to_call(ask: Asker, access: Access) -> None:
    access.owner.phone = None
    await access.owner.save()
    browser = Browser(ask)
    refused = await sign_in(browser, access)
    assert (refused["__typename"], refused["code"]) == ("NoPhone", "NO_PHONE")
    assert "30 26" in refused["message"]
    assert set(browser.cookies) == {"device"}
