"""Revolving credits and card accounts: limits, interest on daily balances, the law's minimum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from domain.revolving import RepaymentMode, minimum_principal_cents
from feed.sample.plans import History
from feed.sample.rows import StatementRow
from models import CardStatus, ContractStatus, InstalmentStatus, OperationKind

DRAWINGS = (OperationKind.PURCHASE, OperationKind.CASH_ADVANCE, OperationKind.DRAWDOWN)


def principal_by_day(history: History, first: date, last: date) -> Iterator[int]:
    """The principal owed at the end of each day, from the operations alone."""
    moved: Counter[date] = Counter()
    for row in history.operations:
        if row.booked_on:
            moved[row.booked_on] += row.principal or 0
    owed = sum(cents for day, cents in moved.items() if day < first)
    for number in range((last - first).days + 1):
        owed += moved[first + timedelta(days=number)]
        yield owed


def interest_of(history: History, statement: StatementRow) -> int:
    return sum(
        row.amount
        for row in history.operations
        if row.kind is OperationKind.INTEREST and row.statement == statement.number
    )


def test_what_is_available_is_the_limit_less_what_is_owed(lines: list[History]) -> None:
    for history in lines:
        for row in history.statements:
            assert row.credit_limit == history.contract.credit_limit
            assert row.available == (row.credit_limit or 0) - row.closing_balance
            assert row.available >= 0


def test_the_limit_holds_with_all_that_is_pending(lines: list[History]) -> None:
    for history in lines:
        owed = 0
        for row in history.operations:
            owed += row.amount
            assert owed <= (history.contract.credit_limit or 0)


def test_interest_is_the_daily_principal_at_the_borrowing_rate(credits: list[History]) -> None:
    for history in credits:
        rate = history.contract.borrowing_rate
        assert rate is not None
        for statement in history.statements:
            cent_days = sum(principal_by_day(history, statement.opened_on, statement.closed_on))
            wanted = (cent_days * rate / 365).quantize(Decimal(1), ROUND_HALF_UP)
            assert interest_of(history, statement) == wanted, statement


def test_the_interest_of_an_instalment_is_the_interest_charged_since_the_last(credits: list[History]) -> None:
    for history in credits:
        deferred = {row.due_on for row in history.instalments if row.status is InstalmentStatus.DEFERRED}
        carried = 0
        for statement in history.statements:
            charged = carried + interest_of(history, statement)
            if statement.instalment is not None:
                assert statement.instalment_interest == charged, statement
            carried = charged if statement.payment_on in deferred else 0


def test_instalments_are_what_statements_ask_for(lines: list[History]) -> None:
    for history in lines:
        asked = [(row.payment_on, row.instalment) for row in history.statements if row.instalment]
        assert [on for on, _ in asked] == [row.due_on for row in history.instalments]
        for (_, wanted), due in zip(asked, history.instalments, strict=True):
            assert wanted is not None
            late_fee = int((wanted * Decimal("0.08")).quantize(Decimal(1), ROUND_HALF_UP))
            assert due.payment_cents in (wanted, wanted + late_fee)


def test_instalments_repay_the_legal_minimum_and_fifteen_euros(credits: list[History]) -> None:
    for history in credits:
        contract = history.contract
        assert contract.apr is not None
        assert contract.credit_limit is not None
        for statement in history.statements:
            due = next((row for row in history.instalments if row.due_on == statement.payment_on), None)
            if due is None:
                continue
            owed = drawn = 0
            for row in history.operations:
                if row.booked_on and row.booked_on <= statement.closed_on:
                    owed += row.principal or 0
                    drawn = owed if row.kind in DRAWINGS else drawn
            least = minimum_principal_cents(
                drawn, contract.credit_limit, RepaymentMode.CONSTANT, contract.apr
            )
            assert due.principal >= min(least, owed - contract.overdue), statement
            assert due.payment_cents >= 1500 or due.principal == owed, statement


def test_a_statement_comes_ten_days_before_its_payment(lines: list[History]) -> None:
    for history in lines:
        for row in history.statements:
            assert row.payment_on is None or (row.payment_on - row.closed_on).days >= 10


def test_the_total_due_is_the_instalment_and_what_is_missed(lines: list[History]) -> None:
    for history in lines:
        missed = [row for row in history.instalments if row.status is InstalmentStatus.MISSED]
        for row in history.statements:
            before = sum(due.payment_cents for due in missed if due.due_on < row.closed_on)
            regularised = (row.total_due or 0) - (row.instalment or 0) - before
            assert regularised == 0 or row.number < len(history.statements), row


def test_the_instalment_to_come_leaves_the_rest(lines: list[History], today: date) -> None:
    for history in lines:
        rows = [row for row in history.instalments if row.status is InstalmentStatus.UPCOMING]
        asked = [row.payment_on for row in history.statements if row.payment_on and row.payment_on > today]
        assert [row.due_on for row in rows if row.due_on > today] == asked
        assert len(rows) <= 1
        for row in rows:
            assert row.outstanding_after == history.contract.outstanding - row.payment_cents


def test_every_card_account_is_paid_in_full_without_interest(lines: list[History]) -> None:
    for history in lines:
        if history.contract.apr is None:
            assert all(row.kind is not OperationKind.INTEREST for row in history.operations)
            for row in history.statements:
                assert row.total_due == row.closing_balance or history.contract.overdue


def test_purchases_carry_a_card_valid_that_day(lines: list[History]) -> None:
    for history in lines:
        expiries = {card.number: card.expires_on for card in history.cards}
        for row in history.operations:
            if row.kind in (OperationKind.PURCHASE, OperationKind.CASH_ADVANCE):
                assert row.card is not None
                assert row.occurred_on <= expiries[row.card]
            elif row.kind is OperationKind.DRAWDOWN:
                assert row.card is None


def test_a_line_that_is_not_in_order_has_no_working_card(lines: list[History]) -> None:
    for history in lines:
        if history.contract.status is not ContractStatus.ACTIVE:
            assert all(card.status is not CardStatus.ACTIVE for card in history.cards)


def test_a_refund_gives_back_the_whole_purchase(lines: list[History]) -> None:
    refunds = 0
    for history in lines:
        bought = {
            (row.merchant, row.amount) for row in history.operations if row.kind is OperationKind.PURCHASE
        }
        for row in history.operations:
            if row.kind is OperationKind.REFUND:
                refunds += 1
                assert (row.merchant, -row.amount) in bought
    assert refunds >= 2
