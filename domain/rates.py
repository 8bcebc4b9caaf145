"""Yearly rates as fractions, and the annual percentage rate (TAEG) by the directive's equation.

Source: directive 2008/48/EC, annex I (annex to C. conso. R314-3), kept by directive (EU) 2023/2225, annex
III. The APR is the X of sum C_k (1+X)^-t_k = sum D_l (1+X)^-s_l, with drawings C, payments and charges D,
and times in years from the first drawing. A year is 12 equal months or 365 days, in leap years too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import Enum
from fractions import Fraction
from itertools import pairwise
from typing import TypeAlias

Rate: TypeAlias = Decimal
Amount: TypeAlias = int | Decimal

RATE_MAX: Rate = Decimal(100)
RATE_DECIMALS_MIN = 4
RATE_DECIMALS_MAX = 12
APR_MAX: Rate = Decimal(4096)
FLOWS_MAX = 10_000
MONTHS_IN_YEAR = 12
DAYS_IN_YEAR = 365

_RATE = re.compile(rf"[0-9]{{1,3}}(?:\.[0-9]{{1,{RATE_DECIMALS_MAX}}})?")
_DIGITS = 28
_TOLERANCE = Decimal("1e-13")
_RESULT = Decimal("1e-10")


class RateProblem(Enum):
    """Why a text is not a rate."""

    MALFORMED = "malformed"
    OUT_OF_BOUNDS = "out_of_bounds"


class NoApr(Enum):
    """Why flows have no annual percentage rate."""

    NOTHING_DRAWN = "nothing_drawn"
    REPAYS_LESS_THAN_DRAWN = "repays_less_than_drawn"
    ABOVE_MAXIMUM = "above_maximum"


@dataclass(frozen=True, slots=True)
class Flow:
    """An amount, in any one unit, at a time in years counted from the first drawing."""

    years: Fraction
    amount: Amount


def rate_text(rate: Rate) -> str:
    """The one spelling of a rate: no exponent, at least four decimals, no zero beyond: 0.199 -> "0.1990"."""
    whole, _, decimals = f"{rate if rate else abs(rate):f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(RATE_DECIMALS_MIN, '0')}"


def parse_rate_text(text: str) -> Rate | RateProblem:
    """Read a fraction such as "0.199": ASCII digits, up to twelve decimals, from 0 to 100 (10,000 %)."""
    if not _RATE.fullmatch(text):
        return RateProblem.MALFORMED
    rate = Decimal(text)
    return rate if rate <= RATE_MAX else RateProblem.OUT_OF_BOUNDS


def rounded(rate: Rate, decimals: int = RATE_DECIMALS_MIN) -> Rate:
    """Half up (annex I, remark d); four decimals of a fraction are two of a percentage: 0.05955 -> 0.0596."""
    return rate.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def in_months(amounts: Iterable[tuple[int, Amount]]) -> list[Flow]:
    """Flows at whole months after the first drawing, all months equal: month k is k/12 year."""
    return [Flow(Fraction(month, MONTHS_IN_YEAR), amount) for month, amount in amounts]


def on_dates(first_drawn_on: date, amounts: Iterable[tuple[date, Amount]]) -> list[Flow]:
    """Flows on calendar days: days since the first drawing over 365."""
    return [Flow(Fraction((on - first_drawn_on).days, DAYS_IN_YEAR), amount) for on, amount in amounts]


def apr(drawings: Sequence[Flow], payments: Sequence[Flow]) -> Rate | NoApr:
    """The annual percentage rate of drawings and payments (charges are payments), to ten decimals.

    Found by bisection. It is the only root whenever the customer owes something from the first drawing to the
    last payment, which holds for every credit.
    """
    if len(drawings) + len(payments) > FLOWS_MAX:
        raise ValueError(f"more than {FLOWS_MAX} flows")
    if sum(flow.amount for flow in drawings) <= 0:
        return NoApr.NOTHING_DRAWN
    with localcontext(prec=_DIGITS):
        return _root(_steps(drawings, payments))


def period_rate(apr: Rate, periods: int = MONTHS_IN_YEAR) -> Rate:
    """The equivalent rate of one period, (1 + apr)^(1/periods) - 1, to twelve decimals (L312-71)."""
    with localcontext(prec=_DIGITS):
        return rounded((1 + apr) ** (Decimal(1) / periods) - 1, RATE_DECIMALS_MAX)


_Step: TypeAlias = tuple[Decimal, Decimal]


def _steps(drawings: Iterable[Flow], payments: Iterable[Flow]) -> list[_Step]:
    """What the lender gets (plus) and gives (minus), in order: years since the flow before, and amount."""
    net: defaultdict[Fraction, Decimal] = defaultdict(Decimal)
    for flow in drawings:
        net[flow.years] -= flow.amount
    for flow in payments:
        net[flow.years] += flow.amount
    times = sorted(net)
    gaps = [Fraction(0), *(later - sooner for sooner, later in pairwise(times))]
    return [
        (Decimal(gap.numerator) / gap.denominator, net[time]) for gap, time in zip(gaps, times, strict=True)
    ]


def _root(steps: list[_Step]) -> Rate | NoApr:
    surplus = sum((amount for _, amount in steps), Decimal())
    if surplus <= 0:
        return NoApr.REPAYS_LESS_THAN_DRAWN if surplus else Decimal(0)
    low, high = Decimal(0), Decimal(1)
    while _present_value(steps, high) > 0:
        low, high = high, high * 2
        if high > APR_MAX:
            return NoApr.ABOVE_MAXIMUM
    while high - low > _TOLERANCE:
        middle = (low + high) / 2
        low, high = (middle, high) if _present_value(steps, middle) > 0 else (low, middle)
    return ((low + high) / 2).quantize(_RESULT, ROUND_HALF_UP)


def _present_value(steps: list[_Step], rate: Rate) -> Decimal:
    """Horner's rule backwards through time: one power per distinct gap, not one per flow."""
    discounts = {gap: (1 + rate) ** -gap for gap in {gap for gap, _ in steps}}
    value = Decimal()
    for gap, amount in reversed(steps):
        value = (value + amount) * discounts[gap]
    return value
