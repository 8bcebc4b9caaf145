"""Personal loans and consolidations: the schedule of the domain, and what was booked of it."""

from __future__ import annotations

from datetime import date

from domain.instalments import amortisation_table
from domain.rates import Rate
from feed.sample.plans import History
from models import ContractStatus, InstalmentStatus, OperationKind, OperationStatus

# The lowest ceilings from October 2025 to December 2026, by amount (Banque de France, C. conso. L314-6).
CEILINGS = ((300_000, Rate("0.2349")), (600_000, Rate("0.1567")), (10**12, Rate("0.0856")))


def paid(history: History) -> list[int]:
    return [row.number for row in history.instalments if row.status is InstalmentStatus.PAID]


def test_the_schedule_is_that_of_the_domain(loans: list[History]) -> None:
    assert len(loans) >= 30
    for history in loans:
        contract, rows = history.contract, history.instalments
        assert contract.principal is not None
        assert contract.borrowing_rate is not None
        assert contract.months is not None
        table = amortisation_table(
            contract.principal,
            contract.borrowing_rate,
            contract.months,
            rows[0].due_on,
            insurance_monthly_cents=contract.insurance_monthly or 0,
        )
        for row, wanted in zip(rows, table, strict=False):
            if row.due_on == wanted.due_on:
                assert (row.principal, row.interest) == (wanted.principal_cents, wanted.interest_cents)
                assert row.outstanding_after == wanted.outstanding_after_cents
            else:
                assert (row, contract.status) == (rows[-1], ContractStatus.CLOSED)
        assert sum(row.principal for row in rows) == contract.principal
        assert contract.ends_on == rows[-1].due_on


def test_what_is_owed_is_what_the_last_instalment_paid_leaves(loans: list[History]) -> None:
    for history in loans:
        funded = any(row.kind is OperationKind.DRAWDOWN for row in history.operations)
        before = [history.contract.principal if funded else 0]
        left = [row.outstanding_after for row in history.instalments if row.status is InstalmentStatus.PAID]
        assert history.contract.outstanding == [*before, *left][-1]


def test_the_money_paid_out_is_the_principal(loans: list[History], today: date) -> None:
    for history in loans:
        drawn = sum(row.amount for row in history.operations if row.kind is OperationKind.DRAWDOWN)
        assert drawn in (0, history.contract.principal)
        assert drawn or (today - history.contract.signed_on).days <= 10


def test_interest_and_insurance_booked_are_those_of_the_instalments_paid(loans: list[History]) -> None:
    for history in loans:
        done = [row for row in history.instalments if row.status is InstalmentStatus.PAID]
        for kind, part in ((OperationKind.INTEREST, "interest"), (OperationKind.INSURANCE, "insurance")):
            charged = sum(row.amount for row in history.operations if row.kind is kind)
            assert charged == sum(getattr(row, part) for row in done)


def test_instalments_are_paid_in_order_and_missed_last(loans: list[History], today: date) -> None:
    for history in loans:
        states = [row.status for row in history.instalments]
        wanted = [
            *[InstalmentStatus.PAID] * states.count(InstalmentStatus.PAID),
            *[InstalmentStatus.MISSED] * states.count(InstalmentStatus.MISSED),
            *[InstalmentStatus.UPCOMING] * states.count(InstalmentStatus.UPCOMING),
        ]
        assert states == wanted
        to_come = [row.due_on for row in history.instalments if row.status is InstalmentStatus.UPCOMING]
        assert all((today - due_on).days < 3 for due_on in to_come)


def test_the_apr_is_under_the_usury_ceiling(histories: list[History]) -> None:
    for history in histories:
        contract, amount = history.contract, history.contract.principal or history.contract.credit_limit or 0
        if contract.apr is not None:
            ceiling = next(rate for most, rate in CEILINGS if amount <= most)
            assert contract.apr <= ceiling, contract


def test_a_loan_is_stated_each_year_and_when_it_ends(loans: list[History]) -> None:
    for history in loans:
        closings = [row.closed_on for row in history.statements]
        ended = history.contract.closed_on
        assert all(day == ended or (day.month, day.day) == (12, 31) for day in closings)
        assert ended is None or closings[-1] == ended


def test_an_early_repayment_ends_a_loan_of_no_more_than_ten_thousand_euros(loans: list[History]) -> None:
    early = 0
    for history in loans:
        for row in history.operations:
            if row.kind is OperationKind.EARLY_REPAYMENT:
                early += 1
                assert (row.status, row.booked_on) == (OperationStatus.BOOKED, history.contract.closed_on)
                assert -row.amount <= 10_000_00
                assert len(paid(history)) < (history.contract.months or 0)
    assert early == 2
