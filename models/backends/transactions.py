"""What the transactions of both databases share: an end that no cancellation skips, and one speaker.

Cancellation is common (a client that disconnects, a sibling field that fails), so entering and leaving a
transaction always run to their end before the cancellation is raised. One task speaks through a transaction,
the one that opened it, and only until it ends: a child task (`create_task`, `gather`, `wait_for`, a
DataLoader) is refused at once, since whatever it wrote would be kept or lost by chance. Tortoise's own
`gather`, for prefetches, is replaced by one statement after another in `models.backends.rows`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, TypeVar

from tortoise.backends.base.client import TransactionalDBClient, TransactionContext
from tortoise.connection import ConnectionHandler, ConnectionToken, get_connections

from models.backends.errors import TransactionMisuse

T = TypeVar("T")
# Asks in SQL with parameters, is sent the rows of each answer, and returns what it has read.
Reading = Generator[tuple[str, Sequence[Any]], list[Any], T]
_savepoint_numbers = count(1)


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """Await the work to its end even when this task is cancelled; the cancellation is raised afterwards."""
    task = asyncio.ensure_future(work)
    cancellation: asyncio.CancelledError | None = None
    while not task.done():
        try:
            with suppress(Exception):
                await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancellation = error
    if cancellation is None or task.cancelled():
        return task.result()
    task.exception()  # seen: the cancellation is what the caller must hear
    raise cancellation


class Turn:
    """Who may speak through a transaction, and whether it is over."""

    __slots__ = ("_over", "_task")

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self._over = False

    def end(self) -> None:
        """Refuse every statement from now on."""
        self._over = True

    def check(self) -> None:
        """Refuse a statement that comes too late or from another task."""
        if self._over:
            raise TransactionMisuse(
                "the transaction has ended: a task started inside it must not use the database"
            )
        if asyncio.current_task() is not self._task:
            raise TransactionMisuse(
                "a transaction belongs to the task that opened it: await one statement after another, "
                "without create_task, gather, wait_for or a loader"
            )


class TransactionClient(TransactionalDBClient):
    """A client bound to one open transaction; savepoints are the same SQL on both databases."""

    turn: Turn
    _savepoints: list[str]

    async def open(self) -> None:
        """Take a connection and begin; if that fails or is cancelled, nothing stays taken or begun."""
        raise NotImplementedError

    async def leave(self, failed: bool) -> None:
        """Commit, or roll back, and give the connection back whatever happens."""
        raise NotImplementedError

    async def close(self) -> None:
        """Refuse: the connection is only lent."""
        raise TransactionMisuse("a database is closed outside its transactions")

    def read(self, reading: Reading[T]) -> Coroutine[Any, Any, T]:
        """Refuse: a reading has a connection of its own, which does not see what is not committed."""
        reading.close()
        raise TransactionMisuse("a reading goes on outside transactions: ask through the models in here")

    async def control(self, sql: str) -> None:
        """Run a statement of the transaction's own, from whatever task."""
        raise NotImplementedError

    def _in_transaction(self) -> TransactionContext:
        return Savepoint(self)

    async def savepoint(self) -> None:
        """Begin a nested block."""
        self.turn.check()
        name = f"savepoint_{next(_savepoint_numbers)}"
        await self.control(f"SAVEPOINT {name}")
        self._savepoints.append(name)

    async def release_savepoint(self) -> None:
        """Keep what the innermost block wrote."""
        await self.control(f"RELEASE SAVEPOINT {self._savepoints.pop()}")

    async def savepoint_rollback(self) -> None:
        """Undo what the innermost block wrote."""
        name = self._savepoints.pop()
        await self.control(f"ROLLBACK TO SAVEPOINT {name}")
        await self.control(f"RELEASE SAVEPOINT {name}")


class Transaction(TransactionContext):
    """The block of `async with in_transaction()`."""

    __slots__ = ("_handler", "_token", "client")

    client: TransactionClient
    _handler: ConnectionHandler
    _token: ConnectionToken

    def __init__(self, client: TransactionClient) -> None:
        self.client = client

    async def __aenter__(self) -> TransactionClient:
        self.client.turn = Turn()
        await self.client.open()
        # Only now: a task whose BEGIN failed must not be left with a dead transaction.
        self._handler = get_connections()
        self._token = self._handler.set(self.client.connection_name, self.client)
        return self.client

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.client.turn.end()
        try:
            self._handler.reset(self._token)
        finally:
            await finish(self.client.leave(failed=kind is not None))


class Savepoint(TransactionContext):
    """The block of an `in_transaction()` inside another one."""

    __slots__ = ("client",)

    client: TransactionClient

    def __init__(self, client: TransactionClient) -> None:
        self.client = client

    async def __aenter__(self) -> TransactionClient:
        await self.client.savepoint()
        return self.client

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            await finish(self.client.release_savepoint())
            return
        with suppress(Exception):  # the block's own error must be heard, and undoes the outer block too
            await finish(self.client.savepoint_rollback())
