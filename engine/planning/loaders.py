"""Batches: what many places of one operation ask for one by one is read in one query."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from functools import partial
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader

V = TypeVar("V")


WOKEN_AT_ONCE_MAX = 128  # more than a page holds, so what its rows ask for next is one batch again


class _Loader(DataLoader[Any, Any]):
    """A DataLoader whose shared batch survives the cancellation of one of those who wait for it.

    They are woken some in each round of the loop, so that thousands do not hold it together.
    """

    def __init__(self, load_fn: Callable[[list[Any]], Awaitable[Any]]) -> None:
        super().__init__(load_fn=load_fn)
        self._due: deque[tuple[asyncio.Future[Any], asyncio.Future[Any]]] = deque()

    def load(self, key: Any) -> Awaitable[Any]:
        loop = asyncio.get_running_loop()
        waits, loads = loop.create_future(), asyncio.ensure_future(super().load(key))
        loads.add_done_callback(partial(self._arrived, loop, waits))
        return waits

    def _arrived(
        self, loop: asyncio.AbstractEventLoop, waits: asyncio.Future[Any], loads: asyncio.Future[Any]
    ) -> None:
        if not self._due:
            loop.call_soon(self._wake, loop)
        self._due.append((waits, loads))

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        for _ in range(min(WOKEN_AT_ONCE_MAX, len(self._due))):
            waits, loads = self._due.popleft()
            error = None if loads.cancelled() else loads.exception()
            if waits.done():
                continue  # whoever waited was cancelled
            if loads.cancelled():
                waits.cancel()
            elif error is not None:
                waits.set_exception(error)
            else:
                waits.set_result(loads.result())
        if self._due:
            loop.call_soon(self._wake, loop)


class Loaders:
    """The loaders of one operation, one for each batch function and its fixed arguments."""

    def __init__(self) -> None:
        self._made: dict[Hashable, _Loader] = {}

    def load(
        self, batch: Callable[..., Awaitable[Sequence[V]]], *arguments: Hashable, key: Hashable
    ) -> Awaitable[V]:
        """What `batch(*arguments, keys)` answers for `key`, asked with the other keys of this tick."""
        made = self._made.get((batch, arguments))
        if made is None:
            made = self._made[batch, arguments] = _Loader(load_fn=partial(batch, *arguments))
        return made.load(key)


def loaders_of(context: Any) -> Loaders:
    """The loaders of the operation that a context is for, made when first asked for."""
    if context.loaders is None:
        context.loaders = Loaders()
    made: Loaders = context.loaders
    return made
