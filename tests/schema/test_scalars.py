"""Money and rates in and out: exact strings, and nothing else."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from graphql import GraphQLScalarType, StringValueNode
from graphql.error import GraphQLError

from domain.money import CENTS_MAX
from models import Customer
from schema.root import build_schema
from schema.scalars import Money, Rate, money, rate
from tests import cast
from tests.kept import ON_ONE
from tests.schema.asking import Asker

FILTER = "query($min: Money) { operations(filter: {amount: {min: $min}}) { nodes { amount } } }"
HOSTILE: dict[str, Any] = {
    "nan": "NaN",
    "infinity": "Infinity",
    "overflow": "1e400",
    "exponent": "1e2",
    "comma": "1,5",
    "three decimals": "1.000",
    "no unit": ".5",
    "no decimal": "1.",
    "plus": "+1",
    "two signs": "--1",
    "space": " 1",
    "line break": "1\n",
    "thousands": "1 000",
    "currency": "1 €",
    "hexadecimal": "0x10",
    "underscore": "1_000",
    "arabic digits": "١",
    "full width": "１",
    "minus sign": "\N{MINUS SIGN}1",
    "empty": "",
    "past the largest": "90071992547409.92",
    "long": "9" * 65,
    "int": 1,
    "float": 1.5,
    "huge int": 10**30,
    "true": True,
    "list": ["1"],
    "object": {"cents": 1},
}


def scalar(name: str) -> GraphQLScalarType:
    found = build_schema()._schema.type_map[name]
    assert isinstance(found, GraphQLScalarType)
    return found


async def one_operation(cents: int) -> Customer:
    owner = await cast.ines()
    await cast.operation(await cast.contract(owner), amount_cents=cents)
    return owner


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0.00"),
        (1, "0.01"),
        (-5, "-0.05"),
        (123_450, "1234.50"),
        (-100, "-1.00"),
        (CENTS_MAX, "90071992547409.91"),
        (-CENTS_MAX, "-90071992547409.91"),
    ],
)
async def test_money_goes_out_and_comes_back_exactly(ask: Asker, cents: int, text: str) -> None:
    owner = await one_operation(cents)
    assert (await ask(FILTER, owner, min=text))["operations"]["nodes"] == [{"amount": text}]


@pytest.mark.parametrize("text", ["-7.5", "-7.50", "-0007.50", "-8", "-8.0"])
async def test_money_is_read_in_every_plain_spelling(ask: Asker, text: str) -> None:
    owner = await one_operation(-750)
    assert len((await ask(FILTER, owner, min=text))["operations"]["nodes"]) == 1


@ON_ONE
@pytest.mark.parametrize("_case", HOSTILE)
async def test_nothing_else_is_money_in_a_variable(ask: Asker, _case: str) -> None:
    answer = await ask(FILTER, await cast.ines(), min=HOSTILE[_case])
    assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"])


@ON_ONE
@pytest.mark.parametrize("literal", ["1", "1.5", "1e400", "-3", "true", "NaN", "[1]", "{a: 1}"])
async def test_nothing_else_is_money_in_a_document(ask: Asker, literal: str) -> None:
    answer = await ask(FILTER.replace("$min}", f"{literal}}}").replace("($min: Money)", ""))
    assert (answer.data, answer.codes) == (None, ["GRAPHQL_VALIDATION_FAILED"])


@ON_ONE
@pytest.mark.parametrize("_case", [name for name, value in HOSTILE.items() if isinstance(value, str)])
async def test_no_other_text_is_money_in_a_document(ask: Asker, _case: str) -> None:
    literal = json.dumps(HOSTILE[_case])
    answer = await ask(FILTER.replace("$min}", f"{literal}}}").replace("($min: Money)", ""))
    assert (answer.data, answer.codes) == (None, ["GRAPHQL_VALIDATION_FAILED"])


async def test_a_document_may_hold_money(ask: Asker) -> None:
    owner = await one_operation(50)
    query = FILTER.replace("$min}", '"0.5"}').replace("($min: Money)", "")
    assert (await ask(query, owner))["operations"]["nodes"] == [{"amount": "0.50"}]


@pytest.mark.parametrize(
    ("kept", "text"),
    [
        (Decimal("0.199"), "0.1990"),
        (Decimal("0.123456"), "0.123456"),
        (Decimal("0"), "0.0000"),
        (Decimal("0.000001"), "0.000001"),
        (Decimal("1"), "1.0000"),
        (Decimal("999.999999"), "999.999999"),
        (None, None),
    ],
)
async def test_rates_go_out_exactly(ask: Asker, kept: Decimal | None, text: str | None) -> None:
    owner = await cast.ines()
    await cast.contract(owner, apr_yearly=kept, borrowing_rate_yearly=kept)
    (found,) = (await ask("{ contracts { apr borrowingRate } }", owner))["contracts"]
    assert found == {"apr": text, "borrowingRate": text}


@pytest.mark.parametrize("value", ["0.1990", 0.199, 1, None, "NaN"])
def test_no_argument_is_a_rate(value: object) -> None:
    with pytest.raises(GraphQLError, match="No argument of this schema is a rate"):
        scalar("Rate").parse_value(value)


def test_a_literal_is_read_as_a_variable_is() -> None:
    assert scalar("Money").parse_literal(StringValueNode(value="12.5")) == 1250


def test_nothing_is_no_amount_and_no_rate() -> None:
    assert (money(None), rate(None)) == (None, None)
    assert (money(5), rate(Decimal("0.1"))) == (Money(5), Rate(Decimal("0.1")))
