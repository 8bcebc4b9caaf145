"""Old rows, deleted some at a time: a statement is bounded, and takes no row that somebody holds."""

from __future__ import annotations

from typing import Any

from tortoise.connection import get_connection
from tortoise.models import Model

from models.backends.rows import OWNER_COLUMN, is_owned


async def delete_some(model: type[Model], condition: str, *values: Any, at_most: int) -> int:
    """Delete rows that meet a condition, and say how many: fewer than `at_most` when no more were free.

    The condition is SQL of both databases, with `{0}`, `{1}` … where the values go. A row that another
    transaction holds is left to the next time, so that neither waits and what it changes counts.
    """
    connection = get_connection("default")
    postgres = connection.capabilities.dialect == "postgres"
    mark, lock = ("${}", " FOR UPDATE SKIP LOCKED") if postgres else ("?{}", "")
    table, key = model._meta.db_table, model._meta.db_pk_column
    if is_owned(model):
        key = f"{OWNER_COLUMN}, {key}"
    met = condition.format(*(mark.format(number) for number, _ in enumerate(values, start=1)))
    found = f"SELECT {key} FROM {table} WHERE {met} LIMIT {at_most}{lock}"
    deleted, _ = await connection.execute_query(
        f"DELETE FROM {table} WHERE ({key}) IN ({found})", list(values)
    )
    return deleted
