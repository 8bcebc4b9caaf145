"""Readings: questions in SQL on connections of their own, the same on both databases."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.exceptions import OperationalError
from tortoise.transactions import in_transaction

from models.backends.errors import DatabaseTrouble, DatabaseUnavailable, TransactionMisuse
from models.backends.transactions import Reading
from tests.models.backends.cancelling import run_cancelled
from tests.models.backends.shop import Basket, Customer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(shop: TortoiseContext) -> Any:
    customer = await Customer.create(id=1, name="Ada")
    for label in ("first", "second"):
        await Basket.create(customer=customer, label=label, notes={"of": label})
    return get_connection("default")


def _mark(client: Any) -> str:
    return {"postgres": "$1", "sqlite": "?"}[client.dialect]


def _ask(sql: str, *parameters: Any) -> Reading[list[tuple[Any, ...]]]:
    return [tuple(row) for row in (yield sql, parameters)]


async def test_what_one_answer_says_is_asked_about_in_the_next_question(client: Any) -> None:
    def baskets_of(name: str) -> Reading[list[str]]:
        customers = yield f"SELECT id FROM customer WHERE name = {_mark(client)}", [name]
        sql = f"SELECT label FROM basket WHERE customer_id = {_mark(client)} ORDER BY label"
        return [label for (label,) in (yield sql, (customers[0][0],))]

    assert await client.read(baskets_of("Ada")) == ["first", "second"]


async def test_a_reading_may_ask_nothing(client: Any) -> None:
    def nothing() -> Reading[str]:
        return "nothing"
        yield

    assert await client.read(nothing()) == "nothing"


async def test_a_reading_sees_what_was_written_before(client: Any) -> None:
    for number in range(2, 12):
        await Customer.create(id=number, name=str(number))
        assert await client.read(_ask("SELECT count(*) FROM customer")) == [(number,)]


async def test_json_stays_text(client: Any) -> None:
    ((notes,),) = await client.read(_ask("SELECT notes FROM basket WHERE label = 'first'"))
    assert notes.replace(" ", "") == '{"of":"first"}'


async def test_many_readings_wait_for_each_other(client: Any) -> None:
    sql = f"SELECT {_mark(client)}"
    if client.dialect == "postgres":
        sql += "::int"
    assert await asyncio.gather(*[client.read(_ask(sql, n)) for n in range(100)]) == [
        [(n,)] for n in range(100)
    ]


async def test_an_error_of_the_reading_is_its_own_and_frees_the_connection(client: Any) -> None:
    closed = []

    def hopeless() -> Reading[None]:
        try:
            yield "SELECT 1", ()
            raise TimeoutError("my own")
        finally:
            closed.append(True)

    for _ in range(20):
        with pytest.raises(TimeoutError, match="my own"):
            await client.read(hopeless())
    assert len(closed) == 20
    assert await client.read(_ask("SELECT 1")) == [(1,)]


async def test_a_question_that_is_refused_closes_the_reading_and_frees_the_connection(client: Any) -> None:
    closed = []

    def misled() -> Reading[None]:
        try:
            yield "SELECT 1", ()
            yield "SELECT * FROM nowhere", ()
        finally:
            closed.append(True)

    for _ in range(20):
        with pytest.raises(OperationalError) as refused:
            await client.read(misled())
        assert not isinstance(refused.value, DatabaseTrouble)
    assert len(closed) == 20
    assert await client.read(_ask("SELECT 1")) == [(1,)]


async def test_a_parameter_that_does_not_fit_is_refused(client: Any) -> None:
    sql = f"SELECT id FROM customer WHERE id = {_mark(client)}"
    for _ in range(3):
        with pytest.raises(OperationalError) as refused:
            await client.read(_ask(sql, 2**63))
        assert not isinstance(refused.value, DatabaseTrouble)
    assert await client.read(_ask(sql, 1)) == [(1,)]


async def test_a_reading_cannot_write(client: Any) -> None:
    with pytest.raises(DatabaseUnavailable, match="read-only"):
        await client.read(_ask("DELETE FROM basket"))
    assert await Basket.all().count() == 2


async def test_a_reading_is_refused_inside_a_transaction(client: Any) -> None:
    async with in_transaction():
        with pytest.raises(TransactionMisuse, match="outside transactions"):
            await get_connection("default").read(_ask("SELECT 1"))  # type: ignore[attr-defined]
        assert await Customer.all().count() == 1
        async with in_transaction():
            with pytest.raises(TransactionMisuse, match="outside transactions"):
                await get_connection("default").read(_ask("SELECT 1"))  # type: ignore[attr-defined]


async def test_an_open_transaction_does_not_keep_a_reading_waiting(client: Any) -> None:
    async with in_transaction():
        await Customer.create(id=2, name="Bob")
        async with asyncio.timeout(5):
            assert await client.read(_ask("SELECT count(*) FROM customer")) == [(1,)]


@pytest.mark.parametrize("late", [False, True])
async def test_a_reading_can_be_cancelled_at_any_pause(client: Any, late: bool) -> None:
    def twice() -> Reading[None]:
        yield "SELECT 1", ()
        yield "SELECT 2", ()

    pause = 1
    while await run_cancelled(client.read(twice()), pause, late=late):
        pause += 1
    assert pause > 1
    for _ in range(10):
        async with asyncio.timeout(5):
            assert await asyncio.gather(*[client.read(_ask("SELECT 1")) for _ in range(20)]) == [[(1,)]] * 20


async def test_a_cancelled_question_stops(client: Any) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    readings = [asyncio.create_task(client.read(_ask(endless))) for _ in range(2)]
    await asyncio.sleep(0.2)
    for reading in readings:
        reading.cancel()
    await asyncio.wait(readings)
    async with asyncio.timeout(5):
        assert await asyncio.gather(*[client.read(_ask("SELECT 1")) for _ in range(20)]) == [[(1,)]] * 20
