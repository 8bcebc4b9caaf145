"""Housekeeping: a look a minute deletes what has had its time, and tells customers of locks.

Personal data is kept no longer than it serves (regulation (EU) 2016/679, art. 5(1)(e)). The ages stand below,
each with its reason. A worker deletes a thousand rows a statement and lets others speak in between; several
workers look at once without harm, since each leaves to the others what they hold.

What only an index of its own would find at once, which every sign-in would pay for, is looked for among a
thousand customers a look: a million customers are gone through in less than a day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from tortoise.models import Model

from domain.attempts import FAILURES_MAX
from domain.codes import REMEMBERED_CODES
from gateways import Gateways
from models import (
    AccessFlow,
    AttemptTally,
    AuditEvent,
    AuditHead,
    Confirmation,
    Credential,
    Customer,
    Delivery,
    Device,
    News,
    Session,
)
from models.audit_events import PURGED_MAX
from models.backends.errors import DatabaseTrouble
from models.backends.opening import in_fresh_context
from models.purges import delete_some
from resolvers import lock_notices

_log = structlog.get_logger("housekeeping")

ROWS_MAX = 1_000
CUSTOMERS_MAX = 1_000
NOTICES_MAX = 100

FLOW_AGE = timedelta(hours=1)  # after its end: a page left open still hears that the walk is over
TALLY_AGE = timedelta(
    days=400
)  # untouched: failures are consecutive however slow (RTS 2018/389 art. 4(3)(b))
CLEAR_TALLY_AGE = timedelta(days=2)  # untouched and without a failure: no row says the same
DELIVERY_AGE = timedelta(days=90)  # sent or given up: long enough for "I never got it"
CONFIRMATION_AGE = timedelta(days=30)  # after its end: holds a number or an address, maybe a stranger's
SESSION_AGE = timedelta(days=365)  # after its end: an access log, six to twelve months (CNIL 2021-122)
DEVICE_AGE = timedelta(days=400)  # unused: browsers keep its cookie no longer (RFC 6265bis, 5.5)
NEWS_AGE = timedelta(days=31)  # a day longer than a cursor is taken: what is told of lives on elsewhere
REVOKED_DEVICE_AGE = timedelta(days=1)  # nobody comes back to it; a request under way is over


@dataclass(frozen=True)
class Old:
    """Rows that have had their time: a condition in which `{0}` is the time that lies `age` ago."""

    model: type[Model]
    condition: str
    age: timedelta


NO_SESSION = (
    "NOT EXISTS (SELECT 1 FROM session WHERE session.customer_id = device.customer_id "
    "AND session.device_id = device.id)"
)
LATER_CODES = (
    "(SELECT count(*) FROM credential AS later WHERE later.customer_id = credential.customer_id "
    "AND (later.replaced_at > credential.replaced_at "
    "OR later.replaced_at = credential.replaced_at AND later.id > credential.id))"
)
# Each has an index that leads to it. The tally of an identifier nobody has lives as long as a customer's:
# were it forgotten sooner, the tries left after a few days would tell which identifiers are real.
OLD = (
    Old(AccessFlow, "expires_at <= {0}", FLOW_AGE),
    Old(
        AttemptTally, f"updated_at <= {{0}} AND (customer_id IS NULL OR failures < {FAILURES_MAX})", TALLY_AGE
    ),
    Old(Delivery, "state IN ('SENT', 'FAILED') AND due_at <= {0}", DELIVERY_AGE),
)
# Sessions before the devices they point at.
OLD_OF_CUSTOMERS = (
    Old(AttemptTally, "updated_at <= {0} AND failures = 0", CLEAR_TALLY_AGE),
    Old(Confirmation, "expires_at <= {0}", CONFIRMATION_AGE),
    Old(Session, "COALESCE(closed_at, expires_at) <= {0}", SESSION_AGE),
    Old(Device, f"seen_at <= {{0}} AND {NO_SESSION}", DEVICE_AGE),
    Old(Device, f"revoked_at <= {{0}} AND {NO_SESSION}", REVOKED_DEVICE_AGE),
    Old(News, "at <= {0}", NEWS_AGE),
    Old(Credential, f"replaced_at <= {{0}} AND {LATER_CODES} >= {REMEMBERED_CODES}", timedelta(0)),
)


class Housekeeping:
    """One worker: a look at a time, from its start until it is told to leave."""

    def __init__(self, gateways: Gateways) -> None:
        self._gateways = gateways
        self._leaving = asyncio.Event()
        self._walked_to: int | None = None

    def leave(self) -> None:
        """Finish the statement or the letter at hand, then stop."""
        self._leaving.set()

    async def run(self) -> None:
        """Look every minute until told to leave. A database that is down is waited for."""
        pause = self._gateways.settings.housekeeping_pause_seconds
        while not await self._told_to_leave(pause):
            await self.look()

    async def look(self) -> None:
        """All of the work once; a piece that fails does not keep the next one from its turn."""
        try:
            for work in (self.tell_of_locks, self.delete_old, self.delete_old_of_next_customers):
                await self._attempt(work)
        except DatabaseTrouble as trouble:
            _log.warning("housekeeping waits for the database", reason=type(trouble).__name__)

    async def tell_of_locks(self) -> None:
        """Write to every customer whose access is locked and who does not know it."""
        after = -1
        while not self._leaving.is_set():
            customers = await lock_notices.customers_to_tell(self._gateways, after, NOTICES_MAX)
            for customer_id in customers:
                if self._leaving.is_set():
                    return
                await self._attempt(lock_notices.tell, self._gateways, customer_id)
            if len(customers) < NOTICES_MAX:
                return
            after = customers[-1]

    async def delete_old(self) -> None:
        """Delete what an index finds, of all customers and of nobody."""
        for old in OLD:
            await self._attempt(self._delete, old, old.condition)

    async def delete_old_of_next_customers(self) -> None:
        """Delete what is old among the next customers, and begin again after the last one."""
        if self._walked_to is None:
            self._walked_to = await self._somewhere()
        following = Customer.filter(id__gt=self._walked_to).order_by("id").limit(CUSTOMERS_MAX)
        ids = [row["id"] for row in await following.values("id")]
        if ids:
            among = "customer_id BETWEEN {1} AND {2}"
            for old in OLD_OF_CUSTOMERS:
                await self._attempt(self._delete, old, f"{among} AND {old.condition}", ids[0], ids[-1])
            await self._attempt(self._shorten_access_logs, ids[0], ids[-1])
            await self._attempt(AuditHead.renew, ids[0], ids[-1], self._gateways.vault.seal)
        self._walked_to = ids[-1] if len(ids) == CUSTOMERS_MAX else -1

    async def _shorten_access_logs(self, first: int, last: int) -> None:
        before = self._gateways.clock() - timedelta(days=self._gateways.settings.audit_days)
        old = AuditEvent.filter(customer_id__gte=first, customer_id__lte=last, at__lt=before)
        for row in await old.distinct().values("customer_id"):
            await self._attempt(self._shorten_access_log, row["customer_id"], before)

    async def _shorten_access_log(self, customer_id: int, before: datetime) -> None:
        """A log is a chain: its oldest facts are taken off its beginning."""
        deleted = PURGED_MAX
        while deleted == PURGED_MAX and not self._leaving.is_set():
            deleted = await AuditEvent.purge(customer_id, before, self._gateways.vault.seal)

    async def _somewhere(self) -> int:
        """A place among the customers, so that nobody's turn depends on how often the process starts."""
        first, last = [await _first_id(order) for order in ("id", "-id")]
        return -1 if first is None or last is None else self._gateways.random.randint(first - 1, last)

    async def _told_to_leave(self, within_seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._leaving.wait(), within_seconds)
        return self._leaving.is_set()

    async def _delete(self, old: Old, condition: str, *values: object) -> None:
        until, total, deleted = self._gateways.clock() - old.age, 0, ROWS_MAX
        while deleted == ROWS_MAX and not self._leaving.is_set():
            deleted = await delete_some(old.model, condition, until, *values, at_most=ROWS_MAX)
            total += deleted
            await asyncio.sleep(0)
        if total:
            _log.info("deleted what was old", table=old.model._meta.db_table, rows=total)

    async def _attempt(self, work: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> None:
        """Do one piece of work in a context of its own; only trouble with the database ends the look."""
        try:
            await in_fresh_context(work, *args)
        except DatabaseTrouble:
            raise
        except Exception as error:
            _log.error("housekeeping failed, it goes on", exc_info=error)


async def _first_id(order: str) -> int | None:
    rows = await Customer.all().order_by(order).limit(1).values("id")
    return rows[0]["id"] if rows else None
