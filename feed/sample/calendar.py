"""The days that matter in the life of a line, laid out backwards from today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum
from itertools import count, takewhile
from random import Random
from typing import TypeVar

from feed.sample.days import ONE_DAY, last_on, months_from, working_day
from feed.sample.plans import LinePlan

CLOSING_DAYS = (20, 21, 22, 23)  # ten days and more before debit days, the 5th and after
ENDING_DAY = 13  # between debits and closings: nothing is asked for that is not paid
EXTRA_DAY = 14  # likewise
EXTRA_MONTHS = (1, 6, 12)  # January's sales resisted, and the thirteenth month's salary
FUNDS_AFTER = timedelta(days=8)  # no payment in the 7 days after acceptance (C. conso. L312-25)
LATE_BY = timedelta(days=5)

T = TypeVar("T")


class Outcome(Enum):
    """What becomes of a debit."""

    PAID = "paid"
    MISSED = "missed"
    REGULARISED = "regularised"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class Debit:
    """The collection of what one statement asks for."""

    due_on: date
    settled_on: date
    outcome: Outcome = Outcome.PAID


@dataclass(frozen=True, slots=True)
class LineCalendar:
    """`debits` by the day their statement closes; nothing is used outside `used_from` to `used_until`."""

    signed_on: date
    used_from: date
    used_until: date
    last_on: date
    ended: bool
    debits: dict[date, Debit]
    extra_repayments: tuple[date, ...]


def line_calendar(plan: LinePlan, debit_day: int, today: date, chance: Random) -> LineCalendar:
    """Lay out a plan: its missed instalments are the last ones, whatever day it is."""
    signed_on = _signing_day(plan, today, chance)
    ended_on = working_day(months_from(today, -(plan.ended_months_ago or 0), ENDING_DAY))
    last = today if plan.ended_months_ago is None else ended_on
    closings = list(_closings(signed_on, last, chance.choice(CLOSING_DAYS)))
    debits = _with_outcomes(plan, {day: _debit(day, debit_day) for day in closings}, last)
    return LineCalendar(
        signed_on,
        working_day(signed_on + FUNDS_AFTER),
        _used_until(plan, debits, last),
        last,
        plan.ended_months_ago is not None,
        debits,
        tuple(_extra_days(plan, signed_on, last)),
    )


def _signing_day(plan: LinePlan, today: date, chance: Random) -> date:
    if plan.signed_days_ago is not None:
        return today - plan.signed_days_ago * ONE_DAY
    return months_from(today, -plan.months, chance.randrange(1, 19))


def _closings(signed_on: date, last: date, day: int) -> Iterator[date]:
    closing = months_from(last_on(day, signed_on), 1)
    while closing <= last:
        yield closing
        closing = months_from(closing, 1)


def _debit(closed_on: date, debit_day: int) -> Debit:
    due_on = months_from(closed_on, 1, debit_day)
    return Debit(due_on, working_day(due_on))


def outcomes(
    settled: Sequence[T], *, missed: int, regularised: int | None = None, deferred: int | None = None
) -> dict[T, Outcome]:
    """What became of the debits settled so far: the last ones are missed, others are counted backwards."""
    ends = dict.fromkeys(settled, Outcome.PAID)
    ends |= dict.fromkeys(settled[len(settled) - missed :], Outcome.MISSED)
    for back, outcome in ((regularised, Outcome.REGULARISED), (deferred, Outcome.DEFERRED)):
        if back is not None and back <= len(settled):
            ends[settled[-back]] = outcome
    return ends


def _with_outcomes(plan: LinePlan, debits: dict[date, Debit], last: date) -> dict[date, Debit]:
    settled = [day for day, debit in debits.items() if debit.settled_on <= last]
    ends = outcomes(settled, missed=plan.missed, regularised=plan.regularised, deferred=plan.deferred)
    return {day: replace(debit, outcome=ends.get(day, Outcome.PAID)) for day, debit in debits.items()}


def _used_until(plan: LinePlan, debits: dict[date, Debit], last: date) -> date:
    """A missed instalment blocks the line; before it ends it is paid off without being used."""
    missed = [debit.settled_on - ONE_DAY for debit in debits.values() if debit.outcome is Outcome.MISSED]
    quiet_months = plan.idle_months or (2 if plan.ended_months_ago is not None else 0)
    return min([*missed, months_from(last, -quiet_months)])


def _extra_days(plan: LinePlan, signed_on: date, last: date) -> Iterator[date]:
    first = months_from(signed_on, 4, EXTRA_DAY)
    months = count(0) if plan.extra_repayments else ()
    days = (working_day(months_from(first, month)) for month in months)
    yield from (day for day in takewhile(lambda day: day <= last, days) if day.month in EXTRA_MONTHS)
