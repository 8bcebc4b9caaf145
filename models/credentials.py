"""The secret codes of customers, as digests only."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint

from models.customers import Customer
from models.owned import OwnedModel


class Credential(OwnedModel):
    """A code that was chosen. At most one is in force; a customer with none has not connected yet."""

    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "credentials", on_delete=fields.RESTRICT
    )
    code_digest = fields.CharField(200)
    chosen_at = fields.DatetimeField()
    replaced_at = fields.DatetimeField(null=True)

    class Meta:
        table = "credential"
        constraints = (
            UniqueConstraint(
                fields=("customer_id",), condition="replaced_at IS NULL", name="credential_one_in_force"
            ),
        )
