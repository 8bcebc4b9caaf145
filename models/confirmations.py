"""A new phone number or e-mail address, waiting for the code sent to it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tortoise import fields
from tortoise.expressions import F
from tortoise.migrations.constraints import CheckConstraint

from models.customers import Customer
from models.owned import OwnedModel


class ContactPoint(StrEnum):
    PHONE = "PHONE"
    EMAIL = "EMAIL"


class Confirmation(OwnedModel):
    """A change asked for: what it would become, and the digest of the code that proves it is theirs."""

    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "confirmations", on_delete=fields.RESTRICT
    )
    point = fields.CharEnumField(ContactPoint, max_length=8)
    target = fields.CharField(254, description="The new number in E.164, or the new address")
    code_digest = fields.CharField(64)
    reference = fields.CharField(4, description="Shown on screen and in the message")
    tries = fields.SmallIntField(default=0)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "confirmation"
        indexes = (("customer_id", "created_at"),)
        constraints = (
            CheckConstraint(check="tries >= 0", name="confirmation_tries_not_negative"),
            CheckConstraint(check="expires_at > created_at", name="confirmation_has_a_life"),
        )

    async def add_try(self, tries_max: int, now: datetime) -> bool:
        """Count a try before it is checked. False when none is left, or when used or expired."""
        open_now = Confirmation.owned_by(self.customer_id).filter(
            id=self.id, used_at=None, expires_at__gt=now, tries__lt=tries_max
        )
        return await open_now.update(tries=F("tries") + 1) == 1

    async def use(self, now: datetime) -> bool:
        """True for the one caller who uses it first."""
        return (
            await Confirmation.owned_by(self.customer_id).filter(id=self.id, used_at=None).update(used_at=now)
            == 1
        )
