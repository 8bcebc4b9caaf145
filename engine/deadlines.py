"""Deadlines of many short tasks that may all last equally long: one timer for all of them."""

from __future__ import annotations

import asyncio
from types import TracebackType


class Deadlines:
    """`with deadlines.one():` raises `TimeoutError` in the task that is inside for too long.

    As `asyncio.timeout` does it, for what is called so often that a timer for each would be felt. The timer
    is set for the first that is due, and set anew, if need be, when that time has come.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._inside: dict[Deadline, None] = {}  # the first that is due comes first
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def one(self) -> Deadline:
        """A deadline for what runs in the current task, from when it is entered."""
        return Deadline(self)

    def add(self, deadline: Deadline) -> None:
        """Time runs for it."""
        loop = deadline.task.get_loop()
        if loop is not self._loop:  # nobody is inside any more in one that was closed
            self._loop, self._timer, self._inside = loop, None, {}
        deadline.due = loop.time() + self.seconds
        self._inside[deadline] = None
        if self._timer is None:
            self._timer = loop.call_at(deadline.due, self._look)

    def remove(self, deadline: Deadline) -> None:
        """It was kept, or missed."""
        self._inside.pop(deadline, None)

    def _look(self) -> None:
        loop, self._timer = asyncio.get_running_loop(), None
        while self._inside:
            first = next(iter(self._inside))
            if first.due > loop.time():
                self._timer = loop.call_at(first.due, self._look)
                break
            del self._inside[first]
            first.miss()


class Deadline:
    """One task's."""

    __slots__ = ("_cancelling", "_deadlines", "due", "is_missed", "task")

    def __init__(self, deadlines: Deadlines) -> None:
        self.due = 0.0
        self.is_missed = False
        self._deadlines = deadlines

    def __enter__(self) -> Deadline:
        task = asyncio.current_task()
        assert task is not None
        self.task, self._cancelling = task, task.cancelling()
        self._deadlines.add(self)
        return self

    def miss(self) -> None:
        """The time is over: what runs inside is cancelled at its next await."""
        self.is_missed = True
        self.task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._deadlines.remove(self)
        # No await in here, so that a cancellation of ours is told from one that comes from outside.
        if self.is_missed and self.task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
