"""What a statement of a line charges, and what it asks for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from domain.instalments import monthly_interest_cents
from domain.money import Cents, half_up
from domain.revolving import (
    BalanceStep,
    RepaymentMode,
    balance_spans,
    interest_cents,
    minimum_instalment_cents,
    minimum_principal_cents,
)
from feed.sample.days import ONE_DAY
from feed.sample.ledger import Ledger, Parts
from feed.sample.plans import LinePlan
from models import OperationKind

INSURANCE_MONTHLY_SHARE = Decimal("0.0058")
CARD_FEE_CENTS: Cents = 24_00
ONE_EURO: Cents = 1_00


def charge(
    plan: LinePlan, ledger: Ledger, opened_on: date, day: date, *, last: bool = False, card_fee: bool = False
) -> None:
    """Book interest, insurance and a card account's yearly fee the day the period closes.

    Interest bears on what is owed at the end of each day: on the last one that will be nothing.
    """
    period = f"du {opened_on:%d/%m/%Y} au {day:%d/%m/%Y}"
    interest = _interest_cents(plan, ledger.steps_taken(), opened_on, day if last else day + ONE_DAY)
    if interest:
        ledger.book(OperationKind.INTEREST, day, f"Intérêts {period}", Parts(interest=interest))
    insurance = half_up(max(ledger.owed.principal, 0) * INSURANCE_MONTHLY_SHARE)
    if plan.insured and insurance:
        ledger.book(OperationKind.INSURANCE, day, f"Assurance {period}", Parts(insurance=insurance))
    if card_fee:
        fee = Parts(fees=CARD_FEE_CENTS)
        ledger.book(OperationKind.FEE, day, "Cotisation annuelle de votre carte", fee)
        if plan.fee_waived:
            ledger.book(OperationKind.WAIVER, day, "Geste commercial : cotisation offerte", -fee)


def _interest_cents(plan: LinePlan, steps: Iterable[BalanceStep], opened_on: date, until: date) -> Cents:
    rate = plan.borrowing_rate
    return 0 if rate is None else interest_cents(balance_spans(steps, opened_on, until), rate)


def agreed_cents(plan: LinePlan, drawn_cents: Cents) -> Cents:
    """The instalment agreed for what was owed after the last drawing: the first minimum, in whole euros."""
    if plan.apr is None or plan.borrowing_rate is None:
        return 0
    first = _least(plan, plan.apr, drawn_cents) + monthly_interest_cents(drawn_cents, plan.borrowing_rate)
    return -(-first // ONE_EURO) * ONE_EURO


def asked(plan: LinePlan, still: Parts, drawn_cents: Cents, agreed: Cents) -> Parts:
    """The instalment of what is still owed: all of a card account; of a credit what was agreed, if legal."""
    if plan.apr is None:
        return still if still.total > 0 else Parts()
    costs = still.insurance + still.fees
    principal = max(_least(plan, plan.apr, drawn_cents), agreed - still.interest)
    payment = minimum_instalment_cents(still.principal, principal, still.interest, costs)
    return Parts(payment - still.interest - costs, still.interest, still.insurance, still.fees)


def _least(plan: LinePlan, apr: Decimal, drawn_cents: Cents) -> Cents:
    return minimum_principal_cents(drawn_cents, plan.limit_cents, RepaymentMode.CONSTANT, apr)
