"""What a session may do by how surely its customer is known, and how it is made surer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from feed.sample.cast import Access
from feed.sample.demo import DEMO_CODE
from tests.journeys.browser import STEPS, Browser, Step
from tests.journeys.databases import earlier, of_customer, query
from tests.journeys.personal import sample_customer
from tests.journeys.portal import Portal
from tests.journeys.test_changing import (
    CHANGE_EMAIL,
    CONFIRM,
    NEW_CODE,
    code_in,
    inbox,
    messages,
    settled,
)
from tests.journeys.test_devices import SIGN_OUT, WHO, kind, number_of

DAY = 86_400
KNOWN = "{ session { assurance } }"
NEWER_CODE = "396158"
ASK_FOR_A_PHONE = f"""
mutation($to: String!) {{ changed: requestPhoneChange(phone: $to) {{ __typename
  ... on ConfirmationSent {{ change {{ id }} }}
  ... on StepUpRequired {{ code assurance next {{ ...Next }} }} }} }}
{STEPS}"""
OPERATIONS_SINCE = """
query($day: Date!) { operations(last: 1, filter: { occurredOn: { from: $day } }) { nodes { occurredOn } } }
"""


def happened_earlier(portal: Portal, table: str, column: str, number: str, *, seconds: int) -> None:
    """As if it had been so long before, for one customer."""
    url = portal.settings["database_url"]
    query(url, f"UPDATE {table} SET {earlier(url, column, seconds=seconds)} WHERE {of_customer(number)}")


def open_sessions(portal: Portal, number: str) -> list[dict[str, Any]]:
    """A customer's sessions that nobody closed."""
    sql = f"SELECT id FROM session WHERE {of_customer(number)} AND closed_at IS NULL ORDER BY id"
    return query(portal.settings["database_url"], sql)


async def known_for_days(browser: Browser, number: str, days: int) -> None:
    """Signed in by the code alone, in a browser that gave a code by SMS back so long ago."""
    assert kind(await browser.sign_in(number, DEMO_CODE, surely=True)) == "SignedIn"
    happened_earlier(browser.portal, "device", "strong_at", number, seconds=days * DAY)
    step = await browser.enter_code(await browser.begin("logIn", number), DEMO_CODE)
    assert kind(step) == "SignedIn"


async def proven(browser: Browser, step: Step) -> Step:
    """What follows the code by SMS."""
    assert kind(step) == "SmsCodeStep"
    return await browser.enter_sms_code(step, await browser.sms_code(step))


async def test_a_session_made_surer_goes_on_under_another_token_and_the_one_before_is_dead(
    shared_portal: Portal,
) -> None:
    number = number_of("Gérard")
    async with Browser(shared_portal) as browser:
        await known_for_days(browser, number, 10)
        before, devices, opened = browser.cookie, browser.devices, open_sessions(shared_portal, number)
        assert await browser.ask(KNOWN) == {"session": {"assurance": "STRONG"}}

        assert kind(await proven(browser, await browser.step_up())) == "SignedIn"

        assert browser.cookie != before
        assert browser.devices == devices
        assert await browser.ask(KNOWN) == {"session": {"assurance": "STRONG_RECENT"}}
        async with Browser(shared_portal, cookie=before) as stolen:
            assert await stolen.ask(KNOWN) == {"session": None}
            assert await stolen.ask(WHO) == {"customer": None}
    assert open_sessions(shared_portal, number) == opened


async def test_a_phone_is_changed_in_a_browser_known_for_long_once_code_and_phone_are_proven_again(
    shared_portal: Portal,
) -> None:
    one, new = sample_customer("Morvan"), "+33730009870"
    number, hers = one.sign_in_numbers[0], (one.row.phone, one.row.email, new)
    async with Browser(shared_portal) as browser:
        await known_for_days(browser, number, 10)
        happened_earlier(shared_portal, "session", "code_at", number, seconds=301)
        settled(shared_portal)
        sent = len(inbox(shared_portal, *hers))

        refused = (await browser.ask(ASK_FOR_A_PHONE, to=new))["changed"]

        assert (kind(refused), refused["code"]) == ("StepUpRequired", "STEP_UP_REQUIRED")
        assert (refused["assurance"], kind(refused["next"])) == ("STRONG_RECENT", "KeypadStep")
        pending = "{ customer { pendingChanges { id } } }"
        assert await browser.ask(pending) == {"customer": {"pendingChanges": []}}
        wrong = await browser.enter_code(refused["next"], "135791")
        assert (kind(wrong), wrong["attemptsLeft"]) == ("WrongCredentials", 4)
        step = await browser.enter_code(wrong["next"], DEMO_CODE)
        assert kind(await proven(browser, step)) == "SignedIn"
        asked = (await browser.ask(ASK_FOR_A_PHONE, to=new))["changed"]
        assert kind(asked) == "ConfirmationSent"
        told = messages(shared_portal, *hers, since=sent + 1, count=3)
        code = code_in(next(message for message in told if message["to"] == new))
        done = (await browser.ask(CONFIRM, id=asked["change"]["id"], code=code))["changed"]

        assert kind(done) == "ContactChanged"
        assert done["customer"]["phone"]["masked"].endswith("70")
        assert len(messages(shared_portal, *hers, since=sent + 4, count=3)) == 3


async def test_where_the_code_was_just_entered_the_phone_alone_is_asked_for(shared_portal: Portal) -> None:
    number = number_of("Peron")
    async with Browser(shared_portal) as browser:
        await known_for_days(browser, number, 10)
        refused = (await browser.ask(ASK_FOR_A_PHONE, to="+33730009871"))["changed"]
        assert kind(refused) == "StepUpRequired"
        assert kind(await proven(browser, refused["next"])) == "SignedIn"
        asked = (await browser.ask(ASK_FOR_A_PHONE, to="+33730009871"))["changed"]
        assert kind(asked) == "ConfirmationSent"


async def test_operations_of_before_ninety_days_need_a_code_by_sms_in_the_session(
    shared_portal: Portal,
) -> None:
    number, long_ago = number_of("Rodriguez"), str(date.today() - timedelta(days=300))
    async with Browser(shared_portal) as browser:
        await known_for_days(browser, number, 10)
        answer = (await browser.send(OPERATIONS_SINCE, day=long_ago)).json()
        (error,) = answer["errors"]
        assert (error["extensions"]["code"], answer["data"]) == ("STEP_UP_REQUIRED", {"operations": None})
        assert error["extensions"]["assurance"] == "STRONG_IN_SESSION"
        assert kind(await proven(browser, await browser.step_up())) == "SignedIn"
        (oldest,) = (await browser.ask(OPERATIONS_SINCE, day=long_ago))["operations"]["nodes"]
        assert oldest["occurredOn"] < str(date.today() - timedelta(days=90))


async def test_a_browser_is_asked_for_a_code_by_sms_again_after_180_days(shared_portal: Portal) -> None:
    number = number_of("Godard")
    async with Browser(shared_portal) as browser:
        await known_for_days(browser, number, 179)
        assert await browser.ask(KNOWN) == {"session": {"assurance": "STRONG"}}
        happened_earlier(shared_portal, "device", "strong_at", number, seconds=DAY)
        step = await browser.enter_code(await browser.begin("logIn", number), DEMO_CODE)
        assert kind(await proven(browser, step)) == "SignedIn"
        again = await browser.enter_code(await browser.begin("logIn", number), DEMO_CODE)
        assert kind(again) == "SignedIn"


async def test_a_code_is_changed_and_the_other_browsers_are_signed_out_but_stay_known(
    shared_portal: Portal,
) -> None:
    one = sample_customer("Nguyen")
    assert one.role.access is Access.NEVER_CONNECTED
    assert one.row.phone is not None
    number = one.sign_in_numbers[0]
    async with Browser(shared_portal) as browser, Browser(shared_portal) as elsewhere:
        step = await browser.begin("connectFirstTime", number)
        step = await proven(browser, await browser.confirm_phone(step, one.row.phone))
        assert kind(await browser.choose_code(step, NEW_CODE)) == "SignedIn"
        assert kind(await elsewhere.sign_in(number, NEW_CODE, surely=True)) == "SignedIn"

        step = await browser.change_code()
        assert kind(step) == "NewCodeStep"
        weak = await browser.choose_code(step, "123456")
        assert (kind(weak), weak["weakness"]) == ("WeakCode", "SEQUENCE")
        used = await browser.choose_code(weak["next"], NEW_CODE)
        assert (kind(used), used["weakness"]) == ("WeakCode", "USED_BEFORE")
        before = browser.cookie
        assert kind(await browser.choose_code(used["next"], NEWER_CODE)) == "SignedIn"

        assert await browser.ask(WHO) == {"customer": {"lastName": "Nguyen"}}
        assert await elsewhere.ask(WHO) == {"customer": None}
        async with Browser(shared_portal, cookie=before) as left_behind:
            assert await left_behind.ask(WHO) == {"customer": None}
        wrong = await elsewhere.enter_code(await elsewhere.begin("logIn", number), NEW_CODE)
        assert kind(wrong) == "WrongCredentials"
        assert kind(await elsewhere.enter_code(wrong["next"], NEWER_CODE)) == "SignedIn"


async def test_a_code_is_not_changed_by_whoever_finds_a_session_open(shared_portal: Portal) -> None:
    number = number_of("Dumont")
    async with Browser(shared_portal) as browser:
        await known_for_days(browser, number, 10)
        happened_earlier(shared_portal, "session", "code_at", number, seconds=301)
        refused = await browser.change_code()
        assert (kind(refused), refused["assurance"]) == ("StepUpRequired", "STRONG_RECENT")
        for left in (4, 3, 2, 1):
            wrong = await browser.enter_code(refused["next"], "135791")
            assert (kind(wrong), wrong["attemptsLeft"]) == ("WrongCredentials", left)
            refused = wrong
        assert kind(await browser.enter_code(refused["next"], "135791")) == "AccountLocked"
        assert list(browser.cookies) == ["device"]  # signed out
        assert kind(await browser.sign_in(number, DEMO_CODE)) == "AccountLocked"
        happened_earlier(shared_portal, "attempt_tally", "locked_until", number, seconds=1_801)
        assert kind(await browser.sign_in(number, DEMO_CODE)) == "SignedIn"


async def test_a_session_that_is_to_choose_a_code_sees_and_does_nothing_else(shared_portal: Portal) -> None:
    one = sample_customer("de La Tour")
    assert one.row.phone is not None
    async with Browser(shared_portal) as browser:
        step = await browser.begin("recoverCode", one.sign_in_numbers[0])
        step = await proven(browser, await browser.confirm_phone(step, one.row.phone))
        assert kind(step) == "NewCodeStep"
        provisional = browser.cookie
        assert await browser.ask(KNOWN) == {"session": {"assurance": "PROVISIONAL"}}
        assert await browser.ask(WHO) == {"customer": None}
        for closed in ("contracts { id }", "operations { nodes { id } }", "statements { nodes { id } }"):
            answer = (await browser.send(f"{{ {closed} }}")).json()
            (error,) = answer["errors"]
            assert error["extensions"]["code"] == "UNAUTHENTICATED"
            assert list(answer["data"].values()) == [None]
        assert kind(await browser.step_up()) == "NotSignedIn"
        assert kind(await browser.change_code()) == "NotSignedIn"
        changed = (await browser.ask(CHANGE_EMAIL, to="thief@example.org"))["changed"]
        assert changed["code"] == "UNAUTHENTICATED"

        assert kind(await browser.choose_code(step, NEW_CODE)) == "SignedIn"

        assert await browser.ask(WHO) == {"customer": {"lastName": "de La Tour"}}
        async with Browser(shared_portal, cookie=provisional) as before:
            assert await before.ask(KNOWN) == {"session": None}
        await browser.ask(SIGN_OUT)
        again = await browser.begin("logIn", one.sign_in_numbers[0])
        assert kind(await browser.enter_code(again, NEW_CODE)) == "SignedIn"
