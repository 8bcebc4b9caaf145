"""One worker of the outbox: what is sent, tried again, given up."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tortoise.transactions import in_transaction

from gateways import Gateways
from gateways.messages import MemoryMessages, Message, Messages, NotNow, Refused
from models import Channel, Customer, Delivery, DeliveryState
from models.backends.opening import in_fresh_context
from resolvers.deliveries import Outbox
from tests import cast
from tests.cast import CAMILLE_PHONE
from tests.conftest import NOON, Clock
from tests.resolvers.services import Scripted

SECOND = timedelta(seconds=1)


@pytest.fixture
async def camille(database: str) -> Customer:
    """Nobody else has messages waiting."""
    await Delivery.all().delete()
    return await cast.camille()


def worker(gateways: Gateways, service: Messages) -> Outbox:
    return Outbox(replace(gateways, messages=service))


async def again(row: Delivery) -> Delivery:
    return await Delivery.owned_by(row.customer_id).get(id=row.id)


async def test_what_is_due_is_sent_once_and_its_text_erased(
    camille: Customer, gateways: Gateways, messages: MemoryMessages
) -> None:
    row = await cast.delivery(
        camille, channel=Channel.EMAIL, address="camille@exemple.fr", subject="Objet", body="Texte é"
    )
    assert [await Outbox(gateways).send_due() for _ in range(2)] == [1, 0]
    assert messages.sent == [
        Message(str(row.id), Channel.EMAIL, to="camille@exemple.fr", subject="Objet", body="Texte é")
    ]
    sent = await again(row)
    assert (sent.state, sent.sent_at, sent.body) == (DeliveryState.SENT, NOON, None)
    assert (sent.tries, sent.held_by, sent.failure) == (1, None, None)


async def test_what_is_not_due_waits(
    camille: Customer, gateways: Gateways, clock: Clock, messages: MemoryMessages
) -> None:
    row = await cast.delivery(camille, due_at=NOON + SECOND)
    assert await Outbox(gateways).send_due() == 0
    assert await again(row) == row
    clock.now += SECOND
    assert await Outbox(gateways).send_due() == 1
    assert len(messages.sent) == 1


async def test_what_waits_longest_is_sent_first(camille: Customer, gateways: Gateways) -> None:
    rows = [await cast.delivery(camille, due_at=NOON - SECOND * age) for age in (1, 3, 2)]
    settings = gateways.settings.model_copy(update={"deliveries_batch_max": 1})
    service = Scripted()
    outbox = Outbox(replace(gateways, settings=settings, messages=service))
    assert [await outbox.send_due() for _ in range(4)] == [1, 1, 1, 0]
    assert [message.id for message in service.taken] == [str(rows[index].id) for index in (1, 2, 0)]


async def test_a_service_that_is_away_is_tried_again_ever_later(
    camille: Customer, gateways: Gateways, clock: Clock
) -> None:
    row, service = await cast.delivery(camille), Scripted(*[NotNow("away")] * 7)
    outbox = worker(gateways, service)
    for tries, seconds in enumerate((10, 20, 40, 80, 160, 320, 640), start=1):
        assert await outbox.send_due() == 1
        waiting = await again(row)
        assert (waiting.state, waiting.tries, waiting.failure) == (DeliveryState.WAITING, tries, "away")
        assert (waiting.due_at, waiting.held_by) == (clock.now + SECOND * seconds, None)
        clock.now = waiting.due_at - SECOND
        assert await outbox.send_due() == 0
        clock.now += SECOND
    assert await outbox.send_due() == 1
    assert [message.id for message in service.taken] == [str(row.id)]
    sent = await again(row)
    assert (sent.state, sent.tries, sent.failure, sent.body) == (DeliveryState.SENT, 8, None, None)


async def test_the_wait_has_a_longest(camille: Customer, gateways: Gateways, clock: Clock) -> None:
    row = await cast.delivery(camille, tries=5)
    settings = gateways.settings.model_copy(update={"deliveries_retry_seconds_max": 60})
    await Outbox(replace(gateways, settings=settings, messages=Scripted(NotNow("away")))).send_due()
    assert (await again(row)).due_at == NOON + SECOND * 60


@pytest.mark.parametrize(
    ("_case", "tries", "error", "failure"),
    [
        ("the last try", 7, NotNow("away"), "away"),
        ("refused", 0, Refused("the address is malformed"), "the address is malformed"),
        ("a bug at the last try", 7, ValueError("secret"), "ValueError"),
    ],
)
async def test_what_cannot_be_sent_is_given_up_and_its_text_erased(
    camille: Customer, gateways: Gateways, _case: str, tries: int, error: Exception, failure: str
) -> None:
    row = await cast.delivery(camille, tries=tries)
    await worker(gateways, Scripted(error)).send_due()
    lost = await again(row)
    assert (lost.state, lost.failure, lost.body, lost.sent_at) == (
        DeliveryState.FAILED,
        failure,
        None,
        None,
    )
    assert await worker(gateways, Scripted()).send_due() == 0


async def test_an_unexpected_failure_is_tried_again_without_its_words(
    camille: Customer, gateways: Gateways
) -> None:
    row = await cast.delivery(camille)
    await worker(gateways, Scripted(ValueError(f"{CAMILLE_PHONE} is engaged"))).send_due()
    waiting = await again(row)
    assert (waiting.state, waiting.failure) == (DeliveryState.WAITING, "ValueError")
    assert waiting.due_at == NOON + SECOND * 10


async def test_one_failure_does_not_hold_the_others_back(camille: Customer, gateways: Gateways) -> None:
    for _ in range(3):
        await cast.delivery(camille)
    service = Scripted(None, RuntimeError("bug"), None)
    assert await worker(gateways, service).send_due() == 3
    assert len(service.taken) == 2


async def test_what_is_no_longer_useful_is_not_sent(
    camille: Customer, gateways: Gateways, clock: Clock
) -> None:
    rows = [await cast.delivery(camille, useless_at=NOON + SECOND * late) for late in (1, 2)]
    clock.now += SECOND
    service = Scripted()
    await worker(gateways, service).send_due()
    assert [message.id for message in service.taken] == [str(rows[1].id)]
    late = await again(rows[0])
    assert (late.state, late.failure, late.body) == (DeliveryState.FAILED, "no longer useful", None)


async def test_a_long_failure_is_cut(camille: Customer, gateways: Gateways) -> None:
    row = await cast.delivery(camille)
    await worker(gateways, Scripted(Refused("é" * 500))).send_due()
    assert (await again(row)).failure == "é" * 140


class Undone(Exception):
    """Ends a transaction."""


@pytest.mark.parametrize("kept", [True, False])
async def test_a_message_leaves_only_after_the_commit(
    camille: Customer, gateways: Gateways, kept: bool
) -> None:
    service = Scripted()
    outbox = worker(gateways, service)
    try:
        async with in_transaction():
            await cast.delivery(camille)
            looking = asyncio.create_task(in_fresh_context(outbox.send_due))
            await asyncio.sleep(0.05)  # for the worker to look, or to wait for its turn to
            assert service.taken == []
            if not kept:
                raise Undone
    except Undone:
        pass
    await looking
    await outbox.send_due()
    assert len(service.taken) == await Delivery.owned_by(camille.id).count() == int(kept)
