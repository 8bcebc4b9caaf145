"""Ready for Citus: what the catalogue of PostgreSQL says, and the same keys on hash partitions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest

from tests.models.scene import OWNED_TABLES
from tests.partitions import PARTITIONS, SPLIT_BY, partitioned

OWNED = {table._meta.db_table for table in OWNED_TABLES}

COLUMNS_OF_KEYS = """
    SELECT c.relname AS table, i.relname AS key, array_agg(a.attname::text ORDER BY n) AS columns
    FROM pg_index x
    JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
    CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY AS k(attnum, n)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
    WHERE x.indisunique AND c.relnamespace = 'public'::regnamespace
    GROUP BY 1, 2
"""
FOREIGN_KEYS = """
    SELECT c.conrelid::regclass::text AS table, c.conname AS key, c.confrelid::regclass::text AS target,
        (SELECT array_agg(attname::text ORDER BY n) FROM unnest(c.conkey) WITH ORDINALITY AS k(num, n)
            JOIN pg_attribute ON attrelid = c.conrelid AND attnum = num) AS ours,
        (SELECT array_agg(attname::text ORDER BY n) FROM unnest(c.confkey) WITH ORDINALITY AS k(num, n)
            JOIN pg_attribute ON attrelid = c.confrelid AND attnum = num) AS theirs,
        c.confdeltype::text AS on_delete
    FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
"""


@pytest.fixture
async def catalogue(postgres_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(postgres_url)
    try:
        yield connection
    finally:
        await connection.close()


async def test_the_tables_of_customers_are_the_ones_with_a_customer_id(catalogue: Any) -> None:
    rows = await catalogue.fetch(
        "SELECT table_name, is_nullable FROM information_schema.columns "
        "WHERE table_schema = 'public' AND column_name = 'customer_id'"
    )
    nullable = {row["table_name"]: row["is_nullable"] for row in rows}
    assert {name: nullable.pop(name) for name in OWNED} == dict.fromkeys(OWNED, "NO")
    assert nullable == {
        "access_flow": "YES",
        "attempt_tally": "YES",
        "audit_head": "NO",
        "customer_reference": "NO",
        "identifier": "NO",
        "sms_order": "YES",
    }


async def test_every_unique_key_of_a_customers_table_holds_the_customer(catalogue: Any) -> None:
    keys = await catalogue.fetch(COLUMNS_OF_KEYS)
    found = {row["table"] for row in keys}
    assert found >= OWNED
    assert [row["key"] for row in keys if row["table"] in OWNED and "customer_id" not in row["columns"]] == []
    primary = {row["table"]: row["columns"] for row in keys if row["key"].endswith("_pkey")}
    assert {name: primary[name] for name in OWNED} == {name: ["customer_id", "id"] for name in OWNED}


async def test_every_foreign_key_of_a_customers_table_holds_the_customer(catalogue: Any) -> None:
    keys = [row for row in await catalogue.fetch(FOREIGN_KEYS) if row["table"] in OWNED]
    assert {row["table"] for row in keys if row["target"] == "customer"} == OWNED
    for row in keys:
        ends = (row["ours"], row["theirs"])
        if row["target"] == "customer":
            assert ends == (["customer_id"], ["id"]), row["key"]
        else:
            assert row["target"] in OWNED, row["key"]
            assert (ends[0][0], *ends[1]) == ("customer_id", "customer_id", "id"), row["key"]
        assert row["on_delete"] == "r", row["key"]


async def test_nothing_else_leads_to_a_customers_rows(catalogue: Any) -> None:
    keys = [row for row in await catalogue.fetch(FOREIGN_KEYS) if row["table"] not in OWNED]
    assert [(row["table"], row["target"]) for row in keys] == [("keypad", "access_flow")]


async def test_no_id_comes_from_a_sequence(catalogue: Any) -> None:
    assert await catalogue.fetch("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'") == []


async def test_the_schema_partitioned_by_customer_takes_the_same_keys(
    catalogue: Any, postgres_url: str
) -> None:
    async with partitioned(postgres_url):
        parts = await catalogue.fetch(
            "SELECT c.relname, count(*) AS parts FROM pg_partitioned_table p "
            "JOIN pg_class c ON c.oid = p.partrelid JOIN pg_inherits i ON i.inhparent = c.oid GROUP BY 1"
        )
        assert {row["relname"]: row["parts"] for row in parts} == dict.fromkeys(SPLIT_BY, PARTITIONS)
        split, whole = await _keys(catalogue, "sharded"), await _keys(catalogue, "public")
        assert split == whole
        assert {table for table, _ in split} == set(SPLIT_BY)
        assert len([definition for definition in split.values() if "FOREIGN KEY" in definition]) == 21


async def _keys(connection: Any, schema: str) -> dict[tuple[str, str], str]:
    """Constraints and unique indexes of the customers' tables, without the schema's name."""
    rows = await connection.fetch(
        "SELECT c.relname, k.conname AS name, pg_get_constraintdef(k.oid) AS definition "
        "FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid "
        "WHERE c.relnamespace = $1::text::regnamespace AND c.relname = ANY($2) AND k.conparentid = 0 "
        "UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes "
        "WHERE schemaname = $1::text AND tablename = ANY($2) AND indexdef LIKE '% UNIQUE %'",
        schema,
        list(SPLIT_BY),
    )
    return {
        (row["relname"], row["name"]): row["definition"].replace(f"{schema}.", "").replace("ONLY ", "")
        for row in rows
    }
