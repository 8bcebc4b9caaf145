"""The database as a load sees it: a connection of its own, staging tables that vanish with it, one lock.

What a killed load leaves behind is nothing: staging tables are temporary on both databases, and the lock goes
with the process that held it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Protocol

from feed.checks import Row
from feed.problems import Problem

FETCHED_MAX = 2_000
LOADING = Problem(
    "database", None, None, "is being loaded by another process: run this one again when that has ended"
)


class Store(Protocol):
    """What both databases can do for a load. SQL that both read goes through; the rest has a method here."""

    differ: ClassVar[str]  # "these are not the same", with NULL like a value
    types: ClassVar[Mapping[str, str]]  # how a value is kept, by `Kind.stored`

    async def create(self, table: str, columns: Mapping[str, str]) -> None:
        """An empty staging table; columns by name, with how each is stored."""

    async def create_as(self, table: str, select: str) -> None:
        """A staging table made of a query."""

    async def index(self, table: str, *columns: str) -> None:
        """Make a staging table quick to search."""

    async def settle(self, *tables: str) -> None:
        """Let the planner know what staging tables hold."""

    async def stage(self, table: str, columns: Sequence[str], chunks: AsyncIterator[list[Row]]) -> None:
        """Append rows to a staging table as they come."""

    async def run(self, sql: str) -> int:
        """Execute one statement and say how many rows it wrote."""

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The whole answer of a query known to be small."""

    def stream(self, sql: str) -> AsyncGenerator[list[tuple[Any, ...]], None]:
        """The answer of a query, a part at a time."""

    def transaction(self) -> AbstractAsyncContextManager[None]:
        """All or nothing of what the block writes."""
