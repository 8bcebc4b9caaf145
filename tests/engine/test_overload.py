"""Places for operations, and what is refused while the loop is late."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from engine.errors import Refusal
from engine.limits import Limits, OverloadLimits
from engine.sharing.callers import Caller, Callers
from engine.sharing.overload import Overload
from tests.engine.small_schema import NEW_TYPE, Stage, endpoint

pytestmark = pytest.mark.anyio

ONE = OverloadLimits(running_busy_max=1, running_max=2, waiting_max=3, waiting_of_caller_max=2)


@asynccontextmanager
async def _late_loop() -> AsyncIterator[None]:
    """A loop that comes back late each time, so that nobody is let in because there is time."""

    async def hold() -> None:
        while True:
            time.sleep(0.005)
            await asyncio.sleep(0)

    holding = asyncio.create_task(hold())
    try:
        yield
    finally:
        holding.cancel()


def _caller(callers: Callers, name: str, used: float) -> Caller:
    caller = callers.of(name)
    caller.charge(used)
    return caller


async def _operation(overload: Overload, caller: Caller, name: str, order: list[str]) -> None:
    async with overload.place(caller):
        order.append(name)
        await asyncio.sleep(0)


async def test_there_is_place_at_once_while_few_run() -> None:
    overload, caller = Overload(), Callers().of("somebody")
    async with AsyncExitStack() as stack:
        for _ in range(4):
            await stack.enter_async_context(overload.place(caller))
        assert (overload.running, overload.waiting) == (4, 0)
    assert (overload.running, caller.running) == (0, 0)


async def test_the_lightest_comes_next_whoever_came_first() -> None:
    overload, callers, order = Overload(ONE), Callers(lambda: 0.0), list[str]()
    async with _late_loop():
        async with overload.place(callers.of("running")):
            tasks = [
                asyncio.create_task(_operation(overload, _caller(callers, name, used), name, order))
                for name, used in (("heavy", 9.0), ("light", 1.0), ("middling", 5.0))
            ]
            await asyncio.sleep(0)
            assert (order, overload.waiting) == ([], 3)
        await asyncio.gather(*tasks)
    assert order == ["light", "middling", "heavy"]
    assert (overload.running, overload.waiting) == (0, 0)


async def test_whoever_is_lighter_than_all_that_run_is_let_in_at_once() -> None:
    overload, callers, order = Overload(ONE), Callers(lambda: 0.0), list[str]()
    async with overload.place(_caller(callers, "heavy", 9.0)):
        await _operation(overload, _caller(callers, "light", 1.0), "light", order)
    assert order == ["light"]


async def test_while_the_loop_is_in_time_more_are_let_in() -> None:
    overload, caller, order = Overload(ONE), Callers(lambda: 0.0).of("somebody"), list[str]()
    async with overload.place(caller):
        await _operation(overload, caller, "second", order)
    assert order == ["second"]


async def test_too_many_of_one_caller_are_refused() -> None:
    overload, callers, order = Overload(ONE), Callers(lambda: 0.0), list[str]()
    caller = _caller(callers, "somebody", 1.0)
    async with _late_loop(), overload.place(callers.of("other")):
        tasks = [asyncio.create_task(_operation(overload, caller, "", order)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Refusal) as caught:
            await _operation(overload, caller, "", order)
    await asyncio.gather(*tasks)
    assert (caught.value.status, caught.value.retry_after_seconds) == (503, 1)
    assert (len(order), caller.running, caller.waiting) == (2, 0, 0)


async def test_among_too_many_the_heaviest_goes() -> None:
    overload, callers, order = Overload(ONE), Callers(lambda: 0.0), list[str]()
    async with _late_loop(), overload.place(callers.of("running")):
        tasks = [
            asyncio.create_task(_operation(overload, _caller(callers, name, used), name, order))
            for name, used in (("a", 3.0), ("heaviest", 9.0), ("b", 3.0))
        ]
        await asyncio.sleep(0)
        with pytest.raises(Refusal):
            await _operation(overload, _caller(callers, "heavier still", 10.0), "", order)
        tasks.append(asyncio.create_task(_operation(overload, _caller(callers, "c", 1.0), "c", order)))
        await asyncio.sleep(0)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), Refusal, type(None), type(None)]
    assert order == ["c", "a", "b"]


async def test_whoever_is_cancelled_leaves_no_place_taken() -> None:
    overload, callers, order = Overload(ONE), Callers(lambda: 0.0), list[str]()
    caller = _caller(callers, "somebody", 1.0)
    async with _late_loop():
        async with overload.place(callers.of("running")):
            waits = asyncio.create_task(_operation(overload, caller, "waits", order))
            await asyncio.sleep(0)
            waits.cancel()
            await asyncio.sleep(0)
            let_in = asyncio.create_task(_operation(overload, caller, "let in", order))
            await asyncio.sleep(0)
        let_in.cancel()  # before it knows that it may come in
        await asyncio.gather(waits, let_in, return_exceptions=True)
    assert (order, overload.running, overload.waiting, caller.running, caller.waiting) == ([], 0, 0, 0, 0)


async def _make_late(overload: Overload, caller: Caller) -> None:
    """Hold the loop until its watch has seen that it is late."""
    overload.check(caller)
    while overload.lag_seconds <= overload.limits.lag_seconds_max:
        time.sleep(0.12)
        await asyncio.sleep(0)


async def test_a_late_loop_refuses_the_heavy_first_and_takes_them_again_later() -> None:
    overload, callers = Overload(OverloadLimits(lag_seconds_max=0.05)), Callers()
    heavy, light = _caller(callers, "heavy", 5.0), callers.of("light")
    await _make_late(overload, light)
    with pytest.raises(Refusal) as caught:
        overload.check(heavy)
    assert caught.value.status == 503
    assert caught.value.all_headers() == {"Connection": "close", "Retry-After": "1"}
    while overload.sheds:
        await asyncio.sleep(0.01)
    overload.check(heavy)


async def test_a_very_late_loop_refuses_all() -> None:
    overload, caller = Overload(OverloadLimits(lag_seconds_max=0.01)), Callers().of("light")
    await _make_late(overload, caller)
    with pytest.raises(Refusal):
        overload.check(caller)


async def test_a_loop_with_nothing_to_do_is_left_in_peace() -> None:
    overload, callers = Overload(), Callers()
    overload.check(callers.of("somebody"))
    while overload._watching is not None:
        await asyncio.sleep(0.01)


async def test_the_endpoint_refuses_unread_while_other_routes_answer() -> None:
    stage = Stage()
    made = endpoint(stage, limits=Limits(overload=OverloadLimits(lag_seconds_max=0.01)))

    async def live(_request: object) -> PlainTextResponse:
        return PlainTextResponse("ok")

    app = Starlette(routes=[*made.routes(), Route("/health/live", live)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://portal.test") as http:
        assert (await http.post("/graphql", json={"query": "{ hello }"})).status_code == 200
        time.sleep(0.2)
        await asyncio.sleep(0.01)
        refused = await http.post("/graphql", content=b"no JSON", headers=NEW_TYPE)
        healthy = await http.get("/health/live")
    assert (refused.status_code, refused.headers["retry-after"], refused.headers["connection"]) == (
        503,
        "1",
        "close",
    )
    assert refused.json()["errors"][0]["extensions"] == {
        "code": "SERVICE_UNAVAILABLE",
        "retryAfterSeconds": 1,
    }
    assert (healthy.status_code, healthy.text) == (200, "ok")
