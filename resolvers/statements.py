"""Reading statements: of a customer, of a contract."""

from __future__ import annotations

from datetime import date

from tortoise.queryset import QuerySet

import models
from models.keysets import Order, Page, Slice, read_page, read_pages
from resolvers.rows import count_by

NEWEST_FIRST = Order("closed_on")


def _closed_in(customer_id: int, year: int | None) -> QuerySet[models.Statement]:
    rows = models.Statement.owned_by(customer_id)
    if year is None:
        return rows
    return rows.filter(closed_on__gte=date(year, 1, 1), closed_on__lte=date(year, 12, 31))


async def page_for_customer(
    customer_id: int, contract_id: int | None, year: int | None, part: Slice
) -> Page[models.Statement]:
    return await read_page(_of(customer_id, contract_id, year), NEWEST_FIRST, part)


async def count_for_customer(customer_id: int, contract_id: int | None, year: int | None) -> int:
    return await _of(customer_id, contract_id, year).count()


def _of(customer_id: int, contract_id: int | None, year: int | None) -> QuerySet[models.Statement]:
    rows = _closed_in(customer_id, year)
    return rows if contract_id is None else rows.filter(contract_id=contract_id)


async def pages_by_contract(
    customer_id: int, year: int | None, part: Slice, contract_ids: list[int]
) -> list[Page[models.Statement]]:
    parents = {key: _of(customer_id, key, year) for key in contract_ids}
    pages = await read_pages(parents, lambda row: row.contract_id, NEWEST_FIRST, part)
    return [pages[key] for key in contract_ids]


async def counts_by_contract(customer_id: int, year: int | None, contract_ids: list[int]) -> list[int]:
    return await count_by("contract_id", _closed_in(customer_id, year), contract_ids)
