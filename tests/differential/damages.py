"""What can be wrong with rows, written into the database past everything that would refuse it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from random import Random
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from tortoise import fields
from tortoise.models import Model

import models
from engine.planning.dialects import enum_of
from models.backends.opening import file_of
from tests.differential.worlds import World

Update = tuple[type[Model], Any, str, str]  # of a table, the row, the column, the value as SQL

TABLES = (
    models.Customer,
    models.Contract,
    models.Card,
    models.Instalment,
    models.Statement,
    models.Operation,
    models.AuditEvent,
)
KEYS = ("contract_id", "statement_id", "card_id")
# All but the last are unique. It holds small letters alone: Tortoise looks through others in another way on
# each database, with LIKE, which tells no case on SQLite.
UNTOUCHED = {"id", "customer_id", "number", "reference", "file_number", "search_text"}
SHORT = ["''", "'3'", "'FR76'", "'30601234'", "'+'", "'a@'", "'@b'", "'é'", "'''; DROP TABLE card; --'"]
LARGE = ["9223372036854775807", "-9223372036854775808", "0", "-1", "9007199254740993"]
SMALL = ["2147483647", "-2147483648", "0", "-1"]
DAYS = ["'0001-01-01'", "'9999-12-31'", "'2026-06-15'"]
INSTANTS = [
    "'0001-01-01 00:00:00+00:00'",
    "'9999-12-31 23:59:59.999999+00:00'",
    "'2026-06-15 12:00:00+02:00'",
]
RATES = ["0", "999.999999", "-0.5", "0.1", "0.123456"]
DETAILS = ["'{}'", '\'{"purpose": "UNKNOWN"}\'', '\'{"wrong_codes_before": "two"}\'', "'[]'", "'null'"]
LINES = ["'[]'", "'null'", "'\"one\"'", "'[null]'", "'[1, 2]'"]
# By these lists are sorted, and databases and Python sort values of many types in orders of their own.
SORTED_BY = {"occurred_on", "amount_cents", "closed_on", "signed_on", "due_on", "expires_on", *KEYS}
UNTYPED = ["'abc'", "1.5", "x'00ff'", "''", "1e300", "'2026-06-15'", "'12'"]


def columns_of(table: type[Model]) -> list[tuple[str, fields.Field[Any]]]:
    meta = table._meta
    return [(name, meta.fields_map[name]) for name in meta.fields_db_projection if name not in UNTOUCHED]


def bare(chance: Random, world: World) -> Iterator[Update]:
    """Nothing where there may be nothing, and values at the end of what a column may hold."""
    for table, row in _some(chance, world):
        for name, kind in columns_of(table):
            if chance.random() < 0.25 and name not in KEYS:
                if kind.null and chance.random() < 0.5:
                    yield table, row, name, "NULL"
                elif extreme := _extreme(chance, name, kind):
                    yield table, row, name, extreme
            elif name in KEYS and kind.null and chance.random() < 0.2:
                yield table, row, name, "NULL"


def astray(chance: Random, world: World) -> Iterator[Update]:
    """Keys that name rows of another customer, or none; ids are alike over customers as it is."""
    for table, row in _some(chance, world):
        for name, target in (
            ("contract_id", models.Contract),
            ("statement_id", models.Statement),
            ("card_id", models.Card),
        ):
            if name in table._meta.fields_map and chance.random() < 0.3:
                others = [str(one.id) for one in world.of(target)] or ["1"]
                yield table, row, name, chance.choice([*chance.choices(others, k=5), "0", "9999999999"])


def unreadable(chance: Random, world: World) -> Iterator[Update]:
    """Values of enumerations that nobody knows, and JSON of no shape."""
    yield from bare(chance, world)
    for table, row in _some(chance, world, share=0.03):
        for name, kind in columns_of(table):
            if chance.random() > 0.15:
                continue
            if enum_of(kind) is not None or name == "kind":
                yield table, row, name, chance.choice(["'UNKNOWN'", "''", "'active'"])
            elif isinstance(kind, fields.JSONField):
                yield table, row, name, chance.choice(LINES if name == "address_lines" else DETAILS)


def untyped(chance: Random, world: World) -> Iterator[Update]:
    """Values of other types than their column's, which SQLite takes."""
    for table, row in _some(chance, world, share=0.12):
        for name, _ in columns_of(table):
            if name not in SORTED_BY and chance.random() < 0.15:
                yield table, row, name, chance.choice(UNTYPED)


def none(_chance: Random, _world: World) -> Iterator[Update]:
    """Nothing is wrong."""
    return iter(())


Damage = Callable[[Random, World], Iterator[Update]]
DAMAGES: dict[str, Damage] = {
    "none": none,
    "bare": bare,
    "astray": astray,
    "unreadable": unreadable,
    "untyped": untyped,
}


def _some(chance: Random, world: World, share: float = 0.3) -> Iterator[tuple[type[Model], Any]]:
    for table in TABLES:
        rows = world.customers if table is models.Customer else world.of(table)
        for row in rows:
            if chance.random() < share:
                yield table, row


def _extreme(chance: Random, name: str, kind: fields.Field[Any]) -> str | None:
    match kind:
        case _ if enum_of(kind) is not None or name in ("kind", "currency", "country_code"):
            return None
        case fields.CharField():
            return chance.choice([text for text in SHORT if len(text) - 2 <= kind.max_length])
        case fields.BigIntField():
            return chance.choice(LARGE)
        case fields.SmallIntField():
            return chance.choice(["32767", "-32768", "0"])
        case fields.IntField():
            return chance.choice(SMALL)
        case fields.DateField():
            return chance.choice(DAYS)
        case fields.DatetimeField():
            return chance.choice(INSTANTS)
        case fields.DecimalField():
            return chance.choice(RATES)
        case _:
            return None


def texts_of(updates: Iterator[Update]) -> list[str]:
    """The damage as statements."""
    return [
        f'UPDATE "{table._meta.db_table}" SET "{table._meta.fields_db_projection[name]}" = {value} '
        f'WHERE id = {row.id} AND "{_owner(table)}" = {_owner_of(row)}'
        for table, row, name, value in updates
    ]


def _owner(table: type[Model]) -> str:
    return "id" if table is models.Customer else "customer_id"


def _owner_of(row: Any) -> int:
    return int(getattr(row, _owner(type(row))))


async def inflict(url: str, statements: list[str]) -> None:
    """Run the statements; one that a unique index refuses does nothing."""
    if file := file_of(url) if url.startswith("sqlite") else None:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("PRAGMA ignore_check_constraints = ON")
            connection.execute("BEGIN IMMEDIATE")
            for statement in statements:
                try:
                    connection.execute(statement)
                except sqlite3.IntegrityError:
                    continue
            connection.execute("COMMIT")
        return
    connection = await asyncpg.connect(url.partition("?")[0])
    try:
        async with connection.transaction():
            for statement in statements:
                try:
                    async with connection.transaction():
                        await connection.execute(statement)
                except asyncpg.IntegrityConstraintViolationError:
                    continue
    finally:
        await connection.close()


async def lift_constraints(url: str) -> None:
    """Let a PostgreSQL database take what its constraints would refuse, but for unique keys and nulls."""
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetch(
            "SELECT conname, conrelid::regclass AS held FROM pg_constraint "
            "WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace"
        )
        for row in found:
            await connection.execute(f'ALTER TABLE {row["held"]} DROP CONSTRAINT "{row["conname"]}"')
    finally:
        await connection.close()
