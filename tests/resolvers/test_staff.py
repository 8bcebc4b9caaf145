"""Unlocking a customer's access by staff."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tortoise.exceptions import DoesNotExist

import models
from domain.identifiers import MalformedReason, card_or_credit_number
from domain.refusals import InvalidField, InvalidInput, TemporarilyUnavailable, Throttled
from domain.staff import Staff, StaffScope
from gateways import Gateways, letters
from gateways.rate_limits import RedisRateLimits
from models import AttemptTally, AuditEvent, Delivery
from models.owned import one_customer
from resolvers import staff
from resolvers.access import account_subject
from resolvers.context import Context
from resolvers.staff import AccessUnlocked, ScopeMissing, UnknownIdentifier
from tests import cast
from tests.cast import CAMILLE_PHONE, Access
from tests.conftest import NOON, Clock
from tests.kept import ON_ONE

REASON = "Appel du 15 juin, pièce d'identité vue"
UNLOCKER = Staff("adviser-7", frozenset({StaffScope.UNLOCK}), NOON + timedelta(minutes=5))
OTHER_SCOPES = frozenset(StaffScope) - {StaffScope.UNLOCK}


@pytest.fixture
def desk(context: Context) -> Context:
    """An operation of a member of staff who may unlock."""
    context.staff = UNLOCKER
    return context


async def unlock(context: Context, number: str, reason: str = REASON) -> Any:
    return await staff.unlock_access(context, card_or_credit_number(number), "cardOrCreditNumber", reason)


async def tally(subject: str, owner: models.Customer | None, failures: int = 5) -> AttemptTally:
    return await AttemptTally.create(
        subject_key=subject,
        customer_id=owner and owner.id,
        failures=failures,
        locked_until=NOON + timedelta(minutes=30),
        warned_failures=failures,
        updated_at=NOON,
    )


async def standing(*tallies: AttemptTally) -> list[tuple[int, bool, int]]:
    """Failures, whether locked, and failures told, of each."""
    rows = [await AttemptTally.get(subject_key=row.subject_key) for row in tallies]
    return [(row.failures, row.locked_until is not None, row.warned_failures) for row in rows]


async def test_every_device_and_the_account_are_free_again(desk: Context, access: Access) -> None:
    owner = access.owner
    hers = [
        await tally(account_subject(desk, owner.id), owner, 10),
        await tally(f"device-1-{owner.id}", owner),
        await tally(f"device-2-{owner.id}", owner, 3),
    ]
    marc = await cast.marc()
    others = [await tally(account_subject(desk, marc.id), marc), await tally(f"nobody-{owner.id}", None)]

    assert await unlock(desk, access.number) == AccessUnlocked(18)

    assert await standing(*hers) == [(0, False, 0)] * 3
    assert await standing(*others) == [(5, True, 5)] * 2


async def test_a_tally_from_before_customers_were_written_down_is_cleared(
    desk: Context, access: Access
) -> None:
    old = await tally(account_subject(desk, access.owner.id), None, 100)

    assert await unlock(desk, access.number) == AccessUnlocked(100)
    assert await standing(old) == [(0, False, 0)]


async def test_who_did_it_and_why_is_in_the_access_log(desk: Context, access: Access) -> None:
    await tally(account_subject(desk, access.owner.id), access.owner)

    await unlock(desk, access.number, f"  {REASON}\n")

    (event,) = await AuditEvent.owned_by(access.owner.id)
    assert (event.kind, event.at, event.session_id, event.label) == ("ACCESS_UNLOCKED", NOON, None, "")
    assert event.details == {"by": "adviser-7", "reason": REASON, "failures": 5}
    assert desk.gateways.vault.seal.holds(event.text(""), event.seal) is True


async def test_the_customer_is_told_by_sms_and_email(
    desk: Context, access: Access, wakings: list[None]
) -> None:
    assert await unlock(desk, access.number) == AccessUnlocked(0)

    letter = letters.access_unlocked("FR_FR")
    sent = await Delivery.owned_by(access.owner.id).order_by("id")
    assert [(row.channel, row.address, row.subject, row.body) for row in sent] == [
        (models.Channel.SMS, CAMILLE_PHONE, letter.subject, letter.body),
        (models.Channel.EMAIL, "camille@exemple.fr", letter.subject, letter.body),
    ]
    assert wakings == [None]


async def test_a_customer_without_a_phone_or_an_address_is_told_where_there_is_one(
    desk: Context, gateways: Gateways
) -> None:
    silent = await cast.camille_with_access(gateways, phone=None, email=None)
    english = await cast.camille_with_access(gateways, phone=None, locale=models.Locale.EN_GB)

    assert await unlock(desk, silent.number) == AccessUnlocked(0)
    assert await unlock(desk, english.number) == AccessUnlocked(0)

    assert await Delivery.owned_by(silent.owner.id).count() == 0
    (sent,) = await Delivery.owned_by(english.owner.id)
    assert (sent.channel, sent.body) == (models.Channel.EMAIL, letters.access_unlocked("EN_GB").body)


async def test_one_operation_may_unlock_several_customers(desk: Context, gateways: Gateways) -> None:
    """The guard that keeps an operation to one customer follows from one to the next."""
    first, second = await cast.camille_with_access(gateways), await cast.camille_with_access(gateways)

    with one_customer():
        assert await unlock(desk, first.number) == AccessUnlocked(0)
        assert await unlock(desk, second.number) == AccessUnlocked(0)

    for access in (first, second):
        assert await AuditEvent.owned_by(access.owner.id).count() == 1


async def test_those_who_unlock_together_clear_once(desk: Context, access: Access) -> None:
    await tally(account_subject(desk, access.owner.id), access.owner, 7)
    await tally(f"device-{access.owner.id}", access.owner, 2)

    outcomes = await asyncio.gather(*(asyncio.create_task(unlock(desk, access.number)) for _ in range(3)))

    assert sorted(outcome.failures_cleared for outcome in outcomes) == [0, 0, 9]
    assert await AuditEvent.owned_by(access.owner.id).count() == 3


@pytest.mark.parametrize("scopes", [None, frozenset(), OTHER_SCOPES])
async def test_without_the_scope_nothing_is_looked_at(
    context: Context, access: Access, wakings: list[None], scopes: frozenset[StaffScope] | None
) -> None:
    locked = await tally(account_subject(context, access.owner.id), access.owner)
    context.staff = None if scopes is None else replace(UNLOCKER, scopes=scopes)
    before = await cast.known_of(access.owner)

    for number in (access.number, cast.nobodys_number(), "x"):
        assert await unlock(context, number, "") == ScopeMissing(StaffScope.UNLOCK)

    assert await standing(locked) == [(5, True, 5)]
    assert await cast.known_of(access.owner) == before
    assert wakings == []


async def test_a_customer_unlocks_nobody(gateways: Gateways, access: Access) -> None:
    own = await cast.signed_in(gateways, access.owner)

    assert await unlock(own, access.number) == ScopeMissing(StaffScope.UNLOCK)


async def test_staff_is_no_customer_whatever_the_cookies(gateways: Gateways, access: Access) -> None:
    context = await cast.signed_in(gateways, access.owner)
    context.staff = UNLOCKER

    assert await context.viewer() is None
    assert await context.session() is None


async def test_an_identifier_that_nobody_has_is_told(desk: Context, wakings: list[None]) -> None:
    assert await unlock(desk, cast.nobodys_number()) == UnknownIdentifier()
    assert wakings == []


@ON_ONE
@pytest.mark.parametrize(
    ("number", "reason", "wrong"),
    [
        ("", REASON, [("cardOrCreditNumber", f"IDENTIFIER_{MalformedReason.EMPTY.name}")]),
        (None, "ab", [("reason", "REASON_TOO_SHORT")]),
        (None, "a" * 201, [("reason", "REASON_TOO_LONG")]),
        (None, "two\nlines", [("reason", "REASON_CHARACTERS")]),
        ("12", "", [("cardOrCreditNumber", "IDENTIFIER_LENGTH"), ("reason", "REASON_TOO_SHORT")]),
    ],
)
async def test_what_is_malformed_is_told_at_once(
    desk: Context,
    access: Access,
    number: str | None,
    reason: str,
    wrong: list[tuple[str, str]],
) -> None:
    before = await cast.known_of(access.owner)

    refused = await unlock(desk, access.number if number is None else number, reason)

    assert refused == InvalidInput(tuple(InvalidField(field, rule) for field, rule in wrong))
    assert await cast.known_of(access.owner) == before


async def test_a_customer_is_unlocked_three_times_a_day_at_most(
    desk: Context, access: Access, clock: Clock
) -> None:
    """Else a token that was stolen would give whoever guesses a code as many tries as they like."""
    assert [await unlock(desk, access.number) for _ in range(3)] == [AccessUnlocked(0)] * 3
    locked = await tally(account_subject(desk, access.owner.id), access.owner)
    before = await cast.known_of(access.owner)
    desk.staff = replace(UNLOCKER, subject="adviser-8")

    assert await unlock(desk, access.number) == Throttled(86_400)

    assert await standing(locked) == [(5, True, 5)]
    assert await cast.known_of(access.owner) == before
    clock.now += timedelta(days=1)
    assert await unlock(desk, access.number) == AccessUnlocked(5)


async def test_one_member_of_staff_unlocks_thirty_customers_an_hour_at_most(
    desk: Context, access: Access
) -> None:
    tried = [await unlock(desk, cast.nobodys_number()) for _ in range(30)]
    assert tried == [UnknownIdentifier()] * 30

    assert await unlock(desk, access.number) == Throttled(3_600)
    desk.staff = replace(UNLOCKER, subject="adviser-8")
    assert await unlock(desk, access.number) == AccessUnlocked(0)


async def test_nothing_is_unlocked_while_nobody_can_count(desk: Context, access: Access) -> None:
    before = await cast.known_of(access.owner)
    down = RedisRateLimits("redis://127.0.0.1:1")  # nothing listens there
    try:
        desk.gateways = replace(desk.gateways, rate_limits=down)
        assert await unlock(desk, access.number) == TemporarilyUnavailable(5)
    finally:
        await down.close()
    assert await cast.known_of(access.owner) == before


async def test_what_cannot_be_told_is_not_done(desk: Context, access: Access) -> None:
    """All of it is one transaction: here the customer's row went away in between."""
    locked = await tally(account_subject(desk, access.owner.id), access.owner)
    await models.Identifier.filter(number=access.number).update(customer_id=1)
    await AttemptTally.filter(subject_key=locked.subject_key).update(customer_id=1)

    with pytest.raises(DoesNotExist):
        await unlock(desk, access.number)

    assert await standing(locked) == [(5, True, 5)]
