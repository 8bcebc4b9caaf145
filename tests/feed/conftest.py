"""Loading a feed in a test, and looking at what it left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tortoise.connection import get_connection

from feed.format import ENTITIES
from feed.load import Stopped, load
from feed.report import Summary
from models.backends.opening import open_database
from tests.feed.feeds import Row, write

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
TABLES = [entity.table for entity in ENTITIES] + ["customer_reference", "identifier"]

Feed = dict[str, list[Row]]
Load = Callable[..., Awaitable[Summary]]  # of a feed or a directory, with the options of `load`
TryLoad = Callable[..., Awaitable[Summary | Stopped]]
Rows = Callable[[str], Awaitable[list[dict[str, Any]]]]
Contents = Callable[[], Awaitable[dict[str, list[dict[str, Any]]]]]


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "feed-report.csv"


@pytest.fixture
def try_load(database_url: str, tmp_path: Path, report: Path) -> TryLoad:
    """Load a feed, or a directory as it is."""

    async def run(feed: Feed | Path, **options: Any) -> Summary | Stopped:
        directory = feed if isinstance(feed, Path) else write(_fresh(tmp_path / "feed"), feed)
        return await load(directory, database_url, now=NOW, report=report, **options)

    return run


def _fresh(directory: Path) -> Path:
    for file in directory.glob("*"):
        file.unlink()
    return directory


@pytest.fixture
def load_feed(try_load: TryLoad) -> Load:
    """Load a feed to its end."""

    async def run(feed: Feed | Path, **options: Any) -> Summary:
        outcome = await try_load(feed, **options)
        assert isinstance(outcome, Summary), outcome
        return outcome

    return run


@pytest.fixture
def rows(database_url: str) -> Rows:
    """All rows that a query finds, outside any load."""

    async def run(sql: str) -> list[dict[str, Any]]:
        return await query(database_url, sql)

    return run


async def query(url: str, sql: str) -> list[dict[str, Any]]:
    async with open_database(url):
        return [dict(row) for row in await get_connection("default").execute_query_dict(sql)]


@pytest.fixture
def contents(rows: Rows) -> Contents:
    """Every row of every table that a load may write."""

    async def run() -> dict[str, list[dict[str, Any]]]:
        found = {table: await rows(f"SELECT * FROM {table}") for table in TABLES}
        return {table: sorted(lines, key=repr) for table, lines in found.items()}

    return run


def tallies(summary: Summary) -> dict[str, tuple[int, int, int, int, int]]:
    """Read, inserted, changed, unchanged and refused rows of each file."""
    return {
        name: (tally.read, tally.inserted, tally.changed, tally.unchanged, tally.refused)
        for name, tally in summary.tallies.items()
    }
