"""The PostgreSQL engine: a bounded pool, and transactions that give their connection back whatever happens.

The pool sends no reset query between two users (one round trip less per statement), so nothing of ours may
leave session state behind: no SET without LOCAL, no session-level advisory lock, no LISTEN on the pool.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, ClassVar, TypeVar

import asyncpg  # type: ignore[import-untyped]
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.base.client import TransactionContext
from tortoise.backends.base_postgres.client import translate_exceptions

from models.backends.editors import NoGenerator
from models.backends.errors import DatabaseUnavailable, TransactionMisuse
from models.backends.postgres_editor import PostgresEditor
from models.backends.postgres_errors import KNOWN, leads_astray
from models.backends.postgres_errors import translated as translated
from models.backends.postgres_readers import READ_MAX, STATEMENTS_MAX, Readers
from models.backends.rows import PostgresRows, forget_prepared
from models.backends.transactions import Reading, Transaction, TransactionClient, finish

POOL_MAX = 10
POOL_SECONDS = 10.0
CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 30.0
# Told to the session of a reader; behind pgbouncer in transaction mode it would be told to others.
READING = "SET default_transaction_read_only = on; SET plan_cache_mode = force_generic_plan; SET jit = off"

T = TypeVar("T")


async def _keep_session(_: Any) -> None:
    """Reset nothing when a connection goes back to the pool."""


async def _connect(*args: Any, **kwargs: Any) -> Any:
    """Connect to the end even when the task is cancelled: half-made, asyncpg leaves an error to nobody."""
    connecting = asyncio.ensure_future(asyncpg.connect(*args, **kwargs))
    try:
        return await asyncio.shield(connecting)
    except asyncio.CancelledError:
        connecting.add_done_callback(_drop)
        raise


def _drop(connecting: asyncio.Future[Any]) -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().terminate()


class _Borrowed:
    """A connection of the pool for one statement."""

    __slots__ = ("_client", "_connection")

    def __init__(self, client: PostgresClient) -> None:
        self._client = client

    async def __aenter__(self) -> Any:
        self._connection = await self._client.borrow()
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        await give_back(self._connection)


async def give_back(connection: Any) -> None:
    """Return a connection to the pool it came from."""
    await connection._holder._pool.release(connection)


class PostgresClient(AsyncpgDBClient):
    """The pool of connections to one server, or to whichever of several accepts writes."""

    executor_class = PostgresRows
    schema_generator: Any = NoGenerator
    schema_editor: ClassVar[type[PostgresEditor]] = PostgresEditor
    dialect: ClassVar[str] = "postgres"

    def __init__(
        self,
        dsn: str,
        minsize: int = 1,
        maxsize: int = POOL_MAX,
        pool_timeout: float = POOL_SECONDS,
        command_timeout: float | None = COMMAND_SECONDS,
        read_max: int = READ_MAX,
        **named: Any,
    ) -> None:
        name = named.pop("connection_name")
        super().__init__(minsize=min(minsize, maxsize), maxsize=maxsize, connection_name=name)
        self.pool_timeout = pool_timeout
        self._dsn = dsn
        self._connect_with = {"timeout": CONNECT_SECONDS, "command_timeout": command_timeout or None, **named}
        self._read_max = read_max
        self._readers: Readers | None = None
        forget_prepared(name)

    @translate_exceptions
    async def create_connection(self, with_db: bool) -> None:
        """Fill the pool, once."""
        async with self._pool_init_lock:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._dsn,
                    min_size=self.pool_minsize,
                    max_size=self.pool_maxsize,
                    reset=_keep_session,
                    connect=_connect,
                    **self._connect_with,
                )
                await self._post_connect()

    async def borrow(self) -> Any:
        """A free connection of the pool, within the time allowed."""
        try:
            async with asyncio.timeout(self.pool_timeout):
                if self._pool is None:
                    await self.create_connection(with_db=True)
                assert self._pool is not None
                return await self._pool.acquire()
        except TimeoutError:
            raise DatabaseUnavailable("no connection to the database became free in time") from None

    def acquire_connection(self) -> Any:
        return _Borrowed(self)

    async def _translate_exceptions(
        self, func: Callable[..., Coroutine[Any, Any, Any]], *args: Any, **kwargs: Any
    ) -> Any:
        try:
            return await func(self, *args, **kwargs)
        except KNOWN as error:
            if leads_astray(error):
                await self._doubt_the_pool()
            raise translated(error) from error

    def read(self, reading: Reading[T]) -> Coroutine[Any, Any, T]:
        """Answer a reading outside any transaction, each question as of when it is asked.

        Waits for a connection as the pool does: DatabaseUnavailable after as many seconds.
        """
        readers = self._readers
        if readers is None or readers.loop is not asyncio.get_running_loop():
            readers = self._readers = self._open_readers()
        return readers.read(reading)

    def _open_readers(self) -> Readers:
        return Readers(
            self._connect_reader,
            self._doubt_the_pool,
            count=self._read_max,
            wait_seconds_max=self.pool_timeout,
            answer_seconds_max=self._connect_with["command_timeout"],
        )

    async def _connect_reader(self) -> Any:
        settings: dict[str, Any] = {
            "statement_cache_size": STATEMENTS_MAX,
            "max_cached_statement_lifetime": 0,
            "max_cacheable_statement_size": 0,
            **self._connect_with,
        }
        if not settings["statement_cache_size"]:  # pgbouncer in transaction mode
            return await _connect(self._dsn, **settings)
        seconds = settings.pop("command_timeout")  # watched over without a timer for each question
        connection = await _connect(self._dsn, **settings)
        try:
            limit = f"; SET statement_timeout = {round(seconds * 1000)}" if seconds else ""
            await connection.execute(READING + limit)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _close(self) -> None:
        readers, self._readers = self._readers, None
        try:
            if readers is not None:
                await readers.close()
        finally:
            await super()._close()

    async def _doubt_the_pool(self) -> None:
        """Connect anew before each connection's next use."""
        if self._readers is not None:
            self._readers.doubt()
        if self._pool is not None:
            await self._pool.expire_connections()

    def _in_transaction(self) -> TransactionContext:
        return Transaction(PostgresTransaction(self))


class _Held:
    """The transaction's connection, for one statement of its task."""

    __slots__ = ("_client",)

    def __init__(self, client: PostgresTransaction) -> None:
        self._client = client

    async def __aenter__(self) -> Any:
        self._client.turn.check()
        return self._client._connection

    async def __aexit__(self, *_: object) -> None:
        """Keep it."""


class PostgresTransaction(TransactionClient, PostgresClient):
    """A connection of the pool, lent to one task from BEGIN to the end."""

    def __init__(self, parent: PostgresClient) -> None:
        self._parent: PostgresClient = parent
        self.connection_name = parent.connection_name
        self.fetch_inserted = parent.fetch_inserted
        self.log = parent.log
        self._connection: Any = None
        self._savepoints = []
        self._finalized = False

    async def _doubt_the_pool(self) -> None:
        await self._parent._doubt_the_pool()

    @translate_exceptions
    async def open(self) -> None:
        try:
            await self._open()
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, ConnectionError):
            # It died while it was idle, and nothing has been said yet: a new one may do.
            await self._doubt_the_pool()
            await self._open()

    async def _open(self) -> None:
        self._connection = await self._parent.borrow()
        try:
            await finish(self.begin())
        except BaseException:
            await finish(self._give_back())
            raise

    async def begin(self) -> None:
        await self._connection.execute("BEGIN")

    async def _give_back(self) -> None:
        try:
            if self._connection.is_in_transaction():
                await self._connection.execute("ROLLBACK")
        except Exception:
            with suppress(asyncpg.InterfaceError):  # the pool has already seen that it is dead
                self._connection.terminate()
        finally:
            await give_back(self._connection)

    @translate_exceptions
    async def leave(self, failed: bool) -> None:
        try:
            if not failed and not self._finalized:
                await self.commit()
        finally:
            await self._give_back()

    async def commit(self) -> None:
        """Keep everything; nothing more may be said."""
        self._finalized = True
        self.turn.end()
        if await self._connection.execute("COMMIT") == "ROLLBACK":
            raise TransactionMisuse(
                "a statement had failed inside this transaction, so nothing was kept: "
                "a statement that may fail wants an in_transaction() of its own around it"
            )

    async def rollback(self) -> None:
        """Undo everything; nothing more may be said."""
        self._finalized = True
        self.turn.end()
        await self._connection.execute("ROLLBACK")

    @translate_exceptions
    async def control(self, sql: str) -> None:
        await self._connection.execute(sql)

    def acquire_connection(self) -> Any:
        return _Held(self)

    @translate_exceptions
    async def execute_many(self, query: str, values: list[Any]) -> None:
        async with self.acquire_connection() as connection:
            await connection.executemany(query, values)


client_class = PostgresClient
