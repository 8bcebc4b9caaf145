"""Sessions of signed-in customers."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from models.customers import Customer
from models.devices import Device
from models.owned import OwnedModel


class SessionColumns(NamedTuple):
    """What decides whether a session is open and how sure it is, without the weight of a row."""

    id: int
    customer_id: int
    provisional: bool
    strong_at: datetime | None
    sms_at: datetime | None
    seen_at: datetime
    expires_at: datetime
    closed_at: datetime | None


class Session(OwnedModel):
    """A browser that signed in. The cookie holds the customer and a token, the table the token's digest."""

    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "sessions", on_delete=fields.RESTRICT
    )
    token_digest = fields.CharField(64)
    device: fields.ForeignKeyNullableRelation[Device] = fields.ForeignKeyField(
        "models.Device", "sessions", null=True, on_delete=fields.RESTRICT
    )
    device_id: int | None
    label = fields.CharField(80, default="", description="The browser, as it names itself")
    accessible = fields.BooleanField(default=False, description="Its keypads carry labels")
    provisional = fields.BooleanField(default=False, description="May do nothing but choose a new code")
    code_at = fields.DatetimeField(null=True, description="When the secret code was last right")
    strong_at = fields.DatetimeField(
        null=True, description="When a code by SMS was last given back, here or on its device before"
    )
    sms_at = fields.DatetimeField(null=True, description="When one was given back for this session itself")
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
