"""Browsers that a customer signs in from."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint

from models.customers import Customer
from models.owned import OwnedModel


class Device(OwnedModel):
    """A browser trusted by a code sent by SMS. The digest of its cookie is keyed by customer.

    So the rows of two customers who share a browser cannot be brought together.
    """

    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "devices", on_delete=fields.RESTRICT
    )
    token_digest = fields.CharField(64)
    label = fields.CharField(80, description="The browser, as it names itself")
    created_at = fields.DatetimeField()
    strong_at = fields.DatetimeField(description="When a code sent by SMS was last given back on it")
    seen_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "device"
        constraints = (
            UniqueConstraint(
                fields=("customer_id", "token_digest"), condition="revoked_at IS NULL", name="device_once"
            ),
        )
