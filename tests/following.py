"""Streams of news in tests: opened on the real schema, and driven without waiting for time to pass."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from typing import Any, TypeVar

from strawberry import Schema

import models
from engine.errors import Refusal
from models.owned import one_customer
from resolvers.context import Context
from resolvers.newsroom import Newsroom
from schema.root import build_schema
from tests.conftest import NOON

T = TypeVar("T")

NEWS = """subscription($after: String) { news(after: $after) { __typename cursor
    ... on NewOperation { operation { label } } ... on NewStatement { statement { number } } } }"""

_schema: list[Schema] = []
_whose: ContextVar[Stream | None] = ContextVar("whose", default=None)


class Pauses:
    """In place of time: whoever waits does so until woken, or until the test lets the pause end."""

    def __init__(self) -> None:
        self._ends: list[asyncio.Event] = []

    async def __call__(self, event: asyncio.Event, seconds: float) -> None:
        stream, over = _whose.get(), asyncio.Event()
        self._ends.append(over)
        waits = [asyncio.ensure_future(one.wait()) for one in (event, over)]
        if stream is not None:
            stream.pause = (event, over)
            stream.waits.set()
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if stream is not None:
                stream.pause = None
                stream.waits.clear()
            self._ends.remove(over)
            for one in waits:
                one.cancel()

    @property
    def count(self) -> int:
        """How many wait."""
        return len(self._ends)

    def end(self) -> None:
        """All pauses are over."""
        for over in self._ends:
            over.set()


class Stream:
    """One subscription, taken as a transport takes it: in one context, under the guard of its customer."""

    def __init__(self, context: Context, query: str = NEWS, **variables: Any) -> None:
        if not _schema:
            _schema.append(build_schema())
        self.context = context
        self.waits = asyncio.Event()
        self.pause: tuple[asyncio.Event, asyncio.Event] | None = None
        self._results: AsyncGenerator[Any, None] | None = None
        self._asked = query, variables
        self._around = contextvars.copy_context()
        self._around.run(_whose.set, self)
        self._guard = one_customer()
        self._around.run(self._guard.__enter__)
        self._coming: asyncio.Task[Any] | None = None
        self._is_closed = False

    def _within(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        return asyncio.get_running_loop().create_task(work, context=self._around)

    async def told(self) -> list[Any]:
        """All that comes until the stream waits for more, or has ended."""
        found: list[Any] = []
        while True:
            self.begin()
            assert self._coming is not None
            waits = asyncio.ensure_future(self.waits.wait())
            either = {self._coming, waits}
            done, _ = await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED, timeout=20)
            waits.cancel()
            assert done, "neither news nor a pause"
            if not self._coming.done():
                if self._is_quiet():
                    return found
                await asyncio.sleep(0)  # it was woken, and has not noticed yet
                continue
            coming, self._coming = self._coming, None
            if coming.exception() is not None:
                assert isinstance(coming.exception(), StopAsyncIteration), coming.exception()
                return [*found, "end"]
            found.append(_readable(coming.result()))

    def _is_quiet(self) -> bool:
        return self.pause is not None and not any(event.is_set() for event in self.pause)

    async def next(self) -> Any:
        """The next event alone."""
        self.begin()
        assert self._coming is not None
        coming, self._coming = self._coming, None
        return _readable(await asyncio.wait_for(coming, 20))

    def begin(self) -> None:
        """Ask for the next event, without waiting for it."""
        if self._coming is None:
            self._coming = self._within(self._anext())

    async def _anext(self) -> Any:
        if self._results is None:
            query, variables = self._asked
            answer = await _schema[0].subscribe(query, variables, context_value=self.context)
            self._results = answer
        return await anext(self._results)

    async def close(self) -> None:
        """As a transport does when the client has gone: what is awaited is cancelled, the rest closed."""
        if self._coming is not None:
            self._coming.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await self._coming
            self._coming = None
        if self._results is not None:
            await self._within(self._results.aclose())
            self._results = None
        if not self._is_closed:
            self._is_closed = True
            self._around.run(self._guard.__exit__, None, None, None)


def _readable(result: Any) -> Any:
    """An event, or the code of an error."""
    if result.errors:
        refused = result.errors[0].original_error
        assert isinstance(refused, Refusal), refused
        return refused.code
    (event,) = result.data.values()
    return event


@asynccontextmanager
async def opened(context: Context, query: str = NEWS, **variables: Any) -> AsyncIterator[Stream]:
    """A stream for the length of the block, in a process of its own; it leaves nothing behind."""
    pauses = Pauses()
    context.newsroom = Newsroom(context.gateways, pauses)
    stream = Stream(context, query, **variables)
    try:
        yield stream
    finally:
        await stream.close()
    assert (context.newsroom.count, pauses.count) == (0, 0)


def words(events: list[Any]) -> list[str]:
    """Events without their cursors."""
    return [event if isinstance(event, str) else _word(event) for event in events]


def _word(event: dict[str, Any]) -> str:
    match event["__typename"]:
        case "NewOperation":
            return str(event["operation"]["label"])
        case "NewStatement":
            return f"statement {event['statement']['number']}"
        case kind:
            return str(kind)


async def told_of(row: models.Operation | models.Statement, **columns: Any) -> models.News:
    """The news of a row that is there."""
    which = {"operation_id": row.id} if isinstance(row, models.Operation) else {"statement_id": row.id}
    return await models.News.create(**{"customer_id": row.customer_id, "at": NOON, **which, **columns})
