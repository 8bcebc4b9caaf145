"""Days of the sample's calendar: debit days, working days, the same day of other months."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from domain.instalments import due_day_in

ONE_DAY = timedelta(days=1)
SATURDAY = 5


def months_from(on: date, months: int, day: int | None = None) -> date:
    """`day` (that of `on`) of the month that lies so many months later; its last day where it is shorter."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return due_day_in(year, month + 1, day or on.day)


def last_on(day: int, today: date) -> date:
    """The latest such day of a month that is not after today."""
    this_month = months_from(today, 0, day)
    return this_month if this_month <= today else months_from(today, -1, day)


def working_day(on: date) -> date:
    """The day, or the Monday after it: direct debits are not settled on Saturday and Sunday."""
    return on + max(0, 7 - on.weekday()) * ONE_DAY if on.weekday() >= SATURDAY else on


def each_day(first: date, last: date) -> Iterator[date]:
    """All days of a period, both ends included."""
    return (first + number * ONE_DAY for number in range((last - first).days + 1))
