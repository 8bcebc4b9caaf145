"""When there is more to do than the loop can: places for the operations that run, and a watch of its lag.

While the loop is busy few operations run at once, and whoever used least of it lately comes next. So callers
that ask for much, or for dear things, wait for themselves and hardly for each other: whoever comes anew is
let in at once, however many wait.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field

from engine.errors import Code, Refusal
from engine.limits import OverloadLimits
from engine.sharing.callers import Caller, Used

TICK_SECONDS = 0.05
LAG_KEPT_EACH_TICK = 0.9  # half of a lag is forgotten within seven ticks
LOOK_SECONDS = 0.002
REQUEST_SECONDS = 0.001  # what the least of requests takes
HEAVIEST: Used = (math.inf, math.inf)
RETRY_SECONDS = 1


@dataclass(slots=True, eq=False)
class _Waiting:
    caller: Caller
    arrival: int
    admitted: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def rank(self) -> tuple[Used, int]:
        return self.caller.used, self.arrival


class Overload:
    """The places and the lag of one event loop."""

    def __init__(self, limits: OverloadLimits | None = None) -> None:
        self.limits = limits or OverloadLimits()
        self.lag_seconds = 0.0
        self.running = 0
        self.sheds = False
        self._running_callers: dict[Caller, None] = {}
        self._waiting: list[_Waiting] = []
        self._arrivals = 0
        self._looking: asyncio.TimerHandle | None = None
        self._watching: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def waiting(self) -> int:
        """How many operations wait for a place."""
        return len(self._waiting)

    def check(self, caller: Caller) -> None:
        """Before a body is read: refuse while the loop is late, the heavier callers first."""
        self._watch()
        caller.charge(REQUEST_SECONDS)
        is_light = caller.seconds <= self.limits.light_seconds_max
        if self.sheds and not (is_light and self.lag_seconds < 2 * self.limits.lag_seconds_max):
            raise too_busy()

    def place(self, caller: Caller) -> Place:
        """`async with`: a place among the operations that run, waited for while the loop is busy."""
        return Place(self, caller)

    async def enter(self, caller: Caller) -> None:
        """Take a place, which `leave` gives back."""
        if self._may_run(caller):
            self._enter(caller)
        else:
            await self._wait(caller)

    def leave(self, caller: Caller) -> None:
        """Give the place back, to the lightest of those who wait."""
        self._leave(caller)

    def _may_run(self, caller: Caller) -> bool:
        if self.running < self.limits.running_busy_max:
            return self._has_room(caller)
        return self._has_room(caller) and not caller.running and caller.used < self._lightest_that_runs()

    def _lightest_that_runs(self) -> Used:
        return min((caller.used for caller in self._running_callers), default=HEAVIEST)

    def _has_room(self, caller: Caller) -> bool:
        return self.running < self.limits.running_max and caller.running < self.limits.running_of_caller_max

    def _enter(self, caller: Caller) -> None:
        self.running += 1
        caller.running += 1
        self._running_callers[caller] = None

    def _leave(self, caller: Caller) -> None:
        self.running -= 1
        caller.running -= 1
        if not caller.running:
            del self._running_callers[caller]
        self._let_in()

    async def _wait(self, caller: Caller) -> None:
        """Return with the place taken."""
        if caller.waiting >= self.limits.waiting_of_caller_max:
            raise too_busy()
        if len(self._waiting) >= self.limits.waiting_max:
            self._turn_away_heaviest(caller)
        self._arrivals += 1
        waiting = _Waiting(caller, self._arrivals)
        self._waiting.append(waiting)
        caller.waiting += 1
        self._look_soon()
        try:
            await waiting.admitted
        except asyncio.CancelledError:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            elif not waiting.admitted.cancelled() and waiting.admitted.exception() is None:
                self._leave(caller)  # it had been let in, and does not come
            raise
        finally:
            caller.waiting -= 1

    def _turn_away_heaviest(self, newcomer: Caller) -> None:
        """Somebody must go: of those who wait whoever used most, unless the newcomer used more."""
        heaviest = max(self._waiting, key=lambda waiting: waiting.rank)
        if heaviest.caller.used <= newcomer.used:
            raise too_busy()
        self._waiting.remove(heaviest)
        heaviest.admitted.set_exception(too_busy())

    def _let_in(self) -> None:
        """Let in all who may run, the lightest first."""
        if not self._waiting:
            return
        while (first := self._first_that_may_run()) is not None:
            self._admit(first)
        self._look_soon()

    def _first_that_may_run(self) -> _Waiting | None:
        """While few run, the lightest. Beyond that it must also be lighter than all that run."""
        if self.running < self.limits.running_busy_max:
            return self._first(HEAVIEST)
        return self._first(self._lightest_that_runs(), alone=True)

    def _first(self, lighter_than: Used, *, alone: bool = False) -> _Waiting | None:
        """The lightest of those who wait, have room and are lighter; `alone`, those of whom nothing runs."""
        first, least = None, lighter_than
        of_caller_max = 1 if alone else self.limits.running_of_caller_max
        if self.running >= self.limits.running_max:
            return None
        for waiting in self._waiting:  # in the order of their arrival: of equals the first stays
            caller = waiting.caller
            if caller.running < of_caller_max and (used := caller.used) < least:
                first, least = waiting, used
        return first

    def _admit(self, waiting: _Waiting) -> None:
        self._waiting.remove(waiting)
        if not waiting.admitted.done():
            self._enter(waiting.caller)
            waiting.admitted.set_result(None)

    def _look_soon(self) -> None:
        loop = self._follow()
        if self._waiting and self._looking is None:
            self._looking = loop.call_later(LOOK_SECONDS, self._look, loop.time() + LOOK_SECONDS)

    def _look(self, due: float) -> None:
        """The loop came back in time: those who run wait for others, and there is time for one more."""
        self._looking = None
        is_in_time = asyncio.get_running_loop().time() - due < LOOK_SECONDS
        if is_in_time and (first := self._first(HEAVIEST)) is not None:
            self._admit(first)
        self._let_in()

    def _follow(self) -> asyncio.AbstractEventLoop:
        """The loop that runs. Nobody looks any more in one that was closed."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._looking, self._watching = loop, None, None
        return loop

    def _watch(self) -> None:
        loop = self._follow()
        if self._watching is None:
            self._watching = loop.call_later(TICK_SECONDS, self._tick, loop.time() + TICK_SECONDS)

    def _tick(self, due: float) -> None:
        """How late the loop is. A loop with nothing to do is left in peace until the next request."""
        late = asyncio.get_running_loop().time() - due
        self.lag_seconds = max(late, self.lag_seconds * LAG_KEPT_EACH_TICK)
        if self.lag_seconds > self.limits.lag_seconds_max:
            self.sheds = True
        elif self.lag_seconds < self.limits.lag_seconds_max / 2:
            self.sheds = False
        self._watching = None
        if self.running or self._waiting or self.sheds:
            self._watch()


class Place:
    """One operation's."""

    __slots__ = ("_caller", "_overload")

    def __init__(self, overload: Overload, caller: Caller) -> None:
        self._overload = overload
        self._caller = caller

    async def __aenter__(self) -> None:
        await self._overload.enter(self._caller)

    async def __aexit__(self, *_raised: object) -> None:
        self._overload.leave(self._caller)


def too_busy() -> Refusal:
    """What is said to whom there is no time for."""
    return Refusal(
        "The server is busy, try again",
        Code.SERVICE_UNAVAILABLE,
        headers={"Connection": "close"},
        retry_after_seconds=RETRY_SECONDS,
    )
