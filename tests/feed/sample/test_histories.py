"""What is true of every contract of the sample, whatever its kind and the day."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from feed.sample.plans import History
from feed.sample.rows import OperationRow, StatementRow
from models import InstalmentStatus, OperationKind, OperationStatus


def booked(history: History) -> list[OperationRow]:
    return [row for row in history.operations if row.status is not OperationStatus.PENDING]


def listed(history: History, statement: StatementRow) -> list[OperationRow]:
    return [row for row in history.operations if row.statement == statement.number]


def late_fee(cents: int) -> int:
    """8 % of a missed instalment (C. conso. D312-16), to the nearest cent."""
    return int((cents * Decimal("0.08")).quantize(Decimal(1), ROUND_HALF_UP))


def test_each_statement_is_its_opening_balance_and_its_operations(histories: list[History]) -> None:
    statements = [(history, statement) for history in histories for statement in history.statements]
    assert len(statements) > 500
    for history, statement in statements:
        moved = sum(row.amount for row in listed(history, statement))
        assert statement.opening_balance + moved == statement.closing_balance, statement


def test_statements_follow_each_other_from_nothing(histories: list[History]) -> None:
    for history in histories:
        numbers = [statement.number for statement in history.statements]
        assert numbers == list(range(1, len(numbers) + 1))
        assert all(statement.opening_balance == 0 for statement in history.statements[:1])
        for sooner, later in pairwise(history.statements):
            assert later.opening_balance == sooner.closing_balance
            assert (later.opened_on - sooner.closed_on).days == 1


def test_a_statement_lists_what_was_booked_in_its_period_and_nothing_else(histories: list[History]) -> None:
    for history in histories:
        periods = {row.number: (row.opened_on, row.closed_on) for row in history.statements}
        for row in booked(history):
            assert row.booked_on is not None
            inside = [n for n, (first, last) in periods.items() if first <= row.booked_on <= last]
            assert row.statement == (inside[0] if inside else None), row


def test_what_is_owed_is_the_sum_of_what_was_booked(histories: list[History]) -> None:
    for history in histories:
        assert history.contract.outstanding == sum(row.amount for row in booked(history))


def test_nothing_is_ever_owed_by_the_lender(histories: list[History]) -> None:
    for history in histories:
        owed = 0
        for row in booked(history):
            owed += row.amount
            assert owed >= 0, row


def test_the_parts_of_an_operation_are_its_amount(histories: list[History]) -> None:
    for history in histories:
        for row in history.operations:
            parts = (row.principal, row.interest, row.insurance, row.fees)
            assert sum(part or 0 for part in parts) == row.amount != 0


def test_operations_are_numbered_in_the_order_they_are_booked(histories: list[History]) -> None:
    for history in histories:
        assert [int(row.operation) for row in history.operations] == [*range(1, len(history.operations) + 1)]
        days = [row.booked_on or date.max for row in history.operations]
        assert days == sorted(days)


def test_nothing_lies_in_the_future_or_before_the_signature(histories: list[History], today: date) -> None:
    for history in histories:
        contract = history.contract
        assert contract.signed_on <= today
        for row in history.operations:
            assert contract.signed_on < row.occurred_on <= (row.booked_on or today) <= today
        assert all(statement.closed_on <= today for statement in history.statements)
        assert all(row.paid_on <= today for row in history.instalments if row.paid_on)


def test_no_money_moves_in_the_week_after_the_signature(histories: list[History]) -> None:
    for history in histories:
        assert all((row.occurred_on - history.contract.signed_on).days > 7 for row in history.operations)


def test_an_instalment_paid_was_booked_that_day_part_by_part(histories: list[History]) -> None:
    repayments = (OperationKind.INSTALMENT, OperationKind.EARLY_REPAYMENT)
    for history in histories:
        owed, found = 0, set()
        for row in booked(history):
            owed += row.amount
            if row.kind in repayments and row.status is OperationStatus.BOOKED:
                parts = (row.principal, row.interest, row.insurance, row.fees)
                found.add((row.booked_on, *(-(part or 0) for part in parts), owed))
        for due in history.instalments:
            parts = (due.principal, due.interest, due.insurance, due.fees)
            if due.status is InstalmentStatus.PAID:
                assert (due.paid_on, *parts, due.outstanding_after) in found, due


def test_what_is_overdue_is_the_sum_of_missed_instalments(histories: list[History]) -> None:
    for history in histories:
        missed = [row for row in history.instalments if row.status is InstalmentStatus.MISSED]
        assert history.contract.overdue == sum(row.payment_cents for row in missed)


def test_a_missed_instalment_was_refused_by_the_bank_and_bears_eight_percent(
    histories: list[History],
) -> None:
    missed = 0
    for history in histories:
        refused = [-row.amount for row in history.operations if row.status is OperationStatus.REVERSED]
        for row in history.instalments:
            if row.status is InstalmentStatus.MISSED:
                missed += 1
                asked = next(cents for cents in refused if cents + late_fee(cents) == row.payment_cents)
                assert row.fees >= late_fee(asked)
    assert missed >= 10


def test_instalments_are_numbered_and_fall_due_in_order(histories: list[History]) -> None:
    for history in histories:
        rows = history.instalments
        assert [row.number for row in rows] == list(range(1, len(rows) + 1))
        assert all(sooner.due_on < later.due_on for sooner, later in pairwise(rows))
        assert all(row.payment_cents > 0 <= row.outstanding_after for row in rows)


def test_a_closed_contract_owes_nothing(histories: list[History]) -> None:
    closed = [history.contract for history in histories if history.contract.closed_on]
    assert len(closed) >= 6
    for contract in closed:
        assert (contract.outstanding, contract.overdue) == (0, 0)
