"""Rows, lists and pages of relations, read in batches, and never another owner's."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from engine.planning import ordinary
from engine.planning.keysets import Order, Page, Part, Slice
from models import Card, Contract, ContractStatus, Identifier, Operation
from tests import cast
from tests.cast import TODAY
from tests.recording import recorded

NEWEST = Order("occurred_on")
ON = "contract_id"


def part(size: int = 5, **given: Any) -> Part:
    return Part(order=NEWEST, slice=Slice(size), **given)


def lists(pages: list[Page[Any]]) -> list[list[Any]]:
    return [list(page.rows) for page in pages]


async def test_rows_come_in_the_order_asked_for_and_only_the_owners(database: str) -> None:
    owner = await cast.ines()
    first, second = await cast.contract(owner), await cast.contract(owner)
    others = await cast.contract(await cast.marc())
    async with recorded() as sent:
        rows = await ordinary.rows_by_id(Contract, owner.id, [second.id, others.id, first.id, 0, second.id])
    assert rows == [second, None, first, None, second]
    assert len(sent.statements) == 1


async def test_an_owner_is_found_by_her_own_id_alone(database: str) -> None:
    ines, marc = await cast.ines(), await cast.marc()
    assert await ordinary.rows_by_id(type(ines), ines.id, [marc.id, ines.id]) == [None, ines]


async def test_each_parent_gets_its_own_page_and_count(database: str) -> None:
    owner = await cast.ines()
    full, empty = await cast.contract(owner), await cast.contract(owner)
    listed, bare = await cast.statement(full, 1), await cast.statement(full, 2)
    on_it = [await cast.operation(full, statement_id=listed.id) for _ in range(2)]
    loose = await cast.operation(full)
    some = (Operation, owner.id)
    async with recorded() as sent:
        pages = await ordinary.pages_by(*some, ON, part(2), [empty.id, full.id])
        assert lists(pages) == [[], [loose, on_it[1]]]
        assert await ordinary.counts_by(*some, ON, part(2), [empty.id, full.id]) == [0, 3]
    assert len(sent.statements) == 2
    by_statement = await ordinary.pages_by(*some, "statement_id", part(), [bare.id, listed.id])
    assert lists(by_statement) == [[], on_it[::-1]]
    assert await ordinary.counts_by(*some, "statement_id", part(), [bare.id, listed.id]) == [0, 2]


async def test_a_page_of_the_owner_and_its_count(database: str) -> None:
    owner = await cast.ines()
    credit = await cast.contract(owner)
    rows = [await cast.operation(credit, occurred_on=TODAY - timedelta(days=day)) for day in range(3)]
    await cast.operation(await cast.contract(await cast.marc()))
    page = await ordinary.page_of(Operation, owner.id, part(2))
    assert (list(page.rows), page.has_next) == (rows[:2], True)
    assert await ordinary.count_of(Operation, owner.id, part(2)) == 3


async def test_what_is_anothers_has_no_pages_no_lists_and_no_counts(database: str) -> None:
    credit = await cast.contract(await cast.ines())
    listed = await cast.statement(credit)
    await cast.operation(credit, statement_id=listed.id)
    await cast.card(credit)
    other = (await cast.marc()).id
    mine = part(conditions=((f"{ON}__in", (credit.id,)),))
    assert lists(await ordinary.pages_by(Operation, other, "statement_id", part(), [listed.id])) == [[]]
    assert await ordinary.counts_by(Operation, other, "statement_id", part(), [listed.id]) == [0]
    assert await ordinary.lists_by(Card, other, ON, Part(), [credit.id]) == [[]]
    assert await ordinary.count_of(Operation, other, mine) == 0
    assert list((await ordinary.page_of(Operation, other, mine)).rows) == []
    assert await ordinary.list_of(Contract, other, Part()) == []


async def test_each_parent_gets_its_own_list_in_one_statement(database: str) -> None:
    owner = await cast.ines()
    first, second, bare = [await cast.contract(owner) for _ in range(3)]
    old = await cast.card(first, expires_on=date(2027, 1, 31))
    new, other = await cast.card(first, expires_on=date(2029, 1, 31)), await cast.card(second)
    ids = [second.id, bare.id, first.id]
    async with recorded() as sent:
        found = await ordinary.lists_by(Card, owner.id, ON, Part(sorting=("-expires_on",)), ids)
    assert found == [[other], [], [new, old]]
    assert len(sent.statements) == 1


async def test_a_list_that_ends_is_the_beginning_of_a_page(database: str) -> None:
    owner = await cast.ines()
    full, empty = await cast.contract(owner), await cast.contract(owner)
    rows = [await cast.operation(full, occurred_on=TODAY - timedelta(days=day)) for day in range(3)]
    assert await ordinary.lists_by(Operation, owner.id, ON, part(1), [empty.id, full.id]) == [[], rows[:1]]
    assert list(await ordinary.list_of(Operation, owner.id, part(2))) == rows[:2]


@pytest.mark.parametrize(
    ("sorting", "order"),
    [
        (("-closed_on__isnull", "-signed_on"), [2, 0, 3, 1]),
        (("-closed_on__isnull", "signed_on"), [0, 2, 1, 3]),
        (("closed_on__isnull", "-signed_on"), [3, 1, 2, 0]),
        (("signed_on",), [0, 1, 2, 3]),
    ],
    ids=str,
)
async def test_what_has_no_value_may_come_first_or_last(
    database: str, sorting: tuple[str, ...], order: list[int]
) -> None:
    owner = await cast.ines()
    closed: dict[str, Any] = {"status": ContractStatus.CLOSED, "closed_on": TODAY}
    rows = [
        await cast.contract(owner, signed_on=TODAY - timedelta(days=9 - day), **(closed if day % 2 else {}))
        for day in range(4)
    ]
    found = await ordinary.list_of(Contract, owner.id, Part(sorting=sorting))
    assert [rows.index(row) for row in found] == order


async def test_nothing_asked_for_is_nothing_found(database: str) -> None:
    assert await ordinary.rows_by_id(Contract, 1, []) == []
    assert await ordinary.pages_by(Operation, 1, ON, part(), []) == []
    assert await ordinary.counts_by(Operation, 1, ON, part(), []) == []
    assert await ordinary.lists_by(Card, 1, ON, Part(), []) == []


async def test_a_table_of_nobody_is_not_read() -> None:
    with pytest.raises(TypeError, match="Identifier does not say"):
        await ordinary.list_of(Identifier, 1, Part())
