"""One suite for counting points in memory and in Redis."""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from gateways.budgets import AWAY_SECONDS, Budgets, MemoryBudgets, RedisBudgets, Spent

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
IN_A_MINUTE = datetime(2026, 6, 15, 10, 1, tzinfo=UTC)


class Seconds:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON.timestamp() + 12.5

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def prefix(redis_client: Redis) -> AsyncIterator[str]:
    prefix = f"test-{uuid.uuid4().hex}"
    yield prefix
    async for key in redis_client.scan_iter(f"{prefix}*"):
        await redis_client.delete(key)


@pytest.fixture
async def in_redis(redis_url: str, prefix: str, seconds: Seconds) -> AsyncIterator[RedisBudgets]:
    budgets = RedisBudgets(redis_url, prefix=prefix, seconds=seconds, seconds_max=5)
    yield budgets
    await budgets.close()


@pytest.fixture
async def elsewhere(redis_url: str, prefix: str, seconds: Seconds) -> AsyncIterator[RedisBudgets]:
    """Another process."""
    budgets = RedisBudgets(redis_url, prefix=prefix, seconds=seconds, seconds_max=5)
    yield budgets
    await budgets.close()


@pytest.fixture(params=["memory", "redis"])
def budgets(request: pytest.FixtureRequest, seconds: Seconds) -> Budgets:
    if request.param == "memory":
        return MemoryBudgets(seconds=seconds)
    redis_budgets: RedisBudgets = request.getfixturevalue("in_redis")
    return redis_budgets


async def test_points_are_spent_to_the_last_and_then_no_more(budgets: Budgets) -> None:
    spent = [await budgets.spend("camille", points, 100) for points in (40, 60, 1, 0)]

    assert spent == [
        Spent(granted=True, remaining=60, resets_at=IN_A_MINUTE),
        Spent(granted=True, remaining=0, resets_at=IN_A_MINUTE),
        Spent(granted=False, remaining=0, resets_at=IN_A_MINUTE),
        Spent(granted=True, remaining=0, resets_at=IN_A_MINUTE),
    ]


async def test_what_does_not_fit_is_not_counted(budgets: Budgets) -> None:
    await budgets.spend("camille", 70, 100)

    refused = await budgets.spend("camille", 31, 100)
    smaller = await budgets.spend("camille", 30, 100)

    assert (refused.granted, refused.remaining) == (False, 30)
    assert (smaller.granted, smaller.remaining) == (True, 0)


async def test_each_caller_has_points_of_their_own(budgets: Budgets) -> None:
    await budgets.spend("camille", 100, 100)

    others = [
        await budgets.spend(key, 100, 100) for key in ("Camille", "camille ", "", "\ud800", "x" * 9_999)
    ]

    assert [spent.granted for spent in others] == [True] * 5


async def test_the_next_minute_begins_anew(budgets: Budgets, seconds: Seconds) -> None:
    await budgets.spend("camille", 100, 100)
    seconds.now = NOON.timestamp() + 59.999
    last = await budgets.spend("camille", 1, 100)
    seconds.now = NOON.timestamp() + 60
    first = await budgets.spend("camille", 1, 100)

    assert (last.granted, last.resets_at) == (False, IN_A_MINUTE)
    assert (first.granted, first.remaining) == (True, 99)
    assert first.resets_at == datetime(2026, 6, 15, 10, 2, tzinfo=UTC)


async def test_parallel_requests_gain_nothing(budgets: Budgets) -> None:
    spent = await asyncio.gather(*[budgets.spend("camille", 10, 100) for _ in range(30)])

    assert [one.granted for one in spent].count(True) == 10


async def test_a_limit_that_was_lowered_leaves_nothing(budgets: Budgets) -> None:
    await budgets.spend("camille", 100, 100)

    assert await budgets.spend("camille", 1, 50) == Spent(granted=False, remaining=0, resets_at=IN_A_MINUTE)


async def test_what_can_be_known_is_answered_without_waiting(budgets: Budgets) -> None:
    first = budgets.spend_now("camille", 90, 100)
    refused = budgets.spend_now("camille", 11, 100)

    assert first == Spent(granted=True, remaining=10, resets_at=IN_A_MINUTE)
    assert refused == Spent(granted=False, remaining=10, resets_at=IN_A_MINUTE)


async def test_in_memory_everything_is_known(seconds: Seconds) -> None:
    spent = MemoryBudgets(seconds=seconds).spend_now("camille", 100, 100)

    assert spent == Spent(granted=True, remaining=0, resets_at=IN_A_MINUTE)


async def test_near_the_limit_the_others_are_asked_first(
    in_redis: RedisBudgets, elsewhere: RedisBudgets
) -> None:
    await in_redis.spend("camille", 85, 100)
    await elsewhere.spend("camille", 10, 100)
    await elsewhere.settle()

    now = in_redis.spend_now("camille", 6, 100)
    asked = await in_redis.spend("camille", 6, 100)

    assert now is None
    assert (asked.granted, asked.remaining) == (False, 5)
    assert (await in_redis.spend("camille", 5, 100)).granted


async def test_processes_learn_what_the_others_granted(
    in_redis: RedisBudgets, elsewhere: RedisBudgets
) -> None:
    for budgets in (in_redis, elsewhere, in_redis):
        assert budgets.spend_now("camille", 20, 100) is not None
        await budgets.settle()

    known = [budgets.spend_now("camille", 0, 100) for budgets in (in_redis, elsewhere)]

    assert [one and one.remaining for one in known] == [40, 60]  # since the last that each has spent


async def test_what_is_owed_is_settled_without_being_asked(
    in_redis: RedisBudgets, elsewhere: RedisBudgets
) -> None:
    in_redis.spend_now("camille", 30, 100)
    remaining = 100
    async with asyncio.timeout(20):
        while remaining > 50:
            await asyncio.sleep(0.05)
            spent = elsewhere.spend_now("camille", 1, 100)
            assert spent is not None
            remaining = spent.remaining + elsewhere._accounts["camille"].mine - 20


async def test_who_owes_little_is_settled_at_the_end(
    redis_url: str, prefix: str, seconds: Seconds, elsewhere: RedisBudgets
) -> None:
    closing = RedisBudgets(redis_url, prefix=prefix, seconds=seconds, seconds_max=5)
    closing.spend_now("camille", 100, 100_000)
    assert closing._settling is None
    await closing.close()

    elsewhere.spend_now("camille", 1, 100_000)
    await elsewhere.settle()
    known = elsewhere.spend_now("camille", 0, 100_000)
    assert known is not None
    assert known.remaining == 99_899


async def test_telling_redis_twice_counts_once(in_redis: RedisBudgets, elsewhere: RedisBudgets) -> None:
    in_redis.spend_now("camille", 20, 100)
    for _ in range(3):
        in_redis._accounts["camille"].told = 0
        await in_redis.settle()
    elsewhere.spend_now("camille", 1, 100)
    await elsewhere.settle()

    assert elsewhere._accounts["camille"].others == 20


async def test_two_processes_share_a_budget_to_within_what_they_grant_between_two_settlements(
    in_redis: RedisBudgets, elsewhere: RedisBudgets
) -> None:
    both = (in_redis, elsewhere)
    at_once = await asyncio.gather(*[both[n % 2].spend("camille", 10, 100) for n in range(30)])
    for budgets in both * 2:
        await budgets.settle()
    later = [await both[n % 2].spend("camille", 1, 100) for n in range(10)]

    assert 10 <= [one.granted for one in at_once].count(True) <= 19  # nine tenths of the limit too much
    assert [one.granted for one in later] == [False] * 10


async def test_two_processes_that_spend_slowly_share_a_budget_exactly(
    in_redis: RedisBudgets, elsewhere: RedisBudgets
) -> None:
    granted = 0
    for n in range(30):
        budgets = (in_redis, elsewhere)[n % 2]
        granted += (await budgets.spend("camille", 10, 100)).granted
        await budgets.settle()

    assert granted == 10


async def test_many_callers_are_settled_together(in_redis: RedisBudgets, elsewhere: RedisBudgets) -> None:
    names = [str(number) for number in range(1_201)]
    for budgets in (in_redis, elsewhere):
        for name in names:
            budgets.spend_now(name, 10, 100)
        await budgets.settle()

    known = [elsewhere.spend_now(name, 0, 100) for name in names]
    assert {one.remaining for one in known if one is not None} == {80}
    assert None not in known


async def test_redis_forgets_windows_that_are_over(
    in_redis: RedisBudgets, redis_client: Redis, prefix: str
) -> None:
    await in_redis.spend("camille", 1, 100)
    await in_redis.settle()

    (key,) = [key async for key in redis_client.scan_iter(f"{prefix}*")]

    assert 60 <= await redis_client.ttl(key) <= 120
    assert b"camille" not in key


async def test_memory_is_bounded_within_a_window_and_forgets_those_before(seconds: Seconds) -> None:
    budgets = MemoryBudgets(seconds=seconds, keys_max=100)
    for n in range(1_000):
        await budgets.spend(str(n), 1, 100)
    full = len(budgets._spent)
    seconds.now += 60
    await budgets.spend("camille", 1, 100)

    assert (full, len(budgets._spent)) == (100, 1)


async def test_memory_is_bounded_beside_redis_too(redis_url: str, prefix: str, seconds: Seconds) -> None:
    budgets = RedisBudgets(redis_url, prefix=prefix, seconds=seconds, keys_max=100)
    for n in range(1_000):
        await budgets.spend(str(n), 1, 100_000)
    full = len(budgets._accounts)
    seconds.now += 60
    await budgets.spend("camille", 1, 100)
    left = len(budgets._accounts), len(budgets._owing)
    await budgets.close()

    assert (full, left) == (100, (1, 1))


async def test_a_process_counts_for_itself_while_redis_is_away(seconds: Seconds) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        budgets = RedisBudgets(f"redis://127.0.0.1:{closed.getsockname()[1]}", seconds=seconds)
        spent = [await budgets.spend("camille", points, 100) for points in (60, 60, 40)]
        await budgets.close()

    assert [(one.granted, one.remaining) for one in spent] == [(True, 40), (False, 40), (True, 0)]


async def test_redis_that_never_answers_is_waited_for_once(seconds: Seconds) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        budgets = RedisBudgets(url, seconds=seconds, seconds_max=0.1)
        spent = [await budgets.spend("camille", 1, 100) for _ in range(100)]
        silent.setblocking(False)
        connections = 0
        while True:
            try:
                silent.accept()[0].close()
                connections += 1
            except BlockingIOError:
                break
        await budgets.close()

    assert [one.remaining for one in spent] == list(range(99, -1, -1))
    assert connections <= 4  # of who came near the limit and of the settlement beside: a try and its retry


async def test_redis_is_asked_again_after_a_while(
    in_redis: RedisBudgets, elsewhere: RedisBudgets, seconds: Seconds
) -> None:
    await elsewhere.spend("camille", 20, 100)
    await elsewhere.settle()
    in_redis._away_until = seconds.now + AWAY_SECONDS
    alone = [await in_redis.spend("camille", points, 100) for points in (91, 9)]
    seconds.now += AWAY_SECONDS
    together = await in_redis.spend("camille", 0, 100)

    assert [(one.granted, one.remaining) for one in alone] == [(True, 9), (True, 0)]
    assert (together.granted, together.remaining) == (False, 0)
    assert in_redis._accounts["camille"].others == 20


async def test_clients_that_leave_in_the_middle_spoil_nothing(in_redis: RedisBudgets) -> None:
    for _ in range(60):
        leaving = asyncio.create_task(in_redis.spend("camille", 1, 1_000))
        for _ in range(3):
            await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)

    spent = await asyncio.gather(*[in_redis.spend("marc", 10, 100) for _ in range(30)])

    assert [one.granted for one in spent].count(True) == 10
