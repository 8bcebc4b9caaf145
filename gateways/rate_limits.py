"""How often something may be tried: counted in this process, or in Redis for all processes."""

from __future__ import annotations

import hashlib
import math
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from limits import RateLimitItem
    from redis.asyncio import BlockingConnectionPool

KEYS_MAX = 100_000
CONNECTIONS_MAX = 32
REDIS_SECONDS_MAX = 2
PREFIX = "portal"


class RateLimitsUnavailable(Exception):
    """The counters cannot be reached. Whoever guards a secret refuses."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` in any `seconds`, for each set of keys."""

    name: str
    count: int
    seconds: int

    def __post_init__(self) -> None:
        if self.count < 1 or self.seconds < 1:
            raise ValueError(f"the limit {self.name} must grant something in some time")


class RateLimits(Protocol):
    """Counts attempts over a moving window. A refused attempt is not counted."""

    async def take(self, limit: Limit, *keys: str) -> int:
        """Count one attempt: 0 when granted, else the seconds to wait."""

    async def spent(self, limit: Limit, *keys: str) -> int:
        """Count nothing: 0 when another attempt would be granted, else the seconds to wait."""

    async def forget(self, limit: Limit, *keys: str) -> None:
        """Forget the attempts of these keys."""


class MemoryRateLimits:
    """Counts in this process. Of more than `keys_max` sets of keys the longest untouched are forgotten.

    That goes for each limit apart, so that a flood of keys of one pushes out none of another.
    """

    def __init__(self, *, seconds: Callable[[], float] = time.monotonic, keys_max: int = KEYS_MAX) -> None:
        self._seconds = seconds
        self._keys_max = keys_max
        self._tables: dict[Limit, OrderedDict[str, deque[float]]] = {}

    async def take(self, limit: Limit, *keys: str) -> int:
        """Count one attempt: 0 when granted, else the seconds to wait."""
        # No await in here: nothing comes between the look and the count.
        now = self._seconds()
        table, key = self._table(limit), _key(limit, keys)
        granted = table.setdefault(key, deque())
        if wait := _wait(limit, granted, now):
            return wait
        granted.append(now)
        table.move_to_end(key)
        self._tidy(now)
        return 0

    async def spent(self, limit: Limit, *keys: str) -> int:
        """Count nothing: 0 when another attempt would be granted, else the seconds to wait."""
        granted = self._table(limit).get(_key(limit, keys))
        return 0 if granted is None else _wait(limit, granted, self._seconds())

    async def forget(self, limit: Limit, *keys: str) -> None:
        """Forget the attempts of these keys."""
        self._table(limit).pop(_key(limit, keys), None)

    def _table(self, limit: Limit) -> OrderedDict[str, deque[float]]:
        return self._tables.setdefault(limit, OrderedDict())

    def _tidy(self, now: float) -> None:
        # Each grant adds one key at most and takes away two that are over, so the tables follow their use.
        for limit, table in self._tables.items():
            for _ in range(min(2, len(table))):
                oldest, granted = next(iter(table.items()))
                if len(table) > self._keys_max or not granted or granted[-1] <= now - limit.seconds:
                    del table[oldest]


def redis_pool(url: str, seconds_max: float) -> BlockingConnectionPool:
    """Connections to Redis that nobody waits for longer than `seconds_max`."""
    # Imported here: whoever counts in memory does not pay for Redis at start.
    from redis.asyncio import BlockingConnectionPool
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    return BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS_MAX,
        timeout=seconds_max,
        socket_timeout=seconds_max,
        socket_connect_timeout=seconds_max,
        retry=Retry(NoBackoff(), 1),
    )


class RedisRateLimits:
    """Counts in Redis, atomically for all processes and machines. Their clocks must agree."""

    def __init__(self, url: str, *, prefix: str = PREFIX, seconds_max: float = REDIS_SECONDS_MAX) -> None:
        # Imported here, as in `redis_pool`.
        from limits import RateLimitItemPerSecond
        from limits.aio.strategies import MovingWindowRateLimiter
        from limits.storage import storage_from_string
        from redis.exceptions import RedisError

        self._pool = redis_pool(url, seconds_max)
        options: dict[str, Any] = {"connection_pool": self._pool, "key_prefix": prefix}
        storage = storage_from_string("async+redis://", implementation="redispy", **options)
        self._limiter = MovingWindowRateLimiter(storage)
        self._item = RateLimitItemPerSecond
        self._errors = (RedisError, OSError, TimeoutError)

    async def take(self, limit: Limit, *keys: str) -> int:
        """Count one attempt: 0 when granted, else the seconds to wait."""
        item, key = self._named(limit, keys)
        async with self._reached():
            if await self._limiter.hit(item, key):
                return 0
            window = await self._limiter.get_window_stats(item, key)
        return _seconds_until(window.reset_time)

    async def spent(self, limit: Limit, *keys: str) -> int:
        """Count nothing: 0 when another attempt would be granted, else the seconds to wait."""
        item, key = self._named(limit, keys)
        async with self._reached():
            window = await self._limiter.get_window_stats(item, key)
        return 0 if window.remaining > 0 else _seconds_until(window.reset_time)

    async def forget(self, limit: Limit, *keys: str) -> None:
        """Forget the attempts of these keys."""
        item, key = self._named(limit, keys)
        async with self._reached():
            await self._limiter.clear(item, key)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    def _named(self, limit: Limit, keys: tuple[str, ...]) -> tuple[RateLimitItem, str]:
        return self._item(limit.count, limit.seconds, namespace=limit.name), _key(limit, keys)

    @asynccontextmanager
    async def _reached(self) -> AsyncIterator[None]:
        try:
            yield
        except self._errors as error:
            raise RateLimitsUnavailable(f"Redis: {type(error).__name__}") from error


def _wait(limit: Limit, granted: deque[float], now: float) -> int:
    """Take away what is over; 0 when another attempt fits in, else the seconds until one does."""
    while granted and granted[0] <= now - limit.seconds:
        granted.popleft()
    return 0 if len(granted) < limit.count else math.ceil(granted[0] + limit.seconds - now)


def _seconds_until(reset_time: float) -> int:
    return max(1, math.ceil(reset_time - time.time()))


def _key(limit: Limit, keys: tuple[str, ...]) -> str:
    # Of one short length whatever a client sent, and without a character that Redis or `limits` reads.
    named = repr((limit.name, limit.count, limit.seconds, *keys))
    return hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()
