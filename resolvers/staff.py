"""What the lender's staff may do to a customer's access."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from tortoise.transactions import in_transaction

import models
from domain.identifiers import Identifier, Malformed
from domain.refusals import InvalidField, InvalidInput, TemporarilyUnavailable, Throttled
from domain.staff import BadReason, Staff, StaffScope, reason_given
from gateways import letters
from gateways.rate_limits import Limit
from models import AttemptTally, AuditEvent
from models.owned import keep_to
from resolvers.access import account_subject
from resolvers.context import Context
from resolvers.notices import tell
from resolvers.provisional_codes import forget_sent
from resolvers.throttles import DAY, HOUR, throttled

UNLOCKS_OF_STAFF = Limit("staff-unlock", count=30, seconds=HOUR)
# Each gives whoever guesses the code a round of tries more, with a token that was stolen as well.
UNLOCKS_OF_CUSTOMER = Limit("staff-unlock-customer", count=3, seconds=DAY)


@dataclass(frozen=True)
class ScopeMissing:
    """The act is for staff with this scope."""

    scope: StaffScope


@dataclass(frozen=True)
class UnknownIdentifier:
    """No customer has it. Staff may know: they find customers by other ways too."""


@dataclass(frozen=True)
class AccessUnlocked:
    failures_cleared: int


Unlocked: TypeAlias = (
    AccessUnlocked | ScopeMissing | UnknownIdentifier | InvalidInput | Throttled | TemporarilyUnavailable
)


async def unlock_access(context: Context, given: Identifier | Malformed, field: str, reason: str) -> Unlocked:
    """Forget a customer's wrong codes, on every device. The access log says who did it and why."""
    staff = context.staff
    if staff is None or StaffScope.UNLOCK not in staff.scopes:
        return ScopeMissing(StaffScope.UNLOCK)
    why = reason_given(reason)
    if isinstance(given, Malformed) or isinstance(why, BadReason):
        return InvalidInput((*_misread(given, field), *_misgiven(why)))
    if refused := await throttled(context, UNLOCKS_OF_STAFF, staff.subject):
        return refused
    row = await models.Identifier.get_or_none(number=given.value)
    if row is None:
        return UnknownIdentifier()
    if refused := await throttled(context, UNLOCKS_OF_CUSTOMER, str(row.customer_id)):
        return refused
    keep_to(row.customer_id)
    await forget_sent(context.gateways, row.customer_id)
    return AccessUnlocked(await _unlock(context, row.customer_id, staff, why))


def _misread(given: Identifier | Malformed, field: str) -> list[InvalidField]:
    if isinstance(given, Malformed):
        return [InvalidField(field, f"IDENTIFIER_{given.reason.name}")]
    return []


def _misgiven(why: str | BadReason) -> list[InvalidField]:
    return [InvalidField("reason", f"REASON_{why.name}")] if isinstance(why, BadReason) else []


async def _unlock(context: Context, customer_id: int, staff: Staff, why: str) -> int:
    """The failures that were forgotten. The customer is told whether there were any or not."""
    now = context.now
    async with in_transaction():
        cleared = await _forget_failures(context, customer_id)
        customer = await models.Customer.get(id=customer_id)
        await tell(customer, letters.access_unlocked(customer.locale), now)
        seal = context.gateways.vault.seal
        await AuditEvent.record(
            customer_id, "ACCESS_UNLOCKED", now, seal, by=staff.subject, reason=why, failures=cleared
        )
    context.wake_outbox()
    return cleared


async def _forget_failures(context: Context, customer_id: int) -> int:
    # Devices first, the account last, as whoever signs in locks them: two never wait for each other.
    account = account_subject(context, customer_id)
    others = AttemptTally.filter(customer_id=customer_id).exclude(subject_key=account)
    tallies = [
        *await others.order_by("subject_key").select_for_update(),
        *await AttemptTally.filter(subject_key=account).select_for_update(),
    ]
    await AttemptTally.clear_all(customer_id)
    await AttemptTally.clear(account)
    return sum(tally.failures for tally in tallies)
