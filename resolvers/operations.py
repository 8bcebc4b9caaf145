"""Reading operations: filtered, ordered, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from tortoise.queryset import QuerySet

import models
from domain.folding import folded
from models.keysets import Order, Page, Slice, read_page, read_pages
from resolvers.rows import count_by


class Sorting(Enum):
    """Orders a client may ask for."""

    NEWEST_FIRST = Order("occurred_on")
    OLDEST_FIRST = Order("occurred_on", descending=False)
    LARGEST_FIRST = Order("amount_cents")
    SMALLEST_FIRST = Order("amount_cents", descending=False)


@dataclass(frozen=True)
class Filter:
    """What every operation of the answer satisfies. Days are inclusive, amounts signed cents."""

    contract_ids: tuple[int, ...] | None = None
    occurred_from: date | None = None
    occurred_to: date | None = None
    amount_min_cents: int | None = None
    amount_max_cents: int | None = None
    kinds: tuple[models.OperationKind, ...] | None = None
    statuses: tuple[models.OperationStatus, ...] | None = None
    categories: tuple[str, ...] | None = None
    text: str | None = None
    statement_id: int | None = None

    def conditions(self) -> dict[str, object]:
        """The conditions that were given, as the table's."""
        given = {
            "contract_id__in": self.contract_ids,
            "occurred_on__gte": self.occurred_from,
            "occurred_on__lte": self.occurred_to,
            "amount_cents__gte": self.amount_min_cents,
            "amount_cents__lte": self.amount_max_cents,
            "kind__in": self.kinds,
            "status__in": self.statuses,
            "category__in": self.categories,
            "search_text__contains": folded(self.text) if self.text else None,
            "statement_id": self.statement_id,
        }
        return {name: value for name, value in given.items() if value is not None}


def _matching(customer_id: int, only: Filter) -> QuerySet[models.Operation]:
    return models.Operation.owned_by(customer_id).filter(**only.conditions())


async def page_for_customer(
    customer_id: int, only: Filter, sorting: Sorting, part: Slice
) -> Page[models.Operation]:
    return await read_page(_matching(customer_id, only), sorting.value, part)


async def count_for_customer(customer_id: int, only: Filter) -> int:
    return await _matching(customer_id, only).count()


async def pages_by_contract(
    customer_id: int, only: Filter, sorting: Sorting, part: Slice, contract_ids: list[int]
) -> list[Page[models.Operation]]:
    matching = _matching(customer_id, only)
    parents = {key: matching.filter(contract_id=key) for key in contract_ids}
    pages = await read_pages(parents, lambda row: row.contract_id, sorting.value, part)
    return [pages[key] for key in contract_ids]


async def counts_by_contract(customer_id: int, only: Filter, contract_ids: list[int]) -> list[int]:
    return await count_by("contract_id", _matching(customer_id, only), contract_ids)


async def pages_by_statement(
    customer_id: int, part: Slice, statement_ids: list[int]
) -> list[Page[models.Operation]]:
    parents: dict[int | None, QuerySet[models.Operation]] = {
        key: _matching(customer_id, Filter(statement_id=key)) for key in statement_ids
    }
    pages = await read_pages(parents, lambda row: row.statement_id, Sorting.NEWEST_FIRST.value, part)
    return [pages[key] for key in statement_ids]


async def counts_by_statement(customer_id: int, statement_ids: list[int]) -> list[int]:
    return await count_by("statement_id", models.Operation.owned_by(customer_id), statement_ids)
