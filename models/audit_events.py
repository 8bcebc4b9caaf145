"""Who did what to a customer's space, and when. Rows are only ever added, each sealed to the one before."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime
from typing import Any, Protocol

from tortoise import fields
from tortoise.connection import get_connection
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model
from tortoise.transactions import in_transaction

from domain.audit import AuditKind as AuditKind
from domain.audit import fact_text, has_float, head_text
from models.backends.transactions import TransactionClient
from models.customers import Customer
from models.owned import OwnedModel

PURGED_MAX = 1_000  # facts of one customer at a time


class Seal(Protocol):
    """Makes the seal of a text, and tells whether one holds: None when its key is no longer known."""

    def __call__(self, text: str, /) -> str: ...

    def holds(self, text: str, seal: str, /) -> bool | None: ...


class AuditEvent(OwnedModel):
    """One fact, without the values changed: names and numbers stay out of it."""

    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "audit_events", on_delete=fields.RESTRICT
    )
    number = fields.BigIntField(
        null=True, description="1, 2, 3 … of the customer, null before there were seals"
    )
    kind = fields.CharField(40, description="Such as SIGNED_IN or ADDRESS_CHANGED")
    at = fields.DatetimeField()
    session_id = fields.BigIntField(null=True)
    label = fields.CharField(80, default="", description="The browser, as it named itself")
    details = fields.JSONField[dict[str, Any]](default=dict)
    seal = fields.CharField(80, default="", description="Keyed digest of this fact and of the seal before it")

    class Meta:
        table = "audit_event"
        indexes = (("customer_id", "at", "id"),)
        constraints = (
            UniqueConstraint(fields=("customer_id", "number"), name="audit_event_number_once"),
            CheckConstraint(check="number >= 1", name="audit_event_number_from_one"),
        )

    @classmethod
    async def record(
        cls,
        customer_id: int,
        kind: str,
        at: datetime,
        seal: Seal,
        *,
        session_id: int | None = None,
        label: str = "",
        **details: Any,
    ) -> AuditEvent:
        """Write one fact, in the transaction of what it tells.

        Let it come last there: the customer's other facts wait for the end of the transaction. One that locks
        the row of the customer too must do so with `no_key`, else two of them wait for each other.
        """
        event = cls(
            customer_id=customer_id,
            kind=AuditKind(kind),
            at=at,
            session_id=session_id,
            label=label,
            details=details,
        )
        await cls.append(customer_id, [event], seal)
        return event

    @classmethod
    async def append(cls, customer_id: int, events: Sequence[AuditEvent], seal: Seal) -> None:
        """Write facts of one customer behind those there are, in the order of time."""
        if any(has_float(event.details) for event in events):
            raise TypeError("a fact holds no float: databases write it in their own ways")
        async with _transaction():
            head = await AuditHead.take(customer_id, seal)
            for event in sorted(events, key=lambda event: event.at):
                head.add(event, seal)
            await cls.bulk_create(events)
            await head.keep(seal)

    @classmethod
    async def purge(cls, customer_id: int, before: datetime, seal: Seal) -> int:
        """Delete the oldest facts, up to one that is not older, and say how many: 1,000 at most.

        Where the chain does not hold, nothing of it is deleted: what is left is to be looked at.
        """
        async with _transaction():
            head = await AuditHead.take(customer_id, seal)
            first = head.first_number
            mine = cls.owned_by(customer_id)
            for event in await mine.filter(number__gte=first).order_by("number").limit(PURGED_MAX):
                if event.at >= before or not head.holds_at_the_beginning(event, seal):
                    break
                head.first_number, head.purged_seal = head.first_number + 1, event.seal
            deleted = await mine.filter(number__gte=first, number__lt=head.first_number).delete()
            await mine.filter(number=None, at__lt=before).delete()
            await head.keep(seal)
        return deleted

    def text(self, seal_before: str) -> str:
        """What the seal of this fact is made over."""
        return fact_text(
            seal_before,
            customer_id=self.customer_id,
            id=self.id,
            number=self.number,
            kind=self.kind,
            at=self.at,
            session_id=self.session_id,
            label=self.label,
            details=self.details,
        )


class AuditHead(Model):
    """Where the chain of a customer's facts begins and ends, sealed itself: a missing end shows."""

    customer_id = fields.BigIntField(primary_key=True, generated=False)
    first_number = fields.BigIntField(default=1, description="The oldest fact that was not purged")
    purged_seal = fields.CharField(80, default="", description="The seal of the last fact that was purged")
    last_number = fields.BigIntField(default=0)
    last_seal = fields.CharField(80, default="")
    seal = fields.CharField(80, default="")

    intact: bool  # as it was taken

    class Meta:
        table = "audit_head"
        constraints = (CheckConstraint(check="last_number >= 0", name="audit_head_not_negative"),)

    @classmethod
    async def take(cls, customer_id: int, seal: Seal) -> AuditHead:
        """The head, for this transaction alone, made if there was none.

        One that was tampered with is not intact: facts go on behind the last one there is, and the head is
        never sealed again, so that nothing is made good by it.
        """
        mine = AuditEvent.owned_by(customer_id)
        head = await cls.select_for_update().get_or_none(customer_id=customer_id)
        if head is None:
            await cls.bulk_create([cls(customer_id=customer_id)], ignore_conflicts=True)
            head = await cls.select_for_update().get(customer_id=customer_id)
        beyond = await mine.filter(number__gt=head.last_number).order_by("-number").first()
        is_new = (head.text(), head.seal) == (cls(customer_id=customer_id).text(), "")
        head.intact = beyond is None and (is_new or seal.holds(head.text(), head.seal) is True)
        if beyond is not None:
            head.last_number, head.last_seal = beyond.number or 0, beyond.seal
        return head

    @classmethod
    async def renew(cls, first: int, last: int, seal: Seal) -> int:
        """Seal with the newest key the heads of customers from one to another that an older key sealed.

        So a key can be taken away as soon as the facts that it sealed are purged.
        """
        newest, _, _ = seal("").partition("$")
        heads = cls.filter(customer_id__gte=first, customer_id__lte=last).exclude(
            seal__startswith=f"{newest}$"
        )
        renewed = 0
        for head in await heads:
            if seal.holds(head.text(), head.seal):
                unchanged = cls.filter(customer_id=head.customer_id, seal=head.seal)
                renewed += await unchanged.update(seal=seal(head.text()))
        return renewed

    def add(self, event: AuditEvent, seal: Seal) -> None:
        """Seal a fact as the chain's last."""
        event.number = self.last_number + 1
        event.seal = seal(event.text(self.last_seal))
        self.last_number, self.last_seal = event.number, event.seal

    def holds_at_the_beginning(self, event: AuditEvent, seal: Seal) -> bool:
        """Whether a fact is the oldest one kept, and as it was sealed, or sealed with a key that is gone."""
        follows = self.intact and event.number == self.first_number
        return follows and seal.holds(event.text(self.purged_seal), event.seal) is not False

    async def keep(self, seal: Seal) -> None:
        """Write it back, sealed anew if it was intact."""
        if self.intact:
            self.seal = seal(self.text())
        await AuditHead.filter(customer_id=self.customer_id).update(
            first_number=self.first_number,
            purged_seal=self.purged_seal,
            last_number=self.last_number,
            last_seal=self.last_seal,
            seal=self.seal,
        )

    def text(self) -> str:
        """What the seal of the head is made over."""
        return head_text(
            customer_id=self.customer_id,
            first_number=self.first_number,
            purged_seal=self.purged_seal,
            last_number=self.last_number,
            last_seal=self.last_seal,
        )


def _transaction() -> AbstractAsyncContextManager[Any]:
    """The one at hand, or else one of its own: within the one at hand, a savepoint would save nothing."""
    at_hand = isinstance(get_connection("default"), TransactionClient)
    return nullcontext() if at_hand else in_transaction()
