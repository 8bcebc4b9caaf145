"""Sessions of signed-in customers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from models.customers import Customer
from models.owned import OwnedModel


class Assurance(StrEnum):
    """What the session may do. PROVISIONAL may only choose a new code."""

    PROVISIONAL = "PROVISIONAL"
    CODE_ONLY = "CODE_ONLY"
    STRONG = "STRONG"


class Session(OwnedModel):
    """A browser that signed in. The cookie holds the customer and a token, the table the token's digest."""

    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "sessions", on_delete=fields.RESTRICT
    )
    token_digest = fields.CharField(64)
    assurance = fields.CharEnumField(Assurance, max_length=12)
    created_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(description="However busy, it ends here")
    closed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "session"
        constraints = (
            UniqueConstraint(fields=("customer_id", "token_digest"), name="session_token_once"),
            CheckConstraint(check="expires_at > created_at", name="session_has_a_life"),
        )

    @classmethod
    async def close_all(cls, customer_id: int, now: datetime) -> int:
        """Close every open session of a customer, and say how many there were."""
        return await cls.owned_by(customer_id).filter(closed_at=None).update(closed_at=now)
