"""Checking every customer's access log: heads and facts are streamed by, and nothing is changed.

The log is written meanwhile, and no snapshot is held for it: a chain that seems broken is walked once more
with its head locked, and only what is broken then is told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tortoise.exceptions import FieldError
from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from domain.audit import EPOCH, SEAL, Anchor, ChainsDigest
from models import AuditEvent, AuditHead, Credential
from models.audit_events import Seal

ROWS_MAX = 1_000  # read at a time, of facts and of heads
BREAKS_MAX = 1_000  # told of one customer
SETTLED = timedelta(minutes=10)  # no transaction still writes facts of that long ago
NUMBER_MAX = 2**63 - 1
UNREADABLE = (
    FieldError,
    ValueError,
    OverflowError,
)  # what a column may raise that holds no value of its kind

Report = Callable[["Break"], None]
Progress = Callable[[int, int], None]  # customers checked, and of how many


class BreakKind(StrEnum):
    """What is wrong with a chain."""

    CHANGED = "CHANGED"  # a fact, or the one before it, is not what was sealed
    MISSING = "MISSING"
    FOREIGN = "FOREIGN"  # its seal is none of ours, or its place is before the oldest fact kept
    UNKNOWN_PEPPER = "UNKNOWN_PEPPER"
    HEAD = "HEAD"  # the head is not there, is not what was sealed, or ends elsewhere than the facts


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold: from one number to another, or at its head."""

    customer_id: int
    kind: BreakKind
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Audited:
    """What was checked; `agrees` says whether an earlier anchor still fits, None where none was given.

    Facts without a number are in no chain, and shown to nobody: they are only counted.
    """

    customers: int
    facts: int
    unsealed: int
    breaks: int
    anchor: Anchor
    agrees: bool | None


async def audit(
    seal: Seal,
    now: datetime,
    *,
    report: Report,
    progress: Progress = lambda _done, _total: None,
    anchor: Anchor | None = None,
    rows_max: int = ROWS_MAX,
) -> Audited:
    """Check every chain, and tell each break. Keep the new anchor where the tables are not."""
    digests = [ChainsDigest(now - SETTLED)] + ([ChainsDigest(anchor.at)] if anchor else [])
    instants = [digest.at for digest in digests]
    customers = facts = breaks = 0
    async for seen in _walks(seal, instants, progress, rows_max):
        walk = await _walked_again(seen.customer_id, seal, instants, rows_max) if seen.breaks else seen
        for found in walk.breaks:
            report(found)
        for digest, (number, last_seal) in zip(digests, walk.reached, strict=True):
            digest.add(walk.customer_id, number, last_seal)
        customers, facts, breaks = customers + 1, facts + walk.facts, breaks + len(walk.breaks)
    async for customer_id in _vanished(rows_max):
        report(Break(customer_id, BreakKind.HEAD))
        breaks += 1
    unsealed = await AuditEvent.filter(number=None).count()
    fresh, *earlier = [digest.anchor() for digest in digests]
    agrees = earlier == [anchor] if anchor else None
    return Audited(customers, facts, unsealed, breaks, fresh, agrees)


class Walk:
    """One customer's chain, walked fact by fact in the order of numbers."""

    def __init__(
        self, customer_id: int, head: AuditHead | None, seal: Seal, instants: Sequence[datetime]
    ) -> None:
        self.customer_id = customer_id
        self.breaks: list[Break] = []
        self.facts = 0
        self._seal = seal
        self._instants = instants
        self._head = head if head is not None and self._holds(head) else None
        self._has_head = head is not None
        self._number: int = self._head.first_number - 1 if self._head else 0
        self._before: str = self._head.purged_seal if self._head else ""
        self.reached = [(self._number, self._before)] * len(instants)  # the last fact of each instant

    def take(self, event: AuditEvent) -> None:
        """Check the next fact."""
        number = event.number or 0
        self.facts += 1
        if number <= self._number:
            self._found(BreakKind.FOREIGN, number, number)
            return
        follows = number == self._number + 1
        if not follows and (self._head or self.facts > 1):  # else nobody knows where it began
            self._found(BreakKind.MISSING, self._number + 1, number - 1)
        self._check(event, number, follows)
        self._number, self._before = number, event.seal
        for place, instant in enumerate(self._instants):
            if event.at <= instant:
                self.reached[place] = (number, event.seal)

    def end(self) -> Walk:
        """Compare the last fact with the head."""
        head = self._head
        if head is None:
            if not self._has_head:
                self._found(BreakKind.HEAD)
        elif self._number < head.last_number:
            self._found(BreakKind.MISSING, self._number + 1, head.last_number)
        elif (self._number, self._before) != (head.last_number, head.last_seal):
            self._found(BreakKind.HEAD)
        return self

    def _holds(self, head: AuditHead) -> bool:
        holds = self._seal.holds(head.text(), head.seal)
        if holds is None:
            self._found(BreakKind.UNKNOWN_PEPPER)
        elif not holds:
            self._found(BreakKind.HEAD)
        return bool(holds)

    def _check(self, event: AuditEvent, number: int, follows: bool) -> None:
        holds = self._seal.holds(event.text(self._before), event.seal)
        if not SEAL.fullmatch(event.seal):
            self._found(BreakKind.FOREIGN, number, number)
        elif holds is None:
            self._found(BreakKind.UNKNOWN_PEPPER, number, number)
        elif follows and not holds:  # after a gap the seal before is not known
            self._found(BreakKind.CHANGED, number, number)

    def _found(self, kind: BreakKind, first: int | None = None, last: int | None = None) -> None:
        latest = self.breaks[-1] if self.breaks else None
        if latest and first and (latest.kind, latest.last) == (kind, first - 1):
            self.breaks[-1] = replace(latest, last=last)
        elif len(self.breaks) < BREAKS_MAX:
            self.breaks.append(Break(self.customer_id, kind, first, last))


async def _vanished(rows_max: int) -> AsyncIterator[int]:
    """Customers who chose a code, which is a fact, and of whose chain not even the head is there."""
    heads, unsealed = AuditHead.all(), AuditEvent.filter(number=None)
    after = -1
    while True:
        chose = Credential.filter(replaced_at=None, customer_id__gt=after)
        for others in (heads, unsealed):
            chose = chose.exclude(customer_id__in=Subquery(others.values("customer_id")))
        found = await chose.order_by("customer_id").limit(rows_max).values("customer_id")
        for row in found:
            yield row["customer_id"]
        if len(found) < rows_max:
            return
        after = found[-1]["customer_id"]


async def _walks(
    seal: Seal, instants: Sequence[datetime], progress: Progress, rows_max: int
) -> AsyncIterator[Walk]:
    walk = None
    async for row in _rows(progress, rows_max):
        if walk is None or walk.customer_id != row.customer_id:
            if walk is not None:
                yield walk.end()
            walk = Walk(row.customer_id, row if isinstance(row, AuditHead) else None, seal, instants)
        if isinstance(row, AuditEvent):
            walk.take(row)
    if walk is not None:
        yield walk.end()


async def _walked_again(customer_id: int, seal: Seal, instants: Sequence[datetime], rows_max: int) -> Walk:
    async with in_transaction():
        head = await AuditHead.select_for_update().get_or_none(customer_id=customer_id)
        walk = Walk(customer_id, head, seal, instants)
        async for event in _facts(customer_id - 1, customer_id, rows_max):
            walk.take(event)
        return walk.end()


async def _rows(progress: Progress, rows_max: int) -> AsyncIterator[AuditHead | AuditEvent]:
    """Heads and facts of all customers, in the order of customers: each head first, then its facts."""
    done, total = 0, await AuditHead.all().count()
    after, upto = 0, 0
    while upto < NUMBER_MAX:
        page = AuditHead.filter(customer_id__gt=after).order_by("customer_id").limit(rows_max)
        heads = deque(await page)
        upto = heads[-1].customer_id if len(heads) == rows_max else NUMBER_MAX
        done += len(heads)
        async for event in _facts(after, upto, rows_max):
            while heads and heads[0].customer_id <= event.customer_id:
                yield heads.popleft()
            yield event
        for head in heads:
            yield head
        progress(done, max(done, total))
        after = upto


async def _facts(after: int, upto: int, rows_max: int) -> AsyncIterator[AuditEvent]:
    """Facts of the customers after one and up to another, by customer and number."""
    customer_id, number, full = after, NUMBER_MAX, True
    while full:
        beyond = Q(customer_id__gt=customer_id) | Q(number__gt=number)
        rows = AuditEvent.filter(beyond, customer_id__gte=customer_id, customer_id__lte=upto)
        rows = rows.filter(number__not_isnull=True)
        page = await _read(rows.order_by("customer_id", "number").limit(rows_max))
        for event in page:
            yield event
        full = len(page) == rows_max
        if full:
            customer_id, number = page[-1].customer_id, page[-1].number or 0


async def _read(rows: QuerySet[AuditEvent]) -> list[AuditEvent]:
    """A page of facts. One that cannot be read is given as something else, since it was changed."""
    try:
        return await rows
    except UNREADABLE:
        keys = await rows.values("customer_id", "id", "number", "seal")
    page = []
    for key in keys:
        try:
            page.append(await AuditEvent.owned_by(key["customer_id"]).get(id=key["id"]))
        except UNREADABLE:
            page.append(AuditEvent(**key, kind="", at=EPOCH))
    return page
