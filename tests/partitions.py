"""The real schema with its customers' tables split by hash of the customer, as Citus would shard them."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from tests.models.scene import OWNED_TABLES

PARTITIONS = 4
SCHEMA = "sharded"
SPLIT_BY = {"customer": "id", **{table._meta.db_table: "customer_id" for table in OWNED_TABLES}}

_CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
    WHERE conrelid = to_regclass('public.' || $1) AND contype = ANY($2::"char"[])
"""
_INDEXES = """
    SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = $1
    AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE conrelid = to_regclass('public.' || $1))
"""


@asynccontextmanager
async def partitioned(url: str) -> AsyncIterator[str]:
    """A URL under which the models find the partitioned tables first, and the lookups where they are."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE SCHEMA {SCHEMA}")
        await connection.execute(f"SET search_path = {SCHEMA}, public")
        await _split(connection)
        yield f"{url}?search_path={SCHEMA},public"
    finally:
        await connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        await connection.close()


async def _split(connection: Any) -> None:
    for name, column in SPLIT_BY.items():
        await connection.execute(
            f'CREATE TABLE {SCHEMA}."{name}" (LIKE public."{name}") PARTITION BY HASH ("{column}")'
        )
        for part in range(PARTITIONS):
            await connection.execute(
                f'CREATE TABLE {SCHEMA}."{name}_{part}" PARTITION OF {SCHEMA}."{name}" '
                f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part})"
            )
    for kinds in (["p", "u", "c"], ["f"]):  # a foreign key needs the key it leads to
        for name in SPLIT_BY:
            for row in await connection.fetch(_CONSTRAINTS, name, [kind.encode() for kind in kinds]):
                definition = row["definition"].replace("REFERENCES public.", f"REFERENCES {SCHEMA}.")
                await connection.execute(
                    f'ALTER TABLE {SCHEMA}."{name}" ADD CONSTRAINT "{row["conname"]}" {definition}'
                )
    for name in SPLIT_BY:
        for row in await connection.fetch(_INDEXES, name):
            await connection.execute(row["indexdef"].replace(" ON public.", f" ON {SCHEMA}."))


async def partitions_touched(connection: Any, sql: str, values: tuple[Any, ...]) -> dict[str, set[str]]:
    """The partitions that a statement's plan reads or writes, by table."""
    plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}", *values))
    touched: dict[str, set[str]] = {}
    for relation in _relations(plan):
        table, found, part = relation.rpartition("_")
        if found and table in SPLIT_BY and re.fullmatch(r"[0-9]+", part):
            touched.setdefault(table, set()).add(relation)
    return touched


def _relations(plan: Any) -> list[str]:
    if isinstance(plan, list):
        return [name for part in plan for name in _relations(part)]
    if not isinstance(plan, dict):
        return []
    own = [plan["Relation Name"]] if "Relation Name" in plan else []
    return own + [name for part in plan.values() for name in _relations(part)]
