"""The life of a loan: paid out, repaid instalment by instalment.

Interest and insurance are booked when their instalment is paid, so what is owed is always the schedule's
outstanding principal after the last instalment paid.
"""

from __future__ import annotations

from datetime import date, timedelta

from domain.instalments import Instalment, amortisation_table
from domain.revolving import BalanceSpan, interest_cents
from feed.sample.calendar import FUNDS_AFTER, LATE_BY, Outcome, outcomes
from feed.sample.days import ONE_DAY, last_on, months_from, working_day
from feed.sample.debits import Due
from feed.sample.ledger import Ledger, Parts
from feed.sample.plans import LoanPlan, Terms
from models import InstalmentStatus, OperationKind

FIRST_DUE_DAYS = (40, 55)  # after the signature: a month or more after the money came
EARLY_AFTER = timedelta(days=12)


class Loan:
    """One loan from its signature to its end, or to today."""

    def __init__(self, plan: LoanPlan, terms: Terms, today: date) -> None:
        self.plan, self.today = plan, today
        self.signed_on, first_due_on = _first_days(plan, terms, today)
        self.funded_on = working_day(self.signed_on + FUNDS_AFTER)
        self.schedule = amortisation_table(
            plan.principal_cents,
            plan.rate,
            plan.months,
            first_due_on,
            insurance_monthly_cents=plan.insurance_monthly_cents,
        )
        self.ledger = Ledger()
        self.dues: list[Due] = []

    @property
    def closed_on(self) -> date | None:
        """The day everything was repaid, if that day has come."""
        last = self.dues[-1]
        return last.paid_on if last.outstanding_after == 0 else None

    def live(self) -> None:
        """Book everything up to today."""
        if self.funded_on <= self.today:
            self._pay_out()
        settled = [row.number for row in self.schedule if working_day(row.due_on) <= self.today]
        ends = outcomes(settled, missed=self.plan.missed, regularised=self.plan.regularised)
        for row in self.schedule:
            self._fall_due(row, ends.get(row.number))
            if self.plan.repaid_early and row.number == self.plan.due:
                self._repay_all(row)
                break

    def _pay_out(self) -> None:
        kind, rest = OperationKind.DRAWDOWN, self.plan.principal_cents
        for creditor, cents in self.plan.debts:
            self.ledger.book(kind, self.funded_on, f"Solde de votre crédit {creditor}", Parts(cents))
            rest -= cents
        if rest:
            self.ledger.book(kind, self.funded_on, "Versement sur votre compte bancaire", Parts(rest))

    def _fall_due(self, row: Instalment, outcome: Outcome | None) -> None:
        parts = Parts(row.principal_cents, row.interest_cents, row.insurance_cents)
        due = Due(row.number, row.due_on, parts, row.outstanding_after_cents)
        self.dues.append(due)
        on, label = (
            working_day(row.due_on),
            f"Prélèvement de votre mensualité {row.number}/{self.plan.months}",
        )
        if outcome in (Outcome.MISSED, Outcome.REGULARISED):
            due.refuse(self.ledger, on, label)
            on = working_day(on + LATE_BY)
        if outcome in (Outcome.PAID, Outcome.REGULARISED):
            self._charge(on, parts)
            due.collect(self.ledger, on, label)

    def _charge(self, on: date, parts: Parts) -> None:
        if parts.interest:
            label = "Intérêts de la mensualité"
            self.ledger.book(OperationKind.INTEREST, on, label, Parts(interest=parts.interest))
        if parts.insurance:
            label = "Cotisation d'assurance emprunteur"
            self.ledger.book(OperationKind.INSURANCE, on, label, Parts(insurance=parts.insurance))

    def _repay_all(self, row: Instalment) -> None:
        """Repay the rest with the interest run since; sums up to 10,000 euros cost no indemnity (L312-34)."""
        on, rest = working_day(row.due_on + EARLY_AFTER), row.outstanding_after_cents
        run = interest_cents([BalanceSpan(row.due_on, on, rest)], self.plan.rate)
        parts = Parts(rest, run)
        self._charge(on, parts)
        self.ledger.book(OperationKind.EARLY_REPAYMENT, on, "Remboursement anticipé total", -parts)
        self.dues.append(Due(row.number + 1, on, parts, 0, InstalmentStatus.PAID, on))


def _first_days(plan: LoanPlan, terms: Terms, today: date) -> tuple[date, date]:
    """The day of signature, and that of the first instalment."""
    ahead = timedelta(days=terms.chance.randrange(*FIRST_DUE_DAYS))
    if plan.signed_days_ago is not None:
        signed_on = today - plan.signed_days_ago * ONE_DAY
        return signed_on, months_from(last_on(terms.debit_day, signed_on + ahead), 1)
    latest = last_on(terms.debit_day, months_from(today, -plan.ended_months_ago))
    first_due_on = months_from(latest, 1 - plan.due)
    return first_due_on - ahead, first_due_on
