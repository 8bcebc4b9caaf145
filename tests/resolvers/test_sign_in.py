"""The secret code: right, wrong, out of time, out of place."""

from __future__ import annotations

from datetime import timedelta

import pytest

import models
from domain.assurance import Assurance
from domain.refusals import AccountLocked, FlowOver, InvalidField, InvalidInput
from gateways import Gateways
from models import AccessFlow, AccessStage, AttemptTally, Session
from resolvers import sessions
from resolvers.access import Arrived, KeypadShown
from resolvers.context import Context
from resolvers.secret_codes import Entry, KeypadOver, WrongCredentials, enter_code
from resolvers.sessions import Cookie
from tests import cast
from tests.cast import BROWSER, CODE, OTHER_CODE, Access, nobodys_number
from tests.conftest import NOON, Clock
from tests.kept import ON_ONE
from tests.resolvers.walking import (
    entry,
    failures_of,
    keypad_of,
    keypads_of,
    phone_asked,
    press,
)

SECOND = timedelta(seconds=1)
HALF_HOUR = timedelta(minutes=30)


async def test_the_right_code_opens_a_session(
    context: Context, access: Access, gateways: Gateways, cookies: list[Cookie]
) -> None:
    step = await keypad_of(context, access.number)
    outcome = await enter_code(context, step.flow_token, entry(step.keypad, CODE))
    assert isinstance(outcome, Arrived)
    assert (await AccessFlow.get(id=step.flow.id)).stage is AccessStage.DONE
    (cookie,) = cookies
    assert cookie.seconds == 12 * 3600
    row = await sessions.resume(gateways, cookie.token)
    assert row is not None
    trusted = await cast.device(gateways, access.owner)
    assert (row.customer_id, row.provisional, row.device_id) == (access.owner.id, False, trusted.id)
    assert (row.code_at, row.strong_at, row.label) == (NOON, trusted.strong_at, "Firefox, Windows")
    assert sessions.assurance_of(row, NOON) is Assurance.STRONG
    assert row.token_digest not in cookie.token
    (event,) = await models.AuditEvent.owned_by(access.owner.id)
    assert (event.kind, event.at, event.session_id) == ("SIGNED_IN", NOON, row.id)
    assert event.details == {"purpose": "SIGN_IN", "wrong_codes_before": 0}


async def test_a_walk_leads_to_one_session(context: Context, access: Access, cookies: list[Cookie]) -> None:
    step = await keypad_of(context, access.number)
    for shown in (step.keypad, step.keypad):
        last = await enter_code(context, step.flow_token, entry(shown, CODE))
    assert last == FlowOver()
    assert len(cookies) == await Session.owned_by(access.owner.id).count() == 1


async def test_a_wrong_code_tells_the_tries_left_and_changes_nothing(
    context: Context, access: Access, cookies: list[Cookie]
) -> None:
    before = await cast.known_of(access.owner)
    step = await keypad_of(context, access.number)
    for left in (4, 3, 2, 1):
        outcome = await enter_code(context, step.flow_token, entry(step.keypad, OTHER_CODE))
        assert isinstance(outcome, WrongCredentials)
        assert outcome.attempts_left == left
        assert isinstance(outcome.next, KeypadShown)
        step = outcome.next
    locked = await enter_code(context, step.flow_token, entry(step.keypad, OTHER_CODE))
    assert locked == AccountLocked(NOON + HALF_HOUR)
    assert await cast.known_of(access.owner) == before
    assert cookies == []


async def test_locks_grow_from_round_to_round(context: Context, access: Access, clock: Clock) -> None:
    for wait in (HALF_HOUR, timedelta(hours=2), timedelta(hours=24), timedelta(hours=24)):
        for _ in range(4):
            assert isinstance(await press(context, access.number, OTHER_CODE), WrongCredentials)
        until = clock.now + wait
        assert await press(context, access.number, OTHER_CODE) == AccountLocked(until)
        clock.now = until


async def test_a_locked_account_refuses_the_right_code_until_the_lock_ends(
    context: Context, access: Access, clock: Clock, cookies: list[Cookie]
) -> None:
    for _ in range(5):
        await press(context, access.number, OTHER_CODE)
    before = await cast.known_of(access.owner)
    clock.now += HALF_HOUR - SECOND
    assert await press(context, access.number) == AccountLocked(NOON + HALF_HOUR)
    assert (await cast.known_of(access.owner), cookies) == (before, [])
    clock.now += SECOND
    assert isinstance(await press(context, access.number), Arrived)


@pytest.mark.parametrize(("browser", "days"), [(BROWSER, 170), ("e" * 43, 400)])
async def test_a_hundred_failures_lock_until_a_new_code_is_chosen(
    context: Context, access: Access, clock: Clock, browser: str, days: int
) -> None:
    context.device_token = browser
    step = await keypad_of(context, access.number)
    await AttemptTally.create(subject_key=step.flow.subject_key, failures=99, updated_at=NOON)
    assert await press(context, access.number, OTHER_CODE) == AccountLocked(None)
    clock.now += timedelta(days=days)
    assert await press(context, access.number) == AccountLocked(None)


async def test_the_last_try_of_a_round_may_be_right(context: Context, access: Access) -> None:
    for _ in range(4):
        await press(context, access.number, OTHER_CODE)
    assert isinstance(await press(context, access.number), Arrived)


async def test_the_right_code_forgets_the_failures(context: Context, access: Access) -> None:
    for _ in range(3):
        await press(context, access.number, OTHER_CODE)
    outcome = await press(context, access.number)
    assert isinstance(outcome, Arrived)
    assert await failures_of(outcome.flow) == 0


async def test_all_identifiers_of_a_customer_share_their_tries(context: Context, access: Access) -> None:
    await cast.identifier(access.contract, access.contract.file_number)
    await press(context, access.number, OTHER_CODE)
    outcome = await press(context, access.contract.file_number, OTHER_CODE)
    assert isinstance(outcome, WrongCredentials)
    assert outcome.attempts_left == 3


async def test_an_identifier_nobody_has_is_answered_alike(context: Context, clock: Clock) -> None:
    number = nobodys_number()
    for left in (4, 3, 2, 1):
        outcome = await press(context, number)
        assert isinstance(outcome, WrongCredentials)
        assert outcome.attempts_left == left
        assert isinstance(outcome.next, KeypadShown)
    assert await press(context, number) == AccountLocked(NOON + HALF_HOUR)
    clock.now += HALF_HOUR
    assert isinstance(await press(context, number), WrongCredentials)


async def test_a_customer_without_a_code_cannot_sign_in(context: Context, cookies: list[Cookie]) -> None:
    credit = await cast.contract(await cast.ines())
    assert credit.account_number is not None
    await cast.identifier(credit, credit.account_number)
    outcome = await press(context, credit.account_number)
    assert isinstance(outcome, WrongCredentials)
    assert (outcome.attempts_left, cookies) == (4, [])


async def test_a_replaced_code_no_longer_works(context: Context, access: Access, gateways: Gateways) -> None:
    await cast.credential(gateways, access.owner, OTHER_CODE, replaced_at=NOON)
    assert isinstance(await press(context, access.number, OTHER_CODE), WrongCredentials)


async def test_a_keypad_works_once(context: Context, access: Access) -> None:
    step = await keypad_of(context, access.number)
    await enter_code(context, step.flow_token, entry(step.keypad, OTHER_CODE))
    again = await enter_code(context, step.flow_token, entry(step.keypad, CODE))
    assert isinstance(again, KeypadOver)
    assert await failures_of(step.flow) == 1
    assert isinstance(again.next, KeypadShown)
    assert isinstance(await enter_code(context, step.flow_token, entry(again.next.keypad, CODE)), Arrived)


async def test_a_keypad_lives_two_minutes(context: Context, access: Access, clock: Clock) -> None:
    step = await keypad_of(context, access.number)
    clock.now += timedelta(minutes=2)
    outcome = await enter_code(context, step.flow_token, entry(step.keypad, CODE))
    assert isinstance(outcome, KeypadOver)
    assert await failures_of(step.flow) == 0
    clock.now += timedelta(minutes=2) - SECOND
    assert isinstance(outcome.next, KeypadShown)
    assert isinstance(await enter_code(context, step.flow_token, entry(outcome.next.keypad, CODE)), Arrived)


async def test_a_keypad_of_another_walk_is_none(context: Context, access: Access) -> None:
    step, other = await keypad_of(context, access.number), await keypad_of(context, nobodys_number())
    outcome = await enter_code(context, step.flow_token, entry(other.keypad, CODE))
    assert isinstance(outcome, KeypadOver)
    assert await failures_of(step.flow) == await failures_of(other.flow) == 0
    used = await models.Keypad.filter(flow_id=other.flow.id, used_at=None).count()
    assert used == 1, "the other walk can still use its own"


@ON_ONE
@pytest.mark.parametrize(
    ("_case", "positions", "rule"),
    [
        ("none", [], "POSITIONS_COUNT"),
        ("five", [0] * 5, "POSITIONS_COUNT"),
        ("seven", [0] * 7, "POSITIONS_COUNT"),
        ("ten thousand", [0] * 10_000, "POSITIONS_COUNT"),
        ("negative", [0, 1, 2, 3, 4, -1], "POSITIONS_OUT_OF_RANGE"),
        ("ten", [0, 1, 2, 3, 4, 10], "POSITIONS_OUT_OF_RANGE"),
    ],
)
async def test_positions_that_are_no_code_cost_neither_keypad_nor_try(
    context: Context, access: Access, _case: str, positions: list[int], rule: str
) -> None:
    step = await keypad_of(context, access.number)
    outcome = await enter_code(context, step.flow_token, Entry(step.keypad.token, positions))
    assert outcome == InvalidInput((InvalidField("positions", rule),))
    assert await failures_of(step.flow) == 0
    assert isinstance(await enter_code(context, step.flow_token, entry(step.keypad, CODE)), Arrived)


async def test_a_walk_that_is_over_takes_no_code(context: Context, access: Access, clock: Clock) -> None:
    step, by_phone = await keypad_of(context, access.number), await phone_asked(context, access.number)
    pressed = entry(step.keypad, CODE)
    before = await cast.known_of(access.owner)
    assert await enter_code(context, by_phone.flow_token, pressed) == FlowOver()
    assert await enter_code(context, "nobody's", pressed) == FlowOver()
    clock.now += timedelta(minutes=15)
    assert await enter_code(context, step.flow_token, pressed) == FlowOver()
    assert await failures_of(step.flow) == 0
    assert await cast.known_of(access.owner) == before


async def test_one_walk_takes_thirty_entries(context: Context, access: Access) -> None:
    step = await keypad_of(context, access.number)
    for _ in range(30):
        refused = await enter_code(context, step.flow_token, Entry("nobody's", [0] * 6))
        assert isinstance(refused, KeypadOver)
        assert isinstance(refused.next, KeypadShown)
        shown = refused.next.keypad
    before = await cast.known_of(access.owner)
    assert await enter_code(context, step.flow_token, entry(shown, CODE)) == FlowOver()
    assert (await AccessFlow.get(id=step.flow.id)).tries == 30
    assert await keypads_of(step.flow) == 4
    assert await failures_of(step.flow) == 0
    assert await cast.known_of(access.owner) == before


async def test_signing_in_again_closes_the_session_that_was_held(
    context: Context, access: Access, gateways: Gateways, cookies: list[Cookie]
) -> None:
    for _ in range(2):
        step = await keypad_of(context, access.number)
        assert isinstance(await enter_code(context, step.flow_token, entry(step.keypad, CODE)), Arrived)
    before, after = cookies
    assert await sessions.resume(gateways, before.token) is None
    assert await sessions.resume(gateways, after.token) is not None


async def test_signing_out_in_the_same_document_closes_the_new_session(
    context: Context, access: Access, gateways: Gateways, cookies: list[Cookie]
) -> None:
    step = await keypad_of(context, access.number)
    await enter_code(context, step.flow_token, entry(step.keypad, CODE))
    assert (await sessions.sign_out(context, everywhere=False)).sessions_closed == 1
    assert await sessions.resume(gateways, cookies[0].token) is None
