"""Sharing the event loop: long work stops in time and goes on at its next turn.

All operations of a loop share one slice of work in each round of it. When the slice is used up, whoever
comes to a good place to stop waits; at the next round the one whose caller used least goes on first, and of
one caller's operations the one that worked least. So a short operation passes long ones, and what else runs
on the loop is never late by more than a slice.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from dataclasses import dataclass
from itertools import count

from engine.sharing.callers import Caller, Used

SLICE_SECONDS = 0.003
ITEMS_OF_SHORT_OPERATIONS_MAX = 420  # a page of a hundred with three more rows for each
SECONDS_OF_SHORT_OPERATIONS_MAX = 0.02


@dataclass(slots=True)
class Work:
    """What one operation of a caller has used so far."""

    caller: Caller
    items: int = 0
    seconds: float = 0.0
    _began: float | None = None

    @property
    def is_long(self) -> bool:
        """Whether it must stop when its turn is over, for what it has begun or what that took."""
        if self.items > ITEMS_OF_SHORT_OPERATIONS_MAX:
            return True
        now = 0.0 if self._began is None else time.thread_time() - self._began
        return self.seconds + now > SECONDS_OF_SHORT_OPERATIONS_MAX

    def begin(self) -> bool:
        """It works from here on. Tells whether it did not before: a list in a list is counted with it."""
        if self._began is not None:
            return False
        self._began = time.thread_time()
        return True

    def stop(self) -> None:
        """It stops working here, and what it worked counts."""
        assert self._began is not None
        seconds, self._began = time.thread_time() - self._began, None
        self.seconds += seconds
        self.caller.charge(seconds)


class Turns:
    """The slices of one event loop."""

    def __init__(self, slice_seconds: float = SLICE_SECONDS) -> None:
        self._slice_seconds = slice_seconds
        self._began: float | None = None
        self._waiting: list[tuple[Used, float, int, asyncio.Future[None]]] = []
        self._arrivals = count()
        self._loop: asyncio.AbstractEventLoop | None = None

    def are_over(self) -> bool:
        """Whether the slice of this round of the loop is used up."""
        self._follow()
        now = time.perf_counter()
        if self._began is None:
            self._begin(now)
            return False
        return now - self._began >= self._slice_seconds

    async def next(self, work: Work) -> None:
        """Wait for a turn: those that used least come first, and among equals the first to ask."""
        waiter = self._follow().create_future()
        heapq.heappush(self._waiting, (work.caller.used, work.seconds, next(self._arrivals), waiter))
        if self._began is None:
            self._begin(time.perf_counter())
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._wake()  # the turn was ours already: the next one takes it
            raise

    def _follow(self) -> asyncio.AbstractEventLoop:
        """The loop that runs. What began in one that was closed is over."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._began, self._waiting = loop, None, []
        return loop

    def _begin(self, now: float) -> None:
        self._began = now
        asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        """The round is over: the next slice begins when somebody works, and one of those who wait may."""
        self._began = None
        self._wake()

    def _wake(self) -> None:
        while self._waiting:
            _, _, _, waiter = heapq.heappop(self._waiting)
            if not waiter.done():
                waiter.set_result(None)
                break
        if self._waiting and self._began is None:
            # Whoever was woken may end without looking at the slice: the others must not wait for it.
            self._begin(time.perf_counter())
