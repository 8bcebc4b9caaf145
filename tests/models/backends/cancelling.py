"""Cancels a task at an exact moment: while it waits at its n-th pause, or just as that wait is over."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any


class CancelledAt:
    """Await it in place of the coroutine: the task is cancelled at the given pause (counted from 1).

    With `late`, what was awaited has already come when the cancellation strikes, so it is lost.
    """

    def __init__(self, work: Coroutine[Any, Any, Any], pause: int, *, late: bool = False) -> None:
        self._work = work
        self._pause = pause
        self._late = late

    def __await__(self) -> Generator[Any, None, Any]:
        thrown: BaseException | None = None
        pauses = 0
        while True:
            try:
                waiting = self._work.send(None) if thrown is None else self._work.throw(thrown)
            except StopIteration as end:
                return end.value
            thrown = None
            pauses += 1
            if pauses == self._pause:
                self._cancel(waiting)
            try:
                yield waiting
            except BaseException as error:
                thrown = error

    def _cancel(self, waiting: asyncio.Future[Any] | None) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self._late and waiting is not None:
            waiting.add_done_callback(lambda _: task.cancel())
        else:
            task.cancel()


async def run_cancelled(work: Coroutine[Any, Any, Any], pause: int, *, late: bool = False) -> bool:
    """Run the work as a task of its own and say whether it was cancelled."""

    async def driven() -> None:
        await CancelledAt(work, pause, late=late)

    task = asyncio.create_task(driven())
    done, _ = await asyncio.wait([task], timeout=20)
    if not done:
        task.cancel()
        raise TimeoutError("an earlier cancellation has left the database locked")
    if not task.cancelled():
        task.result()
    return task.cancelled()
