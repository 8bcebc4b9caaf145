"""Every SQL statement that really reaches the database, told by the drivers themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tortoise.connection import get_connection

from models.backends.sqlite import SqliteClient

_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@dataclass
class Sent:
    """What was sent, in order, with its values where the driver keeps them apart."""

    everything: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    @property
    def statements(self) -> list[str]:
        """All but the words around transactions, and what SQLite runs for itself."""
        return [sql for sql, _ in self.everything if not sql.startswith((*_CONTROL, "--"))]

    def add(self, sql: str, values: tuple[Any, ...] = ()) -> None:
        self.everything.append((sql, values))


@asynccontextmanager
async def recorded() -> AsyncIterator[Sent]:
    """Record the statements of every connection while the block runs."""
    client = get_connection("default")
    sent = Sent()
    async with _sqlite(client, sent) if isinstance(client, SqliteClient) else _postgres(client, sent):
        yield sent


@asynccontextmanager
async def _sqlite(client: SqliteClient, sent: Sent) -> AsyncIterator[None]:
    async with client._reading() as first, client._reading() as second:
        connections = (first, second, await client.writer())
    for connection in connections:
        await connection.set_trace_callback(sent.add)
    yield
    for connection in connections:
        await connection.set_trace_callback(None)  # type: ignore[arg-type]


@asynccontextmanager
async def _postgres(client: Any, sent: Sent) -> AsyncIterator[None]:
    def note(record: Any) -> None:
        # Many rows at once come as a list of their values, of which the first will do.
        values = record.args[0] if isinstance(record.args, list) else record.args
        sent.add(record.query, tuple(values or ()))

    pool = client._pool
    async with AsyncExitStack() as all_connections:
        for _ in range(pool.get_max_size()):
            connection = await all_connections.enter_async_context(pool.acquire())
            connection.add_query_logger(note)
    read = client.read
    client.read = lambda reading: read(_noted(reading, sent))
    yield
    del client.read
    await asyncio.sleep(0)  # the driver tells in the loop's next turn
    async with AsyncExitStack() as all_connections:
        for _ in range(pool.get_max_size()):
            connection = await all_connections.enter_async_context(pool.acquire())
            connection.remove_query_logger(note)


def _noted(reading: Generator[Any, Any, Any], sent: Sent) -> Generator[Any, Any, Any]:
    """A reading on a held connection, whose questions are noted as they are asked."""
    asked = next(reading)
    while True:
        sent.add(asked[0], tuple(asked[1]))
        rows = yield asked
        try:
            asked = reading.send(rows)
        except StopIteration as end:
            return end.value
