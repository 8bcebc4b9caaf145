"""The days of a line's life, laid out backwards from any day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from feed.sample.calendar import LineCalendar, Outcome, line_calendar, outcomes
from feed.sample.plans import LinePlan

DAYS = [date(2026, 11, 22), date(2024, 2, 29), date(2027, 1, 1), date(2026, 8, 31)]


def calendar_of(today: date, **more: Any) -> LineCalendar:
    plan = LinePlan(limit_cents=3_000_00, apr=Decimal("0.20"), **more)
    return line_calendar(plan, 6, today, Random("a line"))


def settled(calendar: LineCalendar) -> list[Outcome]:
    return [debit.outcome for debit in calendar.debits.values() if debit.settled_on <= calendar.last_on]


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_missed_debits_are_the_last_and_nothing_is_used_from_then_on(today: date) -> None:
    calendar = calendar_of(today, missed=3)
    assert settled(calendar)[-4:] == [Outcome.PAID, *[Outcome.MISSED] * 3]
    first = next(debit for debit in calendar.debits.values() if debit.outcome is Outcome.MISSED)
    assert calendar.used_until < first.settled_on


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_statements_close_once_a_month_and_debits_are_settled_before_the_next(today: date) -> None:
    calendar = calendar_of(today)
    closings = list(calendar.debits)
    months = [day.year * 12 + day.month for day in closings]
    assert months == list(range(months[0], months[0] + len(months)))
    assert 23 <= len(months) <= 25
    for closed_on, debit in calendar.debits.items():
        assert (debit.due_on - closed_on).days >= 10
        assert 0 <= (debit.settled_on - debit.due_on).days <= 2
        assert debit.settled_on.weekday() < 5
    assert calendar.signed_on < closings[0]
    assert closings[-1] <= calendar.last_on == today


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_a_line_ends_when_no_instalment_is_open(today: date) -> None:
    calendar = calendar_of(today, ended_months_ago=3)
    assert calendar.ended
    assert 13 <= calendar.last_on.day <= 15
    assert all(debit.settled_on < calendar.last_on for debit in calendar.debits.values())
    assert (calendar.last_on - calendar.used_until).days >= 59


def test_a_line_signed_yesterday_has_nothing_yet() -> None:
    calendar = calendar_of(date(2026, 11, 19), signed_days_ago=1)
    assert (calendar.signed_on, calendar.debits) == (date(2026, 11, 18), {})
    assert calendar.used_from == date(2026, 11, 26)


def test_more_is_repaid_after_bonuses() -> None:
    days = calendar_of(date(2026, 11, 22), extra_repayments=True).extra_repayments
    assert {day.month for day in days} == {1, 6, 12}
    assert all(14 <= day.day <= 16 and day.weekday() < 5 for day in days)


@pytest.mark.parametrize(
    ("_case", "more", "wanted"),
    [
        ("all paid", {"missed": 0}, "PPPPP"),
        ("two missed", {"missed": 2}, "PPPMM"),
        ("all missed", {"missed": 5}, "MMMMM"),
        ("late, then paid", {"missed": 0, "regularised": 2}, "PPPRP"),
        ("deferred before one was missed", {"missed": 1, "deferred": 4}, "PDPPM"),
        ("too long ago to be known", {"missed": 0, "regularised": 9}, "PPPPP"),
    ],
)
def test_outcomes_are_counted_back_from_the_last(_case: str, more: dict[str, int], wanted: str) -> None:
    ends = outcomes(range(5), **more)
    assert "".join(outcome.name[0] for outcome in ends.values()) == wanted
