"""A load's connection to a SQLite file: a temporary database beside it, and a lock file while it lasts."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

import aiosqlite

from feed.checks import Row
from feed.problems import Problem, Stop
from feed.stores import FETCHED_MAX, LOADING, Store
from models.backends.sqlite_thread import call, script, translated
from models.backends.transactions import finish

# The empty name makes a database in the temporary directory (SQLITE_TMPDIR), unlinked as soon as it is open.
_SESSION = """
PRAGMA busy_timeout = 30000;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA foreign_keys = ON;
PRAGMA cache_size = -32768;
ATTACH '' AS stage;
PRAGMA stage.journal_mode = OFF;
PRAGMA analysis_limit = 1000;
PRAGMA stage.cache_size = -32768;
"""


class SqliteStore:
    """One connection. Its thread works while the next rows are being checked."""

    differ: ClassVar[str] = "IS NOT"
    types: ClassVar[Mapping[str, str]] = {
        "text": "TEXT",
        "day": "TEXT",
        "whole": "INTEGER",
        "rate": "TEXT",
        "json": "TEXT",
    }

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def create(self, table: str, columns: Mapping[str, str]) -> None:
        described = ", ".join(f"{name} {self.types[stored]}" for name, stored in columns.items())
        await self.run(f"CREATE TABLE stage.{table} ({described})")

    async def create_as(self, table: str, select: str) -> None:
        await self.run(f"CREATE TABLE stage.{table} AS {select}")

    async def index(self, table: str, *columns: str) -> None:
        await self.run(f"CREATE INDEX stage.{table}_{'_'.join(columns)} ON {table} ({', '.join(columns)})")

    async def settle(self, *tables: str) -> None:
        for table in tables:
            await self.run(f"ANALYZE stage.{table}")

    async def stage(self, table: str, columns: Sequence[str], chunks: AsyncIterator[list[Row]]) -> None:
        sql = f"INSERT INTO stage.{table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        async for chunk in chunks:
            await self._call(_append, sql, chunk)

    async def run(self, sql: str) -> int:
        written: int = await self._call(lambda connection: connection.execute(sql).rowcount)
        return max(written, 0)

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = await self._call(lambda connection: connection.execute(sql).fetchall())
        return rows

    async def stream(self, sql: str) -> AsyncGenerator[list[tuple[Any, ...]], None]:
        cursor = await self._call(lambda connection: connection.execute(sql))
        while rows := await self._call(lambda _: cursor.fetchmany(FETCHED_MAX)):
            yield rows

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        try:
            await self.run("BEGIN IMMEDIATE")
            yield
            await self.run("COMMIT")
        except BaseException:
            await finish(call(self._connection, sqlite3.Connection.rollback))
            raise

    async def _call(self, work: Callable[..., Any], *values: Any) -> Any:
        try:
            return await call(self._connection, work, *values)
        except asyncio.CancelledError:
            await self._connection.interrupt()  # else the statement would run to its end first
            raise


def _append(connection: sqlite3.Connection, sql: str, rows: list[Row]) -> None:
    connection.execute("BEGIN")
    connection.executemany(sql, rows)
    connection.execute("COMMIT")


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One load at a time. SQLite locks the empty file on every system, and the lock dies with its process."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as holder:
        try:
            holder.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise Stop([LOADING]) from None
            raise translated(error) from error
        if not path.exists():  # the load that made it has just ended, and others may hold the next one
            raise Stop([LOADING])
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink()


@asynccontextmanager
async def open_sqlite(file: Path) -> AsyncIterator[Store]:
    """A connection that holds the lock, or `Stop`."""
    if not file.exists():
        raise Stop([Problem(file.name, None, None, "is not there: `portal migrate` makes the database")])
    with _lock(file.with_name(file.name + ".feed-lock")):
        connection = await aiosqlite.connect(file, isolation_level=None)
        try:
            await call(connection, script, _SESSION)
            yield SqliteStore(connection)
        finally:
            await finish(connection.close())
