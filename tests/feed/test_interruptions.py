"""Loads that are killed, cancelled, met by another load or by a full disk: customers stay whole."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import anyio
import asyncpg  # type: ignore[import-untyped]
import pytest

from feed.load import Stopped, load, open_store
from feed.progress import Silence
from feed.report import Summary
from tests.feed.conftest import NOW, Feed, Load, TryLoad, query
from tests.feed.feeds import row, together, whole, write

CUSTOMERS = 60
ROWS_PER_CUSTOMER = 10

# Customers and how many rows each has in every table: all or nothing.
WHOLENESS = """
    SELECT c.reference,
        (SELECT count(*) FROM contract x WHERE x.customer_id = c.id) AS contracts,
        (SELECT count(*) FROM card x WHERE x.customer_id = c.id) AS cards,
        (SELECT count(*) FROM instalment x WHERE x.customer_id = c.id) AS instalments,
        (SELECT count(*) FROM statement x WHERE x.customer_id = c.id) AS statements,
        (SELECT count(*) FROM operation x WHERE x.customer_id = c.id) AS operations,
        (SELECT count(*) FROM identifier x WHERE x.customer_id = c.id) AS identifiers,
        (SELECT count(*) FROM customer_reference x WHERE x.customer_id = c.id) AS lookups
    FROM customer c
"""


def feed_of(customers: int) -> Feed:
    """Customers with ten rows each."""
    return together(*(customer_with_operations(number) for number in range(1, customers + 1)))


def customer_with_operations(number: int) -> Feed:
    feed = whole(number)
    [first] = feed["operations"]
    feed["operations"] += [{**first, "operation": f"OP-{n}", "statement": ""} for n in range(2, 6)]
    return feed


async def whole_customers(url: str) -> int:
    found = await query(url, WHOLENESS)
    parts = {tuple(value for name, value in one.items() if name != "reference") for one in found}
    assert parts <= {(1, 1, 1, 1, 5, 3, 1)}
    return len(found)


def die(url: str, directory: Path, how: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.feed.dying", url, str(directory), how]
    root = Path(__file__).parent.parent.parent
    return subprocess.run(command, capture_output=True, text=True, cwd=root, check=False, timeout=60)


@pytest.mark.parametrize("how", ["between", "inside"])
async def test_a_killed_load_leaves_whole_customers_and_the_next_completes_it(
    database_url: str, load_feed: Load, tmp_path: Path, how: str
) -> None:
    directory = write(tmp_path / "other", feed_of(CUSTOMERS))

    assert die(database_url, directory, how).returncode == -9

    loaded = await whole_customers(database_url)
    assert 0 < loaded < CUSTOMERS
    summary = await load_feed(directory)
    assert summary.tallies["customers"].inserted == CUSTOMERS - loaded
    assert summary.tallies["operations"].unchanged == 5 * loaded
    assert await whole_customers(database_url) == CUSTOMERS


async def test_a_cancelled_load_leaves_whole_customers_and_no_lock(
    database_url: str, load_feed: Load, tmp_path: Path
) -> None:
    class Cancelling(Silence):
        def merging(self, customers_done: int, customers_total: int) -> None:
            task = asyncio.current_task()
            if customers_done > 10 and task is not None:
                task.cancel()

    directory = write(tmp_path / "other", feed_of(CUSTOMERS))
    loading = asyncio.create_task(
        load(
            directory,
            database_url,
            now=NOW,
            progress=Cancelling(),
            report=tmp_path / "r.csv",
            batch_records=60,
        )
    )
    with pytest.raises(asyncio.CancelledError):
        await loading

    assert 10 < await whole_customers(database_url) < CUSTOMERS
    assert not list(tmp_path.glob("r.csv*"))
    await load_feed(directory)
    assert await whole_customers(database_url) == CUSTOMERS


async def test_a_second_load_at_the_same_time_is_refused(database_url: str, try_load: TryLoad) -> None:
    async with open_store(database_url):
        outcome = await try_load(whole())

    assert isinstance(outcome, Stopped)
    assert [str(problem) for problem in outcome.problems] == [
        "database: is being loaded by another process: run this one again when that has ended"
    ]
    assert isinstance(await try_load(whole()), Summary)


async def test_others_write_between_two_batches(sqlite_url: str, tmp_path: Path) -> None:
    class Writing(Silence):
        written = 0

        def merging(self, customers_done: int, customers_total: int) -> None:
            file = sqlite_url.removeprefix("sqlite://")
            with sqlite3.connect(file, timeout=0) as other:
                other.execute(
                    "INSERT INTO attempt_tally (subject_key, failures, warned_failures, updated_at) "
                    "VALUES (?, 1, 0, ?)",
                    (str(customers_done), str(NOW)),
                )
            other.close()
            self.written += 1

    writing = Writing()
    directory = write(tmp_path / "other", feed_of(CUSTOMERS))
    outcome = await load(
        directory, sqlite_url, now=NOW, progress=writing, report=tmp_path / "r.csv", batch_records=60
    )

    assert isinstance(outcome, Summary)
    assert writing.written > 5


async def test_a_full_disk_is_told_and_the_next_load_completes(sqlite_url: str, tmp_path: Path) -> None:
    directory = write(tmp_path / "other", feed_of(10 * CUSTOMERS))

    told = die(sqlite_url, directory, "full").stdout

    assert told in (
        "database: the disk of the database is full (database or disk is full)\n",
        "database: the database file cannot be read or written (disk I/O error)\n",
    )
    assert await whole_customers(sqlite_url) < 10 * CUSTOMERS
    outcome = await load(directory, sqlite_url, now=NOW, report=tmp_path / "r.csv")
    assert isinstance(outcome, Summary)
    assert await whole_customers(sqlite_url) == 10 * CUSTOMERS


async def test_a_server_that_goes_away_is_told_and_the_next_load_completes(
    postgres_url: str, tmp_path: Path
) -> None:
    class Terminating(Silence):
        def merging(self, customers_done: int, customers_total: int) -> None:
            if customers_done > 10:
                thread = threading.Thread(target=asyncio.run, args=(terminate_others(postgres_url),))
                thread.start()
                thread.join()

    directory = write(tmp_path / "other", feed_of(CUSTOMERS))
    outcome = await load(
        directory, postgres_url, now=NOW, progress=Terminating(), report=tmp_path / "r.csv", batch_records=60
    )

    assert isinstance(outcome, Stopped)
    assert str(outcome.problems[0]).startswith("database: ")
    assert 10 < outcome.customers_loaded < CUSTOMERS
    assert await whole_customers(postgres_url) == outcome.customers_loaded
    again = await load(directory, postgres_url, now=NOW, report=tmp_path / "r.csv")
    assert isinstance(again, Summary)
    assert await whole_customers(postgres_url) == CUSTOMERS


async def terminate_others(url: str) -> None:
    """End every other session of the database, as its administrator may."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()


async def test_a_cancelled_statement_ends_at_once(database_url: str) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    async with open_store(database_url) as store:
        with anyio.fail_after(20), anyio.CancelScope() as scope:
            scope.deadline = anyio.current_time() + 0.1
            await store.rows(endless)
        assert scope.cancelled_caught
        assert await store.rows("SELECT 1") == [(1,)]


async def test_a_report_that_cannot_be_written_stops_the_load_before_it_begins(
    database_url: str, tmp_path: Path
) -> None:
    directory = write(tmp_path / "other", whole())

    outcome = await load(directory, database_url, now=NOW, report=tmp_path / "nowhere" / "report.csv")

    assert isinstance(outcome, Stopped)
    assert [problem.reason for problem in outcome.problems] == [
        "cannot be written: No such file or directory"
    ]
    assert await whole_customers(database_url) == 0


async def test_a_database_that_is_down_is_told(tmp_path: Path) -> None:
    directory = write(tmp_path / "other", {"customers": [row("customers")]})

    outcome = await load(
        directory, "postgres://postgres@127.0.0.1:1/none", now=NOW, report=tmp_path / "report.csv"
    )

    assert isinstance(outcome, Stopped)
    assert str(outcome.problems[0]).startswith("database: ")
    assert outcome.customers_loaded == 0
