"""Contracts of all kinds, and the cards attached to them."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from domain.regimes import Regime
from models.customers import Customer
from models.owned import OwnedModel


class ContractKind(StrEnum):
    REVOLVING_CREDIT = "REVOLVING_CREDIT"
    PERSONAL_LOAN = "PERSONAL_LOAN"
    DEBT_CONSOLIDATION = "DEBT_CONSOLIDATION"
    CARD_ACCOUNT = "CARD_ACCOUNT"


class ContractStatus(StrEnum):
    ACTIVE = "ACTIVE"
    LATE = "LATE"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


class StatementDelivery(StrEnum):
    ELECTRONIC = "ELECTRONIC"
    PAPER = "PAPER"


class Contract(OwnedModel):
    """One credit agreement. Columns that only some kinds have are null for the others."""

    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "contracts", on_delete=fields.RESTRICT
    )
    file_number = fields.CharField(24, description="Number of the file, also a sign-in identifier")
    account_number = fields.CharField(17, null=True, description="Revolving-credit number, begins 3060")
    kind = fields.CharEnumField(ContractKind, max_length=20)
    status = fields.CharEnumField(ContractStatus, max_length=12)
    regime = fields.CharEnumField(Regime, max_length=16)
    label = fields.CharField(80)
    currency = fields.CharField(3, description="ISO 4217")
    signed_on = fields.DateField()
    closed_on = fields.DateField(null=True)
    ends_on = fields.DateField(null=True, description="Day of the last instalment of a loan")
    borrowing_rate_yearly = fields.DecimalField(9, 6, null=True, description="Fraction")
    apr_yearly = fields.DecimalField(9, 6, null=True, description="Fraction")
    credit_limit_cents = fields.BigIntField(null=True, description="Revolving credit and card accounts")
    principal_cents = fields.BigIntField(null=True, description="Amount lent, for loans")
    outstanding_cents = fields.BigIntField(description="Outstanding principal")
    overdue_cents = fields.BigIntField(default=0)
    months = fields.SmallIntField(null=True, description="Agreed duration of a loan")
    instalment_cents = fields.BigIntField(null=True, description="Agreed monthly instalment")
    debit_day = fields.SmallIntField(null=True)
    iban = fields.CharField(34, null=True)
    insurance_label = fields.CharField(80, null=True)
    insurance_monthly_cents = fields.BigIntField(null=True)
    statement_delivery = fields.CharEnumField(
        StatementDelivery, default=StatementDelivery.PAPER, max_length=12
    )
    version = fields.IntField(default=1)
    fed_digest = fields.CharField(32, null=True, description="Digest of the last feed row, to tell a change")

    class Meta:
        table = "contract"
        constraints = (
            UniqueConstraint(fields=("customer_id", "file_number"), name="contract_file_number_once"),
            CheckConstraint(check="length(currency) = 3", name="contract_currency_iso"),
            CheckConstraint(check="credit_limit_cents >= 0", name="contract_limit_not_negative"),
            CheckConstraint(check="principal_cents > 0", name="contract_principal_positive"),
            CheckConstraint(check="overdue_cents >= 0", name="contract_overdue_not_negative"),
            CheckConstraint(check="debit_day BETWEEN 1 AND 31", name="contract_debit_day_of_month"),
            CheckConstraint(check="closed_on >= signed_on", name="contract_closed_after_signed"),
            CheckConstraint(
                check="(status = 'CLOSED') = (closed_on IS NOT NULL)", name="contract_closed_has_its_day"
            ),
            CheckConstraint(check="version >= 1", name="contract_version_positive"),
        )


class CardStatus(StrEnum):
    ACTIVE = "ACTIVE"
    BLOCKED = "BLOCKED"
    EXPIRED = "EXPIRED"


class Card(OwnedModel):
    """A payment card on a revolving credit or a card account."""

    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "cards", on_delete=fields.RESTRICT
    )
    contract: fields.ForeignKeyRelation[Contract] = fields.ForeignKeyField(
        "models.Contract", "cards", on_delete=fields.RESTRICT
    )
    contract_id: int
    number = fields.CharField(17, description="17 digits that begin 3060")
    expires_on = fields.DateField()
    status = fields.CharEnumField(CardStatus, max_length=8)

    class Meta:
        table = "card"
        indexes = (("customer_id", "contract_id"),)
        constraints = (
            UniqueConstraint(fields=("customer_id", "number"), name="card_number_once"),
            CheckConstraint(
                check="number LIKE '3060%' AND length(number) = 17", name="card_number_begins_3060"
            ),
        )
