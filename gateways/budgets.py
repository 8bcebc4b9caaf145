"""How many points each caller may spend in a minute: counted in this process, or in Redis for all.

A window is a minute of the clock, the same for everyone. Budgets guard machines and no secret: while Redis
is away each process counts for itself.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import structlog

from gateways.rate_limits import PREFIX, redis_pool

if TYPE_CHECKING:
    from redis.asyncio import Redis

WINDOW_SECONDS = 60
KEYS_MAX = 100_000
REDIS_SECONDS_MAX = 0.25
AWAY_SECONDS = 5  # after a failure Redis is not asked again for so long: nobody waits for it each time
SPEND = """
local spent = tonumber(redis.call('GET', KEYS[1]) or '0')
if spent + tonumber(ARGV[1]) > tonumber(ARGV[2]) then return {0, spent} end
spent = redis.call('INCRBY', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {1, spent}
"""

_log = structlog.get_logger("budgets")


@dataclass(frozen=True, slots=True)
class Spent:
    """Whether the points were granted, and what is left until the window ends."""

    granted: bool
    remaining: int
    resets_at: datetime


class Budgets(Protocol):
    """Counts points over windows of a minute. A request that does not fit in the rest is not counted."""

    async def spend(self, key: str, points: int, limit: int) -> Spent:
        """Spend points of a caller, of whom there are at most `limit` in a window. 0 points only look."""


class MemoryBudgets:
    """Counts in this process. Of more than `keys_max` callers in a window the first are forgotten."""

    def __init__(self, *, seconds: Callable[[], float] = time.time, keys_max: int = KEYS_MAX) -> None:
        self._seconds = seconds
        self._keys_max = keys_max
        self._window = 0
        self._spent: dict[str, int] = {}

    async def spend(self, key: str, points: int, limit: int) -> Spent:
        """Spend points of a caller, of whom there are at most `limit` in a window. 0 points only look."""
        # No await in here: nothing comes between the look and the count.
        window = int(self._seconds() // WINDOW_SECONDS)
        if window != self._window:
            self._window, self._spent = window, {}
        spent = self._spent.get(key, 0)
        if granted := spent + points <= limit:
            spent += points
            self._spent[key] = spent
            if len(self._spent) > self._keys_max:
                del self._spent[next(iter(self._spent))]
        return _spent(granted, spent, limit, window)


class RedisBudgets:
    """Counts in Redis, atomically for all processes and machines. Their clocks must agree."""

    def __init__(
        self,
        url: str,
        *,
        prefix: str = PREFIX,
        seconds: Callable[[], float] = time.time,
        seconds_max: float = REDIS_SECONDS_MAX,
    ) -> None:
        # Imported here: whoever counts in memory does not pay for Redis at start.
        from redis.asyncio import Redis
        from redis.exceptions import RedisError

        self._pool = redis_pool(url, seconds_max)
        self._redis: Redis = Redis(connection_pool=self._pool)
        self._script = self._redis.register_script(SPEND)
        self._prefix = prefix
        self._seconds = seconds
        self._alone = MemoryBudgets(seconds=seconds)
        self._away_until = 0.0
        self._errors = (RedisError, OSError, TimeoutError)

    async def spend(self, key: str, points: int, limit: int) -> Spent:
        """Spend points of a caller, of whom there are at most `limit` in a window. 0 points only look."""
        now = self._seconds()
        if now < self._away_until:
            return await self._alone.spend(key, points, limit)
        window = int(now // WINDOW_SECONDS)
        name = f"{self._prefix}:budget:{window}:{_digest(key)}"
        try:
            granted, spent = await self._script(keys=[name], args=[points, limit, 2 * WINDOW_SECONDS])
        except self._errors as error:
            self._away_until = now + AWAY_SECONDS
            _log.warning("budgets are counted by each process for itself", reason=type(error).__name__)
            return await self._alone.spend(key, points, limit)
        return _spent(bool(granted), spent, limit, window)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()


def _digest(key: str) -> str:
    # Of one short length whatever names the caller, and nobody is told by name in Redis.
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _spent(granted: bool, spent: int, limit: int, window: int) -> Spent:
    resets_at = datetime.fromtimestamp((window + 1) * WINDOW_SECONDS, UTC)
    return Spent(granted, max(0, limit - spent), resets_at)
