"""Wrong codes lock: those of strangers the account, her own the device as well, and nobody else's device."""

from __future__ import annotations

from datetime import timedelta

import pytest

import models
from domain.refusals import AccountLocked
from models import AttemptTally, AuditEvent, Session
from resolvers.access import Arrived, SmsCodeAsked, account_subject, subject_of
from resolvers.context import Context
from resolvers.secret_codes import WrongCredentials
from resolvers.sessions import Cookie
from tests import cast
from tests.cast import BROWSER, CODE, OTHER_CODE, Access
from tests.conftest import NOON, Clock
from tests.resolvers.walking import (
    again,
    choose,
    elsewhere,
    new_code_asked,
    press,
    sign_in_by_sms,
)

HALF_HOUR = timedelta(minutes=30)
SECOND_BROWSER = "c" * 43
LOCKED = AccountLocked(NOON + HALF_HOUR)


async def fail(context: Context, access: Access, times: int) -> object:
    """So many wrong codes, one after the other; what the last one was answered."""
    outcome: object = None
    for _ in range(times):
        outcome = await press(again(context), access.number, OTHER_CODE)
    return outcome


async def failures(context: Context, access: Access, browser: str | None = None) -> int:
    """Those of the account, or of the device that a browser is."""
    device = None if browser is None else await cast.device(context.gateways, access.owner, browser)
    subject = account_subject(context, access.owner.id)
    if device is not None:
        subject = subject_of(context, access.owner.id, device)
    return await AttemptTally.failures_of(subject)


async def test_strangers_lock_the_account_and_not_the_device_she_trusts(
    context: Context, access: Access
) -> None:
    before = await cast.known_of(access.owner)
    strangers = [elsewhere(context, f"{number:043}") for number in range(5)]
    for number, stranger in enumerate(strangers):
        stranger.address = f"198.51.100.{number}"
        outcome = await press(stranger, access.number, OTHER_CODE)
    assert outcome == LOCKED
    assert await press(elsewhere(context), access.number, CODE) == LOCKED
    assert await cast.known_of(access.owner) == before
    assert await failures(context, access, BROWSER) == 0
    assert isinstance(await press(context, access.number), Arrived)
    assert await press(elsewhere(context), access.number, CODE) == LOCKED, "strangers gain nothing by it"


async def test_what_strangers_fail_leaves_her_all_her_tries(context: Context, access: Access) -> None:
    await fail(elsewhere(context), access, 4)
    outcome = await fail(context, access, 1)
    assert isinstance(outcome, WrongCredentials)
    assert outcome.attempts_left == 4


async def test_five_failures_on_a_trusted_device_lock_it_and_the_account(
    context: Context, access: Access, cookies: list[Cookie], clock: Clock
) -> None:
    before = await cast.known_of(access.owner)
    assert await fail(context, access, 5) == LOCKED
    for browser in (context, elsewhere(context)):
        assert await press(browser, access.number, CODE) == LOCKED
    assert (await cast.known_of(access.owner), cookies) == (before, [])
    assert await failures(context, access) == await failures(context, access, BROWSER) == 5
    clock.now += HALF_HOUR
    assert isinstance(await press(again(context), access.number), Arrived)
    assert isinstance(await press(elsewhere(context), access.number), SmsCodeAsked)


async def test_one_of_her_devices_does_not_lock_the_other(context: Context, access: Access) -> None:
    await cast.device(context.gateways, access.owner, SECOND_BROWSER)
    assert await fail(context, access, 5) == LOCKED
    second = elsewhere(context, SECOND_BROWSER)
    assert isinstance(await press(second, access.number), Arrived)
    assert await press(again(context), access.number) == LOCKED


async def test_a_locked_device_adds_nothing_to_the_account(context: Context, access: Access) -> None:
    await fail(context, access, 9)
    assert await failures(context, access) == await failures(context, access, BROWSER) == 5


async def test_the_right_code_on_an_unknown_device_forgets_what_was_wrong_there(
    context: Context, access: Access
) -> None:
    await fail(elsewhere(context), access, 4)
    assert await failures(context, access) == 4
    assert isinstance(await press(elsewhere(context), access.number), SmsCodeAsked)
    assert await failures(context, access) == 0


async def test_the_right_code_on_a_trusted_device_forgets_what_was_wrong_there_and_not_what_strangers_did(
    context: Context, access: Access
) -> None:
    await fail(elsewhere(context), access, 2)
    await fail(context, access, 2)
    assert await failures(context, access) == 4
    assert isinstance(await press(again(context), access.number), Arrived)
    assert await failures(context, access, BROWSER) == 0
    assert await failures(context, access) == 2
    (event,) = await AuditEvent.owned_by(access.owner.id)
    assert event.details == {"purpose": "SIGN_IN", "wrong_codes_before": 2}


async def test_a_walk_begun_before_the_device_was_trusted_counts_for_the_account(
    context: Context, access: Access
) -> None:
    unknown = elsewhere(context)
    await fail(unknown, access, 2)
    trusted = again(unknown)
    await sign_in_by_sms(trusted, access.number, access.owner)
    await fail(again(trusted, session_token=None), access, 1)
    assert await failures(context, access) == 1
    assert await failures(context, access, trusted.device_token) == 1


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_new_code_unlocks_every_device(
    context: Context, access: Access, cookies: list[Cookie], trusted: bool
) -> None:
    await fail(context, access, 5)
    recovering = again(context if trusted else elsewhere(context))
    step = await new_code_asked(recovering, access.number, access.owner)
    assert isinstance(await choose(recovering, step, OTHER_CODE), Arrived)
    hers = AttemptTally.filter(customer_id=access.owner.id)
    assert {(row.failures, row.locked_until) for row in await hers} == {(0, None)}
    asked = await press(elsewhere(context, "f" * 43), access.number, OTHER_CODE)
    assert isinstance(asked, SmsCodeAsked)
    still_open = await Session.owned_by(access.owner.id).filter(closed_at=None).count()
    assert (still_open, len(cookies)) == (1, 2)


async def test_every_tally_of_hers_names_her_and_a_strangers_nobody(context: Context, access: Access) -> None:
    await fail(context, access, 1)
    nobodys = cast.nobodys_number()
    await press(elsewhere(context), nobodys)
    assert await AttemptTally.filter(customer_id=access.owner.id).count() == 2
    flow = await models.AccessFlow.filter(customer_id=None).order_by("-id").first()
    assert flow is not None
    tally = await AttemptTally.get(subject_key=flow.subject_key)
    assert (tally.customer_id, tally.failures) == (None, 1)


async def test_her_own_mistakes_take_back_nothing_of_what_strangers_failed(
    context: Context, access: Access
) -> None:
    await fail(elsewhere(context), access, 5)
    await fail(context, access, 4)
    assert isinstance(await press(again(context), access.number), Arrived)
    assert await failures(context, access) == 5
