"""Instalments being collected: paid, refused by the bank, paid late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.money import Cents, half_up
from feed.sample.ledger import Ledger, Parts
from feed.sample.rows import InstalmentRow
from models import InstalmentStatus, OperationKind, OperationStatus

LATE_FEE_SHARE = Decimal("0.08")  # of the missed instalment (C. conso. L312-39, D312-16)
DEBIT = "Prélèvement de votre mensualité"


@dataclass(slots=True)
class Due:
    """One instalment, and what became of it. A late fee is booked the day it is paid at last."""

    number: int
    due_on: date
    parts: Parts
    outstanding_after: Cents = 0
    status: InstalmentStatus = InstalmentStatus.UPCOMING
    paid_on: date | None = None
    late_fee: Parts = Parts()

    @property
    def payment_cents(self) -> Cents:
        return (self.parts + self.late_fee).total

    def collect(self, ledger: Ledger, on: date, label: str = DEBIT) -> None:
        """The bank pays, the fee for being late included if there is one."""
        if self.late_fee.total:
            ledger.book(OperationKind.FEE, on, "Indemnité de retard", self.late_fee)
        ledger.book(OperationKind.INSTALMENT, on, label, -(self.parts + self.late_fee))
        self.status, self.paid_on = InstalmentStatus.PAID, on

    def refuse(self, ledger: Ledger, on: date, label: str = DEBIT) -> None:
        """The bank sends the debit back; the debt stays as it was."""
        ledger.book(OperationKind.INSTALMENT, on, label, -self.parts, OperationStatus.REVERSED)
        ledger.book(OperationKind.ADJUSTMENT, on, "Prélèvement rejeté par votre banque", self.parts)
        self.late_fee = Parts(fees=half_up(self.parts.total * LATE_FEE_SHARE))
        self.status = InstalmentStatus.MISSED

    def row(self, customer: str, contract: str) -> InstalmentRow:
        parts = self.parts + self.late_fee
        return InstalmentRow(
            customer,
            contract,
            self.number,
            self.due_on,
            self.status,
            self.paid_on,
            parts.principal,
            parts.interest,
            parts.insurance,
            parts.fees,
            self.outstanding_after,
        )


def overdue_cents(dues: list[Due]) -> Cents:
    """What was due and not paid, fees included."""
    return sum(due.payment_cents for due in dues if due.status is InstalmentStatus.MISSED)
