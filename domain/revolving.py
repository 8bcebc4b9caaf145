"""Revolving credit: interest on daily balances, legal minimum repayment, longest duration, projected pay-off.

Sources: C. conso. D312-27 (minimum principal, longest duration), D312-28 (15 euros), L312-71 (statement).
"Total credit granted" is the limit of the line, as the decree says, not the part in use.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from enum import Enum

from domain.instalments import monthly_interest_cents
from domain.money import Cents, half_up
from domain.rates import DAYS_IN_YEAR, MONTHS_IN_YEAR, Rate

SMALL_CREDIT_CENTS_MAX: Cents = 3_000_00
SMALL_CREDIT_MONTHS_MAX = 36
LARGE_CREDIT_MONTHS_MAX = 60
SMALL_CREDIT_SHARE = Decimal("0.01")
LARGE_CREDIT_SHARE = Decimal("0.005")
INSTALMENT_CENTS_MIN: Cents = 15_00
PAY_OFF_MONTHS_MAX = 1200

_DIGITS = 50


class RepaymentMode(Enum):
    """How the instalments of a line are set: the same each month, or a share of what is owed."""

    CONSTANT = "CONSTANT"
    VARIABLE = "VARIABLE"


@dataclass(frozen=True, slots=True)
class BalanceStep:
    """The principal owed at the end of a day, and until the next step."""

    on: date
    balance_cents: Cents


@dataclass(frozen=True, slots=True)
class BalanceSpan:
    """Days in a row with one balance: `from_on` included, `until_on` excluded: what explains interest."""

    from_on: date
    until_on: date
    balance_cents: Cents

    @property
    def days(self) -> int:
        return (self.until_on - self.from_on).days


@dataclass(frozen=True, slots=True)
class PayOff:
    """How long a constant payment takes to repay all, and the interest it costs on the way."""

    months: int
    total_interest_cents: Cents


@dataclass(frozen=True, slots=True)
class NeverPaidOff:
    """The payment does not repay the debt within PAY_OFF_MONTHS_MAX; more than this a month is needed."""

    first_interest_cents: Cents


def balance_spans(steps: Iterable[BalanceStep], from_on: date, until_on: date) -> list[BalanceSpan]:
    """The balances of a period; the last step of a day counts, and before any step nothing is owed."""
    balances = {step.on: step.balance_cents for step in sorted(steps, key=lambda step: step.on)}
    opening = [cents for on, cents in balances.items() if on <= from_on]
    days = {from_on: opening[-1] if opening else 0}
    days |= {on: cents for on, cents in balances.items() if from_on < on < until_on}
    bounds = [*days, until_on]
    spans = zip(bounds, bounds[1:], days.values(), strict=False)
    return [BalanceSpan(start, end, cents) for start, end, cents in spans if start < end]


def interest_cents(spans: Iterable[BalanceSpan], rate_yearly: Rate) -> Cents:
    """Actual days over 365 at the borrowing rate, rounded once, half up; a credit balance bears nothing."""
    cent_days = sum(max(span.balance_cents, 0) * span.days for span in spans)
    with localcontext(prec=_DIGITS):
        return half_up(cent_days * rate_yearly / DAYS_IN_YEAR)


def months_max(credit_limit_cents: Cents) -> int:
    """The longest time to repay a drawing: 36 months for credit up to 3,000 euros, 60 above (D312-27)."""
    small = credit_limit_cents <= SMALL_CREDIT_CENTS_MAX
    return SMALL_CREDIT_MONTHS_MAX if small else LARGE_CREDIT_MONTHS_MAX


def alpha(apr: Rate, months: int, insurance_rate: Rate = Decimal(0)) -> Decimal:
    """Least share of principal in a constant instalment: ((1+r)^(1/12) - 1) / ((1+r)^(T/12) - 1) (D312-27).

    The formula is an image in the Journal officiel; this form is derived: the first principal of an annuity
    over T months at APR r, insurance rate included. At r = 0 it is its limit, 1/T.
    """
    with localcontext(prec=_DIGITS):
        growth = 1 + apr + insurance_rate
        if growth == 1:
            return Decimal(1) / months
        monthly = growth ** (Decimal(1) / MONTHS_IN_YEAR)
        return (monthly - 1) / (monthly**months - 1)


def minimum_principal_cents(
    outstanding_cents: Cents,
    credit_limit_cents: Cents,
    mode: RepaymentMode,
    apr: Rate,
    insurance_rate: Rate = Decimal(0),
) -> Cents:
    """The least principal in a monthly instalment, from what was owed after the last drawing (D312-27)."""
    if mode is RepaymentMode.CONSTANT:
        share = alpha(apr, months_max(credit_limit_cents), insurance_rate)
    else:
        small = credit_limit_cents <= SMALL_CREDIT_CENTS_MAX
        share = SMALL_CREDIT_SHARE if small else LARGE_CREDIT_SHARE
    with localcontext(prec=_DIGITS):
        return half_up(max(outstanding_cents, 0) * share)


def minimum_instalment_cents(
    outstanding_cents: Cents, principal_cents: Cents, interest_cents: Cents, insurance_cents: Cents = 0
) -> Cents:
    """The least instalment: the parts due, at least 15 euros, never more than all that is owed (D312-28)."""
    costs = interest_cents + insurance_cents
    return min(max(principal_cents + costs, INSTALMENT_CENTS_MIN), max(outstanding_cents, 0) + costs)


def pay_off(outstanding_cents: Cents, rate_yearly: Rate, payment_cents: Cents) -> PayOff | NeverPaidOff:
    """Pay a constant amount each month, interest at a twelfth of the rate, no more drawings (L312-71)."""
    first_interest = monthly_interest_cents(outstanding_cents, rate_yearly)
    owed, total_interest = outstanding_cents, 0
    for month in range(PAY_OFF_MONTHS_MAX + 1):
        if owed <= 0:
            return PayOff(month, total_interest)
        interest = monthly_interest_cents(owed, rate_yearly)
        if payment_cents <= interest:
            break
        owed -= payment_cents - interest
        total_interest += interest
    return NeverPaidOff(first_interest)
