"""The life of a revolving credit or a card account, day by day.

Interest bears on the daily principal and is booked the day a statement closes (C. conso. L312-71); unpaid
interest bears none. What is owed is the running result of all booked operations; what is available is the
limit less that. Instalments keep to the legal minimum (D312-27, D312-28), rounded up to the euro.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import partial

from domain.money import Cents
from feed.sample.asking import agreed_cents, asked, charge
from feed.sample.calendar import LATE_BY, Debit, LineCalendar, Outcome
from feed.sample.days import ONE_DAY, each_day, working_day
from feed.sample.debits import Due, overdue_cents
from feed.sample.ledger import PENDING, Ledger, Parts
from feed.sample.merchants import CASH_FEE_CENTS
from feed.sample.plans import LinePlan, Terms
from feed.sample.rows import StatementRow
from feed.sample.spending import Fate, Spend
from models import InstalmentStatus, OperationKind, OperationStatus

EXTRA_SHARE = Decimal("0.12")
TEN_EUROS: Cents = 10_00
STATUS_BY_FATE = {Fate.REVERSED: OperationStatus.REVERSED, Fate.DISPUTED: OperationStatus.DISPUTED}
GIVEN_BACK = {
    Fate.REFUNDED: (8 * ONE_DAY, OperationKind.REFUND, "Remboursement"),
    Fate.REVERSED: (3 * ONE_DAY, OperationKind.ADJUSTMENT, "Annulation"),
}
LABELS = {
    OperationKind.CASH_ADVANCE: "Retrait d'espèces",
    OperationKind.DRAWDOWN: "Virement sur votre compte bancaire",
}


class Line:
    """One line from its signature to its end, or to today."""

    def __init__(
        self, plan: LinePlan, terms: Terms, calendar: LineCalendar, card_on: Callable[[date], str | None]
    ) -> None:
        self.plan, self.terms, self.calendar = plan, terms, calendar
        self.ledger = Ledger()
        self.dues: list[Due] = []
        self.statements: list[StatementRow] = []
        self.agreed_cents: Cents = 0
        self._card_on = card_on
        self._drawn_cents: Cents = 0  # principal after the last drawing, the K of D312-27
        self._opened_on = calendar.signed_on
        self._agenda: defaultdict[date, list[Callable[[], None]]] = defaultdict(list)

    def live(self, spends: Sequence[Spend]) -> None:
        """Book everything up to the last day, and keep as pending what is not booked by then."""
        calendar = self.calendar
        for spend in spends:
            self._agenda[spend.booked_on].append(partial(self._use, spend))
        for day in calendar.extra_repayments:
            self._agenda[day].append(partial(self._repay_more, day))
        for day in each_day(calendar.signed_on, calendar.last_on):
            for act in self._agenda.pop(day, ()):
                act()
            if day in calendar.debits:
                self._close(day, calendar.debits[day])
        if calendar.ended:
            self._end(calendar.last_on)
        for spend in spends:
            if spend.booked_on > calendar.last_on and self._allows(spend):
                self._book(spend, PENDING)

    def final_dues(self) -> list[Due]:
        """The instalments; the one to come leaves what is owed now less itself."""
        for due in self.dues:
            if due.status is InstalmentStatus.UPCOMING:
                due.outstanding_after = self.ledger.owed.total - due.parts.total
        return self.dues

    def _allows(self, spend: Spend) -> bool:
        room = int(self.plan.limit_cents * self.plan.used_share_max) - self.ledger.promised_cents
        return self.calendar.used_from <= spend.on <= self.calendar.used_until and spend.cents <= room

    def _use(self, spend: Spend) -> None:
        if not self._allows(spend):
            return
        self._book(spend, STATUS_BY_FATE.get(spend.fate, OperationStatus.BOOKED))
        if spend.kind is OperationKind.CASH_ADVANCE:
            fee = Parts(fees=CASH_FEE_CENTS)
            self.ledger.book(OperationKind.FEE, spend.booked_on, "Commission de retrait", fee)
        if spend.fate in GIVEN_BACK:
            after, *_ = GIVEN_BACK[spend.fate]
            self._agenda[spend.booked_on + after].append(partial(self._give_back, spend))
        self._drawn_cents = self.ledger.owed.principal

    def _book(self, spend: Spend, status: OperationStatus) -> None:
        self.ledger.book(
            spend.kind,
            spend.booked_on,
            LABELS.get(spend.kind) or f"CB {spend.merchant} {spend.on:%d/%m}",
            Parts(spend.cents),
            status,
            occurred_on=spend.on,
            merchant=spend.merchant,
            category=spend.category,
            card=None if spend.kind is OperationKind.DRAWDOWN else self._card_on(spend.on),
        )

    def _give_back(self, spend: Spend) -> None:
        after, kind, words = GIVEN_BACK[spend.fate]
        self.ledger.book(
            kind,
            spend.booked_on + after,
            f"{words} {spend.merchant} {spend.on:%d/%m}",
            Parts(-spend.cents),
            merchant=spend.merchant,
            category=spend.category,
            card=self._card_on(spend.on),
        )

    def _close(self, day: date, debit: Debit) -> None:
        charge(self.plan, self.ledger, self._opened_on, day, card_fee=self._is_anniversary(day))
        self.agreed_cents = agreed_cents(self.plan, self._drawn_cents)
        missed = [due.parts for due in self.dues if due.status is InstalmentStatus.MISSED]
        still = self.ledger.owed - sum(missed, Parts())
        parts = asked(self.plan, still, self._drawn_cents, self.agreed_cents)
        self._state(day, debit.due_on if parts.total else None, parts)
        if parts.total:
            due = Due(len(self.dues) + 1, debit.due_on, parts)
            self.dues.append(due)
            self._agenda[debit.settled_on].append(partial(self._settle, due, debit))

    def _is_anniversary(self, day: date) -> bool:
        signed_on = self.calendar.signed_on
        return self.plan.apr is None and day.month == signed_on.month and day.year > signed_on.year

    def _settle(self, due: Due, debit: Debit) -> None:
        on = debit.settled_on
        if debit.outcome is Outcome.DEFERRED:
            due.status = InstalmentStatus.DEFERRED
        elif debit.outcome is Outcome.PAID or due.status is InstalmentStatus.MISSED:
            due.collect(self.ledger, on)
        else:
            due.refuse(self.ledger, on)
            if debit.outcome is Outcome.REGULARISED:
                paid_on = working_day(on + LATE_BY)
                again = Debit(debit.due_on, paid_on, Outcome.REGULARISED)
                self._agenda[paid_on].append(partial(self._settle, due, again))
        due.outstanding_after = self.ledger.owed.total

    def _repay_more(self, day: date) -> None:
        """A tenth or so of what is owed, in tens of euros, beyond the instalments."""
        cents = int(self.ledger.owed.principal * EXTRA_SHARE) // TEN_EUROS * TEN_EUROS
        if cents:
            label = "Remboursement complémentaire par virement"
            self.ledger.book(OperationKind.EARLY_REPAYMENT, day, label, Parts(-cents))

    def _end(self, day: date) -> None:
        """Everything is repaid with the interest up to that day, and the last statement is empty."""
        charge(self.plan, self.ledger, self._opened_on, day, last=True)
        if self.ledger.owed.total:
            label = "Remboursement anticipé total"
            self.ledger.book(OperationKind.EARLY_REPAYMENT, day, label, -self.ledger.owed)
        self._state(day, None, None)

    def _state(self, day: date, payment_on: date | None, parts: Parts | None) -> None:
        """Make the statement of the period, unless nothing was owed and nothing moved."""
        opening, opened_on = self.ledger.listed_cents, self._opened_on
        self._opened_on = day + ONE_DAY
        listed = self.ledger.list_on(len(self.statements) + 1)
        if not (listed or opening):
            return
        plan, closing = self.plan, self.ledger.listed_cents
        self.statements.append(
            StatementRow(
                self.terms.customer,
                self.terms.contract,
                len(self.statements) + 1,
                opened_on,
                day,
                payment_on,
                opening,
                closing,
                plan.limit_cents,
                plan.limit_cents - closing,
                None if parts is None else parts.total,
                None if parts is None else parts.interest,
                sum(moved.parts.insurance for moved in listed if moved.kind is OperationKind.INSURANCE)
                if plan.insured
                else None,
                overdue_cents(self.dues) + (parts.total if parts else 0),
                plan.apr,
            )
        )
