"""Deleting some at a time, on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tortoise.transactions import in_transaction

from gateways import Gateways
from models import AttemptTally, Customer, Delivery, Device
from models.backends.opening import in_fresh_context
from models.purges import delete_some
from tests import cast
from tests.conftest import NOON

OLD = "customer_id = {1} AND due_at <= {0}"
SECOND = timedelta(seconds=1)


@pytest.fixture
async def camille(database: str) -> Customer:
    return await cast.camille()


async def left(owner: Customer) -> list[int]:
    rows = await Delivery.owned_by(owner.id).order_by("id")
    return [row.id for row in rows]


async def test_each_statement_is_bounded(camille: Customer) -> None:
    await Delivery.bulk_create([cast.delivery_row(camille) for _ in range(25)])
    kept = await cast.delivery(camille, due_at=NOON + SECOND)
    deleted = [await delete_some(Delivery, OLD, NOON, camille.id, at_most=10) for _ in range(4)]
    assert deleted == [10, 10, 5, 0]
    assert await left(camille) == [kept.id]


async def test_a_row_is_known_by_its_customer_and_its_id(camille: Customer) -> None:
    marc = await cast.marc()
    hers = await cast.delivery(camille)
    his = await cast.delivery(marc, id=hers.id, due_at=NOON + SECOND)
    assert await delete_some(Delivery, "due_at <= {0} AND id = {1}", NOON, hers.id, at_most=10) == 1
    assert (await left(camille), await left(marc)) == ([], [his.id])


async def test_what_a_transaction_changes_meanwhile_counts(camille: Customer, gateways: Gateways) -> None:
    device = await cast.device(gateways, camille, seen_at=NOON)
    mine = Device.owned_by(camille.id).filter(id=device.id)
    condition = "customer_id = {1} AND seen_at <= {0}"
    async with in_transaction():
        await mine.update(seen_at=NOON + SECOND)
        deleting = asyncio.create_task(in_fresh_context(_delete_devices, condition, camille.id))
        await asyncio.sleep(0.05)  # for it to look, or to wait for its turn to
    assert await deleting == 0
    assert await mine.exists()


async def _delete_devices(condition: str, customer_id: int) -> int:
    return await delete_some(Device, condition, NOON, customer_id, at_most=10)


async def test_several_at_once_delete_each_row_once(camille: Customer) -> None:
    await Delivery.bulk_create([cast.delivery_row(camille) for _ in range(60)])

    async def worker() -> int:
        return sum([await delete_some(Delivery, OLD, NOON, camille.id, at_most=7) for _ in range(9)])

    each = await asyncio.gather(*(asyncio.create_task(worker()) for _ in range(3)))
    assert sum(each) == 60
    assert await left(camille) == []


async def test_tries_are_counted_while_tallies_are_deleted(camille: Customer) -> None:
    subject = f"of {camille.id}"

    async def deleting() -> None:
        while not all(task.done() for task in working[:3]):
            await delete_some(AttemptTally, "failures = 0 AND subject_key = {0}", subject, at_most=10)

    async def counting() -> None:
        for _ in range(40):
            await AttemptTally.clear(subject)
            await AttemptTally.count_try(subject, camille.id, NOON)

    working = [asyncio.create_task(work()) for work in (counting, counting, counting, deleting, deleting)]
    await asyncio.wait(working)
    assert [task.exception() for task in working] == [None] * 5
    assert (await AttemptTally.get(subject_key=subject)).failures in (1, 2, 3)
