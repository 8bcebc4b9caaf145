"""Scalars of the schema: money and rates as exact decimal strings."""

from __future__ import annotations

from collections.abc import Mapping
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


SCALARS: Mapping[object, ScalarDefinition] = {
    Money: strawberry.scalar(
        name="Money",
        description=(
            'Exact amount of money as a decimal string with two places, such as "1234.50", in the currency '
            "of the contract it belongs to. Never a float."
        ),
        serialize=decimal_text,
        parse_value=_money_in,
    ),
    Rate: strawberry.scalar(
        name="Rate",
        description='Yearly rate as an exact decimal string of a fraction: "0.1990" is 19.90 %.',
        serialize=rate_text,
        parse_value=_rate_in,
    ),
}


@overload
def money(cents: int) -> Money: ...
@overload
def money(cents: None) -> None: ...
def money(cents: int | None) -> Money | None:
    """A column of cents as a Money, null as null."""
    return None if cents is None else Money(cents)


@overload
def rate(fraction: Decimal) -> Rate: ...
@overload
def rate(fraction: None) -> None: ...
def rate(fraction: Decimal | None) -> Rate | None:
    """A column of a yearly rate as a Rate, null as null."""
    return None if fraction is None else Rate(fraction)
