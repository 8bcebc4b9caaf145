"""Days of months of every length, and the Mondays after weekends."""

from __future__ import annotations

from datetime import date

import pytest

from feed.sample.days import each_day, last_on, months_from, working_day


@pytest.mark.parametrize(
    ("_case", "on", "months", "day", "wanted"),
    [
        ("same month", date(2026, 3, 9), 0, None, date(2026, 3, 9)),
        ("over a year", date(2026, 11, 22), 2, None, date(2027, 1, 22)),
        ("backwards", date(2026, 1, 31), -11, None, date(2025, 2, 28)),
        ("to a leap day", date(2026, 2, 28), 24, 31, date(2028, 2, 29)),
        ("from a leap day", date(2024, 2, 29), -12, None, date(2023, 2, 28)),
        ("another day", date(2026, 12, 31), -24, 5, date(2024, 12, 5)),
    ],
)
def test_months_from(_case: str, on: date, months: int, day: int | None, wanted: date) -> None:
    assert months_from(on, months, day) == wanted


@pytest.mark.parametrize(
    ("_case", "day", "today", "wanted"),
    [
        ("today itself", 22, date(2026, 11, 22), date(2026, 11, 22)),
        ("earlier this month", 5, date(2026, 11, 22), date(2026, 11, 5)),
        ("last month", 23, date(2026, 11, 22), date(2026, 10, 23)),
        ("last year", 9, date(2027, 1, 1), date(2026, 12, 9)),
    ],
)
def test_last_on(_case: str, day: int, today: date, wanted: date) -> None:
    assert last_on(day, today) == wanted


def test_weekends_are_settled_on_monday() -> None:
    week = [working_day(date(2026, 11, day)).day for day in range(16, 23)]
    assert week == [16, 17, 18, 19, 20, 23, 23]


def test_each_day_has_both_ends() -> None:
    assert [day.day for day in each_day(date(2024, 2, 28), date(2024, 3, 1))] == [28, 29, 1]
    assert list(each_day(date(2024, 2, 28), date(2024, 2, 27))) == []
