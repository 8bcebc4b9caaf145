"""The desk's hours in Paris, seen from UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.opening_hours import WEEKLY_HOURS, OpeningHours, day_in_paris, next_opening, open_at


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "is_open"),
    [
        pytest.param("2026-12-02T06:59:59.999999", False, id="winter Wednesday, just before 8"),
        pytest.param("2026-12-02T07:00", True, id="winter Wednesday at 8"),
        pytest.param("2026-12-02T18:59:59.999999", True, id="winter Wednesday, just before 20"),
        pytest.param("2026-12-02T19:00", False, id="winter Wednesday at 20"),
        pytest.param("2026-07-01T06:00", True, id="summer Wednesday at 8"),
        pytest.param("2026-07-01T18:00", False, id="summer Wednesday at 20"),
        pytest.param("2026-12-05T07:59", False, id="Saturday before 9"),
        pytest.param("2026-12-05T08:00", True, id="Saturday at 9"),
        pytest.param("2026-12-05T17:00", False, id="Saturday at 18"),
        pytest.param("2026-12-06T12:00", False, id="Sunday"),
        pytest.param("2026-03-28T08:00", True, id="Saturday before summer time"),
        pytest.param("2026-03-30T06:00", True, id="Monday after summer time began"),
        pytest.param("2026-10-26T06:30", False, id="Monday after it ended"),
    ],
)
def test_hours_follow_the_clock_of_paris(instant: str, is_open: bool) -> None:
    assert open_at(utc(instant), closed_on_holidays=True) is is_open


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        pytest.param("2026-12-02T12:34:56", "2026-12-02T12:34:56", id="open: now"),
        pytest.param("2026-12-02T05:00", "2026-12-02T07:00", id="early: the same day"),
        pytest.param("2026-12-02T19:00", "2026-12-03T07:00", id="evening: the next day"),
        pytest.param("2026-12-04T20:00", "2026-12-05T08:00", id="Friday evening: Saturday at 9"),
        pytest.param("2026-12-05T17:00", "2026-12-07T07:00", id="Saturday evening: Monday"),
        pytest.param("2026-12-06T23:30", "2026-12-07T07:00", id="it is Monday in Paris before it is in UTC"),
        pytest.param("2026-03-28T20:00", "2026-03-30T06:00", id="over the night summer time begins"),
        pytest.param("2026-10-24T20:00", "2026-10-26T07:00", id="over the night it ends"),
    ],
)
def test_when_the_desk_can_be_reached(instant: str, expected: str) -> None:
    found = next_opening(utc(instant), closed_on_holidays=True)
    assert found == utc(expected)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("instant", "closed_on_holidays", "expected"),
    [
        pytest.param("2026-12-25T10:00", True, "2026-12-26T08:00", id="Christmas, closed"),
        pytest.param("2026-12-25T10:00", False, "2026-12-25T10:00", id="Christmas, if it works"),
        pytest.param("2027-05-06T10:00", True, "2027-05-07T06:00", id="Ascension"),
        pytest.param("2026-04-04T17:00", True, "2026-04-07T06:00", id="Easter Monday lengthens the weekend"),
        pytest.param("2026-04-04T17:00", False, "2026-04-06T06:00", id="unless it works"),
        pytest.param("2026-08-15T10:00", True, "2026-08-17T06:00", id="a holiday on a Saturday"),
        pytest.param("2026-12-31T23:30", True, "2027-01-02T08:00", id="New Year by the clock of Paris"),
    ],
)
def test_holidays_close_if_told_so(instant: str, closed_on_holidays: bool, expected: str) -> None:
    assert next_opening(utc(instant), closed_on_holidays=closed_on_holidays) == utc(expected)


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    tokyo = datetime(2026, 12, 2, 15, 30, tzinfo=timezone(timedelta(hours=9)))
    assert not open_at(tokyo, closed_on_holidays=True)
    assert next_opening(tokyo, closed_on_holidays=True) == utc("2026-12-02T07:00")


def test_an_instant_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        open_at(datetime(2026, 12, 2, 12), closed_on_holidays=True)


def test_the_week_has_six_days_and_no_sunday() -> None:
    assert [hours.weekday for hours in WEEKLY_HOURS] == [1, 2, 3, 4, 5, 6]
    assert WEEKLY_HOURS[0] == OpeningHours(1, time(8), time(20))
    assert WEEKLY_HOURS[-1] == OpeningHours(6, time(9), time(18))


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-06-15T21:59:59.999999", date(2026, 6, 15)),
        ("2026-06-15T22:00", date(2026, 6, 16)),
        ("2026-12-31T22:59:59", date(2026, 12, 31)),
        ("2026-12-31T23:00", date(2027, 1, 1)),
        ("2026-10-24T22:30", date(2026, 10, 25)),  # the night the clocks go back
    ],
)
def test_the_day_begins_at_midnight_in_paris(instant: str, day: date) -> None:
    assert day_in_paris(utc(instant)) == day


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)), st.booleans())
def test_the_desk_is_open_when_it_said_and_not_before(naive: datetime, closed_on_holidays: bool) -> None:
    instant = naive.replace(tzinfo=UTC)
    opening = next_opening(instant, closed_on_holidays=closed_on_holidays)
    assert timedelta() <= opening - instant < timedelta(days=5)
    assert open_at(opening, closed_on_holidays=closed_on_holidays)
    if opening > instant:
        assert not open_at(opening - timedelta(microseconds=1), closed_on_holidays=closed_on_holidays)
        between = instant + (opening - instant) / 2
        assert not open_at(between, closed_on_holidays=closed_on_holidays)
