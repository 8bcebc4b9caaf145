"""The PostgreSQL engine: dead connections heal, the pool is bounded, and a trouble has its name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from tortoise.exceptions import IntegrityError, OperationalError

from models.backends.errors import DatabaseBusy, DatabaseTrouble, DatabaseUnavailable, TransactionMisuse
from models.backends.postgres import PostgresClient, give_back
from models.backends.transactions import Turn

pytestmark = pytest.mark.anyio


@pytest.fixture
async def till(postgres_url: str) -> AsyncIterator[PostgresClient]:
    client = PostgresClient(postgres_url, connection_name="default", maxsize=3, pool_timeout=2.0)
    await client.execute_script("CREATE TABLE till (id BIGINT PRIMARY KEY, cents BIGINT, words TEXT)")
    await client.execute_script("INSERT INTO till VALUES (1, 0, ''), (2, 0, '')")
    yield client
    await client.close()


async def _open(client: PostgresClient) -> Any:
    """A transaction without Tortoise's context around it."""
    transaction: Any = client._in_transaction().client
    transaction.turn = Turn()
    await transaction.open()
    return transaction


async def _kill_the_others(url: str) -> None:
    """What a restart of the server does to the connections."""
    server = await asyncpg.connect(url)
    await server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await server.close()


async def test_a_connection_that_died_while_idle_is_replaced_when_a_transaction_begins(
    till: PostgresClient, postgres_url: str
) -> None:
    await asyncio.gather(*[till.execute_query("SELECT pg_sleep(0.05)") for _ in range(3)])
    holders = till._pool._holders  # type: ignore[union-attr]
    for holder in holders:  # cut the wire without the client's noticing
        holder._con._transport.get_extra_info("socket").shutdown(2)

    transaction = await _open(till)
    await transaction.execute_query("UPDATE till SET cents = 1")
    await transaction.leave(failed=False)

    assert await till.execute_query_dict("SELECT sum(cents)::int AS s FROM till") == [{"s": 2}]


async def test_a_connection_that_dies_inside_a_transaction_is_unavailable_and_leaves_the_pool_whole(
    till: PostgresClient, postgres_url: str
) -> None:
    for ending in (True, False):
        transaction = await _open(till)
        await transaction.execute_query("UPDATE till SET cents = 1")
        await _kill_the_others(postgres_url)
        if ending:
            with pytest.raises(DatabaseUnavailable):
                await transaction.execute_query("UPDATE till SET cents = 2")
            await transaction.leave(failed=True)
        else:
            with pytest.raises(DatabaseUnavailable):
                await transaction.leave(failed=False)
    for connection in [await till.borrow() for _ in range(3)]:
        await give_back(connection)
    assert await till.execute_query_dict("SELECT sum(cents)::int AS s FROM till") == [{"s": 0}]


async def test_a_pool_without_a_free_connection_is_unavailable(postgres_url: str) -> None:
    client = PostgresClient(postgres_url, connection_name="default", maxsize=1, pool_timeout=1.0)
    same = "SELECT pg_backend_pid() AS pid"
    transaction = await _open(client)
    held = await transaction.execute_query_dict(same)
    with pytest.raises(DatabaseUnavailable, match="became free"):
        await client.execute_query("SELECT 1")
    await transaction.leave(failed=True)
    assert await client.execute_query_dict(same) == held
    await client.close()


async def test_a_deadlock_is_busy(till: PostgresClient) -> None:
    met = asyncio.Barrier(2)

    async def cross(first: int, second: int) -> str:
        transaction = await _open(till)
        try:
            await transaction.execute_query("UPDATE till SET cents = 1 WHERE id = $1", [first])
            await met.wait()
            await transaction.execute_query("UPDATE till SET cents = 1 WHERE id = $1", [second])
        except DatabaseBusy:
            await transaction.leave(failed=True)
            return "busy"
        await transaction.leave(failed=False)
        return "done"

    assert sorted(await asyncio.gather(cross(1, 2), cross(2, 1))) == ["busy", "done"]


async def test_a_serialization_failure_is_busy(till: PostgresClient) -> None:
    transactions = [await _open(till), await _open(till)]
    for transaction in transactions:
        await transaction.execute_script("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await transaction.execute_query("SELECT * FROM till")
    await transactions[0].execute_query("UPDATE till SET cents = 1")
    await transactions[0].leave(failed=False)
    with pytest.raises(DatabaseBusy):
        await transactions[1].execute_query("UPDATE till SET cents = 2")
    await transactions[1].leave(failed=True)


async def test_a_server_that_became_read_only_is_unavailable(till: PostgresClient) -> None:
    transaction = await _open(till)
    await transaction.execute_script("SET TRANSACTION READ ONLY")
    with pytest.raises(DatabaseUnavailable, match="read-only"):
        await transaction.execute_query("UPDATE till SET cents = 1")
    await transaction.leave(failed=True)


async def test_a_statement_that_takes_too_long_is_unavailable(postgres_url: str) -> None:
    client = PostgresClient(postgres_url, connection_name="default", command_timeout=0.1)
    with pytest.raises(DatabaseUnavailable):
        await client.execute_query("SELECT pg_sleep(5)")
    assert (await client.execute_query("SELECT 1"))[0] == 1
    await client.close()


@pytest.mark.parametrize("place", ["postgres@127.0.0.1:1/postgres", "postgres@nowhere.invalid/postgres"])
async def test_a_server_that_is_down_is_unavailable(place: str) -> None:
    client = PostgresClient(f"postgres://{place}", connection_name="default")
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            await client.execute_query("SELECT 1")
        with pytest.raises(DatabaseUnavailable):
            await _open(client)
    await client.close()


async def test_a_database_that_is_not_there_is_unavailable(postgres_url: str) -> None:
    client = PostgresClient(f"{postgres_url}_not", connection_name="default")
    with pytest.raises(DatabaseUnavailable, match="does not exist"):
        await client.execute_query("SELECT 1")
    await client.close()


async def test_a_swallowed_failure_does_not_pass_for_a_commit(till: PostgresClient) -> None:
    transaction = await _open(till)
    await transaction.execute_query("UPDATE till SET cents = 1")
    with pytest.raises(IntegrityError):
        await transaction.execute_insert("INSERT INTO till VALUES (1)", [])
    with pytest.raises(TransactionMisuse):
        await transaction.execute_query("SELECT 1")
    with pytest.raises(TransactionMisuse, match="nothing was kept"):
        await transaction.leave(failed=False)
    assert await till.execute_query_dict("SELECT sum(cents)::int AS s FROM till") == [{"s": 0}]


async def test_other_errors_are_tortoises(till: PostgresClient) -> None:
    with pytest.raises(OperationalError, match="does not exist"):
        await till.execute_query("SELECT * FROM purse")
    for value in ("one", 2**63):
        with pytest.raises(OperationalError) as refused:
            await till.execute_query("SELECT * FROM till WHERE id = $1", [value])
        assert not isinstance(refused.value, DatabaseTrouble)


async def test_a_nul_is_refused(till: PostgresClient) -> None:
    with pytest.raises(OperationalError):
        await till.execute_query("UPDATE till SET words = $1", ["before\x00after"])
    with pytest.raises(OperationalError):
        await till.execute_query("UPDATE till SET words = 'before\x00after'")
    assert await till.execute_query_dict("SELECT words FROM till WHERE id = 1") == [{"words": ""}]


async def test_returned_rows_of_a_change_are_kept(till: PostgresClient) -> None:
    changed = "UPDATE till SET cents = 3 WHERE id = 2 RETURNING id, cents"
    assert await till.execute_query_dict(changed) == [{"id": 2, "cents": 3}]
    assert (await till.execute_query("UPDATE till SET cents = 4"))[0] == 2
