"""Amortisation tables of loans repaid in equal monthly instalments.

Source: C. conso. R312-10 III (contents of the table). Convention: the yearly borrowing rate is
proportional, a month bears rate / 12; every amount is rounded half up to the cent; the last instalment
absorbs the roundings.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from domain.money import CENTS_MAX, Cents, half_up
from domain.rates import MONTHS_IN_YEAR, RATE_MAX, Rate

MONTHS_MAX = 360

_DIGITS = 50


@dataclass(frozen=True, slots=True)
class Instalment:
    """A row of the table: what falls due on a day, and the principal still owed after it is paid."""

    number: int
    due_on: date
    payment_cents: Cents
    principal_cents: Cents
    interest_cents: Cents
    insurance_cents: Cents
    outstanding_after_cents: Cents


def equal_instalment_cents(principal_cents: Cents, rate_yearly: Rate, months: int) -> Cents:
    """The constant instalment without insurance: K i / (1 - (1 + i)^-n), half up; K / n at rate 0."""
    _check(principal_cents, rate_yearly, months)
    with localcontext(prec=_DIGITS):
        rate = rate_yearly / MONTHS_IN_YEAR
        if not rate:
            return half_up(Decimal(principal_cents) / months)
        return half_up(principal_cents * rate / (1 - (1 + rate) ** -months))


def monthly_interest_cents(outstanding_cents: Cents, rate_yearly: Rate) -> Cents:
    """Interest of one month on the principal owed, at a twelfth of the yearly rate, half up."""
    with localcontext(prec=_DIGITS):
        return half_up(outstanding_cents * rate_yearly / MONTHS_IN_YEAR)


def due_day_in(year: int, month: int, day: int) -> date:
    """The due day of a month: `day`, or the last day of a month that is shorter (31 -> 28 February)."""
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def due_days(first_due_on: date, months: int, day: int | None = None) -> list[date]:
    """Due days of consecutive months from `first_due_on`, on `day` of the month (that of the first)."""
    first = first_due_on.year * 12 + first_due_on.month - 1
    wanted = first_due_on.day if day is None else day
    later = [divmod(first + k, 12) for k in range(1, months)]
    return [first_due_on, *(due_day_in(year, month + 1, wanted) for year, month in later)]


def amortisation_table(
    principal_cents: Cents,
    rate_yearly: Rate,
    months: int,
    first_due_on: date,
    *,
    due_day: int | None = None,
    insurance_monthly_cents: Cents = 0,
) -> tuple[Instalment, ...]:
    """The whole table; payments include the flat monthly insurance.

    Raises ValueError on a principal, rate or number of months out of bounds: callers check first.
    """
    instalment = equal_instalment_cents(principal_cents, rate_yearly, months)
    rows, outstanding = [], principal_cents
    for number, due_on in enumerate(due_days(first_due_on, months, due_day), start=1):
        interest = monthly_interest_cents(outstanding, rate_yearly)
        wanted = outstanding if number == months else max(instalment - interest, 0)
        principal = min(wanted, outstanding)
        outstanding -= principal
        payment = principal + interest + insurance_monthly_cents
        rows.append(
            Instalment(number, due_on, payment, principal, interest, insurance_monthly_cents, outstanding)
        )
    return tuple(rows)


def _check(principal_cents: Cents, rate_yearly: Rate, months: int) -> None:
    if not 0 < principal_cents <= CENTS_MAX:
        raise ValueError(f"principal of {principal_cents} cents")
    if not 0 <= rate_yearly <= RATE_MAX:
        raise ValueError(f"rate of {rate_yearly}")
    if not 1 <= months <= MONTHS_MAX:
        raise ValueError(f"{months} months")
