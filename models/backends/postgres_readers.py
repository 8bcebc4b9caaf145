"""Connections to PostgreSQL that are held open for reading: one round trip for each question.

They are not the pool's. Each keeps its statements prepared, with plans that serve every parameter, can write
nothing, and is lent for the length of one reading. asyncpg keeps them by their text, closes those that
were not asked for longest, and prepares anew what a migration made invalid.

A timer for each question would cost a sixth of it. So the server itself ends what takes too long
(`statement_timeout`), and a look at all connections, four times in that time, ends those whose server says
nothing at all.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]

from models.backends.errors import DatabaseUnavailable
from models.backends.postgres_errors import KNOWN, leads_astray, translated
from models.backends.transactions import Reading

T = TypeVar("T")

READ_MAX = 8
STATEMENTS_MAX = 200
LOOKS_UNTIL_DEAD = 6  # four are the server's own time
MEND_SECONDS_MAX = 5.0
CLOSE_SECONDS_MAX = 10.0


class Place:
    """Where one connection is, from when it is first needed until it is lost."""

    __slots__ = ("connection", "fetch", "generation", "is_asking", "looks")

    fetch: Callable[..., Awaitable[list[Any]]]

    def __init__(self) -> None:
        self.connection: Any = None
        self.generation = 0
        self.is_asking = False  # no answer has come: the connection cannot be given on as it is
        self.looks = 0  # of the watch, since the last question

    def lose(self) -> None:
        """Let a connection go without a word."""
        if self.connection is not None:
            self.connection.terminate()
            self.connection = None


class Readers:
    """At most `count` connections of one event loop, the last used first; who finds none waits in line."""

    def __init__(
        self,
        connect: Callable[[], Coroutine[Any, Any, Any]],
        doubt_others: Callable[[], Awaitable[None]],
        *,
        count: int,
        wait_seconds_max: float,
        answer_seconds_max: float | None,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self._connect = connect
        self._doubt_others = doubt_others
        self._wait_seconds_max = wait_seconds_max
        self._places = [Place() for _ in range(count)]
        self._idle = list(self._places)
        self._waiting: deque[asyncio.Future[Place]] = deque()
        self._generation = 0
        self._is_closed = False
        self._work: set[asyncio.Task[None]] = set()
        self._look_seconds = answer_seconds_max / 4 if answer_seconds_max else None
        self._watch: asyncio.TimerHandle | None = None
        if self._look_seconds is not None:
            self._watch = self.loop.call_later(self._look_seconds, self._look)

    async def read(self, reading: Reading[T]) -> T:
        """Answer the questions of a reading on one connection.

        One that turns out to be dead before it answered anything is replaced, once. Raises as the pool does.
        """
        place: Place | None = None
        may_ask_again = True
        try:
            sql, parameters = next(reading)
            idle = self._idle
            place = idle.pop() if idle and idle[-1].connection is not None else await self._take()
            while True:
                place.is_asking, place.looks = True, 0
                try:
                    rows = await place.fetch(sql, *parameters)
                except KNOWN as error:
                    place.is_asking = not isinstance(error, asyncpg.PostgresError)  # or else it was answered
                    if not may_ask_again or not await self._is_lost(place, error):
                        raise translated(error) from error
                    may_ask_again, lost, place = False, place, None
                    self._give_back(lost)
                    place = await self._take()
                    continue
                may_ask_again = place.is_asking = False
                sql, parameters = reading.send(rows)
        except StopIteration as end:
            result: T = end.value
            return result
        except BaseException:
            reading.close()
            raise
        finally:
            if place is not None:
                self._give_back(place)

    async def _is_lost(self, place: Place, error: Exception) -> bool:
        if not leads_astray(error) and not place.connection.is_closed():
            return False
        place.lose()
        if place.generation == self._generation:  # the first to see it
            await self._doubt_others()
        return True

    async def _take(self) -> Place:
        try:
            async with asyncio.timeout(self._wait_seconds_max):
                return await self._take_in_time()
        except TimeoutError:
            raise DatabaseUnavailable("no connection to the database became free in time") from None
        except KNOWN as error:
            raise translated(error) from error

    async def _take_in_time(self) -> Place:
        place = self._idle.pop() if self._idle else await self._wait_in_line()
        if place.connection is None:
            generation = self._generation
            try:
                if self._is_closed:
                    raise DatabaseUnavailable("the database is closed")
                place.connection = await self._connect()
            except BaseException:
                self._hand_on(place)
                raise
            place.fetch, place.generation = place.connection.fetch, generation
        return place

    async def _wait_in_line(self) -> Place:
        waiting: asyncio.Future[Place] = self.loop.create_future()
        self._waiting.append(waiting)
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled():
                self._give_back(waiting.result())
            raise

    def _give_back(self, place: Place) -> None:
        if not place.is_asking and place.generation == self._generation:
            self._hand_on(place)
        elif place.connection is None or place.connection.is_closed():
            place.connection, place.is_asking = None, False
            self._hand_on(place)
        else:
            self._begin(self._mend(place))

    def _hand_on(self, place: Place) -> None:
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(place)
                return
        if place.connection is None:
            self._idle.insert(0, place)
        else:
            self._idle.append(place)

    async def _mend(self, place: Place) -> None:
        """Wait until what was cancelled is over, so that the next question finds a connection at rest."""
        try:
            if place.generation != self._generation:
                await self._retire(place.connection)
                place.connection = None
            else:
                async with asyncio.timeout(MEND_SECONDS_MAX):
                    await place.connection.fetchval("SELECT 1")
        except BaseException as error:
            place.lose()
            if not isinstance(error, KNOWN):
                raise
        finally:
            place.is_asking = False
            self._hand_on(place)

    async def _retire(self, connection: Any) -> None:
        """Say good-bye, which a server that is gone need not hear."""
        try:
            async with asyncio.timeout(MEND_SECONDS_MAX):
                await connection.close()
        except KNOWN:
            connection.terminate()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    def doubt(self) -> None:
        """Connect anew before each connection's next use."""
        self._generation += 1
        for place in self._idle:
            if place.connection is not None:
                self._begin(self._retire(place.connection))
                place.connection = None

    def _look(self) -> None:
        self._watch = self.loop.call_later(self._look_seconds or 0, self._look)
        for place in self._places:
            place.looks += 1
            if place.is_asking and place.looks >= LOOKS_UNTIL_DEAD and place.connection is not None:
                place.connection.terminate()

    async def close(self) -> None:
        """Close every connection, those in use when they are given back or after ten seconds."""
        self._is_closed = True
        if self._watch is not None:
            self._watch.cancel()
        self.doubt()
        try:
            async with asyncio.timeout(CLOSE_SECONDS_MAX):
                for _ in self._places:  # each is kept from now on
                    _ = self._idle.pop() if self._idle else await self._wait_in_line()
                if self._work:
                    await asyncio.wait(self._work)
        except TimeoutError:
            pass
        finally:
            for place in self._places:
                place.lose()
