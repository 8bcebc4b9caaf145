"""Reading operations: filtered, ordered, page by page, and no further back than the session may see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

from tortoise.queryset import QuerySet

import models
from domain.assurance import Assurance, open_since
from domain.folding import folded
from models.keysets import Order, Page, Slice, read_page, read_pages
from resolvers.context import Context
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
        }
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class Sight:
    """A filter cut to what a session may see. Only `within_sight` makes one, and all reading takes one."""

    only: Filter
    hidden_before: date | None


@dataclass(frozen=True)
class TooOld:
    """Operations of before 90 days were asked for: they need a surer session."""

    needed: Assurance = Assurance.STRONG_IN_SESSION


async def within_sight(context: Context, only: Filter) -> Sight | TooOld:
    """Cut a filter to what the session may see; too old if it asks for more by its first day."""
    day = await _hidden_before(context)
    if day is None:
        return Sight(only, None)
    if only.occurred_from is not None and only.occurred_from < day:
        return TooOld()
    return Sight(replace(only, occurred_from=only.occurred_from or day), day)


async def in_sight(context: Context, row: models.Operation) -> models.Operation | TooOld:
    """One of the customer's operations, if the session may see it."""
    day = await _hidden_before(context)
    return row if day is None or row.occurred_on >= day else TooOld()


async def _hidden_before(context: Context) -> date | None:
    """The first day that the session may see, None if it may see all (RTS 2018/389, art. 10)."""
    viewer = await context.viewer()
    if viewer is not None and viewer.assurance.suffices(Assurance.STRONG_IN_SESSION):
        return None
    return open_since(context.today)


def _matching(customer_id: int, sight: Sight) -> QuerySet[models.Operation]:
    return models.Operation.owned_by(customer_id).filter(**sight.only.conditions())


async def page_for_customer(
    customer_id: int, sight: Sight, sorting: Sorting, part: Slice
) -> Page[models.Operation]:
    return await read_page(_matching(customer_id, sight), sorting.value, part)


async def count_for_customer(customer_id: int, sight: Sight) -> int:
    return await _matching(customer_id, sight).count()


async def pages_by_contract(
    customer_id: int, sight: Sight, sorting: Sorting, part: Slice, contract_ids: list[int]
) -> list[Page[models.Operation]]:
    matching = _matching(customer_id, sight)
    parents = {key: matching.filter(contract_id=key) for key in contract_ids}
    pages = await read_pages(parents, lambda row: row.contract_id, sorting.value, part)
    return [pages[key] for key in contract_ids]


async def counts_by_contract(customer_id: int, sight: Sight, contract_ids: list[int]) -> list[int]:
    return await count_by("contract_id", _matching(customer_id, sight), contract_ids)


async def pages_by_statement(
    customer_id: int, sight: Sight, part: Slice, statement_ids: list[int]
) -> list[Page[models.Operation]]:
    matching = _matching(customer_id, sight)
    parents: dict[int | None, QuerySet[models.Operation]] = {
        key: matching.filter(statement_id=key) for key in statement_ids
    }
    pages = await read_pages(parents, lambda row: row.statement_id, Sorting.NEWEST_FIRST.value, part)
    return [pages[key] for key in statement_ids]


async def counts_by_statement(customer_id: int, sight: Sight, statement_ids: list[int]) -> list[int]:
    return await count_by("statement_id", _matching(customer_id, sight), statement_ids)
