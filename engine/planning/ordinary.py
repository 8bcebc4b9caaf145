"""Reading relations the ordinary way: batches of Tortoise's query sets, one for each place of a query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from tortoise.functions import Count
from tortoise.models import Model
from tortoise.queryset import QuerySet

from engine.planning.fields import owner_column
from engine.planning.keysets import Page, Part, read_page, read_pages

NULLNESS = "__isnull"


def owned_rows(model: type[Model], owner: int, part: Part) -> QuerySet[Any]:
    """The owner's rows that satisfy the conditions of a part."""
    conditions = {name: list(value) if name.endswith("__in") else value for name, value in part.conditions}
    return model.filter(**{owner_column(model): owner}).filter(**conditions)


async def rows_by_id(model: type[Model], owner: int, ids: list[int]) -> list[Any]:
    """The owner's rows with these ids, None for each that is not there or is another's."""
    rows = owned_rows(model, owner, Part()).filter(id__in=ids)
    found = {row.pk: row for row in await rows}
    return [found.get(row_id) for row_id in ids]


async def page_of(model: type[Model], owner: int, part: Part) -> Page[Any]:
    """A page of all the owner's rows."""
    assert part.order
    assert part.slice
    return await read_page(owned_rows(model, owner, part), part.order, part.slice)


async def pages_by(
    model: type[Model], owner: int, on: str, part: Part, parents: list[int]
) -> list[Page[Any]]:
    """The same page of the rows of each parent, which their column `on` names."""
    assert part.order
    assert part.slice
    rows = owned_rows(model, owner, part)
    branches = {parent: rows.filter(**{on: parent}) for parent in parents}
    pages = await read_pages(branches, lambda row: getattr(row, on), part.order, part.slice)
    return [pages[parent] for parent in parents]


async def count_of(model: type[Model], owner: int, part: Part) -> int:
    """How many rows the owner has."""
    return await owned_rows(model, owner, part).count()


async def counts_by(model: type[Model], owner: int, on: str, part: Part, parents: list[int]) -> list[int]:
    """How many rows each parent has."""
    rows = owned_rows(model, owner, part).filter(**{f"{on}__in": parents})
    counted = rows.annotate(rows_count=Count("id")).group_by(on).values(on, "rows_count")
    found = {row[on]: row["rows_count"] for row in await counted}
    return [found.get(parent, 0) for parent in parents]


async def list_of(model: type[Model], owner: int, part: Part) -> Sequence[Any]:
    """A list of the owner's rows; one that ends somewhere is a page."""
    if part.slice is not None:
        return (await page_of(model, owner, part)).rows
    return await _sorted(owned_rows(model, owner, part), part)


async def lists_by(
    model: type[Model], owner: int, on: str, part: Part, parents: list[int]
) -> list[Sequence[Any]]:
    """The list of each parent's rows; one that ends somewhere is a page."""
    if part.slice is not None:
        return [page.rows for page in await pages_by(model, owner, on, part, parents)]
    lists: dict[int, list[Any]] = defaultdict(list)
    for row in await _sorted(owned_rows(model, owner, part).filter(**{f"{on}__in": parents}), part):
        lists[getattr(row, on)].append(row)
    return [lists[parent] for parent in parents]


async def _sorted(rows: QuerySet[Any], part: Part) -> list[Any]:
    """The rows in order. Whether a column has a value, which may come first, Tortoise cannot sort by."""
    names = part.sorting
    first = names[0] if names and names[0].endswith(NULLNESS) else None
    found: list[Any] = await rows.order_by(*(names if first is None else names[1:]))
    if first is not None:
        column = first.removeprefix("-").removesuffix(NULLNESS)
        found.sort(key=lambda row: getattr(row, column) is None, reverse=first.startswith("-"))
    return found
