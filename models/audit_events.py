"""Who did what to a customer's space, and when. Rows are only ever added, each sealed to the one before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from models.customers import Customer
from models.owned import OwnedModel

Seal = Callable[[str], str]


class AuditEvent(OwnedModel):
    """One fact, without the values changed: names and numbers stay out of it."""

    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "audit_events", on_delete=fields.RESTRICT
    )
    number = fields.IntField(null=True, description="1, 2, 3 … of the customer, null before there were seals")
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
        """Write one fact, in the transaction of what it tells."""
        return await cls.create(
            customer_id=customer_id, kind=kind, at=at, session_id=session_id, label=label, details=details
        )


class AuditHead(Model):
    """Where the chain of a customer's facts begins and ends, sealed itself: a missing end shows."""

    customer_id = fields.BigIntField(primary_key=True, generated=False)
    first_number = fields.IntField(default=1, description="The oldest fact that was not purged")
    last_number = fields.IntField(default=0)
    last_seal = fields.CharField(80, default="")
    seal = fields.CharField(80, default="")

    class Meta:
        table = "audit_head"
        constraints = (CheckConstraint(check="last_number >= 0", name="audit_head_not_negative"),)
