"""Pages by keyset against a plain list, on both databases."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

import models
from engine.planning.keysets import Key, Order, Page, Slice, read_page, read_pages
from models import Operation
from tests import cast
from tests.recording import recorded

ORDERS = [
    Order("occurred_on"),
    Order("occurred_on", descending=False),
    Order("amount_cents"),
    Order("amount_cents", descending=False),
]
FIRST_DAY = date(2026, 1, 1)


def expected(rows: Sequence[Operation], order: Order, part: Slice) -> Page[Operation]:
    """The oracle: sort everything, cut at the keys, take from one end."""

    def key_of(row: Operation) -> tuple[Any, int]:
        return getattr(row, order.column), row.id

    ordered = sorted(rows, key=key_of, reverse=order.descending)
    sign = -1 if order.descending else 1

    def place(key: tuple[Any, int]) -> tuple[int, int]:
        value = key[0].toordinal() if isinstance(key[0], date) else key[0]
        return sign * value, sign * key[1]

    if part.after:
        ordered = [row for row in ordered if place(key_of(row)) > place((part.after.value, part.after.id))]
    if part.before:
        ordered = [row for row in ordered if place(key_of(row)) < place((part.before.value, part.before.id))]
    if part.backward:
        taken = ordered[max(0, len(ordered) - part.size) :]
        return Page(taken, has_next=part.before is not None, has_previous=len(ordered) > part.size)
    return Page(ordered[: part.size], has_next=len(ordered) > part.size, has_previous=part.after is not None)


def same(found: Page[Operation], wanted: Page[Operation]) -> bool:
    ids = [row.id for row in found.rows] == [row.id for row in wanted.rows]
    return ids and (found.has_next, found.has_previous) == (wanted.has_next, wanted.has_previous)


async def tied_operations(of: models.Contract, count: int, chance: random.Random) -> list[Operation]:
    """Few days and few amounts, so that most keys are tied, signs and zero among them."""
    rows = [
        cast.operation_row(
            of,
            occurred_on=FIRST_DAY + timedelta(days=chance.randrange(4)),
            amount_cents=chance.choice([-500, -1, 0, 1, 500]),
        )
        for _ in range(count)
    ]
    chance.shuffle(rows)
    await Operation.bulk_create(rows)
    return rows


def slices(rows: Sequence[Operation], order: Order, chance: random.Random) -> list[Slice]:
    """Every size that matters, with keys of rows, and keys between rows, on either side or both."""
    keys = [order.key_of(row) for row in chance.sample(list(rows), 3)]
    keys.append(Key(keys[0].value, keys[0].id + 1))
    ends: list[Key | None] = [None, *keys]
    return [
        Slice(size=chance.choice([0, 1, 2, 5, len(rows), 100]), backward=backward, after=after, before=before)
        for backward in (False, True)
        for after in ends
        for before in ends
    ]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "".join(order.names(False)[:1]))
async def test_every_slice_is_the_slice_of_the_plain_list(database: str, order: Order) -> None:
    chance = random.Random(20260615)
    credit = await cast.contract(await cast.ines())
    rows = await tied_operations(credit, 23, chance)
    mine = Operation.owned_by(credit.customer_id)
    for part in slices(rows, order, chance):
        assert same(await read_page(mine, order, part), expected(rows, order, part)), part


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "".join(order.names(False)[:1]))
async def test_walking_page_by_page_meets_every_row_once(database: str, order: Order, backward: bool) -> None:
    credit = await cast.contract(await cast.ines())
    rows = await tied_operations(credit, 17, random.Random(3))
    everything = expected(rows, order, Slice(size=100)).rows
    walked: list[Operation] = []
    edge: Key | None = None
    while True:
        part = Slice(
            size=5, backward=backward, after=None if backward else edge, before=edge if backward else None
        )
        page = await read_page(Operation.owned_by(credit.customer_id), order, part)
        walked = [*page.rows, *walked] if backward else [*walked, *page.rows]
        if not (page.has_previous if backward else page.has_next):
            break
        edge = order.key_of(page.rows[0] if backward else page.rows[-1])
    assert [row.id for row in walked] == [row.id for row in everything]


async def test_a_page_stays_where_it_is_while_rows_are_added(database: str) -> None:
    credit, order = await cast.contract(await cast.ines()), ORDERS[0]
    old = [await cast.operation(credit, occurred_on=FIRST_DAY) for _ in range(4)]
    mine = Operation.owned_by(credit.customer_id)
    first = await read_page(mine, order, Slice(size=2))
    await cast.operation(credit, occurred_on=FIRST_DAY + timedelta(days=1))
    second = await read_page(mine, order, Slice(size=2, after=order.key_of(first.rows[-1])))
    assert [row.id for row in (*first.rows, *second.rows)] == [row.id for row in reversed(old)]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "".join(order.names(False)[:1]))
async def test_many_parents_get_the_pages_they_would_get_alone(database: str, order: Order) -> None:
    chance = random.Random(11)
    owner = await cast.ines()
    credits = [await cast.contract(owner) for _ in range(5)]
    rows = [
        await tied_operations(credit, size, chance)
        for credit, size in zip(credits, (0, 4, 8, 12, 16), strict=True)
    ]
    mine = Operation.owned_by(owner.id)
    parents = {credit.id: mine.filter(contract_id=credit.id) for credit in credits}
    for part in slices([row for some in rows for row in some], order, chance):
        pages = await read_pages(parents, lambda row: row.contract_id, order, part)
        assert list(pages) == [credit.id for credit in credits]
        for credit, some in zip(credits, rows, strict=True):
            assert same(pages[credit.id], expected(some, order, part)), (some, part)
            assert same(pages[credit.id], await read_page(parents[credit.id], order, part))


@pytest.mark.parametrize(
    ("parents_count", "statements_count"), [(0, 0), (1, 1), (2, 1), (50, 1), (51, 2), (130, 3)]
)
async def test_fifty_parents_cost_one_statement(
    database: str, parents_count: int, statements_count: int
) -> None:
    credit = await cast.contract(await cast.ines())
    row = await cast.operation(credit)
    mine = Operation.owned_by(credit.customer_id)
    keys = [credit.id + step for step in range(parents_count)]
    parents = {key: mine.filter(contract_id=key) for key in keys}
    async with recorded() as sent:
        pages = await read_pages(parents, lambda found: found.contract_id, ORDERS[0], Slice(size=3))
    assert len(sent.statements) == statements_count
    assert list(pages) == keys
    assert [found.id for page in pages.values() for found in page.rows] == [row.id] * bool(parents_count)
