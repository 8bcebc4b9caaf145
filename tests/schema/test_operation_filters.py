"""Filters on operations, against a plain-Python oracle and, for texts, against what a reader expects."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from models import Contract, Customer, Operation, OperationKind, OperationStatus
from schema import ids
from schema.ids import Kind
from tests import cast
from tests.cast import TODAY
from tests.kept import ON_ONE
from tests.schema.asking import Asker
from tests.schema.ways import BOTH_WAYS

pytestmark = BOTH_WAYS

LIST = """query($filter: OperationFilter) {
    operations(filter: $filter, first: 100) { totalCount nodes { id } } }"""
NESTED = """query($filter: OperationFilter) { contracts {
    operations(filter: $filter, first: 100) { totalCount nodes { id } } } }"""
CATEGORIES = ["GROCERIES", "TRAVEL", "GROCERIES_2", "G", None]


@dataclass(frozen=True)
class Held:
    """A customer's contracts and all their operations."""

    owner: Customer
    contracts: list[Contract]
    rows: list[Operation]

    @classmethod
    async def make(cls, chance: random.Random, count: int = 60) -> Held:
        owner = await cast.ines()
        contracts = [await cast.contract(owner) for _ in range(3)]
        rows = [cls.random_row(chance.choice(contracts[:2]), chance) for _ in range(count)]
        await Operation.bulk_create(rows)
        return cls(owner, contracts, rows)

    @staticmethod
    def random_row(of: Contract, chance: random.Random) -> Operation:
        status = chance.choice(list(OperationStatus))
        day = TODAY - timedelta(days=chance.randrange(6))
        return cast.operation_row(
            of,
            kind=chance.choice(list(OperationKind)[:4]),
            status=status,
            occurred_on=day,
            booked_on=None if status is OperationStatus.PENDING else day,
            category=chance.choice(CATEGORIES),
            amount_cents=chance.choice([-10_000, -1, 0, 1, 99, 10_000]),
        )

    def id_of(self, contract: Contract) -> str:
        return ids.encoded(Kind.CONTRACT, self.owner.id, contract.id)


def satisfies(row: Operation, given: dict[str, Any], held: Held) -> bool:
    """The oracle: each condition by itself, as the API describes it."""
    days, amounts = given.get("occurredOn") or {}, given.get("amount") or {}
    cents = {side: int(Decimal(text) * 100) for side, text in amounts.items() if text is not None}
    contract_id = ids.encoded(Kind.CONTRACT, row.customer_id, row.contract_id)
    lists = (
        (given.get("contractIds"), contract_id),
        (given.get("kinds"), row.kind.value),
        (given.get("statuses"), row.status.value),
        (given.get("categories"), row.category),
    )
    return (
        (days.get("from") or "0000") <= row.occurred_on.isoformat() <= (days.get("to") or "9999")
        and cents.get("min", row.amount_cents) <= row.amount_cents <= cents.get("max", row.amount_cents)
        and all(allowed is None or value in allowed for allowed, value in lists)
    )


def conditions(held: Held, chance: random.Random) -> dict[str, Any]:
    """Some conditions drawn at random, each absent, null, open on a side, empty or plain."""

    def some(values: Iterable[Any]) -> list[Any]:
        pool = list(values)
        return chance.sample(pool, chance.randrange(len(pool) + 1))

    first, last = sorted((TODAY - timedelta(days=chance.randrange(8))).isoformat() for _ in range(2))
    amounts = sorted(chance.sample([-10_000, -1, 0, 1, 50, 10_000], 2))
    texts = [str(Decimal(cents).scaleb(-2)) for cents in amounts]
    drawn = {
        "contractIds": some(held.id_of(row) for row in held.contracts),
        "occurredOn": chance.choice([{"from": first, "to": last}, {"from": first}, {"to": last}, {}]),
        "amount": chance.choice([{"min": texts[0], "max": texts[1]}, {"min": texts[0]}, {"max": texts[1]}]),
        "kinds": some(kind.value for kind in OperationKind),
        "statuses": some(status.value for status in OperationStatus),
        "categories": some(category for category in CATEGORIES if category is not None),
    }
    chosen = chance.sample(sorted(drawn), chance.randrange(1, 4))
    return {name: chance.choice([drawn[name], drawn[name], None]) for name in chosen}


async def test_every_mixture_of_conditions_is_the_oracles(ask: Asker) -> None:
    chance = random.Random(42)
    held = await Held.make(chance)
    sizes = set()
    for _ in range(80):
        given = conditions(held, chance)
        wanted = {
            ids.encoded(Kind.OPERATION, row.customer_id, row.id)
            for row in held.rows
            if satisfies(row, given, held)
        }
        found = (await ask(LIST, held.owner, filter=given))["operations"]
        assert {node["id"] for node in found["nodes"]} == wanted, given
        assert found["totalCount"] == len(wanted), given
        sizes.add(len(wanted))
    assert len(sizes) > 15, "the mixtures would not tell much"


async def test_a_filter_within_contracts_is_the_same_filter(ask: Asker) -> None:
    chance = random.Random(43)
    held = await Held.make(chance)
    for _ in range(20):
        given = conditions(held, chance)
        whole = (await ask(LIST, held.owner, filter=given))["operations"]
        parts = [row["operations"] for row in (await ask(NESTED, held.owner, filter=given))["contracts"]]
        assert sum(part["totalCount"] for part in parts) == whole["totalCount"]
        assert {node["id"] for part in parts for node in part["nodes"]} == {
            node["id"] for node in whole["nodes"]
        }


@pytest.mark.parametrize("given", [None, {}, {"text": ""}, {"text": None, "kinds": None}], ids=str)
async def test_no_condition_is_everything(ask: Asker, given: Any) -> None:
    held = await Held.make(random.Random(1), count=5)
    assert (await ask(LIST, held.owner, filter=given))["operations"]["totalCount"] == 5


@pytest.mark.parametrize("name", ["contractIds", "kinds", "statuses", "categories"])
async def test_one_of_nothing_is_nothing(ask: Asker, name: str) -> None:
    held = await Held.make(random.Random(1), count=5)
    found = (await ask(LIST, held.owner, filter={name: []}))["operations"]
    assert found == {"totalCount": 0, "nodes": []}


@ON_ONE
@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"occurredOn": {"from": "2026-02-01", "to": "2026-01-31"}},
            "`occurredOn.from` lies after `occurredOn.to`",
        ),
        ({"amount": {"min": "0.01", "max": "0"}}, "`amount.min` is larger than `amount.max`"),
        ({"categories": ["A"] * 51}, "`categories` has 51 items, at most 50 are read"),
        ({"kinds": ["FEE"] * 51}, "`kinds` has 51 items, at most 50 are read"),
        ({"categories": ["A" * 25]}, "A category is given by its code, such as GROCERIES"),
        ({"categories": ["\0"]}, "A category is given by its code, such as GROCERIES"),
        ({"contractIds": ["A"] * 51}, "`contractIds` has 51 items, at most 50 are read"),
        ({"text": "x" * 81}, "`text` has 81 characters, at most 80 are read"),
        ({"contractIds": ["1"]}, "This is not an id given out by this server"),
    ],
    ids=str,
)
@pytest.mark.parametrize("query", [LIST, NESTED], ids=["list", "nested"])
async def test_a_filter_that_makes_no_sense_is_refused(
    ask: Asker, query: str, given: dict[str, Any], words: str
) -> None:
    credit = await cast.contract(await cast.ines())
    owner = await Customer.get(id=credit.customer_id)
    assert (await ask(query, owner, filter=given)).refused[1] == [("BAD_USER_INPUT", words)]


@ON_ONE
@pytest.mark.parametrize(
    "given",
    [
        {"occurredOn": {"from": "2026-02-30"}},
        {"occurredOn": {"from": "0000-01-01"}},
        {"occurredOn": {"from": "01/02/2026"}},
        {"occurredOn": {"from": 20260101}},
        {"occurredOn": {"from": ""}},
        {"kinds": ["purchase"]},
        {"statuses": [None]},
        {"categories": [1]},
        {"unknown": 1},
    ],
    ids=str,
)
async def test_values_of_no_type_are_refused_before_anything_runs(ask: Asker, given: dict[str, Any]) -> None:
    answer = await ask(LIST, await cast.ines(), filter=given)
    assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"])


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_the_outermost_days_are_days(ask: Asker, day: str) -> None:
    held = await Held.make(random.Random(1), count=2)
    found = (await ask(LIST, held.owner, filter={"occurredOn": {"from": day}}))["operations"]
    assert found["totalCount"] == (2 if day < "2000" else 0)
