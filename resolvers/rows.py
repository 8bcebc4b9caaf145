"""Batches that serve any table: rows by id, and how many each contract has."""

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


async def count_by_contract(rows: QuerySet[M], contract_ids: list[int]) -> list[int]:
    """How many of the rows each contract has, in one statement."""
    counted = (
        rows.filter(contract_id__in=contract_ids)
        .annotate(rows_count=Count("id"))
        .group_by("contract_id")
        .values("contract_id", "rows_count")
    )
    found = {row["contract_id"]: row["rows_count"] for row in await counted}
    return [found.get(contract_id, 0) for contract_id in contract_ids]
