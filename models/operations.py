"""What moved on a contract: purchases, repayments, interest, fees."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from models.contracts import Card, Contract
from models.customers import Customer
from models.owned import OwnedModel
from models.statements import Statement


class OperationKind(StrEnum):
    PURCHASE = "PURCHASE"
    CASH_ADVANCE = "CASH_ADVANCE"
    DRAWDOWN = "DRAWDOWN"
    INSTALMENT = "INSTALMENT"
    EARLY_REPAYMENT = "EARLY_REPAYMENT"
    INTEREST = "INTEREST"
    INSURANCE = "INSURANCE"
    FEE = "FEE"
    REFUND = "REFUND"
    ADJUSTMENT = "ADJUSTMENT"
    WAIVER = "WAIVER"


class OperationStatus(StrEnum):
    PENDING = "PENDING"
    BOOKED = "BOOKED"
    REVERSED = "REVERSED"
    DISPUTED = "DISPUTED"


class Operation(OwnedModel):
    """One movement, signed: positive raises what the customer owes."""

    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "operations", on_delete=fields.RESTRICT
    )
    contract: fields.ForeignKeyRelation[Contract] = fields.ForeignKeyField(
        "models.Contract", "operations", on_delete=fields.RESTRICT
    )
    contract_id: int
    statement: fields.ForeignKeyNullableRelation[Statement] = fields.ForeignKeyField(
        "models.Statement", "operations", null=True, on_delete=fields.RESTRICT
    )
    statement_id: int | None
    card: fields.ForeignKeyNullableRelation[Card] = fields.ForeignKeyField(
        "models.Card", "operations", null=True, on_delete=fields.RESTRICT
    )
    card_id: int | None
    reference = fields.CharField(
        40, description="The lender's own number of the operation, within the contract"
    )
    kind = fields.CharEnumField(OperationKind, max_length=16)
    status = fields.CharEnumField(OperationStatus, max_length=8)
    occurred_on = fields.DateField(description="Day of the operation, in the contract's country")
    booked_on = fields.DateField(null=True)
    label = fields.CharField(140)
    merchant = fields.CharField(80, null=True)
    category = fields.CharField(24, null=True, description="Code such as GROCERIES")
    amount_cents = fields.BigIntField()
    principal_cents = fields.BigIntField(null=True)
    interest_cents = fields.BigIntField(null=True)
    insurance_cents = fields.BigIntField(null=True)
    fees_cents = fields.BigIntField(null=True)
    search_text = fields.CharField(240, description="Label and merchant without accents or case")

    class Meta:
        table = "operation"
        indexes = (
            ("customer_id", "occurred_on", "id"),
            ("customer_id", "contract_id", "occurred_on", "id"),
        )
        constraints = (
            UniqueConstraint(
                fields=("customer_id", "contract_id", "reference"), name="operation_reference_once"
            ),
            CheckConstraint(
                check="(status = 'PENDING') = (booked_on IS NULL)", name="operation_booked_has_its_day"
            ),
            CheckConstraint(
                check="statement_id IS NULL OR status <> 'PENDING'", name="operation_on_statement_is_booked"
            ),
        )
