"""A look at what of a request is there at once, without waiting for any of it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from types import coroutine
from typing import Any, cast

from starlette.types import Message, Receive

Reading = Generator[Any, Any, Message]


class Begun:
    """A `receive` that was called already: `message` is what it gave at once, None where it waits.

    Whoever calls it gets that message first, or the rest of the wait for it. So the look costs a request
    nothing: neither what it brings, nor any of the time in which that must come.
    """

    __slots__ = ("_is_new", "_reading", "_receive", "_waits_for", "message")

    def __init__(self, receive: Receive) -> None:
        self.message: Message | None = None
        self._receive = receive
        self._is_new = True
        self._reading: Reading = receive().__await__()
        try:
            self._waits_for = next(self._reading)
        except StopIteration as done:
            self.message = done.value

    async def __call__(self) -> Message:
        """What `receive` gives, from its beginning."""
        if not self._is_new:
            return await self._receive()
        self._is_new = False
        return self.message or await _rest(self._reading, self._waits_for)


@coroutine
def _rest(reading: Reading, waits_for: Any) -> Reading:
    """Go on with what was begun by hand, from where it waits."""
    while True:
        go_on: Callable[[], Any]
        try:
            go_on = partial(reading.send, (yield waits_for))
        except BaseException as error:  # a cancellation: what waits must hear of it
            go_on = partial(reading.throw, error)
        try:
            waits_for = go_on()
        except StopIteration as done:
            return cast("Message", done.value)
