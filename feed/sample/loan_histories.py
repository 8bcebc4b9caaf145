"""All rows of a personal loan or a debt consolidation.

A fixed-term credit has no monthly statement: a yearly one tells the capital left to repay (L312-32).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from domain.rates import Rate, apr, in_months, rounded
from feed.sample.days import ONE_DAY
from feed.sample.debits import overdue_cents
from feed.sample.ledger import Movement
from feed.sample.loans import Loan
from feed.sample.plans import CURRENCY, INSURANCE_LABEL, History, LoanPlan, Terms
from feed.sample.rows import ContractRow, StatementRow
from models import ContractKind, ContractStatus

LABELS = {
    ContractKind.PERSONAL_LOAN: "Prêt personnel Projet",
    ContractKind.DEBT_CONSOLIDATION: "Regroupement de crédits",
}


def loan_history(plan: LoanPlan, terms: Terms, today: date) -> History:
    """Live the plan's loan up to today."""
    loan = Loan(plan, terms, today)
    loan.live()
    cost = apr_of(loan)
    return History(
        _contract(loan, terms, cost),
        [],
        [due.row(terms.customer, terms.contract) for due in loan.dues],
        list(_statements(loan, terms, cost)),
        list(loan.ledger.rows(terms.customer, terms.contract)),
    )


def apr_of(loan: Loan) -> Rate:
    """The annual percentage rate; insurance is optional, so it is not part of it (C. conso. L314-1)."""
    payments = [(row.number, row.principal_cents + row.interest_cents) for row in loan.schedule]
    found = apr(in_months([(0, loan.plan.principal_cents)]), in_months(payments))
    assert isinstance(found, Rate), found
    return rounded(found)


def _statements(loan: Loan, terms: Terms, cost: Rate) -> Iterator[StatementRow]:
    opened_on, opening, number = loan.signed_on, 0, 0
    for closed_on in _closings(loan):
        listed = [moved for moved in loan.ledger.movements if opened_on <= booked_on(moved) <= closed_on]
        closing = opening + sum(moved.parts.total for moved in listed)
        if not listed and not opening:
            continue
        number += 1
        for moved in listed:
            moved.statement = number
        yield StatementRow(
            terms.customer,
            terms.contract,
            number,
            opened_on,
            closed_on,
            None,
            opening,
            closing,
            None,
            None,
            None,
            None,
            sum(moved.parts.insurance for moved in listed if moved.parts.insurance > 0) or None,
            None,
            cost,
        )
        opened_on, opening = closed_on + ONE_DAY, closing


def booked_on(moved: Movement) -> date:
    assert moved.booked_on is not None
    return moved.booked_on


def _closings(loan: Loan) -> Iterator[date]:
    """Each 31 December, and the day the loan ended."""
    last = loan.closed_on or loan.today
    for year in range(loan.signed_on.year, last.year + 1):
        if (year_end := date(year, 12, 31)) <= last:
            yield year_end
    if loan.closed_on and (last.month, last.day) != (12, 31):
        yield last


def _contract(loan: Loan, terms: Terms, cost: Rate) -> ContractRow:
    plan, overdue = loan.plan, overdue_cents(loan.dues)
    insured = plan.insurance_monthly_cents > 0
    status = ContractStatus.LATE if overdue else ContractStatus.ACTIVE
    return ContractRow(
        terms.customer,
        terms.contract,
        None,
        plan.kind,
        ContractStatus.CLOSED if loan.closed_on else status,
        LABELS[plan.kind],
        CURRENCY,
        loan.signed_on,
        loan.closed_on,
        loan.dues[-1].due_on,
        plan.rate,
        cost,
        None,
        plan.principal_cents,
        loan.ledger.owed.total,
        overdue,
        plan.months,
        loan.schedule[0].payment_cents,
        terms.debit_day,
        terms.iban,
        INSURANCE_LABEL if insured else None,
        plan.insurance_monthly_cents if insured else None,
        terms.delivery,
    )
