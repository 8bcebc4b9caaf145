"""Who follows the news in this process, and the watcher that wakes them when the database has some.

The database is the only source, so it does not matter which process wrote: another worker, another machine,
`portal load`. The watcher reads no news and waits for nobody. It asks which of the customers who follow have
something beyond the place they have come to, and wakes these; each of them reads on by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TypeAlias

import structlog

from gateways import Gateways
from models import News
from models.backends.errors import DatabaseTrouble
from models.backends.opening import in_fresh_context

_log = structlog.get_logger("news")

FOLLOWERS_OF_CUSTOMER_MAX = 10
CUSTOMERS_AT_ONCE_MAX = 500

Wait: TypeAlias = Callable[[asyncio.Event, float], Awaitable[None]]


async def wait_at_most(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event or the time, whichever comes first."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class Follower:
    """Somebody who follows a customer's news: the place they have come to, and whether there may be more."""

    __slots__ = ("customer_id", "place", "woken")

    def __init__(self, customer_id: int, place: int) -> None:
        self.customer_id = customer_id
        self.place = place
        self.woken = asyncio.Event()
        self.woken.set()  # what came since the place was read


class Newsroom:
    """One worker: looks every few seconds while somebody follows, until it is told to leave."""

    def __init__(self, gateways: Gateways, wait: Wait = wait_at_most) -> None:
        self._settings = gateways.settings
        self.wait = wait
        self._followers: dict[int, set[Follower]] = {}
        self._count = 0
        self._needed = asyncio.Event()
        self._leaving = asyncio.Event()
        self._waits_for_database = False

    @property
    def count(self) -> int:
        """How many follow."""
        return self._count

    @property
    def is_leaving(self) -> bool:
        """Whether the process is about to end, and every stream with it."""
        return self._leaving.is_set()

    @contextmanager
    def following(self, customer_id: int, place: int) -> Iterator[Follower | None]:
        """Be woken while this lasts; None when as many follow as may, the customer or all together."""
        theirs = self._followers.get(customer_id, set())
        if len(theirs) >= FOLLOWERS_OF_CUSTOMER_MAX or self._count >= self._settings.news_followers_max:
            yield None
            return
        follower = Follower(customer_id, place)
        self._followers.setdefault(customer_id, theirs).add(follower)
        self._count += 1
        self._needed.set()
        try:
            yield follower
        finally:
            theirs.remove(follower)
            self._count -= 1
            if not theirs:
                del self._followers[customer_id]
            if not self._count and not self.is_leaving:
                self._needed.clear()

    def wake(self, customer_id: int) -> None:
        """Something of this customer changed here: news, or a session that was closed."""
        for follower in self._followers.get(customer_id, ()):
            follower.woken.set()

    def leave(self) -> None:
        """Stop looking, and let all streams end."""
        self._leaving.set()
        self._needed.set()
        for customer_id in self._followers:
            self.wake(customer_id)

    async def run(self) -> None:
        """Look until told to leave. A database that is down is waited for."""
        while not self.is_leaving:
            await self._needed.wait()
            await self.wait(self._leaving, self._settings.news_pause_seconds)
            if self._count and not self.is_leaving:
                await self.look()

    async def look(self) -> None:
        """Wake those who wait and for whom there is more; a failure is left to the next look."""
        try:
            await in_fresh_context(self._look)
            self._waits_for_database = False
        except DatabaseTrouble as trouble:
            if not self._waits_for_database:  # once, however long it lasts
                _log.warning("news wait for the database", reason=type(trouble).__name__)
            self._waits_for_database = True
        except Exception as error:
            _log.error("looking for news failed, it goes on", exc_info=error)

    async def _look(self) -> None:
        places = iter(self._places().items())
        while some := dict(islice(places, CUSTOMERS_AT_ONCE_MAX)):
            for customer_id in await News.with_more(some):
                self.wake(customer_id)

    def _places(self) -> dict[int, int]:
        """Of each customer the place of the follower who waits and has come least far."""
        return {
            customer_id: min(places)
            for customer_id, theirs in self._followers.items()
            if (places := [follower.place for follower in theirs if not follower.woken.is_set()])
        }
