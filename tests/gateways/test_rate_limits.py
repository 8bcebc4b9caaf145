"""One suite for counting in memory and in Redis."""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from gateways.rate_limits import Limit, MemoryRateLimits, RateLimits, RateLimitsUnavailable, RedisRateLimits

pytestmark = pytest.mark.anyio

TEN = Limit("code", 10, 60)


@pytest.fixture
async def prefix(redis_client: Redis) -> AsyncIterator[str]:
    prefix = f"test-{uuid.uuid4().hex}"
    yield prefix
    async for key in redis_client.scan_iter(f"{prefix}*"):
        await redis_client.delete(key)


@pytest.fixture
async def in_redis(redis_url: str, prefix: str) -> AsyncIterator[RedisRateLimits]:
    limits = RedisRateLimits(redis_url, prefix=prefix)
    yield limits
    await limits.close()


@pytest.fixture(params=["memory", "redis"])
def limits(request: pytest.FixtureRequest) -> RateLimits:
    if request.param == "memory":
        return MemoryRateLimits()
    redis_limits: RedisRateLimits = request.getfixturevalue("in_redis")
    return redis_limits


async def test_the_last_attempt_allowed_is_granted_and_the_next_one_waits(limits: RateLimits) -> None:
    granted = [await limits.take(TEN, "camille") for _ in range(10)]
    wait_seconds = await limits.take(TEN, "camille")

    assert granted == [0] * 10
    assert 55 <= wait_seconds <= 60


async def test_parallel_attempts_gain_nothing(limits: RateLimits) -> None:
    waits = await asyncio.gather(*[limits.take(TEN, "camille") for _ in range(50)])

    assert waits.count(0) == 10


async def test_two_processes_share_what_redis_counts(
    redis_url: str, prefix: str, in_redis: RedisRateLimits
) -> None:
    other = RedisRateLimits(redis_url, prefix=prefix)
    try:
        both = (in_redis, other)
        waits = await asyncio.gather(*[both[n % 2].take(TEN, "camille") for n in range(50)])
    finally:
        await other.close()

    assert waits.count(0) == 10


async def test_keys_and_limits_are_counted_apart(limits: RateLimits) -> None:
    once = Limit("once", 1, 60)
    keys = [("a", "b"), ("a/b",), ("a", "b", ""), ("a,b",), ("A", "b"), (), ("\ud800",), ("x" * 100_000,)]

    assert [await limits.take(once, *key) for key in keys] == [0] * len(keys)
    assert all([await limits.take(once, *key) for key in keys])
    assert await limits.take(Limit("twice", 1, 60), "a", "b") == 0


async def test_looking_tells_the_same_and_counts_nothing(limits: RateLimits) -> None:
    before = [await limits.spent(TEN, "camille") for _ in range(20)]
    granted = [await limits.take(TEN, "camille") for _ in range(9)]
    with_one_left = await limits.spent(TEN, "camille")
    the_last = await limits.take(TEN, "camille")
    waits = [await limits.spent(TEN, "camille"), await limits.take(TEN, "camille")]

    assert before == [0] * 20
    assert granted == [0] * 9
    assert (with_one_left, the_last) == (0, 0)
    assert all(55 <= wait <= 60 for wait in waits)
    assert await limits.spent(TEN, "marc") == await limits.spent(Limit("other", 10, 60), "camille") == 0


async def test_what_looking_announced_is_enough(limits: RateLimits) -> None:
    short = Limit("short", 1, 1)
    await limits.take(short, "camille")

    wait_seconds = await limits.spent(short, "camille")
    await asyncio.sleep(wait_seconds)

    assert wait_seconds == 1
    assert await limits.spent(short, "camille") == 0
    assert await limits.take(short, "camille") == 0
    await limits.forget(short, "camille")
    assert await limits.spent(short, "camille") == 0


async def test_forgetting_frees_these_keys_alone(limits: RateLimits) -> None:
    once = Limit("once", 1, 60)
    await limits.take(once, "camille")
    await limits.take(once, "marc")

    await limits.forget(once, "camille")
    await limits.forget(once, "nobody")

    assert await limits.take(once, "camille") == 0
    assert await limits.take(once, "marc") > 0


async def test_the_wait_that_was_announced_is_enough(limits: RateLimits) -> None:
    short = Limit("short", 1, 1)
    await limits.take(short, "camille")

    wait_seconds = await limits.take(short, "camille")
    await asyncio.sleep(wait_seconds)

    assert wait_seconds == 1
    assert await limits.take(short, "camille") == 0


async def test_the_window_moves_and_refusals_do_not_push_it() -> None:
    now = [0.0]
    limits = MemoryRateLimits(seconds=lambda: now[0])
    two = Limit("two", 2, 60)
    waits, looks = [], []
    for now[0] in (0.0, 30.0, 59.5, 60.0, 61.0, 89.0, 90.0):
        looks.append(await limits.spent(two, "camille"))
        waits.append(await limits.take(two, "camille"))

    assert waits == looks == [0, 0, 1, 0, 29, 1, 0]


async def test_memory_forgets_what_is_over() -> None:
    now = [0.0]
    limits = MemoryRateLimits(seconds=lambda: now[0])
    for n in range(1_000):
        await limits.take(TEN, str(n))
    now[0] = 60.0

    for _ in range(1_000):
        await limits.take(Limit("site", 10_000, 60), "site")

    assert [len(table) for table in limits._tables.values()] == [0, 1]


async def test_memory_forgets_who_was_only_looked_at() -> None:
    now = [0.0]
    limits = MemoryRateLimits(seconds=lambda: now[0])
    await limits.take(TEN, "camille")
    now[0] = 60.0
    assert await limits.spent(TEN, "camille") == await limits.spent(TEN, "marc") == 0

    for _ in range(2):
        await limits.take(TEN, "ines")

    assert [len(table) for table in limits._tables.values()] == [1]


async def test_memory_is_bounded_and_keeps_who_is_active() -> None:
    limits = MemoryRateLimits(keys_max=100)
    once = Limit("twice", 2, 60)
    await limits.take(once, "old")
    for n in range(98):
        await limits.take(once, str(n))
    await limits.take(once, "old")

    for n in range(98, 190):
        await limits.take(once, str(n))

    assert [len(table) for table in limits._tables.values()] == [100]
    assert await limits.take(once, "old") > 0


async def test_a_flood_of_keys_pushes_out_none_of_another_limit() -> None:
    limits = MemoryRateLimits(keys_max=100)
    site = Limit("site", 1, 86_400)
    await limits.take(site)

    for n in range(1_000):
        await limits.take(TEN, str(n))

    assert await limits.take(site) > 0


@pytest.mark.parametrize(("count", "seconds"), [(0, 60), (1, 0)])
def test_a_limit_that_grants_nothing_is_a_mistake(count: int, seconds: int) -> None:
    with pytest.raises(ValueError, match="the limit odd must grant"):
        Limit("odd", count, seconds)


async def test_redis_down_is_said_at_once() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        limits = RedisRateLimits(f"redis://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(RateLimitsUnavailable, match="ConnectionError"):
            await limits.take(TEN, "camille")
        with pytest.raises(RateLimitsUnavailable, match="ConnectionError"):
            await limits.spent(TEN, "camille")
        with pytest.raises(RateLimitsUnavailable, match="ConnectionError"):
            await limits.forget(TEN, "camille")
        await limits.close()


async def test_redis_that_never_answers_is_said_too() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        limits = RedisRateLimits(f"redis://127.0.0.1:{silent.getsockname()[1]}", seconds_max=0.1)
        with pytest.raises(RateLimitsUnavailable, match="TimeoutError"):
            await limits.take(TEN, "camille")
        await limits.close()


async def test_a_wrong_password_refuses_rather_than_grants(redis_url: str, redis_client: Redis) -> None:
    address = redis_url.split("://")[1].split("@")[-1]
    limits = RedisRateLimits(f"redis://nobody:wrong@{address}")
    with pytest.raises(RateLimitsUnavailable):
        await limits.take(TEN, "camille")
    await limits.close()


async def test_clients_that_leave_in_the_middle_spoil_nothing(in_redis: RedisRateLimits) -> None:
    many = Limit("many", 1_000, 60)
    for _ in range(60):
        leaving = asyncio.create_task(in_redis.take(many, "camille"))
        for _ in range(3):
            await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)

    waits = await asyncio.gather(*[in_redis.take(TEN, "marc") for _ in range(50)])

    assert waits.count(0) == 10
