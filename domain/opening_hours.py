"""When an adviser answers the phone and the chat: Monday to Friday 8 to 20, Saturday 9 to 18, in Paris.

Whether the desk closes on French public holidays is not published: a parameter. Holidays come from the
`holidays` package, for metropolitan France, until 2100. Hours are Paris hours, so the UTC instant moves
with summer time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """One weekday (ISO: 1 is Monday), in Paris time; `closes` is the first moment closed."""

    weekday: int
    opens: time
    closes: time


WEEKLY_HOURS = (
    *(OpeningHours(weekday, time(8), time(20)) for weekday in range(1, 6)),
    OpeningHours(6, time(9), time(18)),
)
_BY_WEEKDAY = {hours.weekday: hours for hours in WEEKLY_HOURS}


def open_at(instant: datetime, *, closed_on_holidays: bool) -> bool:
    """Whether the desk is open at an aware instant."""
    local = _in_paris(instant)
    hours = _hours_on(local.date(), closed_on_holidays=closed_on_holidays)
    return hours is not None and hours.opens <= local.time() < hours.closes


def next_opening(instant: datetime, *, closed_on_holidays: bool) -> datetime:
    """When the desk can be reached, in UTC: `instant` itself while open, else the next time it opens.

    Raises ValueError without a zone, OverflowError at the ends of the calendar (years 1 and 9999).
    """
    if open_at(instant, closed_on_holidays=closed_on_holidays):
        return instant.astimezone(UTC)
    day = day_in_paris(instant)
    while True:
        hours = _hours_on(day, closed_on_holidays=closed_on_holidays)
        if hours is not None:
            opening = datetime.combine(day, hours.opens, PARIS).astimezone(UTC)
            if opening > instant:
                return opening
        day += timedelta(days=1)


def day_in_paris(instant: datetime) -> date:
    """The day it is in Paris."""
    return _in_paris(instant).date()


def _in_paris(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(PARIS)


def _hours_on(day: date, *, closed_on_holidays: bool) -> OpeningHours | None:
    closed = closed_on_holidays and day in _holidays_of(day.year)
    return None if closed else _BY_WEEKDAY.get(day.isoweekday())


@lru_cache(maxsize=256)
def _holidays_of(year: int) -> frozenset[date]:
    # The language is named because the package would else look for it in the environment.
    return frozenset(holidays.country_holidays("FR", years=year, language="fr"))
