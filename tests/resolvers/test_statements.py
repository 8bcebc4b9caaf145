"""A customer's statements, by contract and by year."""

from __future__ import annotations

from datetime import date
from typing import Any

from models import Contract, Statement
from models.keysets import Page, Slice
from resolvers import statements
from tests import cast

EVES: list[tuple[int, Any]] = [
    (1, date(2024, 12, 31)),
    (2, date(2025, 1, 1)),
    (3, date(2025, 12, 31)),
    (4, date(2026, 1, 1)),
]


async def over_the_years(of: Contract) -> list[Statement]:
    """One statement on each side of two New Years."""
    return [
        await cast.statement(of, number, opened_on=closed_on, closed_on=closed_on)
        for number, closed_on in EVES
    ]


def numbers(page: Page[Statement]) -> list[int]:
    return [row.number for row in page.rows]


async def test_the_newest_statement_comes_first(database: str) -> None:
    credit = await cast.contract(await cast.ines())
    await over_the_years(credit)
    page = await statements.page_for_customer(credit.customer_id, None, None, Slice(3))
    assert (numbers(page), page.has_next) == ([4, 3, 2], True)


async def test_a_year_holds_its_first_and_last_day(database: str) -> None:
    credit = await cast.contract(await cast.ines())
    await over_the_years(credit)
    for year, held in ((2023, []), (2024, [1]), (2025, [3, 2]), (2026, [4])):
        page = await statements.page_for_customer(credit.customer_id, None, year, Slice(10))
        assert numbers(page) == held
        assert await statements.count_for_customer(credit.customer_id, None, year) == len(held)


async def test_each_contract_gets_its_own(database: str) -> None:
    owner = await cast.ines()
    full, empty = await cast.contract(owner), await cast.contract(owner)
    await over_the_years(full)
    pages = await statements.pages_by_contract(owner.id, 2025, Slice(1), [empty.id, full.id])
    assert [numbers(page) for page in pages] == [[], [3]]
    assert await statements.counts_by_contract(owner.id, 2025, [empty.id, full.id]) == [0, 2]
    assert await statements.count_for_customer(owner.id, full.id, None) == 4
    assert await statements.count_for_customer(owner.id, empty.id, None) == 0


async def test_another_customers_contract_has_none(database: str) -> None:
    credit = await cast.contract(await cast.ines())
    await over_the_years(credit)
    stranger = await cast.marc()
    page = await statements.page_for_customer(stranger.id, credit.id, None, Slice(10))
    assert (numbers(page), page.has_next, page.has_previous) == ([], False, False)
    assert await statements.counts_by_contract(stranger.id, None, [credit.id]) == [0]
