"""The instalments of a contract: paid, due and to come."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from models.contracts import Contract
from models.customers import Customer
from models.owned import OwnedModel


class InstalmentStatus(StrEnum):
    UPCOMING = "UPCOMING"
    PAID = "PAID"
    MISSED = "MISSED"
    DEFERRED = "DEFERRED"


class Instalment(OwnedModel):
    """One due payment, split as the amortisation table splits it (C. conso. R312-10)."""

    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "instalments", on_delete=fields.RESTRICT
    )
    contract: fields.ForeignKeyRelation[Contract] = fields.ForeignKeyField(
        "models.Contract", "instalments", on_delete=fields.RESTRICT
    )
    contract_id: int
    number = fields.SmallIntField()
    due_on = fields.DateField()
    status = fields.CharEnumField(InstalmentStatus, max_length=8)
    paid_on = fields.DateField(null=True)
    payment_cents = fields.BigIntField(description="principal + interest + insurance + fees")
    principal_cents = fields.BigIntField()
    interest_cents = fields.BigIntField()
    insurance_cents = fields.BigIntField(default=0)
    fees_cents = fields.BigIntField(default=0)
    outstanding_after_cents = fields.BigIntField()

    class Meta:
        table = "instalment"
        indexes = (("customer_id", "contract_id", "due_on", "id"),)
        constraints = (
            UniqueConstraint(fields=("customer_id", "contract_id", "number"), name="instalment_number_once"),
            CheckConstraint(check="number >= 1", name="instalment_number_from_one"),
            CheckConstraint(
                check="payment_cents = principal_cents + interest_cents + insurance_cents + fees_cents",
                name="instalment_parts_sum",
            ),
            CheckConstraint(check="outstanding_after_cents >= 0", name="instalment_outstanding_not_negative"),
            CheckConstraint(
                check="(status = 'PAID') = (paid_on IS NOT NULL)", name="instalment_paid_has_its_day"
            ),
        )
