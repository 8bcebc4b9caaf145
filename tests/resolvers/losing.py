"""A database that goes away at an exact moment of an act, and comes back when it is told to."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Generator
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol
from urllib.parse import urlsplit

from gateways.vault import Vault
from models.backends.opening import open_database
from tests.journeys.proxy import Proxy


class Losable(Protocol):
    """The database under the models."""

    def lose(self) -> bool:
        """It is gone from here on; False when it cannot be taken away at this moment."""

    def restore(self) -> None:
        """It is back, if it was gone."""


class Server:
    """A PostgreSQL server behind a wire that is cut: open connections break, new ones are refused."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    def lose(self) -> bool:
        self._proxy.cut()
        return True

    def restore(self) -> None:
        self._proxy.restore()


class File:
    """A SQLite file that another process writes to: nobody else can, as long as it lasts."""

    def __init__(self, file: str) -> None:
        self._other = sqlite3.connect(file, isolation_level=None, timeout=0)

    def lose(self) -> bool:
        with suppress(sqlite3.OperationalError):  # in the middle of a transaction of ours
            self._other.execute("BEGIN EXCLUSIVE")
        return self._other.in_transaction

    def restore(self) -> None:
        if self._other.in_transaction:
            self._other.execute("ROLLBACK")

    def close(self) -> None:
        self._other.close()


@asynccontextmanager
async def losable_database(url: str) -> AsyncIterator[Losable]:
    """The models work on this database while the block runs, unless it is lost."""
    if url.startswith("sqlite"):
        file = File(url.removeprefix("sqlite://"))
        async with open_database(f"{url}?busy_timeout=0.01"):
            yield file
        file.close()
        return
    parts = urlsplit(url)
    with Proxy(parts.hostname or "127.0.0.1", parts.port or 5432) as proxy:
        user = f"{parts.username}@" if parts.username else ""
        wire = parts._replace(netloc=f"{user}127.0.0.1:{proxy.port}").geturl()
        async with open_database(wire, pool_max=3):
            yield Server(proxy)


class LostAt:
    """Await it in place of the coroutine: the database is lost at the given pause, counted from 1.

    Where it cannot be lost just then, it is at the next pause that lets it. `lost` says whether it was.
    """

    def __init__(self, database: Losable, work: Coroutine[Any, Any, Any], pause: int) -> None:
        self._database = database
        self._work = work
        self._pause = pause
        self.lost = False

    def __await__(self) -> Generator[Any, None, Any]:
        thrown: BaseException | None = None
        pauses = 0
        while True:
            try:
                waiting = self._work.send(None) if thrown is None else self._work.throw(thrown)
            except StopIteration as end:
                return end.value
            thrown = None
            pauses += 1
            if pauses >= self._pause and not self.lost:
                self.lost = self._database.lose()
            try:
                yield waiting
            except BaseException as error:
                thrown = error


async def lost_at(database: Losable, work: Coroutine[Any, Any, Any], pause: int) -> tuple[bool, Any]:
    """Whether the database was lost before the work ended, and its outcome or its exception. It is back."""
    losing = LostAt(database, work, pause)

    async def driven() -> Any:
        return await losing

    task = asyncio.create_task(driven())
    await asyncio.wait([task])
    database.restore()
    return losing.lost, task.exception() or task.result()


class WatchedVault(Vault):
    """Notes how often a code was looked at."""

    looks = 0

    async def matches(self, code: str, digest: str) -> bool:
        self.looks += 1
        return await super().matches(code, digest)

    def sms_digest(self, confirmation_id: int | str, code: str) -> bytes:
        self.looks += 1
        return super().sms_digest(confirmation_id, code)
