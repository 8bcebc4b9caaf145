"""Scalars of the schema: money and rates as exact decimal strings, days and instants in one spelling each.

docs/scalars.md specifies them to the last character.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NewType, overload

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from domain.money import decimal_text, parse_decimal_text
from domain.rates import rate_text

Money = NewType("Money", int)
Rate = NewType("Rate", Decimal)


def _money_in(value: object) -> int:
    cents = parse_decimal_text(value) if isinstance(value, str) else None
    if not isinstance(cents, int):
        raise GraphQLError('Money is a string such as "1234.50": digits, then at most two decimals')
    return cents


def _rate_in(value: object) -> Decimal:
    raise GraphQLError("No argument of this schema is a rate")


_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_DATE = re.compile(_DAY)
_DATE_TIME = re.compile(rf"{_DAY}[Tt]{_TIME}:[0-5][0-9](?:\.[0-9]{{1,6}})?(?:[Zz]|[+-]{_TIME})")


def _date_in(value: object) -> date:
    # The standard library alone would take "20261231" and "2026-W53-4" too.
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise GraphQLError('Date is a string such as "2026-12-31": a day of the calendar')


def _date_out(value: date) -> str:
    if isinstance(value, datetime):
        raise TypeError("an instant is no day: it has one in each time zone")
    return value.isoformat()


def _date_time_in(value: object) -> datetime:
    if isinstance(value, str) and _DATE_TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError:
            pass
    raise GraphQLError(
        'DateTime is a string such as "2026-12-31T19:00:00+01:00": a day, a time and an offset from UTC'
    )


def _date_time_out(value: datetime) -> str:
    if value.tzinfo is None:
        raise TypeError("an instant without a time zone is none")
    return value.astimezone(UTC).isoformat()


# Real documents that anybody can open; docs/scalars.md says why these, and what we narrow.
_DECIMAL_URL = "https://www.w3.org/TR/xmlschema11-2/#decimal"
_DATE_URL = "https://scalars.graphql.org/chillicream/local-date.html"
_DATE_TIME_URL = "https://scalars.graphql.org/chillicream/date-time.html"

SCALARS: Mapping[object, ScalarDefinition] = {
    Money: strawberry.scalar(
        name="Money",
        description=(
            'Exact amount of money as a decimal string, such as "1234.50" or "-0.05": units of the currency '
            "of the contract it belongs to, then always two decimals, with a minus in front where negative. "
            "Given with at most two decimals. From -90071992547409.91 to 90071992547409.91, never a float"
        ),
        specified_by_url=_DECIMAL_URL,
        serialize=decimal_text,
        parse_value=_money_in,
    ),
    Rate: strawberry.scalar(
        name="Rate",
        description=(
            'Yearly rate as an exact decimal string of a fraction: "0.1990" is 19.90 % a year. Four '
            "decimals, or up to six where there are more, never negative. No argument takes one"
        ),
        specified_by_url=_DECIMAL_URL,
        serialize=rate_text,
        parse_value=_rate_in,
    ),
    date: strawberry.scalar(
        name="Date",
        description='Day of the calendar without a time zone, as YYYY-MM-DD: "2026-12-31"',
        specified_by_url=_DATE_URL,
        serialize=_date_out,
        parse_value=_date_in,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            'Instant as an RFC 3339 date-time. Printed in UTC, as "2026-12-31T18:00:00.123456+00:00", the '
            "decimals of the second left out where they are zero. Given with an offset, any but none, and at "
            'most six decimals: "2026-12-31T19:00:00+01:00", "2026-12-31T18:00:00Z"'
        ),
        specified_by_url=_DATE_TIME_URL,
        serialize=_date_time_out,
        parse_value=_date_time_in,
    ),
}


@overload
def money(cents: int) -> Money: ...
@overload
def money(cents: None) -> None: ...
def money(cents: int | None) -> Money | None:
    """A column of cents as a Money, null as null."""
    return None if cents is None else Money(cents)
