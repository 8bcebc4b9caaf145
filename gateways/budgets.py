"""How many points each caller may spend in a minute: counted in this process, or with Redis for all.

A window is a minute of the clock, the same for everyone. Budgets guard machines and no secret: while Redis
is away each process counts for itself.

Nobody waits for Redis but who comes near their limit. Each process counts what it granted, tells Redis of
those who owe more than a thousandth of their limit, in one round trip and at most every tenth of a second,
and learns what the others granted. What they have not told it may grant once more: for each process a
thousandth of a limit and what is spent there in a tenth of a second, and never more than nine tenths.
"""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import secrets
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
SETTLE_SECONDS = 0.1
SETTLED_AT_ONCE_MAX = 500
UNSETTLED_PART = 1_000  # of a limit: who owes less has not spent enough to be told
NEAR_TENTHS = 9  # of a limit: Redis is asked before more than that is spent
# Each process keeps its own sum in the caller's hash. It only grows, so telling it twice counts it once.
SPEND = """
local before = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
local mine = math.max(before, tonumber(ARGV[2]))
local others = -before
for _, points in ipairs(redis.call('HVALS', KEYS[1])) do others = others + tonumber(points) end
local granted = others + mine + tonumber(ARGV[3]) <= tonumber(ARGV[4])
if granted then mine = mine + tonumber(ARGV[3]) end
redis.call('HSET', KEYS[1], ARGV[1], mine)
redis.call('EXPIRE', KEYS[1], ARGV[5])
return {granted and 1 or 0, others}
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

    def spend_now(self, key: str, points: int, limit: int) -> Spent | None:
        """The same without waiting; None, and nothing spent, where others must be asked first."""


class MemoryBudgets:
    """Counts in this process. Of more than `keys_max` callers in a window the first are forgotten."""

    def __init__(self, *, seconds: Callable[[], float] = time.time, keys_max: int = KEYS_MAX) -> None:
        self._seconds = seconds
        self._keys_max = keys_max
        self._window = Window(0)
        self._spent: dict[str, int] = {}

    async def spend(self, key: str, points: int, limit: int) -> Spent:
        """Spend points of a caller, of whom there are at most `limit` in a window. 0 points only look."""
        return self.spend_now(key, points, limit)

    def spend_now(self, key: str, points: int, limit: int) -> Spent:
        """Spend points of a caller, as `spend` does."""
        window = int(self._seconds() // WINDOW_SECONDS)
        if window != self._window.number:
            self._window, self._spent = Window(window), {}
        spent = self._spent.get(key, 0)
        if granted := spent + points <= limit:
            spent += points
            if points:  # a look leaves no trace: anybody may name anyone
                self._spent[key] = spent
            if len(self._spent) > self._keys_max:
                del self._spent[next(iter(self._spent))]
        return Spent(granted, max(0, limit - spent), self._window.resets_at)


class Window:
    """A minute of the clock."""

    __slots__ = ("number", "resets_at")

    def __init__(self, number: int) -> None:
        self.number = number
        self.resets_at = datetime.fromtimestamp((number + 1) * WINDOW_SECONDS, UTC)


class Account:
    """Points of one caller in the window."""

    __slots__ = ("mine", "others", "told")

    def __init__(self) -> None:
        self.mine = 0  # granted by this process
        self.told = 0  # of those, what Redis knows
        self.others = 0  # granted by other processes, as far as Redis told


class RedisBudgets:
    """Counts with Redis for all processes and machines, whose clocks must agree; used in one event loop."""

    def __init__(
        self,
        url: str,
        *,
        prefix: str = PREFIX,
        seconds: Callable[[], float] = time.time,
        seconds_max: float = REDIS_SECONDS_MAX,
        settle_seconds: float = SETTLE_SECONDS,
        keys_max: int = KEYS_MAX,
    ) -> None:
        # Imported here: whoever counts in memory does not pay for Redis at start.
        from redis.asyncio import Redis
        from redis.exceptions import RedisError

        self._pool = redis_pool(url, seconds_max)
        self._redis: Redis = Redis(connection_pool=self._pool)
        self._script = self._redis.register_script(SPEND)
        self._name = secrets.token_hex(8)  # of this process among those that count
        self._prefix = prefix
        self._seconds = seconds
        self._settle_seconds = settle_seconds
        self._keys_max = keys_max
        self._window = Window(0)
        self._accounts: dict[str, Account] = {}
        self._owing: dict[str, Account] = {}
        self._settling: asyncio.Task[None] | None = None
        self._away_until = 0.0
        self._errors = (RedisError, OSError, TimeoutError)

    async def spend(self, key: str, points: int, limit: int) -> Spent:
        """Spend points of a caller, of whom there are at most `limit` in a window. 0 points only look."""
        return self.spend_now(key, points, limit) or await self._ask(key, points, limit)

    def spend_now(self, key: str, points: int, limit: int) -> Spent | None:
        """The same without waiting; None, and nothing spent, for who comes near the limit."""
        now = self._seconds()
        self._turn_to(now)
        account = self._account(key) if points else self._accounts.get(key, Account())
        spent = account.mine + account.others + points
        # What does not fit in what is known to be left fits even less in what is truly left.
        if limit * NEAR_TENTHS // 10 < spent <= limit and now >= self._away_until:
            return None
        return self._decided(key, account, points, limit)

    def _turn_to(self, now: float) -> None:
        window = int(now // WINDOW_SECONDS)
        if window != self._window.number:
            self._window, self._accounts, self._owing = Window(window), {}, {}

    def _account(self, key: str) -> Account:
        account = self._accounts.get(key)
        if account is None:
            account = self._accounts[key] = Account()
            if len(self._accounts) > self._keys_max:
                del self._accounts[next(iter(self._accounts))]
        return account

    def _decided(self, key: str, account: Account, points: int, limit: int) -> Spent:
        """The answer of this process alone."""
        spent = account.mine + account.others
        if granted := spent + points <= limit:
            spent += points
            account.mine += points
            if account.mine - account.told > limit // UNSETTLED_PART:
                self._owing[key] = account
                self._begin_settling()
        return Spent(granted, max(0, limit - spent), self._window.resets_at)

    async def _ask(self, key: str, points: int, limit: int) -> Spent:
        """The answer of Redis, or of this process alone if it is away."""
        account, window = self._account(key), self._window
        sent = account.mine
        try:
            granted, others = await self._script(self._keys(key), self._values(sent, points, limit))
        except self._errors as error:
            self._is_away(error)
            self._turn_to(self._seconds())
            return self._decided(key, self._account(key), points, limit)
        account.others = max(account.others, others)
        account.told = max(account.told, sent + points * granted)
        account.mine += points * granted
        spent = account.mine + account.others
        return Spent(bool(granted), max(0, limit - spent), window.resets_at)

    def _begin_settling(self) -> None:
        if self._settling is None and self._seconds() >= self._away_until:
            # Of nobody's request: it goes on for others, and logs for none.
            settling = self._settle_while_owed()
            loop = asyncio.get_running_loop()
            self._settling = loop.create_task(settling, context=contextvars.Context())

    async def _settle_while_owed(self) -> None:
        try:
            while self._owing:
                owing, self._owing = self._owing, {}
                await self._tell(owing)
                await asyncio.sleep(self._settle_seconds)
        except self._errors as error:
            self._is_away(error)
        finally:
            self._settling = None

    async def _tell(self, owing: dict[str, Account]) -> None:
        """Tell Redis what was granted to these callers, and learn what others granted them."""
        waiting = [(account, account.mine, self._keys(key)) for key, account in owing.items()]
        for first in range(0, len(waiting), SETTLED_AT_ONCE_MAX):
            told = waiting[first : first + SETTLED_AT_ONCE_MAX]
            async with self._redis.pipeline(transaction=False) as pipeline:
                for _, mine, keys in told:
                    await self._script(keys, self._values(mine, 0, 0), client=pipeline)
                answers = await pipeline.execute()
            for (account, mine, _), (_, others) in zip(told, answers, strict=True):
                account.told = max(account.told, mine)
                account.others = max(account.others, others)

    def _keys(self, key: str) -> list[str]:
        return [f"{self._prefix}:spent:{self._window.number}:{_digest(key)}"]

    def _values(self, mine: int, points: int, limit: int) -> list[str | int]:
        return [self._name, mine, points, limit, 2 * WINDOW_SECONDS]

    def _is_away(self, error: BaseException) -> None:
        now = self._seconds()
        if now >= self._away_until:
            _log.warning("budgets are counted by each process for itself", reason=type(error).__name__)
        self._away_until = now + AWAY_SECONDS

    async def settle(self) -> None:
        """Tell Redis all that it does not know yet, however little."""
        self._turn_to(self._seconds())
        try:
            await self._tell({key: one for key, one in self._accounts.items() if one.mine > one.told})
        except self._errors as error:
            self._is_away(error)

    async def close(self) -> None:
        """Settle what is left, and close the connections."""
        if self._settling is not None:
            self._settling.cancel()
            await asyncio.wait([self._settling])
        if self._seconds() >= self._away_until:
            await self.settle()
        await self._pool.aclose()


def _digest(key: str) -> str:
    # Of one short length whatever names the caller, and nobody is told by name in Redis.
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
