"""Browsers: asked for a code by SMS once, held to what they began, and worth nothing to a thief."""

from __future__ import annotations

from typing import Any

from feed.sample.demo import DEMO_CODE
from tests.journeys.browser import Browser, Step
from tests.journeys.databases import of_customer, query
from tests.journeys.personal import sample_customer
from tests.journeys.portal import Portal
from tests.journeys.test_changing import NEW_CODE

WHO = "{ customer { lastName } }"
SIGN_OUT = "mutation { signOut { sessionsClosed } }"
ON_A_SHARED_BROWSER = """
mutation($flow: ID!, $code: String!) {
  step: enterSmsCode(flowId: $flow, code: $code, trustDevice: false) { __typename } }
"""


def number_of(last_name: str) -> str:
    return sample_customer(last_name).sign_in_numbers[0]


def kind(step: Step) -> str:
    return str(step["__typename"])


async def to_the_sms(browser: Browser, last_name: str) -> Step:
    """Sign in as far as the code by SMS, as on every browser that is not trusted."""
    step = await browser.enter_code(await browser.begin("logIn", number_of(last_name)), DEMO_CODE)
    assert kind(step) == "SmsCodeStep"
    return step


async def test_a_browser_is_asked_for_a_code_by_sms_once_and_each_other_browser_too(
    shared_portal: Portal,
) -> None:
    async with Browser(shared_portal) as browser, Browser(shared_portal) as another:
        assert browser.cookies == {}
        step = await to_the_sms(browser, "Whitcombe")
        assert list(browser.cookies) == ["device"]
        assert await browser.ask(WHO) == {"customer": None}
        code = await browser.sms_code(step)
        assert kind(await browser.enter_sms_code(step, code)) == "SignedIn"
        assert await browser.ask(WHO) == {"customer": {"lastName": "Whitcombe"}}
        assert kind(await browser.enter_sms_code(step, code)) == "FlowOver"

        await browser.ask(SIGN_OUT)
        again = await browser.begin("logIn", number_of("Whitcombe"))
        assert kind(await browser.enter_code(again, DEMO_CODE)) == "SignedIn"

        step = await to_the_sms(another, "Whitcombe")
        assert another.devices != browser.devices
        assert kind(await another.enter_sms_code(step, await another.sms_code(step))) == "SignedIn"


async def test_a_browser_that_is_not_to_be_trusted_is_asked_each_time(shared_portal: Portal) -> None:
    async with Browser(shared_portal) as browser:
        step = await to_the_sms(browser, "Becker")
        code = await browser.sms_code(step)
        done = await browser.ask(ON_A_SHARED_BROWSER, flow=step["flowId"], code=code)
        assert kind(done["step"]) == "SignedIn"
        await browser.ask(SIGN_OUT)
        await to_the_sms(browser, "Becker")


async def test_a_thief_of_flow_and_keypad_without_the_device_cookie_gets_nothing_and_costs_nothing(
    shared_portal: Portal,
) -> None:
    async with Browser(shared_portal) as browser, Browser(shared_portal) as thief:
        step = await browser.begin("logIn", number_of("Brunet"))
        for known_elsewhere in (False, True):
            if known_elsewhere:
                await thief.begin("logIn", number_of("Aubry"))
            assert list(thief.cookies) == (["device"] if known_elsewhere else [])
            assert kind(await thief.enter_code(step, "135791")) == "FlowOver"
            assert kind(await thief.enter_code(step, DEMO_CODE)) == "FlowOver"
            assert kind(await thief.resume(step["flowId"])) == "FlowOver"
        refused = await browser.enter_code(step, "135791")
        assert (kind(refused), refused["attemptsLeft"]) == ("WrongCredentials", 4)

        step = await browser.enter_code(refused["next"], DEMO_CODE)
        code = await browser.sms_code(step)
        for guess in ("000000", code):
            assert kind(await thief.enter_sms_code(step, guess)) == "FlowOver"
        assert thief.session is None
        assert kind(await browser.enter_sms_code(step, code)) == "SignedIn"


async def test_a_thief_of_the_session_cookie_alone_cannot_step_up_on_the_customers_device(
    shared_portal: Portal,
) -> None:
    async with Browser(shared_portal) as browser, Browser(shared_portal) as thief:
        await browser.sign_in(number_of("Aubry"), DEMO_CODE)
        assert browser.session is not None
        thief.cookies = {"session": browser.session}
        step = await thief.step_up()
        assert kind(step) == "SmsCodeStep"  # which goes to her phone
        assert kind(await thief.enter_sms_code(step, "000000")) == "WrongCode"
        assert thief.devices != browser.devices
        begun = await browser.step_up()
        thief.cookies = {**thief.cookies, "session": browser.session}
        assert kind(await thief.enter_sms_code(begun, await browser.sms_code(begun))) == "FlowOver"


async def test_two_customers_in_one_browser_are_each_trusted_and_never_mixed(shared_portal: Portal) -> None:
    one, two = "Laroche", "Bigot"
    async with Browser(shared_portal) as browser:
        for name in (one, two):
            step = await to_the_sms(browser, name)
            assert kind(await browser.enter_sms_code(step, await browser.sms_code(step))) == "SignedIn"
            assert await browser.ask(WHO) == {"customer": {"lastName": name}}
        device, first_of_two = browser.devices, browser.session

        again = await browser.begin("logIn", number_of(one))
        assert kind(await browser.enter_code(again, DEMO_CODE)) == "SignedIn"

        assert await browser.ask(WHO) == {"customer": {"lastName": one}}
        assert browser.devices == device
        async with Browser(shared_portal, cookie=f"session={first_of_two}") as left_behind:
            assert await left_behind.ask(WHO) == {"customer": None}
    closed = [
        _last(shared_portal, "session", "closed_at", name, count) for name, count in ((one, 2), (two, 1))
    ]
    assert [[at is not None for at in ats] for ats in closed] == [[True, False], [True]]
    digests = [_last(shared_portal, "device", "token_digest", name, 1) for name in (one, two)]
    assert digests[0] != digests[1]  # nobody who reads the table sees that it is one browser


def _last(portal: Portal, table: str, column: str, last_name: str, count: int) -> list[Any]:
    """A column of a customer's last rows, the latest last."""
    where = of_customer(number_of(last_name))
    sql = f"SELECT {column} AS found FROM {table} WHERE {where} ORDER BY id"
    return [row["found"] for row in query(portal.settings["database_url"], sql)][-count:]


async def test_two_tabs_of_one_browser_each_finish_what_they_began(shared_portal: Portal) -> None:
    number = number_of("Descamps")
    async with Browser(shared_portal) as browser:
        left, right = await browser.begin("logIn", number), await browser.begin("logIn", number)
        assert left["flowId"] != right["flowId"]
        crossed = {**right, "keypad": left["keypad"]}
        assert kind(await browser.enter_code(crossed, DEMO_CODE)) == "KeypadOver"
        left = await browser.enter_code(left, DEMO_CODE)
        code_of_left = await browser.sms_code(left)
        right = await browser.enter_code(right, DEMO_CODE)
        code_of_right = await browser.sms_code(right)
        assert kind(await browser.enter_sms_code(left, code_of_left)) == "SignedIn"
        session = browser.session
        assert kind(await browser.enter_sms_code(right, code_of_right)) == "SignedIn"

        assert browser.session != session
        assert await browser.ask(WHO) == {"customer": {"lastName": "Descamps"}}
        async with Browser(shared_portal, cookie=f"session={session}") as before:
            assert await before.ask(WHO) == {"customer": None}

        left = await browser.step_up()
        code = await browser.sms_code(left)
        right = await browser.step_up()  # the same one, taken over by the tab that asked last
        assert right["smsReference"] == left["smsReference"]
        assert kind(await browser.enter_sms_code(left, code)) == "FlowOver"
        assert kind(await browser.enter_sms_code(right, code)) == "SignedIn"
        assert await browser.ask(WHO) == {"customer": {"lastName": "Descamps"}}


async def test_a_page_that_is_loaded_again_goes_on_where_it_stood(shared_portal: Portal) -> None:
    one = sample_customer("Delaunay")  # locked out: only a new code opens again
    assert one.row.phone is not None
    async with Browser(shared_portal) as browser, Browser(shared_portal) as another:
        begun = await browser.begin("logIn", one.sign_in_numbers[0])
        shown = await browser.resume(begun["flowId"])
        assert (kind(shown), shown["flowId"]) == ("KeypadStep", begun["flowId"])
        assert shown["keypad"]["challengeId"] != begun["keypad"]["challengeId"]
        assert kind(await browser.enter_code(begun, DEMO_CODE)) == "AccountLocked"

        step = await browser.begin("recoverCode", one.sign_in_numbers[0])
        assert kind(await browser.resume(step["flowId"])) == "PhoneStep"
        sent = await browser.confirm_phone(step, one.row.phone)
        code = await browser.sms_code(sent)
        assert await browser.resume(step["flowId"]) == sent
        assert kind(await another.resume(step["flowId"])) == "FlowOver"
        chosen = await browser.enter_sms_code(sent, code)
        shown = await browser.resume(step["flowId"])
        assert kind(shown) == "NewCodeStep"
        assert kind(await browser.choose_code(chosen, NEW_CODE)) == "SignedIn"
        assert kind(await browser.resume(step["flowId"])) == "FlowOver"
        assert await browser.ask(WHO) == {"customer": {"lastName": "Delaunay"}}
