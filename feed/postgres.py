"""A load's connection to PostgreSQL: temporary tables filled by COPY, a session lock."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, ClassVar

import asyncpg  # type: ignore[import-untyped]

from feed.checks import Row
from feed.problems import Stop
from feed.stores import FETCHED_MAX, LOADING, Store
from models.backends.postgres import translated

LOCK = 0x66656564  # "feed"

_SESSION = """
SET statement_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET temp_buffers = '64MB';
SET work_mem = '64MB';
SET maintenance_work_mem = '256MB';
SET random_page_cost = 1.1;
SET jit = off
"""

# A transaction is about some hundred customers of tables that may hold millions, and that the planner knows
# nothing of yet: it must not read them whole.
_BY_INDEX = (
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
)


class PostgresStore:
    """One session: its temporary tables and its lock end with it."""

    differ: ClassVar[str] = "IS DISTINCT FROM"
    types: ClassVar[Mapping[str, str]] = {
        "text": "TEXT",
        "day": "DATE",
        "whole": "BIGINT",
        "rate": "NUMERIC(9, 6)",
        "json": "JSONB",
    }

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def create(self, table: str, columns: Mapping[str, str]) -> None:
        described = ", ".join(f"{name} {self.types[stored]}" for name, stored in columns.items())
        await self.run(f"CREATE TEMPORARY TABLE {table} ({described})")

    async def create_as(self, table: str, select: str) -> None:
        await self.run(f"CREATE TEMPORARY TABLE {table} AS {select}")

    async def index(self, table: str, *columns: str) -> None:
        await self.run(f"CREATE INDEX ON {table} ({', '.join(columns)})")

    async def settle(self, *tables: str) -> None:
        await self.run(f"ANALYZE {', '.join(tables)}")

    async def stage(self, table: str, columns: Sequence[str], chunks: AsyncIterator[list[Row]]) -> None:
        with _translation():
            await self._connection.copy_to_table(table, columns=columns, source=_as_csv(chunks), format="csv")

    async def run(self, sql: str) -> int:
        with _translation():
            said: str = await self._connection.execute(sql)
        count = said.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with _translation():
            return [tuple(row) for row in await self._connection.fetch(sql)]

    async def stream(self, sql: str) -> AsyncGenerator[list[tuple[Any, ...]], None]:
        with _translation():
            async with self._connection.transaction(readonly=True):
                cursor = await self._connection.cursor(sql)
                while rows := await cursor.fetch(FETCHED_MAX):
                    yield [tuple(row) for row in rows]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        with _translation():
            async with self._connection.transaction():
                await self._connection.execute(_BY_INDEX)
                yield


@contextmanager
def _translation() -> Iterator[None]:
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
        raise translated(error) from error


async def _as_csv(chunks: AsyncIterator[list[Row]]) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(chunk)
        yield text.getvalue().encode()


@asynccontextmanager
async def open_postgres(credentials: Mapping[str, Any]) -> AsyncIterator[Store]:
    """A session that holds the lock, or `Stop`."""
    named = {name: credentials[name] for name in ("timeout", "statement_cache_size") if name in credentials}
    with _translation():
        connection = await asyncpg.connect(credentials["dsn"], **named)
    try:
        store = PostgresStore(connection)
        await store.run(_SESSION)
        if await store.rows(f"SELECT pg_try_advisory_lock({LOCK})") == [(False,)]:
            raise Stop([LOADING])
        yield store
    finally:
        await connection.close()
