"""Customers are told when wrong codes lock their access, once for each lock, by SMS and e-mail.

Not in the request that locks: an identifier that nobody has locks alike and tells no one, so the time of the
answer would say whether there is a customer. `resolvers.housekeeping` looks for locks every minute instead.

A wrong code on a trusted device counts on the device and on the account. One letter tells the gravest of what
is due; the lock of a device is not told while the account is locked as gravely.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from tortoise.expressions import F, Q
from tortoise.transactions import in_transaction

from domain import attempts
from domain.attempts import ATTEMPTS_MAX, FAILURES_MAX, Notice
from domain.audit import AuditKind
from gateways import Gateways, letters
from gateways.letters import Letter
from models import AttemptTally, AuditEvent, Customer
from resolvers import notices

# The last try of a round locks before its code is looked at: a right one opens again within a request's life.
SETTLED = timedelta(seconds=30)
LAST_ROUND_FROM = FAILURES_MAX - ATTEMPTS_MAX


class _Lock(NamedTuple):
    """A tally's lock that is to be told."""

    notice: Notice
    tally: AttemptTally


async def customers_to_tell(gateways: Gateways, after: int, at_most: int) -> list[int]:
    """Customers with a lock that was not told, in order, from the one after `after`."""
    now = gateways.clock()
    due = (
        Q(locked_until__gt=now, failures__gt=F("warned_failures"))
        | Q(failures__gte=LAST_ROUND_FROM, warned_failures__lt=LAST_ROUND_FROM)
        | Q(failures__gte=FAILURES_MAX, warned_failures__lt=FAILURES_MAX)
    )
    tallies = AttemptTally.filter(due, customer_id__gt=after)
    found = tallies.distinct().order_by("customer_id").limit(at_most)
    return list(await found.values_list("customer_id", flat=True))  # type: ignore[arg-type]


async def tell(gateways: Gateways, customer_id: int) -> bool:
    """Tell a customer of what is due; False when nothing is, or another transaction is at it."""
    now, hers = gateways.clock(), AttemptTally.filter(customer_id=customer_id)
    account = gateways.vault.keyed("subject", attempts.account(customer_id)).hex()
    async with in_transaction():
        # The account's tally is the door: of two workers one passes, and a request is never waited for.
        door = await hers.filter(subject_key=account).select_for_update(skip_locked=True).first()
        if door is None:
            return False
        devices = await hers.exclude(subject_key=account).select_for_update(skip_locked=True)
        due = _due([door, *devices], now)
        if not due or any(now < lock.tally.updated_at + SETTLED for lock in due):
            return False
        told = [lock.tally.subject_key for lock in due]
        await AttemptTally.filter(subject_key__in=told).update(warned_failures=F("failures"))
        silence = attempts.notice_of(door.failures, door.locked_until, now) or 0
        loud = [lock for lock in due if lock.tally is door or lock.notice > silence]
        if loud:
            gravest = max(loud, key=lambda lock: (lock.notice, lock.tally.failures))
            await _send(gateways, customer_id, gravest, now)
    return bool(loud)


def _due(tallies: Iterable[AttemptTally], now: datetime) -> list[_Lock]:
    found = []
    for tally in tallies:
        notice = attempts.notice_due(tally.failures, tally.warned_failures, tally.locked_until, now)
        if notice is not None:
            found.append(_Lock(notice, tally))
    return found


async def _send(gateways: Gateways, customer_id: int, lock: _Lock, now: datetime) -> None:
    customer = await Customer.get_or_none(id=customer_id)
    if customer is None:
        return
    await notices.tell(customer, _letter(customer.locale, lock), now)
    seal = gateways.vault.seal
    await AuditEvent.record(customer_id, AuditKind.ACCESS_LOCKED, now, seal, notice=lock.notice.name)


def _letter(locale: str, lock: _Lock) -> Letter:
    match lock.notice:
        case Notice.FOR_GOOD:
            return letters.access_closed(locale)
        case Notice.LAST_ROUND:
            return letters.access_closes_soon(locale, FAILURES_MAX - lock.tally.failures)
        case Notice.LOCKED:
            assert lock.tally.locked_until is not None
            return letters.access_locked(locale, lock.tally.locked_until)
