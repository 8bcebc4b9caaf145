"""Connections held for reading from PostgreSQL: few, prepared, replaced when they die, gone in the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest

from models.backends.errors import DatabaseTrouble, DatabaseUnavailable
from models.backends.opening import tortoise_config
from models.backends.postgres import PostgresClient
from models.backends.transactions import Reading

pytestmark = pytest.mark.anyio

PID = "SELECT pg_backend_pid()"
OTHERS = "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"


def _client(url: str, **named: Any) -> PostgresClient:
    return PostgresClient(
        **{**tortoise_config(url)["connections"]["default"]["credentials"], **named},
        connection_name="default",
    )


@asynccontextmanager
async def _open(url: str, **named: Any) -> AsyncIterator[PostgresClient]:
    client = _client(url, **named)
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def till(postgres_url: str) -> AsyncIterator[PostgresClient]:
    async with _open(postgres_url, read_max=3, pool_timeout=2.0) as client:
        yield client


def _ask(sql: str, *parameters: Any) -> Reading[Any]:
    """The first value of the answer."""
    rows = yield sql, parameters
    return rows[0][0] if rows else None


def _ask_both(first: str, second: str) -> Reading[list[Any]]:
    return [(yield first, ())[0][0], (yield second, ())[0][0]]


async def _on_server(url: str, sql: str) -> Any:
    server = await asyncpg.connect(url)
    try:
        return await server.fetchval(sql)
    finally:
        await server.close()


async def _kill_all(url: str) -> int:
    """What a restart of the server does to the connections; says how many there were."""
    killed: int = await _on_server(
        url,
        f"SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OTHERS}) AS k",
    )
    return killed


async def _fill(client: PostgresClient) -> set[int]:
    """Have every connection opened; says which."""
    return set(await asyncio.gather(*[client.read(_ask(f"{PID}, pg_sleep(0.1)")) for _ in range(3)]))


async def test_connections_are_few_and_the_last_used_comes_first(till: PostgresClient) -> None:
    assert len({await till.read(_ask(PID)) for _ in range(10)}) == 1
    pids = await asyncio.gather(*[till.read(_ask(f"{PID}, pg_sleep(0.01)")) for _ in range(30)])
    assert len(set(pids)) == 3
    assert len({await till.read(_ask(PID)) for _ in range(10)}) == 1


async def test_who_waits_is_served_in_order(till: PostgresClient) -> None:
    served: list[int] = []

    async def read(number: int) -> None:
        await till.read(_ask("SELECT pg_sleep(0.01)"))
        served.append(number)

    await _fill(till)
    busy = [asyncio.create_task(till.read(_ask("SELECT pg_sleep(0.3)"))) for _ in range(2)]
    await asyncio.gather(*[read(number) for number in range(10)])
    assert served == list(range(10))
    await asyncio.gather(*busy)


async def test_nobody_waits_for_a_connection_longer_than_for_the_pools(postgres_url: str) -> None:
    async with _open(postgres_url, read_max=1, pool_timeout=0.2) as client:
        busy = asyncio.create_task(client.read(_ask("SELECT pg_sleep(1)")))
        await asyncio.sleep(0)
        with pytest.raises(DatabaseUnavailable, match="became free"):
            await client.read(_ask("SELECT 1"))
        await busy
        assert await client.read(_ask("SELECT 1")) == 1


async def test_sessions_are_set_up_for_reading(till: PostgresClient) -> None:
    names = ("default_transaction_read_only", "plan_cache_mode", "jit", "statement_timeout")
    found = [await till.read(_ask(f"SHOW {name}")) for name in names]
    assert found == ["on", "force_generic_plan", "off", "30s"]


async def test_the_leader_is_found_among_several_hosts(postgres_url: str) -> None:
    async with _open(f"{postgres_url}?target_session_attrs=read-write") as client:
        assert await client.read(_ask("SELECT 1")) == 1


async def test_statements_are_prepared_once_and_the_longest_unused_are_closed(postgres_url: str) -> None:
    count = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT % AS n'"
    async with _open(f"{postgres_url}?statement_cache_size=4") as client:
        for _ in range(5):
            await client.read(_ask("SELECT 0 AS n"))
        assert await client.read(_ask(count)) == 1
        for number in range(20):
            assert await client.read(_ask(f"SELECT {number} AS n")) == number
        assert await client.read(_ask(count)) <= 4


async def test_behind_pgbouncer_nothing_is_prepared_and_no_session_is_set_up(postgres_url: str) -> None:
    async with _open(f"{postgres_url}?statement_cache_size=0") as client:
        for _ in range(3):
            assert await client.read(_ask("SELECT $1::int", 7)) == 7
        named = "SELECT count(*) FROM pg_prepared_statements"
        shown = "SHOW default_transaction_read_only"
        assert [await client.read(_ask(named)), await client.read(_ask(shown))] == [0, "off"]


async def test_a_migration_beside_it_does_not_break_a_prepared_statement(
    till: PostgresClient, postgres_url: str
) -> None:
    def names() -> Reading[list[str]]:
        return list((yield "SELECT * FROM purse", ())[0].keys())

    await till.execute_script("CREATE TABLE purse (id INT); INSERT INTO purse VALUES (1)")
    assert await till.read(names()) == ["id"]
    await till.execute_script("ALTER TABLE purse ADD cents INT; ALTER TABLE purse ALTER id TYPE BIGINT")
    assert await till.read(names()) == ["id", "cents"]


async def test_connections_that_died_while_idle_are_replaced_unseen(
    till: PostgresClient, postgres_url: str
) -> None:
    before = await _fill(till)
    assert await _kill_all(postgres_url) == 3
    after = await _fill(till)
    assert len(after) == 3
    assert before.isdisjoint(after)


async def test_a_wire_that_was_cut_while_idle_is_replaced_unseen(till: PostgresClient) -> None:
    before = await _fill(till)
    assert till._readers is not None
    for place in till._readers._places:  # without the client's noticing
        place.connection._transport.get_extra_info("socket").shutdown(2)
    assert before.isdisjoint(await _fill(till))


async def test_a_first_question_is_asked_again_when_the_server_restarts_under_it(
    till: PostgresClient, postgres_url: str
) -> None:
    asked = [asyncio.create_task(till.read(_ask_both(f"{PID}, pg_sleep(0.5)", PID))) for _ in range(3)]
    await asyncio.sleep(0.2)
    assert await _kill_all(postgres_url) == 3
    for first, second in await asyncio.gather(*asked):
        assert first == second


async def test_a_reading_that_was_answered_once_fails_with_its_connection(
    till: PostgresClient, postgres_url: str
) -> None:
    asked = asyncio.create_task(till.read(_ask_both("SELECT 1", "SELECT 2, pg_sleep(5)")))
    await asyncio.sleep(0.2)
    assert await _kill_all(postgres_url) == 1
    with pytest.raises(DatabaseUnavailable):
        await asked
    assert len(await _fill(till)) == 3


async def test_what_the_pool_learns_of_a_restart_the_readers_heed(till: PostgresClient) -> None:
    before = await _fill(till)
    with pytest.raises(DatabaseUnavailable):
        await till.execute_query("SELECT pg_terminate_backend(pg_backend_pid())")
    assert before.isdisjoint(await _fill(till))


async def test_a_connection_in_use_while_others_are_doubted_is_not_used_again(till: PostgresClient) -> None:
    asked = asyncio.create_task(till.read(_ask(f"{PID}, pg_sleep(0.3)")))
    await asyncio.sleep(0.1)
    await till._doubt_the_pool()
    assert await asked not in await _fill(till)


async def test_a_cancelled_question_is_over_on_the_server_and_its_connection_stays(
    till: PostgresClient, postgres_url: str
) -> None:
    before = await _fill(till)
    asked = [asyncio.create_task(till.read(_ask("SELECT pg_sleep(60)"))) for _ in range(3)]
    await asyncio.sleep(0.1)
    for one in asked:
        one.cancel()
    await asyncio.wait(asked)
    assert await _fill(till) == before
    running = f"SELECT count(*) FROM pg_stat_activity WHERE {OTHERS} AND state = 'active'"
    assert await _on_server(postgres_url, running) == 0


async def test_a_question_that_takes_too_long_is_ended_by_the_server(postgres_url: str) -> None:
    async with _open(postgres_url, command_timeout=0.2) as client:
        pid = await client.read(_ask(PID))
        with pytest.raises(DatabaseTrouble):
            await client.read(_ask("SELECT pg_sleep(5)"))
        assert await client.read(_ask(PID)) == pid


async def test_a_server_that_falls_silent_is_not_waited_for(postgres_url: str) -> None:
    async with (
        _silenced(postgres_url) as (wire, silence),
        _open(wire, command_timeout=0.2, pool_timeout=0.5) as client,
    ):
        assert await client.read(_ask("SELECT 1")) == 1
        silence.set()
        async with asyncio.timeout(10):
            with pytest.raises(DatabaseUnavailable):
                await client.read(_ask("SELECT 1"))
        silence.clear()
        assert await client.read(_ask("SELECT 1")) == 1


@asynccontextmanager
async def _silenced(url: str) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """The server behind a wire on which nothing comes back while it is told so."""
    silence = asyncio.Event()
    place = url.rpartition("@")[2]
    host, port = place.partition("/")[0].split(":")
    ends: list[asyncio.StreamWriter] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, back: bool) -> None:
        while data := await reader.read(65_536):
            if not (back and silence.is_set()):
                writer.write(data)
        writer.close()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, to_them = await asyncio.open_connection(host, int(port))
        ends.extend((writer, to_them))
        await asyncio.gather(
            pass_on(reader, to_them, False), pass_on(theirs, writer, True), return_exceptions=True
        )

    server = await asyncio.start_server(meet, "127.0.0.1")
    try:
        wire = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield url.replace(place.partition("/")[0], wire), silence
    finally:
        server.close()
        for end in ends:
            end.close()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("place", ["postgres@127.0.0.1:1/postgres", "postgres@nowhere.invalid/postgres"])
async def test_a_server_that_is_down_is_unavailable(place: str) -> None:
    async with _open(f"postgres://{place}", read_max=2) as client:
        for _ in range(3):
            read = await asyncio.gather(
                *[client.read(_ask("SELECT 1")) for _ in range(5)], return_exceptions=True
            )
            assert [type(error) for error in read] == [DatabaseUnavailable] * 5


async def test_closing_ends_every_connection_and_reading_opens_them_again(
    till: PostgresClient, postgres_url: str
) -> None:
    count = f"SELECT count(*) FROM pg_stat_activity WHERE {OTHERS}"
    for _ in range(2):
        await _fill(till)
        last = asyncio.create_task(till.read(_ask("SELECT 5, pg_sleep(0.2)")))
        await asyncio.sleep(0.05)
        await till.close()
        assert (await last, await _on_server(postgres_url, count)) == (5, 0)


def test_another_event_loop_has_connections_of_its_own(postgres_url: str) -> None:
    client = _client(postgres_url)

    async def once(closing: bool) -> int:
        answer: int = await client.read(_ask("SELECT 1"))
        if closing:
            await client.close()
        else:
            assert client._readers is not None
            await client._readers.close()
        return answer

    assert [asyncio.run(once(closing)) for closing in (True, True, False, True)] == [1] * 4
