"""The outbox at work: queued SMS and e-mails leave after commit, each held by one worker at a time.

It is woken a moment after the answer it follows, at chance: what one customer's message costs is not to show
in the time of an answer.

A message is claimed, sent, then marked sent. Two workers never hold the same one; only a worker that dies
between the service's answer and the mark can make a message leave twice, after its hold ends, with the same
id.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

from domain import emails
from domain.channels import Channel
from gateways import Gateways
from gateways.messages import Message, NotNow, Refused
from models import Delivery, DeliveryState, SmsOrder
from models.backends.errors import DatabaseTrouble
from models.backends.opening import in_fresh_context

_log = structlog.get_logger("outbox")

FAILURE_LENGTH_MAX = 140
ORDERS_AT_ONCE_MAX = 100
WAKING_SECONDS = (0.05, 0.15)


async def release_orders(gateways: Gateways) -> int:
    """Turn the SMS that steps asked for into deliveries, some at a time; how many were looked at."""
    orders = await SmsOrder.all().order_by("id").limit(ORDERS_AT_ONCE_MAX)
    for order in orders:
        async with in_transaction():
            # Of two workers one removes the order, and only that one queues the message.
            if await SmsOrder.filter(id=order.id).delete() and order.customer_id and order.address:
                await Delivery.queue(
                    order.customer_id,
                    Channel.SMS,
                    order.address,
                    order.body,
                    gateways.clock(),
                    useless_at=order.useless_at,
                ).save()
    return len(orders)


class Outbox:
    """One worker: looks at the outbox when woken, and every few seconds for what others left."""

    def __init__(self, gateways: Gateways) -> None:
        self._gateways = gateways
        self._name = secrets.token_hex(8)
        self._woken = asyncio.Event()
        self._leaving = False

    def wake(self) -> None:
        """Something was queued and committed."""
        pause = self._gateways.random.uniform(*WAKING_SECONDS)
        asyncio.get_running_loop().call_later(pause, self._woken.set)

    def leave(self) -> None:
        """Finish what is held, then stop."""
        self._leaving = True
        self._woken.set()

    async def run(self) -> None:
        """Send until told to leave. A database that is down is waited for."""
        pause = self._gateways.settings.deliveries_pause_seconds
        while not self._leaving:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), pause)
            self._woken.clear()
            try:
                while await in_fresh_context(self.send_due) and not self._leaving:
                    pass
            except DatabaseTrouble as trouble:
                _log.warning("outbox waits for the database", reason=type(trouble).__name__)
            except Exception as error:
                _log.error("outbox failed, it goes on", exc_info=error)

    async def send_due(self) -> int:
        """Claim a batch of what is due and send it all at once; how many there were."""
        released = await release_orders(self._gateways)
        claimed = await self._claim()
        await asyncio.gather(*(in_fresh_context(self._send, delivery) for delivery in claimed))
        return len(claimed) + released

    async def _claim(self) -> list[Delivery]:
        settings, now = self._gateways.settings, self._gateways.clock()
        connection = get_connection("default")
        postgres = connection.capabilities.dialect == "postgres"
        mark, lock = ("${}", " FOR UPDATE SKIP LOCKED") if postgres else ("?{}", "")
        sql = (
            "UPDATE delivery SET held_by = {0}, due_at = {1}, tries = tries + 1 "
            "WHERE (customer_id, id) IN (SELECT customer_id, id FROM delivery "
            f"WHERE state = 'WAITING' AND due_at <= {{2}} ORDER BY due_at LIMIT {{3}}{lock}) RETURNING *"
        ).format(*(mark.format(number) for number in range(1, 5)))
        hold_ends = now + timedelta(seconds=settings.deliveries_hold_seconds)
        values = [self._name, hold_ends, now, settings.deliveries_batch_max]
        rows = await connection.execute_query_dict(sql, values)
        return [Delivery._init_from_db(**row) for row in rows]

    async def _send(self, delivery: Delivery) -> None:
        outcome = await self._attempt(delivery)
        held = Delivery.owned_by(delivery.customer_id).filter(
            id=delivery.id, held_by=self._name, tries=delivery.tries, state=DeliveryState.WAITING
        )
        await held.update(held_by=None, **outcome.columns())
        _log.info(
            "message sent" if outcome.sent_at else "message not sent",
            delivery_id=delivery.id,
            channel=delivery.channel,
            tries=delivery.tries,
            reason=outcome.failure,
        )

    async def _attempt(self, delivery: Delivery) -> Outcome:
        now = self._gateways.clock()
        if delivery.useless_at is not None and delivery.useless_at <= now:
            return Outcome(failure="no longer useful")
        try:
            await self._gateways.messages.send(_message(delivery))
        except Refused as refused:
            return Outcome(failure=str(refused))
        except NotNow as delayed:
            return self._again(delivery, str(delayed), now)
        except Exception as error:
            _log.error("a message service failed", exc_info=error)
            return self._again(delivery, type(error).__name__, now)
        return Outcome(sent_at=self._gateways.clock())

    def _again(self, delivery: Delivery, failure: str, now: datetime) -> Outcome:
        """Later, each wait twice the one before; given up after the last try."""
        settings = self._gateways.settings
        if delivery.tries >= settings.deliveries_tries_max:
            return Outcome(failure=failure)
        wait = settings.deliveries_retry_seconds * 2 ** (delivery.tries - 1)
        seconds = min(wait, settings.deliveries_retry_seconds_max)
        return Outcome(failure=failure, due_at=now + timedelta(seconds=seconds))


@dataclass(frozen=True)
class Outcome:
    """What became of one try: sent, to be tried again at `due_at`, or given up."""

    sent_at: datetime | None = None
    failure: str | None = None
    due_at: datetime | None = None

    def columns(self) -> dict[str, object]:
        failure = self.failure and self.failure[:FAILURE_LENGTH_MAX]
        if self.due_at is not None:
            return {"due_at": self.due_at, "failure": failure}
        state = DeliveryState.SENT if self.sent_at else DeliveryState.FAILED
        return {"state": state, "sent_at": self.sent_at, "failure": failure, "body": None}


def _message(delivery: Delivery) -> Message:
    return Message(
        id=str(delivery.id),
        channel=delivery.channel,
        to=emails.on_the_wire(delivery.address) if delivery.channel is Channel.EMAIL else delivery.address,
        subject=delivery.subject or "",
        body=delivery.body or "",
    )
