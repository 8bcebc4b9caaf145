"""The book of one contract, and the instalments collected in it."""

from __future__ import annotations

from datetime import date

from domain.revolving import BalanceStep
from feed.sample.debits import Due, overdue_cents
from feed.sample.ledger import PENDING, Ledger, Parts
from models import InstalmentStatus, OperationKind, OperationStatus

MONDAY, FRIDAY = date(2026, 11, 2), date(2026, 11, 6)


def bought(cents: int = 100_00) -> Ledger:
    ledger = Ledger()
    ledger.book(OperationKind.PURCHASE, MONDAY, "Achat", Parts(cents))
    return ledger


def due_of(cents: int = 40_00) -> Due:
    return Due(1, FRIDAY, Parts(cents - 5_00, 3_00, 2_00))


def test_parts_add_up_and_cancel_out() -> None:
    parts = Parts(1, 2, 3, 4)
    assert parts.total == 10
    assert parts + -parts == parts - parts == Parts()


def test_what_is_pending_is_promised_and_not_owed() -> None:
    ledger = bought()
    ledger.book(OperationKind.PURCHASE, FRIDAY, "Achat", Parts(20_00), PENDING, occurred_on=MONDAY)
    assert (ledger.owed.total, ledger.promised_cents) == (100_00, 120_00)
    booked, pending = ledger.rows("C", "K")
    assert (booked.booked_on, pending.booked_on, pending.occurred_on) == (MONDAY, None, MONDAY)


def test_a_statement_lists_each_movement_once() -> None:
    ledger = bought()
    assert [moved.statement for moved in ledger.list_on(1)] == [1]
    assert ledger.listed_cents == 100_00
    assert ledger.list_on(2) == []


def test_principal_is_told_step_by_step_with_the_one_before() -> None:
    ledger = bought()
    assert ledger.steps_taken() == [BalanceStep(MONDAY, 100_00)]
    ledger.book(OperationKind.REFUND, FRIDAY, "Remboursement", Parts(-30_00))
    assert ledger.steps_taken() == [BalanceStep(MONDAY, 100_00), BalanceStep(FRIDAY, 70_00)]


def test_an_instalment_collected_lowers_the_debt_by_all_its_parts() -> None:
    ledger, due = bought(), due_of()
    due.collect(ledger, FRIDAY)
    assert ledger.owed == Parts(65_00, -3_00, -2_00)
    assert (due.status, due.paid_on, overdue_cents([due])) == (InstalmentStatus.PAID, FRIDAY, 0)


def test_an_instalment_refused_leaves_the_debt_and_costs_eight_percent() -> None:
    ledger, due = bought(), due_of()
    due.refuse(ledger, FRIDAY)
    assert ledger.owed == Parts(100_00)
    assert [row.status for row in ledger.rows("C", "K")][1:] == [
        OperationStatus.REVERSED,
        OperationStatus.BOOKED,
    ]
    assert (due.status, due.paid_on, overdue_cents([due])) == (InstalmentStatus.MISSED, None, 43_20)
    assert due.row("C", "K").fees == 3_20


def test_an_instalment_paid_late_pays_its_fee_too() -> None:
    ledger, due = bought(), due_of()
    due.refuse(ledger, MONDAY)
    due.collect(ledger, FRIDAY)
    assert ledger.owed == Parts(65_00, -3_00, -2_00)
    kinds = [(row.kind, row.amount) for row in ledger.rows("C", "K")][3:]
    assert kinds == [(OperationKind.FEE, 3_20), (OperationKind.INSTALMENT, -43_20)]
