"""Message services that do what a test tells them to."""

from __future__ import annotations

import asyncio
from collections import Counter

from gateways.messages import Message


class Scripted:
    """Answers each message with the next outcome: an exception to raise, or None to take it."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self._outcomes = list(outcomes)
        self.taken: list[Message] = []

    async def send(self, message: Message) -> None:
        outcome = self._outcomes.pop(0) if self._outcomes else None
        if outcome is not None:
            raise outcome
        self.taken.append(message)


class Waiting:
    """Takes each message, and answers only once it may."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.may_answer = asyncio.Event()

    async def send(self, message: Message) -> None:
        self.taken.append(message.id)
        await self.may_answer.wait()


class Counting:
    """Counts how often each message was taken, and how many at once."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()

    async def send(self, message: Message) -> None:
        await asyncio.sleep(0)  # another worker gets its turn
        self.taken[message.id] += 1
