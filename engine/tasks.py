"""Ending tasks for sure."""

from __future__ import annotations

import asyncio
from typing import Any


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks, and return once all have cleaned up. What they raise is theirs to handle."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
