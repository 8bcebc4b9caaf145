"""What many ask for one by one is read once, whoever stops waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from engine.planning.loaders import Loaders


class Batches:
    """A batch function that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, list[int]]] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def double(self, factor: int, keys: list[int]) -> Sequence[int]:
        self.asked.append((factor, keys))
        await self.may_answer.wait()
        return [factor * key for key in keys]

    async def fail(self, keys: list[int]) -> Sequence[int]:
        raise LookupError("down")


async def test_keys_of_one_tick_are_one_batch_and_each_is_asked_for_once() -> None:
    loaders, batches = Loaders(), Batches()
    found = await asyncio.gather(*(loaders.load(batches.double, 2, key=key) for key in (1, 5, 1)))
    assert found == [2, 10, 2]
    assert batches.asked == [(2, [1, 5])]
    assert await loaders.load(batches.double, 2, key=5) == 10
    assert batches.asked == [(2, [1, 5])]


async def test_other_arguments_are_another_batch() -> None:
    loaders, batches = Loaders(), Batches()
    found = await asyncio.gather(*(loaders.load(batches.double, factor, key=1) for factor in (2, 3)))
    assert found == [2, 3]
    assert batches.asked == [(2, [1]), (3, [1])]


async def test_two_operations_share_nothing() -> None:
    batches = Batches()
    for _ in range(2):
        assert await Loaders().load(batches.double, 2, key=1) == 2
    assert batches.asked == [(2, [1]), (2, [1])]


async def test_one_who_stops_waiting_leaves_the_batch_to_the_others() -> None:
    loaders, batches = Loaders(), Batches()
    batches.may_answer.clear()

    async def ask(key: int) -> int:
        return await loaders.load(batches.double, 2, key=key)

    first, second, again = [asyncio.create_task(ask(key)) for key in (1, 2, 1)]
    while not batches.asked:
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert first.cancelled()
    batches.may_answer.set()
    assert list(await asyncio.gather(second, again)) == [4, 2]
    assert await loaders.load(batches.double, 2, key=1) == 2
    assert batches.asked == [(2, [1, 2])]


async def test_a_batch_that_fails_fails_for_everyone_who_waits() -> None:
    loaders, batches = Loaders(), Batches()
    outcomes = await asyncio.gather(
        *(loaders.load(batches.fail, key=key) for key in (1, 2)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [LookupError, LookupError]
