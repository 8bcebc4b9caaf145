"""The book of one contract: what moved, and what is owed after it, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from domain.money import Cents
from domain.revolving import BalanceStep
from feed.sample.rows import OperationRow
from models import OperationKind, OperationStatus

BOOKED, PENDING = OperationStatus.BOOKED, OperationStatus.PENDING


@dataclass(frozen=True, slots=True)
class Parts:
    """An amount split by what it is for. Signed as operations are: positive raises the debt."""

    principal: Cents = 0
    interest: Cents = 0
    insurance: Cents = 0
    fees: Cents = 0

    @property
    def total(self) -> Cents:
        return self.principal + self.interest + self.insurance + self.fees

    def __add__(self, other: Parts) -> Parts:
        return Parts(
            self.principal + other.principal,
            self.interest + other.interest,
            self.insurance + other.insurance,
            self.fees + other.fees,
        )

    def __neg__(self) -> Parts:
        return Parts(-self.principal, -self.interest, -self.insurance, -self.fees)

    def __sub__(self, other: Parts) -> Parts:
        return self + -other


@dataclass(slots=True)
class Movement:
    """One operation, pending as long as it has no day of booking."""

    kind: OperationKind
    occurred_on: date
    booked_on: date | None
    label: str
    parts: Parts
    status: OperationStatus = BOOKED
    merchant: str | None = None
    category: str | None = None
    card: str | None = None
    statement: int | None = None


@dataclass(slots=True)
class Ledger:
    """Movements in the order they are booked, and their running result."""

    movements: list[Movement] = field(default_factory=list)
    owed: Parts = Parts()
    promised_cents: Cents = 0  # owed, or authorised and not booked yet
    listed_cents: Cents = 0  # owed when the last statement closed
    _listed: int = 0
    _steps: list[BalanceStep] = field(default_factory=list)

    def book(
        self,
        kind: OperationKind,
        on: date,
        label: str,
        parts: Parts,
        status: OperationStatus = BOOKED,
        *,
        occurred_on: date | None = None,
        merchant: str | None = None,
        category: str | None = None,
        card: str | None = None,
    ) -> None:
        """Book a movement; those of one contract come in the order of their days."""
        pending = status is PENDING
        booked_on = None if pending else on
        self.movements.append(
            Movement(kind, occurred_on or on, booked_on, label, parts, status, merchant, category, card)
        )
        self.promised_cents += parts.total
        if not pending:
            self.owed += parts
            self._steps.append(BalanceStep(on, self.owed.principal))

    def list_on(self, statement: int) -> list[Movement]:
        """Put all movements since the last statement on this one."""
        listed, self._listed = self.movements[self._listed :], len(self.movements)
        self.listed_cents = self.owed.total
        for movement in listed:
            movement.statement = statement
        return listed

    def steps_taken(self) -> list[BalanceStep]:
        """The principal day by day since this was last asked, with the step before."""
        taken, self._steps = self._steps, self._steps[-1:]
        return taken

    def rows(self, customer: str, contract: str) -> Iterator[OperationRow]:
        """Numbered from 1 in the order they were booked."""
        for number, moved in enumerate(self.movements, start=1):
            parts = moved.parts
            yield OperationRow(
                customer,
                contract,
                f"{number:06d}",
                moved.statement,
                moved.card,
                moved.kind,
                moved.status,
                moved.occurred_on,
                moved.booked_on,
                moved.label,
                moved.merchant,
                moved.category,
                parts.total,
                parts.principal or None,
                parts.interest or None,
                parts.insurance or None,
                parts.fees or None,
            )
