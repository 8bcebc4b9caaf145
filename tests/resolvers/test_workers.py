"""Several workers of the outbox, and the life of one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from tortoise.connection import get_connection

from gateways import Gateways
from gateways.messages import Messages
from models import Customer, Delivery, DeliveryState
from models.backends.opening import open_database
from resolvers.deliveries import Outbox
from tests import cast
from tests.conftest import NOON, Clock
from tests.resolvers.services import Counting, Scripted, Waiting

HOLD = timedelta(seconds=300)
MANY = 200


@pytest.fixture
async def camille(database: str) -> Customer:
    """Nobody else has messages waiting."""
    await Delivery.all().delete()
    return await cast.camille()


def worker(gateways: Gateways, service: Messages, **settings: Any) -> Outbox:
    told = gateways.settings.model_copy(update=settings)
    return Outbox(replace(gateways, messages=service, settings=told))


async def until(condition: Callable[[], Awaitable[bool] | bool]) -> None:
    """Let others run until it is so; the test's own time limit ends it otherwise."""
    async with asyncio.timeout(10):
        while True:
            found = condition()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.005)


async def test_workers_of_several_processes_send_each_message_once(
    camille: Customer, gateways: Gateways, database: str
) -> None:
    rows = [cast.delivery_row(camille) for _ in range(MANY)]
    await Delivery.bulk_create(rows)
    service, batches = Counting(), []

    async def process() -> int:
        """With connections of its own, as another process would have."""
        async with open_database(database):
            outbox, sent = worker(gateways, service, deliveries_batch_max=7), 0
            while claimed := await outbox.send_due():
                batches.append(claimed)
                sent += claimed
            return sent

    each = await asyncio.gather(*(asyncio.create_task(process()) for _ in range(3)))
    assert service.taken == {str(row.id): 1 for row in rows}
    assert sum(each) == MANY
    assert max(batches) == 7
    found = await Delivery.owned_by(camille.id).values_list("state", "tries", "body", "held_by")
    assert set(found) == {(DeliveryState.SENT, 1, None, None)}


async def test_what_a_dead_worker_held_is_taken_once_its_hold_ends(
    camille: Customer, gateways: Gateways, clock: Clock
) -> None:
    row, dying, service = await cast.delivery(camille), Waiting(), Scripted()
    death = asyncio.create_task(worker(gateways, dying).send_due())
    await until(lambda: dying.taken == [str(row.id)])
    death.cancel()
    await asyncio.gather(death, return_exceptions=True)
    other = worker(gateways, service)
    clock.now += HOLD - timedelta(seconds=1)
    assert await other.send_due() == 0
    clock.now += timedelta(seconds=1)
    assert await other.send_due() == 1
    assert [message.id for message in service.taken] == dying.taken
    sent = await Delivery.owned_by(camille.id).get(id=row.id)
    assert (sent.state, sent.tries, sent.sent_at) == (DeliveryState.SENT, 2, NOON + HOLD)


async def test_a_worker_that_lost_its_hold_leaves_the_row_to_the_other(
    camille: Customer, gateways: Gateways, clock: Clock
) -> None:
    row, slow = await cast.delivery(camille), Waiting()
    late = asyncio.create_task(worker(gateways, slow).send_due())
    await until(lambda: len(slow.taken) == 1)
    clock.now += HOLD
    assert await worker(gateways, Scripted()).send_due() == 1
    before = await cast.known_of(camille)
    clock.now += HOLD
    slow.may_answer.set()
    await late
    assert await cast.known_of(camille) == before
    assert before["delivery"][0]["id"] == row.id


async def test_a_worker_sends_when_it_is_woken_and_stops_when_told_to(
    camille: Customer, gateways: Gateways
) -> None:
    service = Scripted()
    outbox = worker(gateways, service, deliveries_pause_seconds=3600)
    running = asyncio.create_task(outbox.run())
    for count in (1, 2):
        await cast.delivery(camille)
        outbox.wake()
        await until(lambda count=count: len(service.taken) == count)  # type: ignore[misc]
    outbox.leave()
    await asyncio.wait_for(running, 5)


async def test_a_worker_looks_by_itself_for_what_others_left(camille: Customer, gateways: Gateways) -> None:
    service = Scripted()
    outbox = worker(gateways, service, deliveries_pause_seconds=0.01)
    running = asyncio.create_task(outbox.run())
    await cast.delivery(camille)
    await until(lambda: len(service.taken) == 1)
    outbox.leave()
    await asyncio.wait_for(running, 5)


async def test_a_worker_told_to_leave_finishes_its_batch_and_no_other(
    camille: Customer, gateways: Gateways
) -> None:
    await Delivery.bulk_create([cast.delivery_row(camille) for _ in range(9)])
    service = Waiting()
    outbox = worker(gateways, service, deliveries_batch_max=3)
    running = asyncio.create_task(outbox.run())
    outbox.wake()
    await until(lambda: len(service.taken) == 3)
    outbox.leave()
    service.may_answer.set()
    await asyncio.wait_for(running, 5)
    assert await Delivery.owned_by(camille.id).filter(state=DeliveryState.SENT).count() == 3
    assert await Delivery.owned_by(camille.id).filter(tries=0, held_by=None).count() == 6


async def test_a_worker_outlives_a_database_that_fails(camille: Customer, gateways: Gateways) -> None:
    service = Scripted()
    await cast.delivery(camille)
    outbox = worker(gateways, service, deliveries_pause_seconds=3600)
    running = asyncio.create_task(outbox.run())
    with capture_logs() as logs:
        await get_connection("default").execute_script("ALTER TABLE delivery RENAME TO away")
        outbox.wake()
        await until(lambda: any(line["event"] == "outbox failed, it goes on" for line in logs))
        await get_connection("default").execute_script("ALTER TABLE away RENAME TO delivery")
    outbox.wake()
    await until(lambda: len(service.taken) == 1)
    outbox.leave()
    await asyncio.wait_for(running, 5)


async def test_what_is_logged_names_nobody(camille: Customer, gateways: Gateways) -> None:
    row = await cast.delivery(camille, body="Code 123456")
    with capture_logs() as logs:
        await worker(gateways, Scripted()).send_due()
    (line,) = [line for line in logs if line["event"] == "message sent"]
    assert (line["delivery_id"], line["channel"], line["tries"]) == (row.id, "SMS", 1)
    assert "123456" not in str(logs)
    assert cast.CAMILLE_PHONE not in str(logs)
