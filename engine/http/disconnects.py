"""Stopping an operation whose client has gone away."""

from __future__ import annotations

import asyncio
from types import TracebackType

from starlette.types import Receive

from engine.http.bodies import ClientGone


class CancelWhenGone:
    """`async with`: cancels what runs inside when the client disconnects, and raises `ClientGone`."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._gone = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self._task.cancel()

    async def __aexit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """No await in here, so that a cancellation of ours is told from one that comes from outside."""
        self._watcher.cancel()
        if self._gone and self._task.uncancel() == 0:
            raise ClientGone from error
