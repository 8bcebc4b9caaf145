"""Sharing the event loop: long work stops in time and goes on at its next turn.

All operations of a loop share one slice of work in each round of it. When the slice is used up, whoever
comes to a good place to stop waits; at the next round the one that worked least goes on first. So a short
operation passes long ones, and what else runs on the loop is never late by more than a slice.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from dataclasses import dataclass, field
from itertools import count

SLICE_SECONDS = 0.003


@dataclass(slots=True)
class Work:
    """What one operation has used so far."""

    items: int = 0
    seconds: float = 0.0
    resumed_at: float = field(default_factory=time.perf_counter)

    def stop(self) -> None:
        """It stops working here; what it worked counts."""
        self.seconds += time.perf_counter() - self.resumed_at

    def go_on(self) -> None:
        """It works again."""
        self.resumed_at = time.perf_counter()


class Turns:
    """The slices of one event loop."""

    def __init__(self, slice_seconds: float = SLICE_SECONDS) -> None:
        self._slice_seconds = slice_seconds
        self._began: float | None = None
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._arrivals = count()

    def are_over(self) -> bool:
        """Whether the slice of this round of the loop is used up."""
        now = time.perf_counter()
        if self._began is None:
            self._begin(now)
            return False
        return now - self._began >= self._slice_seconds

    async def next(self, work: Work) -> None:
        """Wait for a turn: those that worked least come first, and among equals the first to ask."""
        work.stop()
        waiter = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (work.seconds, next(self._arrivals), waiter))
        if self._began is None:
            self._begin(time.perf_counter())
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._wake()  # the turn was ours already: the next one takes it
            raise
        work.go_on()

    def _begin(self, now: float) -> None:
        self._began = now
        asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        """The round is over: the next slice begins when somebody works, and one of those who wait may."""
        self._began = None
        self._wake()

    def _wake(self) -> None:
        while self._waiting:
            _, _, waiter = heapq.heappop(self._waiting)
            if not waiter.done():
                waiter.set_result(None)
                break
        if self._waiting and self._began is None:
            # Whoever was woken may end without looking at the slice: the others must not wait for it.
            self._begin(time.perf_counter())
