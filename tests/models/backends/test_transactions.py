"""Transactions end whatever happens to their task, and belong to one task, on both databases."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from models.backends.errors import TransactionMisuse
from models.backends.opening import in_fresh_context
from models.backends.sqlite import SqliteClient
from tests.models.backends.cancelling import CancelledAt, run_cancelled
from tests.models.backends.shop import Basket, Customer, Item

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("shop")]

MOMENTS = [(pause, late) for pause in range(1, 16) for late in (False, True)]


async def _buy() -> None:
    """One transaction that writes two rows: both are there afterwards, or neither."""
    async with in_transaction():
        customer = await Customer.create(name="Ada")
        await Basket.create(customer=customer)


async def _names() -> list[str]:
    return [customer.name for customer in await Customer.all().order_by("id")]


async def _assert_whole() -> None:
    """The database answers, no row is half there, and nothing is still taken or open."""
    async with asyncio.timeout(10):
        await _buy()
        assert await Customer.all().count() == await Basket.all().count()
        client: Any = get_connection("default")
        if isinstance(client, SqliteClient):
            assert not client._lock.locked()
            assert client._connection is not None
            assert not client._connection.in_transaction
            assert client._idle_readers.qsize() == 2
        else:
            held = [await client.borrow() for _ in range(client.pool_maxsize)]
            assert not any(connection.is_in_transaction() for connection in held)
            for connection in held:
                await client._pool.release(connection)


async def test_sixty_cancelled_transactions_leave_the_database_whole() -> None:
    await _buy()
    outcomes = [await run_cancelled(_buy(), pause, late=late) for _ in range(2) for pause, late in MOMENTS]
    assert len(outcomes) == 60
    assert outcomes[:4] == [True] * 4
    await _assert_whole()


async def test_sixty_transactions_cancelled_while_they_compete_leave_the_database_whole() -> None:
    await _buy()
    outcomes = await asyncio.gather(*[run_cancelled(_buy(), pause, late=late) for pause, late in MOMENTS * 2])
    assert sum(outcomes) >= 20
    await _assert_whole()


async def test_cancelled_nested_blocks_leave_the_outer_transaction_usable() -> None:
    async def nested() -> None:
        async with in_transaction():
            await Customer.create(name="inner")

    for pause in range(1, 7):
        async with in_transaction():
            outer = await Customer.create(name="outer")
            task = asyncio.current_task()
            assert task is not None
            try:
                await CancelledAt(nested(), pause)
            except asyncio.CancelledError:
                task.uncancel()
            await Basket.create(customer=outer)
    assert await Basket.all().count() == 6
    await Customer.filter(name="inner").delete()
    await _assert_whole()


async def test_cancelled_statements_outside_a_transaction_leave_nothing_open() -> None:
    customer = await Customer.create(name="Ada")
    await Basket.create(customer=customer)
    kept = len(customer.name)

    async def work() -> None:
        await Customer.filter(id=customer.id).update(name="Bob")
        await Customer.bulk_create([Customer(name="many"), Customer(name="more")])
        await Customer.all()
        await Customer.exclude(id=customer.id).delete()

    outcomes = [await run_cancelled(work(), pause, late=late) for pause, late in MOMENTS]

    assert sum(outcomes) >= 8
    assert len((await Customer.get(id=customer.id)).name) == kept
    await Customer.exclude(id=customer.id).delete()
    await _assert_whole()


async def test_a_child_task_after_the_end_is_refused() -> None:
    gone = asyncio.Event()

    async def late() -> None:
        await gone.wait()
        await Customer.create(name="late")

    async with in_transaction():
        child = asyncio.create_task(late())
    gone.set()

    with pytest.raises(TransactionMisuse, match="has ended"):
        await child
    assert await Customer.all().count() == 0


async def test_a_child_task_inside_the_transaction_is_refused_at_once() -> None:
    async def child() -> None:
        await Customer.create(name="child")

    async def nested_child() -> None:
        async with in_transaction():
            await Customer.create(name="child")

    async with in_transaction():
        await Customer.create(name="parent")
        for work in (child, nested_child):
            with pytest.raises(TransactionMisuse, match="belongs to the task"):
                await asyncio.create_task(work())
        with pytest.raises(TransactionMisuse, match="belongs to the task"):
            await asyncio.gather(Customer.create(name="a"), Customer.create(name="b"))
    assert await _names() == ["parent"]


async def test_the_client_of_an_ended_transaction_is_refused() -> None:
    async with in_transaction() as client:
        pass
    for sql in ("SELECT 1", "UPDATE customer SET name = 'x'"):
        with pytest.raises(TransactionMisuse, match="has ended"):
            await client.execute_query(sql)


async def test_a_transaction_does_not_close_the_database() -> None:
    async with in_transaction() as client:
        with pytest.raises(TransactionMisuse, match="closed outside"):
            await client.close()
    assert await Customer.all().count() == 0


async def test_prefetching_works_inside_a_transaction() -> None:
    async with in_transaction():
        customer = await Customer.create(name="Ada")
        basket = await Basket.create(customer=customer)
        await Item.create(customer=customer, basket=basket)
        found = await Customer.all().prefetch_related("baskets__items", "items").get()
    assert len(found.baskets[0].items) == 1


async def _fail(error: type[Exception]) -> None:
    async with in_transaction():
        await Customer.create(name="undone")
        raise error


async def _violate() -> None:
    async with in_transaction():
        await Customer.create(name="undone")
        await Basket.create(customer_id=-1)


async def test_a_failed_block_undoes_itself_and_a_failed_nested_block_only_itself() -> None:
    async with in_transaction():
        await Customer.create(name="kept")
        with pytest.raises(IntegrityError):
            await _violate()
        await Customer.create(name="kept too")
        with pytest.raises(ZeroDivisionError):
            await _fail(ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        await _fail(ZeroDivisionError)
    assert await _names() == ["kept", "kept too"]


async def test_a_transaction_may_be_ended_by_hand_and_is_then_over() -> None:
    async with in_transaction() as client:
        await Customer.create(name="undone")
        await client.rollback()
        with pytest.raises(TransactionMisuse, match="has ended"):
            await Customer.create(name="too late")
    async with in_transaction() as client:
        await Customer.create(name="kept")
        await client.commit()
    assert await _names() == ["kept"]


async def test_get_or_create_and_update_or_create_work() -> None:
    first, created = await Customer.get_or_create(name="Ada")
    again, created_again = await Customer.get_or_create(name="Ada")
    assert (created, created_again, again.id) == (True, False, first.id)
    changed, created = await Customer.update_or_create({"name": "Bob"}, id=first.id)
    assert (changed.name, created) == ("Bob", False)


async def test_other_tasks_read_while_a_transaction_is_open_and_see_what_was_committed() -> None:
    async def count() -> int:
        return await Customer.all().count()

    async with in_transaction():
        await Customer.create(name="Ada")
        async with asyncio.timeout(5):
            assert await in_fresh_context(count) == 0
        assert await count() == 1
    assert await in_fresh_context(count) == 1
