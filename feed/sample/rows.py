"""The rows of a feed with their values typed, and as the text of CSV cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, ClassVar

from domain.money import Cents, decimal_text
from domain.rates import Rate, rate_text
from models import (
    CardStatus,
    ContractKind,
    ContractStatus,
    InstalmentStatus,
    Locale,
    OperationKind,
    OperationStatus,
    StatementDelivery,
    Title,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file; the fields are its columns, in order."""

    FILE: ClassVar[str]

    @classmethod
    def header(cls) -> list[str]:
        return [field.name for field in fields(cls)]

    @classmethod
    def writers(cls) -> list[Callable[[Any], str]]:
        """How each column becomes text: money, rates and days have spellings of their own."""
        return [TEXTS.get(str(field.type).removesuffix(" | None"), str) for field in fields(cls)]


TEXTS: dict[str, Callable[[Any], str]] = {"Cents": decimal_text, "Rate": rate_text, "date": date.isoformat}


@dataclass(frozen=True, slots=True)
class CustomerRow(Row):
    FILE = "customers.csv"

    customer: str
    title: Title
    first_names: str
    last_name: str
    birth_date: date
    email: str | None
    phone: str
    address_line_1: str
    address_line_2: str | None
    address_line_3: str | None
    address_line_4: str | None
    postal_code: str
    city: str
    country_code: str
    locale: Locale


@dataclass(frozen=True, slots=True)
class ContractRow(Row):
    FILE = "contracts.csv"

    customer: str
    contract: str
    account_number: str | None
    kind: ContractKind
    status: ContractStatus
    label: str
    currency: str
    signed_on: date
    closed_on: date | None
    ends_on: date | None
    borrowing_rate: Rate | None
    apr: Rate | None
    credit_limit: Cents | None
    principal: Cents | None
    outstanding: Cents
    overdue: Cents
    months: int | None
    instalment: Cents | None
    debit_day: int
    iban: str
    insurance_label: str | None
    insurance_monthly: Cents | None
    statement_delivery: StatementDelivery


@dataclass(frozen=True, slots=True)
class CardRow(Row):
    FILE = "cards.csv"

    customer: str
    contract: str
    number: str
    expires_on: date
    status: CardStatus


@dataclass(frozen=True, slots=True)
class InstalmentRow(Row):
    FILE = "instalments.csv"

    customer: str
    contract: str
    number: int
    due_on: date
    status: InstalmentStatus
    paid_on: date | None
    principal: Cents
    interest: Cents
    insurance: Cents
    fees: Cents
    outstanding_after: Cents

    @property
    def payment_cents(self) -> Cents:
        return self.principal + self.interest + self.insurance + self.fees


@dataclass(frozen=True, slots=True)
class StatementRow(Row):
    FILE = "statements.csv"

    customer: str
    contract: str
    number: int
    opened_on: date
    closed_on: date
    payment_on: date | None
    opening_balance: Cents
    closing_balance: Cents
    credit_limit: Cents | None
    available: Cents | None
    instalment: Cents | None
    instalment_interest: Cents | None
    insurance: Cents | None
    total_due: Cents | None
    apr: Rate | None


@dataclass(frozen=True, slots=True)
class OperationRow(Row):
    FILE = "operations.csv"

    customer: str
    contract: str
    operation: str
    statement: int | None
    card: str | None
    kind: OperationKind
    status: OperationStatus
    occurred_on: date
    booked_on: date | None
    label: str
    merchant: str | None
    category: str | None
    amount: Cents
    principal: Cents | None
    interest: Cents | None
    insurance: Cents | None
    fees: Cents | None
