"""The SQLite engine: one writer, two readers, and transactions that no cancellation leaves open.

Reads outside a transaction go to connections of their own (`query_only`), so an open transaction never makes
the rest of the process wait; in WAL mode they see every committed write. Writes, and everything said inside a
transaction, go to the writer. Each operation is one call into the writer's thread, which serves its calls in
order: what a cancelled task left running is over before the next task's first statement begins.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar, TypeVar

import aiosqlite
from tortoise.backends.base.client import TransactionContext
from tortoise.backends.sqlite.client import SqliteClient as TortoiseSqliteClient

from models.backends.editors import NoGenerator
from models.backends.errors import DatabaseBusy
from models.backends.rows import SqliteRows, forget_prepared
from models.backends.sqlite_editor import SqliteEditor
from models.backends.sqlite_thread import (
    alone,
    call,
    commit,
    fetch,
    insert,
    insert_many,
    inside,
    only_reads,
    read,
    script,
    translated,
    undo,
)
from models.backends.transactions import Reading, Transaction, TransactionClient, finish

READERS_MAX = 2
WRITER_WAIT_SECONDS_MAX = 30.0
BUSY_SECONDS = 5.0
STATEMENTS_MAX = 256  # prepared, of each connection

T = TypeVar("T")


class SqliteClient(TortoiseSqliteClient):
    """The connections to one file (or one connection to a database in memory)."""

    executor_class = SqliteRows
    schema_generator: Any = NoGenerator
    schema_editor: ClassVar[type[SqliteEditor]] = SqliteEditor
    dialect: ClassVar[str] = "sqlite"

    def __init__(self, file_path: str, busy_timeout: float = BUSY_SECONDS, **named: Any) -> None:
        name = named.pop("connection_name")
        super().__init__(file_path, connection_name=name)
        self.pragmas = {
            "busy_timeout": round(float(busy_timeout) * 1000),
            "journal_mode": "WAL",
            "synchronous": "NORMAL",
            "journal_size_limit": 64 * 1024 * 1024,
            "foreign_keys": "ON",
            **named,
        }
        self._in_memory = file_path == ":memory:"
        self._idle_readers: asyncio.LifoQueue[aiosqlite.Connection | None] = asyncio.LifoQueue()
        for _ in range(READERS_MAX):
            self._idle_readers.put_nowait(None)
        self._opening = asyncio.Lock()
        forget_prepared(name)

    async def create_connection(self, with_db: bool) -> None:
        """Open the writer, once."""
        async with self._opening:
            if self._connection is None:
                self._connection = await self._connect(**self.pragmas)
                await self._post_connect()

    async def _connect(self, **pragmas: Any) -> aiosqlite.Connection:
        connection = aiosqlite.connect(self.filename, isolation_level=None, cached_statements=STATEMENTS_MAX)
        try:
            await connection
        except BaseException as error:
            # Its thread still has an answer for this loop, which may be about to close.
            await finish(asyncio.to_thread(connection._thread.join))
            if isinstance(error, sqlite3.Error):
                raise translated(error) from error
            raise
        try:
            connection.row_factory = sqlite3.Row
            said = "; ".join(f"PRAGMA {name}={value}" for name, value in pragmas.items())
            await call(connection, script, said)
        except BaseException:
            await finish(connection.close())
            raise
        return connection

    async def close(self) -> None:
        """Close every connection; the next statement would open them again."""
        writer, self._connection = self._connection, None
        readers = [await self._idle_readers.get() for _ in range(READERS_MAX)]
        for connection in (*readers, writer):
            if connection is not None:
                await connection.close()
        for _ in range(READERS_MAX):
            self._idle_readers.put_nowait(None)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[aiosqlite.Connection]:
        """The writer, for one task at a time."""
        await self.take_writer()
        try:
            yield await self.writer()
        finally:
            self._lock.release()

    async def take_writer(self) -> None:
        """Wait for this process's other writers to finish."""
        try:
            async with asyncio.timeout(WRITER_WAIT_SECONDS_MAX):
                await self._lock.acquire()
        except TimeoutError:
            raise DatabaseBusy("this process is already writing to the database") from None

    async def writer(self) -> aiosqlite.Connection:
        """The connection that writes, opened when first needed."""
        if self._connection is None:
            await self.create_connection(with_db=True)
        assert self._connection is not None
        return self._connection

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[aiosqlite.Connection]:
        reader = await self._idle_readers.get()
        try:
            if reader is None:
                await self.writer()  # which creates the file and sets its journal mode
                reader = await self._connect(busy_timeout=self.pragmas["busy_timeout"], query_only="ON")
            yield reader
        except asyncio.CancelledError:
            if reader is not None:
                await reader.interrupt()
            raise
        finally:
            self._idle_readers.put_nowait(reader)

    async def _write(self, work: Callable[..., Any], *values: Any) -> Any:
        async with self.writing() as connection:
            return await call(connection, work, *values)

    async def _read(self, work: Callable[..., Any], *values: Any) -> Any:
        if self._in_memory:
            return await self._write(work, *values)
        async with self._reading() as connection:
            return await call(connection, work, *values)

    def read(self, reading: Reading[T]) -> Coroutine[Any, Any, T]:
        """Answer a reading outside any transaction, in one turn of a reader's thread and from one state."""
        return self._read(read, reading)

    async def execute_insert(self, query: str, values: list[Any]) -> int:
        row_id: int = await self._write(insert, query, values)
        return row_id

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        await self._write(alone, insert_many, query, values)

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Sequence[Any]]:
        run = self._read if only_reads(query) else self._write
        answer: tuple[int, Sequence[Any]] = await run(fetch, query, values)
        return answer

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        return [dict(row) for row in (await self.execute_query(query, values))[1]]

    async def execute_script(self, query: str) -> None:
        await self._write(script, query)

    def _in_transaction(self) -> TransactionContext:
        return Transaction(SqliteTransaction(self))


class SqliteTransaction(TransactionClient, SqliteClient):
    """The writer, lent to one task from BEGIN IMMEDIATE to the end."""

    def __init__(self, parent: SqliteClient) -> None:
        self._parent: SqliteClient = parent
        self.connection_name = parent.connection_name
        self.fetch_inserted = parent.fetch_inserted
        self.log = parent.log
        self.pragmas = parent.pragmas
        self._savepoints = []
        self._finalized = False

    async def open(self) -> None:
        await self._parent.take_writer()
        try:
            self._connection = await self._parent.writer()
            await finish(self.begin())
        except BaseException:
            await finish(self._give_back())
            raise

    async def _give_back(self) -> None:
        try:
            if self._connection is not None:
                await call(self._connection, undo)
        finally:
            self._parent._lock.release()

    async def leave(self, failed: bool) -> None:
        try:
            if not failed and not self._finalized:
                await self.commit()
        finally:
            await self._give_back()

    async def begin(self) -> None:
        assert self._connection is not None
        await call(self._connection, fetch, "BEGIN IMMEDIATE", None)

    async def commit(self) -> None:
        """Keep everything; nothing more may be said."""
        assert self._connection is not None
        self._finalized = True
        self.turn.end()
        await call(self._connection, commit)

    async def rollback(self) -> None:
        """Undo everything; nothing more may be said."""
        assert self._connection is not None
        self._finalized = True
        self.turn.end()
        await call(self._connection, undo)

    async def control(self, sql: str) -> None:
        assert self._connection is not None
        await call(self._connection, inside, fetch, sql, None)

    async def _write(self, work: Callable[..., Any], *values: Any) -> Any:
        self.turn.check()
        assert self._connection is not None
        return await call(self._connection, inside, work, *values)

    async def _read(self, work: Callable[..., Any], *values: Any) -> Any:
        return await self._write(work, *values)

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        await self._write(insert_many, query, values)


client_class = SqliteClient
