"""Batches that serve any table: rows by id, and how many each parent has."""

from __future__ import annotations

from typing import TypeVar

from tortoise.functions import Count
from tortoise.queryset import QuerySet

from models.owned import OwnedModel

M = TypeVar("M", bound=OwnedModel)


async def rows_by_id(model: type[M], customer_id: int, ids: list[int]) -> list[M | None]:
    """The customer's rows with these ids, None for each that is not there or is another's."""
    found = {row.id: row for row in await model.owned_by(customer_id).filter(id__in=ids)}
    return [found.get(row_id) for row_id in ids]


async def count_by(column: str, rows: QuerySet[M], ids: list[int]) -> list[int]:
    """How many of the rows each parent has, in one statement; `column` names the parent."""
    counted = (
        rows.filter(**{f"{column}__in": ids})
        .annotate(rows_count=Count("id"))
        .group_by(column)
        .values(column, "rows_count")
    )
    found = {row[column]: row["rows_count"] for row in await counted}
    return [found.get(parent_id, 0) for parent_id in ids]
