"""Who did what to a customer's space, and when. Rows are only ever added."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tortoise import fields

from models.customers import Customer
from models.owned import OwnedModel


class AuditEvent(OwnedModel):
    """One fact, without the values changed: names and numbers stay out of it."""

    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "audit_events", on_delete=fields.RESTRICT
    )
    kind = fields.CharField(40, description="Such as SIGNED_IN or ADDRESS_CHANGED")
    at = fields.DatetimeField()
    session_id = fields.BigIntField(null=True)
    details = fields.JSONField[dict[str, Any]](default=dict)

    class Meta:
        table = "audit_event"
        indexes = (("customer_id", "at", "id"),)

    @classmethod
    async def record(
        cls, customer_id: int, kind: str, at: datetime, *, session_id: int | None = None, **details: Any
    ) -> AuditEvent:
        """Write one fact, in the transaction of what it tells."""
        return await cls.create(
            customer_id=customer_id, kind=kind, at=at, session_id=session_id, details=details
        )
