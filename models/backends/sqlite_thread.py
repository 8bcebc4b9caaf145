"""What runs in the thread of a SQLite connection: each function is one call, which no cancellation splits."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import aiosqlite
from tortoise.exceptions import IntegrityError, OperationalError

from models.backends.errors import (
    DatabaseBusy,
    DatabaseFull,
    DatabaseTrouble,
    DatabaseUnavailable,
    TransactionMisuse,
)
from models.backends.transactions import Reading

T = TypeVar("T")

Thread = sqlite3.Connection  # the functions below run in the thread of their connection

_READS = re.compile(r"\s*(?:SELECT|VALUES)\b", re.IGNORECASE)
_MAY_READ = re.compile(r"\s*(?:WITH|EXPLAIN)\b", re.IGNORECASE)
_WRITES = re.compile(r"\b(?:INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)

_TROUBLES: dict[int, tuple[type[DatabaseTrouble], str]] = {
    sqlite3.SQLITE_BUSY: (DatabaseBusy, "another process is writing to the database"),
    sqlite3.SQLITE_LOCKED: (DatabaseBusy, "another connection is using the table"),
    sqlite3.SQLITE_FULL: (DatabaseFull, "the disk of the database is full"),
    sqlite3.SQLITE_IOERR: (DatabaseUnavailable, "the database file cannot be read or written"),
    sqlite3.SQLITE_CANTOPEN: (DatabaseUnavailable, "the database file cannot be opened"),
    sqlite3.SQLITE_READONLY: (DatabaseUnavailable, "the database file is read-only"),
    sqlite3.SQLITE_CORRUPT: (DatabaseUnavailable, "the database file is damaged"),
    sqlite3.SQLITE_NOTADB: (DatabaseUnavailable, "the file is not a database"),
}


def translated(error: sqlite3.Error) -> Exception:
    """The error as the rest of the program knows it."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _TROUBLES:
        kind, words = _TROUBLES[code]
        return kind(f"{words} ({error})")
    if isinstance(error, sqlite3.IntegrityError):
        return IntegrityError(error)
    return OperationalError(error)


def only_reads(sql: str) -> bool:
    """Whether a statement surely changes nothing; a wrong guess only costs a turn on the writer."""
    if _MAY_READ.match(sql):
        return _WRITES.search(sql) is None
    return _READS.match(sql) is not None


def statements(script: str) -> Iterator[str]:
    """Split at the semicolons that end a statement, not at those in texts, comments and triggers."""
    begun = ""
    for piece in script.split(";"):
        begun += piece + ";"
        if sqlite3.complete_statement(begun):
            yield begun
            begun = ""
    if begun.strip(" \n\t;"):
        yield begun.removesuffix(";")


def fetch(connection: Thread, sql: str, values: Sequence[Any] | None) -> tuple[int, list[Any]]:
    changes = connection.total_changes
    # A NUL would end the text too early; it can only stand inside a literal.
    cursor = connection.execute(sql.replace("\x00", "'||CHAR(0)||'"), values or ())
    rows = cursor.fetchall()
    changed = cursor.rowcount if cursor.rowcount >= 0 else connection.total_changes - changes
    return changed or len(rows), rows


def read(connection: Thread, reading: Reading[T]) -> T:
    """Answer all questions of a reading from one state of the database; rows are tuples."""
    cursor = connection.cursor()
    cursor.row_factory = None
    connection.execute("BEGIN DEFERRED")
    try:
        sql, parameters = next(reading)
        while True:
            sql, parameters = reading.send(cursor.execute(sql, parameters).fetchall())
    except StopIteration as end:
        result: T = end.value
        return result
    except BaseException:
        reading.close()
        raise
    finally:
        connection.rollback()


def insert(connection: Thread, sql: str, values: Sequence[Any]) -> int:
    return connection.execute(sql, values).lastrowid or 0


def insert_many(connection: Thread, sql: str, rows: Iterable[Sequence[Any]]) -> None:
    connection.executemany(sql, rows)


def script(connection: Thread, script: str) -> None:
    for statement in statements(script):
        connection.execute(statement)


def alone(connection: Thread, work: Callable[..., None], *values: Any) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        work(connection, *values)
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def inside(connection: Thread, work: Callable[..., Any], *values: Any) -> Any:
    # A full disk or an I/O error may have undone everything: going on would write outside any transaction.
    if not connection.in_transaction:
        raise TransactionMisuse("the database undid this transaction after an error: begin it again")
    return work(connection, *values)


def undo(connection: Thread) -> None:
    """Roll back, if there is something to."""
    connection.rollback()


def commit(connection: Thread) -> None:
    try:
        inside(connection, lambda _: connection.execute("COMMIT"))
    except BaseException:
        connection.rollback()
        raise


async def call(connection: aiosqlite.Connection, work: Callable[..., Any], *values: Any) -> Any:
    """Run a function in the connection's thread; cancelling the task does not stop the function."""
    thread: Any = connection
    if thread._connection is None:
        raise DatabaseUnavailable("the database is closed")
    try:
        return await thread._execute(work, connection._conn, *values)
    except sqlite3.Error as error:
        raise translated(error) from error
    except OverflowError as error:
        raise OperationalError("a number does not fit in 64 bits") from error
