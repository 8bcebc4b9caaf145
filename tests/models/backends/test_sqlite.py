"""The SQLite engine: writers wait for each other, readers for nobody, and a trouble has its name."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tortoise.exceptions import IntegrityError, OperationalError

from models.backends.errors import DatabaseBusy, DatabaseFull, DatabaseUnavailable, TransactionMisuse
from models.backends.sqlite import SqliteClient
from models.backends.sqlite_thread import call, fetch, only_reads, statements
from models.backends.transactions import Turn

pytestmark = pytest.mark.anyio


def _client(file: Path | str, **named: Any) -> SqliteClient:
    return SqliteClient(str(file), connection_name="default", **named)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "till.sqlite3"


@pytest.fixture
async def till(file: Path) -> AsyncIterator[SqliteClient]:
    client = _client(file)
    await client.execute_script("CREATE TABLE till (id INTEGER PRIMARY KEY, cents BIGINT, words TEXT)")
    await client.execute_insert("INSERT INTO till VALUES (?, ?, ?)", [1, 0, ""])
    yield client
    await client.close()


async def _open(client: SqliteClient) -> Any:
    """A transaction without Tortoise's context around it."""
    transaction: Any = client._in_transaction().client
    transaction.turn = Turn()
    await transaction.open()
    return transaction


async def test_connections_are_set_up(till: SqliteClient) -> None:
    async def pragma(name: str) -> Any:
        return (await till.execute_query(f"PRAGMA {name}"))[1][0][0]

    settings = [
        await pragma(name) for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    ]
    assert settings == ["wal", 1, 1, 5000]


async def test_an_open_transaction_does_not_block_reads_and_they_see_a_commit(till: SqliteClient) -> None:
    async def cents() -> int:
        return int((await till.execute_query_dict("SELECT cents FROM till"))[0]["cents"])

    transaction = await _open(till)
    await transaction.execute_query("UPDATE till SET cents = 5")
    async with asyncio.timeout(5):
        assert await asyncio.gather(*[cents() for _ in range(10)]) == [0] * 10
    inside = await transaction.execute_query_dict("SELECT cents FROM till")
    await transaction.leave(failed=False)

    assert (inside, await cents()) == ([{"cents": 5}], 5)


async def test_reads_are_bounded_and_cannot_write(till: SqliteClient) -> None:
    await asyncio.gather(*[till.execute_query("SELECT * FROM till") for _ in range(20)])
    assert till._idle_readers.qsize() == 2
    with pytest.raises(DatabaseUnavailable, match="read-only"):
        async with till._reading() as reader:
            await call(reader, fetch, "DELETE FROM till", None)


async def test_two_processes_that_read_then_write_wait_for_each_other(till: SqliteClient, file: Path) -> None:
    async def add(client: SqliteClient, times: int) -> None:
        for _ in range(times):
            transaction = await _open(client)
            cents = (await transaction.execute_query_dict("SELECT cents FROM till"))[0]["cents"]
            await transaction.execute_query("UPDATE till SET cents = ?", [cents + 1])
            await transaction.leave(failed=False)

    other = _client(file)
    await asyncio.gather(add(till, 25), add(other, 25))
    await other.close()

    assert await till.execute_query_dict("SELECT cents FROM till") == [{"cents": 50}]


async def test_a_file_locked_by_another_process_is_busy(till: SqliteClient, file: Path) -> None:
    hasty = _client(file, busy_timeout=0.05)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy):
            await hasty.execute_query("UPDATE till SET cents = 1")
        with pytest.raises(DatabaseBusy):
            await _open(hasty)
        assert not hasty._lock.locked()
        assert await hasty.execute_query_dict("SELECT cents FROM till") == [{"cents": 0}]
    await hasty.execute_query("UPDATE till SET cents = 2")
    await hasty.close()


async def test_a_full_disk_undoes_the_transaction_and_refuses_its_rest(till: SqliteClient) -> None:
    pages = (await till.execute_query("PRAGMA page_count"))[1][0][0]
    await till.execute_script(f"PRAGMA max_page_count = {pages + 2}")
    transaction = await _open(till)
    await transaction.execute_query("UPDATE till SET cents = 7")
    with pytest.raises(DatabaseFull):
        await transaction.execute_query("UPDATE till SET words = ?", ["x" * 40_000])
    await transaction.leave(failed=True)

    assert await till.execute_query_dict("SELECT count(*) AS n, sum(cents) AS s FROM till") == [
        {"n": 1, "s": 0}
    ]


async def test_a_transaction_that_the_database_undid_cannot_go_on(till: SqliteClient) -> None:
    transaction = await _open(till)
    await till_undone(transaction)
    with pytest.raises(TransactionMisuse, match="undid"):
        await transaction.execute_query("UPDATE till SET cents = 9")
    with pytest.raises(TransactionMisuse, match="undid"):
        await transaction.leave(failed=False)
    assert await till.execute_query_dict("SELECT cents FROM till") == [{"cents": 0}]


async def till_undone(transaction: Any) -> None:
    """What a full disk does: ROLLBACK, unasked."""
    with pytest.raises(IntegrityError):
        await transaction.execute_query("INSERT OR ROLLBACK INTO till VALUES (1, 1, '')")


async def test_files_that_are_no_database_or_out_of_reach_are_unavailable(tmp_path: Path) -> None:
    tmp_path.joinpath("letter").write_text("Dear customer, " * 100)
    for place in (tmp_path / "letter", tmp_path / "nowhere" / "till.sqlite3", tmp_path):
        client = _client(place)
        with pytest.raises(DatabaseUnavailable):
            await client.execute_query("SELECT * FROM till")
        await client.close()


async def test_other_errors_are_tortoises(till: SqliteClient) -> None:
    with pytest.raises(IntegrityError):
        await till.execute_insert("INSERT INTO till VALUES (?, 0, '')", [1])
    with pytest.raises(OperationalError, match="no such table"):
        await till.execute_query("SELECT * FROM purse")
    with pytest.raises(OperationalError, match="64 bits"):
        await till.execute_query("SELECT * FROM till WHERE id = ?", [2**63])


async def test_a_nul_comes_back_as_it_was(till: SqliteClient) -> None:
    words = "before\x00after"
    await till.execute_query("UPDATE till SET words = ?", [words])
    assert await till.execute_query_dict("SELECT words FROM till WHERE words = ?", [words]) == [
        {"words": words}
    ]
    assert await till.execute_query_dict(f"SELECT '{words}' AS words") == [{"words": words}]


async def test_affected_rows_are_counted_and_returned(till: SqliteClient) -> None:
    await till.execute_many("INSERT INTO till VALUES (?, ?, '')", [[2, 5], [3, 5]])
    assert (await till.execute_query("UPDATE till SET cents = 6 WHERE cents = 5"))[0] == 2
    assert (await till.execute_query("UPDATE till SET cents = 6 WHERE cents = 1"))[0] == 0
    count, rows = await till.execute_query("DELETE FROM till WHERE cents = 6 RETURNING id")
    assert (count, [row["id"] for row in rows]) == (2, [2, 3])


async def test_a_script_inside_a_transaction_does_not_end_it(till: SqliteClient) -> None:
    transaction = await _open(till)
    await transaction.execute_script("UPDATE till SET cents = 1; UPDATE till SET words = 'a;b' -- c;d\n;")
    await transaction.leave(failed=True)
    assert await till.execute_query_dict("SELECT cents, words FROM till") == [{"cents": 0, "words": ""}]


async def test_a_cancelled_read_stops_and_frees_its_connection(till: SqliteClient) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    reads = [asyncio.create_task(till.execute_query(endless)) for _ in range(2)]
    while till._idle_readers.qsize():
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    for read in reads:
        read.cancel()
    await asyncio.wait(reads)
    async with asyncio.timeout(5):
        assert len((await till.execute_query("SELECT * FROM till"))[1]) == 1


async def test_a_database_closed_under_a_transaction_is_unavailable(till: SqliteClient) -> None:
    transaction = await _open(till)
    await transaction.execute_query("UPDATE till SET cents = 1")
    await till.close()
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable, match="closed"):
            await transaction.execute_query("UPDATE till SET cents = 2")
    with pytest.raises(DatabaseUnavailable, match="closed"):
        await transaction.leave(failed=False)
    assert await till.execute_query_dict("SELECT cents FROM till") == [{"cents": 0}]


async def test_a_database_in_memory_is_one_connection() -> None:
    client = _client(":memory:")
    await client.execute_script("CREATE TABLE till (id INTEGER PRIMARY KEY)")
    await client.execute_insert("INSERT INTO till VALUES (1)", [])
    assert await client.execute_query_dict("SELECT id FROM till") == [{"id": 1}]
    await client.close()


@pytest.mark.parametrize(
    ("sql", "reads"),
    [
        ("SELECT 1", True),
        ("\n  select * FROM t", True),
        ("WITH a AS (SELECT updated_at FROM t) SELECT * FROM a", True),
        ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", False),
        ("EXPLAIN QUERY PLAN SELECT 1", True),
        ("UPDATE t SET a = 1 RETURNING a", False),
        ("PRAGMA foreign_keys", False),
        ("SELECTION", False),
    ],
)
def test_only_what_surely_reads_goes_to_a_reader(sql: str, reads: bool) -> None:
    assert only_reads(sql) is reads


def test_scripts_are_split_where_statements_end() -> None:
    trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; DELETE FROM c; END;"
    script = f"INSERT INTO a VALUES ('x;y'); /* not; here */ SELECT 1;{trigger} SELECT 2"
    parts = [part.strip() for part in statements(script)]
    assert parts == ["INSERT INTO a VALUES ('x;y');", "/* not; here */ SELECT 1;", trigger, "SELECT 2;"]
