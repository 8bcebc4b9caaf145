"""Slices of the loop: short passes long, the caller that used least goes first, and nobody waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from engine.sharing.callers import Caller, Callers
from engine.sharing.turns import Turns, Work

pytestmark = pytest.mark.anyio


def _work(used: float = 0.0, seconds: float = 0.0, caller: Caller | None = None) -> Work:
    caller = caller or Callers(lambda: 0.0).of("somebody")
    caller.charge(used)
    return Work(caller, seconds=seconds)


async def _worker(turns: Turns, work: Work, name: str, steps: int, done: list[str]) -> None:
    """Works that many steps, each as long as a slice of no length, and notes them."""
    for _ in range(steps):
        await turns.next(work)
        done.append(name)
        work.seconds += 1


def _endless() -> Turns:
    return Turns(slice_seconds=0.0)


async def test_the_first_look_begins_a_slice_and_the_next_finds_it_over() -> None:
    turns = _endless()
    assert [turns.are_over(), turns.are_over()] == [False, True]
    await asyncio.sleep(0)
    assert [turns.are_over(), turns.are_over()] == [False, True]


async def test_a_long_slice_is_not_over() -> None:
    turns = Turns(slice_seconds=1_000.0)
    assert [turns.are_over() for _ in range(100)] == [False] * 100


async def test_the_one_that_worked_least_passes_all_others() -> None:
    turns, done = _endless(), list[str]()
    long = [asyncio.create_task(_worker(turns, _work(seconds=9), "long", 5, done)) for _ in range(3)]
    await asyncio.sleep(0)
    await _worker(turns, _work(), "short", 3, done)
    assert done.count("long") <= 1
    await asyncio.gather(*long)
    assert done.count("long") == 15


async def test_the_caller_that_used_least_goes_before_one_whose_operation_is_new() -> None:
    turns, done = _endless(), list[str]()
    heavy = [asyncio.create_task(_worker(turns, _work(used=5), "heavy", 1, done)) for _ in range(5)]
    light = asyncio.create_task(_worker(turns, _work(used=1, seconds=100), "light", 1, done))
    await asyncio.gather(light, *heavy)
    assert done == ["light", *["heavy"] * 5]


async def test_equals_take_turns() -> None:
    turns, done = _endless(), list[str]()
    await asyncio.gather(*(_worker(turns, _work(), name, 3, done) for name in "abc"))
    assert done == list("abcabcabc")


async def test_other_tasks_run_between_two_turns() -> None:
    turns, done = _endless(), list[str]()

    async def other() -> None:
        while True:
            done.append("other")
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    await asyncio.gather(*(_worker(turns, _work(), "work", 10, done) for _ in range(5)))
    beside.cancel()
    assert "work work" not in " ".join(done)


async def test_whoever_is_cancelled_while_waiting_holds_nobody_up() -> None:
    turns, done = _endless(), list[str]()
    tasks = [asyncio.create_task(_worker(turns, _work(), str(n), 3, done)) for n in range(6)]
    await asyncio.sleep(0)
    for task in tasks[:3]:
        task.cancel()
    await asyncio.gather(*tasks[3:])
    assert sorted(done) == sorted("345" * 3)


async def test_whoever_is_cancelled_as_the_turn_comes_hands_it_on() -> None:
    turns, done = _endless(), list[str]()
    first = asyncio.create_task(_worker(turns, _work(), "first", 1, done))
    second = asyncio.create_task(_worker(turns, _work(), "second", 1, done))
    await asyncio.sleep(0)  # both wait, and the end of the round is to come
    asyncio.get_running_loop().call_soon(first.cancel)  # right after it
    await second
    assert done == ["second"]
    assert first.cancelled()


async def test_whoever_takes_a_turn_and_works_no_more_holds_nobody_up() -> None:
    turns, done = _endless(), list[str]()

    async def once() -> None:
        await turns.next(_work())

    await asyncio.gather(*(once() for _ in range(10)), _worker(turns, _work(), "last", 2, done))
    assert done == ["last", "last"]


def test_a_loop_that_was_closed_holds_nobody_up_in_the_next() -> None:
    turns, done = _endless(), list[str]()

    async def begin() -> None:
        turns.are_over()
        asyncio.get_running_loop().stop()

    loop = asyncio.new_event_loop()
    task = loop.create_task(begin())
    loop.run_forever()
    loop.close()
    del task
    asyncio.run(_worker(turns, _work(), "done", 2, done))
    assert done == ["done", "done"]


async def test_work_counts_once_and_for_its_caller() -> None:
    caller = Callers(lambda: 0.0).of("somebody")
    work = Work(caller)
    assert (work.begin(), work.begin()) == (True, False)
    sum(range(100_000))
    work.stop()
    assert work.seconds > 0
    assert caller.used == (work.seconds, work.seconds)
    assert work.begin()


def _clock(times: list[float]) -> Callable[[], float]:
    return lambda: times[-1]


def test_what_was_used_counts_half_after_five_seconds() -> None:
    times = [0.0]
    callers = Callers(_clock(times))
    old, new = callers.of("old"), callers.of("new")
    old.charge(1.0)
    times.append(5.0)
    new.charge(0.75)
    assert (old.seconds, new.seconds) == (0.5, 0.75)
    assert old.used < new.used


def test_callers_compare_for_as_long_as_the_process_lives() -> None:
    times = [0.0]
    callers = Callers(_clock(times))
    old = callers.of("old")
    for hours in range(1, 1_000):
        old.charge(1.0)
        times.append(hours * 3_600.0)
        assert 0 <= callers.of("old").seconds < 1e-9
        callers.of("new").charge(0.25)
        assert callers.of("new").seconds == pytest.approx(0.25)
        assert old.used < callers.of("new").used


def test_a_modest_neighbour_behind_the_same_address_goes_before_a_greedy_one() -> None:
    callers = Callers(lambda: 0.0)
    greedy, modest, stranger = callers.of("a", 1), callers.of("a", 2), callers.of("b", 1)
    greedy.charge(5.0)
    modest.charge(0.5)
    stranger.charge(1.0)
    assert sorted([greedy, modest, stranger], key=lambda caller: caller.used) == [stranger, modest, greedy]


def test_many_connections_gain_nothing_over_other_addresses() -> None:
    callers = Callers(lambda: 0.0)
    honest = callers.of("b", 1)
    honest.charge(0.5)
    for port in range(10):
        callers.of("a", port).charge(0.1)
    assert honest.used < callers.of("a", 11).used


def test_those_who_came_last_are_known() -> None:
    callers = Callers(lambda: 0.0)
    first = callers.of("first")
    for number in range(9_999):
        callers.of(str(number))
    assert callers.of("first") is first
    for number in range(10_000, 20_000):
        callers.of(str(number))
    assert (callers.of("first") is first, len(callers)) == (False, 10_000)
