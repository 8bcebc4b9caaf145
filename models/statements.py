"""The periodic statement (relevé) of a contract."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from models.contracts import Contract
from models.customers import Customer
from models.owned import OwnedModel


class Statement(OwnedModel):
    """One statement, unchanging once closed: opening balance + its operations = closing balance."""

    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "statements", on_delete=fields.RESTRICT
    )
    contract: fields.ForeignKeyRelation[Contract] = fields.ForeignKeyField(
        "models.Contract", "statements", on_delete=fields.RESTRICT
    )
    contract_id: int
    number = fields.IntField(description="1, 2, 3 … within the contract")
    opened_on = fields.DateField(description="First day of the period")
    closed_on = fields.DateField(description="Last day of the period")
    payment_on = fields.DateField(null=True, description="Day the instalment is debited")
    opening_balance_cents = fields.BigIntField()
    closing_balance_cents = fields.BigIntField()
    credit_limit_cents = fields.BigIntField(null=True)
    available_cents = fields.BigIntField(null=True)
    instalment_cents = fields.BigIntField(null=True)
    instalment_interest_cents = fields.BigIntField(null=True)
    insurance_cents = fields.BigIntField(null=True)
    total_due_cents = fields.BigIntField(null=True)
    apr_yearly = fields.DecimalField(9, 6, null=True, description="Fraction")

    class Meta:
        table = "statement"
        indexes = (("customer_id", "closed_on", "id"), ("customer_id", "contract_id", "closed_on", "id"))
        constraints = (
            UniqueConstraint(fields=("customer_id", "contract_id", "number"), name="statement_number_once"),
            UniqueConstraint(fields=("customer_id", "contract_id", "closed_on"), name="statement_day_once"),
            CheckConstraint(check="number >= 1", name="statement_number_from_one"),
            CheckConstraint(check="closed_on >= opened_on", name="statement_period_forward"),
            CheckConstraint(check="payment_on > closed_on", name="statement_paid_after_closing"),
            CheckConstraint(check="available_cents >= 0", name="statement_available_not_negative"),
            CheckConstraint(
                check="instalment_interest_cents <= instalment_cents",
                name="statement_interest_within_instalment",
            ),
        )
