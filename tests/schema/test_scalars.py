"""Money, rates, days and instants in and out: exact strings, and nothing else."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLScalarType, StringValueNode
from graphql.error import GraphQLError

from domain.money import CENTS_MAX
from models import Customer
from schema.root import build_schema
from schema.scalars import Money, money
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


def test_nothing_is_no_amount() -> None:
    assert (money(None), money(5)) == (None, Money(5))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-31", date(2026, 12, 31)),
        ("2028-02-29", date(2028, 2, 29)),
        ("0001-01-01", date(1, 1, 1)),
        ("9999-12-31", date(9999, 12, 31)),
    ],
)
def test_a_day_goes_in_and_out_in_one_spelling(text: str, day: date) -> None:
    assert scalar("Date").parse_value(text) == day
    assert scalar("Date").parse_literal(StringValueNode(value=text)) == day
    assert scalar("Date").serialize(day) == text


NO_DAYS: list[Any] = [
    "",
    "20261231",
    "2026-W53-4",
    "2026-366",
    "2026-1-1",
    "26-12-31",
    "2026/12/31",
    "2026-02-29",
    "2026-13-01",
    "0000-01-01",
    "12026-12-31",
    "-2026-12-31",
    " 2026-12-31",
    "2026-12-31\n",
    "2026-12-31T00:00:00Z",
    "٢٠٢٦-12-31",
    20261231,
    True,
    None,
    ["2026-12-31"],
]


@pytest.mark.parametrize("value", NO_DAYS, ids=repr)
def test_nothing_else_is_a_day(value: object) -> None:
    with pytest.raises(GraphQLError, match='Date is a string such as "2026-12-31"'):
        scalar("Date").parse_value(value)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-12-31T18:00:00Z", datetime(2026, 12, 31, 18, tzinfo=UTC)),
        ("2026-12-31t18:00:00z", datetime(2026, 12, 31, 18, tzinfo=UTC)),
        ("2026-12-31T19:00:00+01:00", datetime(2026, 12, 31, 18, tzinfo=UTC)),
        ("2026-12-31T18:00:00-00:00", datetime(2026, 12, 31, 18, tzinfo=UTC)),
        ("2027-01-01T17:59:00+23:59", datetime(2026, 12, 31, 18, tzinfo=UTC)),
        ("2026-12-31T18:00:00.5Z", datetime(2026, 12, 31, 18, 0, 0, 500_000, UTC)),
        ("2026-12-31T18:00:00.123456+00:00", datetime(2026, 12, 31, 18, 0, 0, 123_456, UTC)),
        ("2028-02-29T23:59:59Z", datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_an_instant_is_taken_with_any_offset(text: str, instant: datetime) -> None:
    assert scalar("DateTime").parse_value(text) == instant
    assert scalar("DateTime").parse_literal(StringValueNode(value=text)) == instant


NO_INSTANTS: list[Any] = [
    "",
    "now",
    "2026",
    "2026-12-31",
    "2026-12-31T18:00:00",
    "2026-12-31 18:00:00Z",
    "2026-12-31T18:00Z",
    "2026-12-31T18Z",
    "20261231T180000Z",
    "2026-12-31T24:00:00Z",
    "2026-12-31T18:60:00Z",
    "2026-12-31T18:00:60Z",
    "2026-02-30T18:00:00Z",
    "2026-12-31T18:00:00.Z",
    "2026-12-31T18:00:00,5Z",
    "2026-12-31T18:00:00.1234567Z",
    "2026-12-31T18:00:00+01",
    "2026-12-31T18:00:00+0100",
    "2026-12-31T18:00:00+24:00",
    "2026-12-31T18:00:00+01:60",
    "2026-12-31T18:00:00+01:00:30",
    "2026-12-31T18:00:00 UTC",
    "2026-12-31T18:00:00Z\n",
    "2026-W53-4T18:00:00Z",
    1_798_740_000,
    1.5,
    True,
    None,
    {"at": "2026-12-31T18:00:00Z"},
]


@pytest.mark.parametrize("value", NO_INSTANTS, ids=repr)
def test_nothing_else_is_an_instant(value: object) -> None:
    with pytest.raises(GraphQLError, match="DateTime is a string such as"):
        scalar("DateTime").parse_value(value)


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2026, 12, 31, 18, tzinfo=UTC), "2026-12-31T18:00:00+00:00"),
        (datetime(2026, 12, 31, 18, 0, 0, 5, UTC), "2026-12-31T18:00:00.000005+00:00"),
        (datetime(2027, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))), "2026-12-31T23:30:00+00:00"),
    ],
)
def test_an_instant_is_always_told_in_utc(instant: datetime, text: str) -> None:
    assert scalar("DateTime").serialize(instant) == text
    assert scalar("DateTime").parse_value(text) == instant


def test_what_has_no_zone_is_no_instant_and_an_instant_is_no_day() -> None:
    with pytest.raises(TypeError, match="time zone"):
        scalar("DateTime").serialize(datetime(2026, 12, 31, 18))
    with pytest.raises(TypeError, match="no day"):
        scalar("Date").serialize(datetime(2026, 12, 31, 18, tzinfo=UTC))


SPECIFICATION = (Path(__file__).parents[2] / "docs" / "scalars.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["Money", "Date", "DateTime"])
def test_the_specification_says_what_is_refused(name: str) -> None:
    text = SPECIFICATION.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    refused = re.findall(r"`(\"[^`]*\"|[0-9.]+)`", text.partition("Refused")[2])
    assert len(refused) > 4
    for value in refused:
        with pytest.raises(GraphQLError):
            scalar(name).parse_value(json.loads(value))


def test_the_specification_says_what_is_printed_and_taken() -> None:
    (table,) = re.findall(r"\n\n(\| scalar .*?)\n\n", SPECIFICATION, re.DOTALL)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    assert [row[0].strip("`") for row in rows] == ["Money", "Rate", "Date", "DateTime"]
    for name, printed, taken, _ in ([row[0].strip("`"), *row[1:]] for row in rows):
        for text in re.findall(r'`"([^`]*)"`', taken if name == "Rate" else printed + taken):
            scalar(name).parse_value(text)
    money_taken = re.findall(r'`"([^`]*)"`', SPECIFICATION.partition("Taken: ")[2].partition("Refused")[0])
    assert [scalar("Money").parse_value(text) for text in money_taken] == [0, -5, 750]
