"""Operations by filter, by contract, by statement; the filters in full are tried through the schema."""

from __future__ import annotations

from datetime import timedelta

from models.keysets import Slice
from resolvers import operations
from resolvers.operations import Filter, Sight, Sorting
from tests import cast
from tests.cast import TODAY

ALL = Sight(Filter(), None)


async def test_the_four_orders(database: str) -> None:
    credit = await cast.contract(await cast.ines())
    rows = [
        await cast.operation(credit, occurred_on=TODAY - timedelta(days=day), amount_cents=cents)
        for day, cents in ((0, -5), (1, 7), (2, 0))
    ]
    found = {}
    for sorting in Sorting:
        page = await operations.page_for_customer(credit.customer_id, ALL, sorting, Slice(10))
        found[sorting] = [rows.index(row) for row in page.rows]
    assert found == {
        Sorting.NEWEST_FIRST: [0, 1, 2],
        Sorting.OLDEST_FIRST: [2, 1, 0],
        Sorting.LARGEST_FIRST: [1, 2, 0],
        Sorting.SMALLEST_FIRST: [0, 2, 1],
    }


async def test_a_filter_without_conditions_is_no_condition() -> None:
    assert Filter().conditions() == {}
    assert Filter(text="").conditions() == {}
    assert Filter(contract_ids=()).conditions() == {"contract_id__in": ()}
    assert Filter(amount_min_cents=0).conditions() == {"amount_cents__gte": 0}


async def test_each_parent_gets_its_own(database: str) -> None:
    owner = await cast.ines()
    full, empty = await cast.contract(owner), await cast.contract(owner)
    listed, bare = await cast.statement(full, 1), await cast.statement(full, 2)
    on_it = [await cast.operation(full, statement_id=listed.id) for _ in range(2)]
    loose = await cast.operation(full)
    by_contract = await operations.pages_by_contract(
        owner.id, ALL, Sorting.NEWEST_FIRST, Slice(2), [empty.id, full.id]
    )
    assert [list(page.rows) for page in by_contract] == [[], [loose, on_it[1]]]
    assert await operations.counts_by_contract(owner.id, ALL, [empty.id, full.id]) == [0, 3]
    by_statement = await operations.pages_by_statement(owner.id, ALL, Slice(5), [bare.id, listed.id])
    assert [list(page.rows) for page in by_statement] == [[], on_it[::-1]]
    assert await operations.counts_by_statement(owner.id, ALL, [bare.id, listed.id]) == [0, 2]


async def test_another_customers_contracts_and_statements_have_none(database: str) -> None:
    credit = await cast.contract(await cast.ines())
    listed = await cast.statement(credit)
    await cast.operation(credit, statement_id=listed.id)
    other = (await cast.marc()).id
    (page,) = await operations.pages_by_statement(other, ALL, Slice(5), [listed.id])
    assert list(page.rows) == []
    assert await operations.counts_by_statement(other, ALL, [listed.id]) == [0]
    assert await operations.count_for_customer(other, Sight(Filter(contract_ids=(credit.id,)), None)) == 0
