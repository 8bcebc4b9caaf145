"""What is deleted, at its age and not a second before, and the life of the worker that does it."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs
from tortoise.connection import get_connection
from tortoise.models import Model

import models
from domain.audit import AuditKind
from domain.codes import REMEMBERED_CODES
from gateways import Gateways
from models import (
    AccessFlow,
    AttemptTally,
    AuditEvent,
    AuditHead,
    Credential,
    Customer,
    Delivery,
    Device,
    Keypad,
    Session,
)
from models.backends.opening import open_database
from resolvers.housekeeping import CUSTOMERS_MAX, ROWS_MAX, Housekeeping
from server import lifespan_of
from tests import cast
from tests.conftest import NOON, Clock
from tests.following import told_of
from tests.kept import ON_ONE

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
AGES = 20 * 365 * DAY

Make = Callable[[Gateways, Customer], Awaitable[Model]]


@pytest.fixture
async def camille(database: str) -> Customer:
    """Nothing is old yet."""
    for table in (AccessFlow, AttemptTally, Delivery):
        await table.all().delete()
    return await cast.camille()


async def look(gateways: Gateways) -> None:
    """A whole round, wherever it begins."""
    housekeeping = Housekeeping(gateways)
    for _ in range(2 + await Customer.all().count() // CUSTOMERS_MAX):
        await housekeeping.look()


async def is_there(row: Model) -> bool:
    owner = {"customer_id": row.customer_id} if isinstance(row, models.owned.OwnedModel) else {}
    return await type(row).filter(pk=row.pk, **owner).exists()


def flow_row(expires_at: datetime = NOON, **columns: Any) -> AccessFlow:
    given = {
        "token_digest": f"{random.getrandbits(128):032x}",
        "purpose": models.AccessPurpose.SIGN_IN,
        "stage": models.AccessStage.KEYPAD,
        "subject_key": "nobody",
        "created_at": expires_at - HOUR,
        "expires_at": expires_at,
    }
    return AccessFlow(**{**given, **columns})


async def flow(_: Gateways, owner: Customer) -> Model:
    row = flow_row(customer_id=owner.id)
    await row.save()
    return row


async def keypad(gateways: Gateways, owner: Customer) -> Model:
    on = await flow(gateways, owner)
    return await Keypad.create(
        flow_id=on.pk, token_digest=f"keypad {on.pk}", layout="0123456789", expires_at=NOON
    )


def tally(**columns: Any) -> Make:
    async def make(_: Gateways, owner: Customer) -> Model:
        given = {"subject_key": "subject", "customer_id": owner.id, "failures": 3, "updated_at": NOON}
        return await AttemptTally.create(**{**given, **columns})

    return make


def delivery(**columns: Any) -> Make:
    async def make(_: Gateways, owner: Customer) -> Model:
        return await cast.delivery(owner, **{"body": None, **columns})

    return make


async def confirmation(gateways: Gateways, owner: Customer) -> Model:
    return await cast.confirmation(gateways, owner, created_at=NOON - HOUR, expires_at=NOON)


def session(**columns: Any) -> Make:
    async def make(_: Gateways, owner: Customer) -> Model:
        at = {"created_at": NOON - HOUR, "seen_at": NOON - HOUR, "expires_at": NOON}
        given = {"customer_id": owner.id, "token_digest": f"{random.getrandbits(128):032x}", **at}
        return await Session.create(**{**given, **columns})

    return make


def device(**columns: Any) -> Make:
    async def make(gateways: Gateways, owner: Customer) -> Model:
        return await cast.device(gateways, owner, **columns)

    return make


async def news(_: Gateways, owner: Customer) -> Model:
    return await told_of(await cast.operation(await cast.contract(owner)), at=NOON)


@pytest.mark.parametrize(
    ("make", "age"),
    [
        pytest.param(flow, HOUR, id="a flow"),
        pytest.param(keypad, HOUR, id="a flow's keypad"),
        pytest.param(tally(), 400 * DAY, id="a tally"),
        pytest.param(tally(failures=0), 2 * DAY, id="a tally without a failure"),
        pytest.param(tally(customer_id=None), 400 * DAY, id="a tally of nobody, like a customer's"),
        pytest.param(
            tally(customer_id=None, failures=100), 400 * DAY, id="a tally of nobody, locked for good"
        ),
        pytest.param(confirmation, 30 * DAY, id="a confirmation"),
        pytest.param(delivery(state="SENT", sent_at=NOON), 90 * DAY, id="a message that was sent"),
        pytest.param(delivery(state="FAILED"), 90 * DAY, id="a message that was given up"),
        pytest.param(session(), 365 * DAY, id="a session that ended by itself"),
        pytest.param(session(closed_at=NOON - HOUR), 365 * DAY - HOUR, id="a session that was closed"),
        pytest.param(news, 31 * DAY, id="news"),
        pytest.param(device(seen_at=NOON), 400 * DAY, id="a device"),
        pytest.param(device(seen_at=NOON, revoked_at=NOON), DAY, id="a device that was revoked"),
    ],
)
async def test_goes_at_its_age_and_not_a_second_before(
    camille: Customer, gateways: Gateways, clock: Clock, make: Make, age: timedelta
) -> None:
    row = await make(gateways, camille)
    clock.now = NOON + age - SECOND
    await look(gateways)
    assert await is_there(row)
    clock.now += SECOND
    await look(gateways)
    assert not await is_there(row)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(tally(failures=100), id="a customer's lock until a new code"),
        pytest.param(delivery(body="Bonjour"), id="a message that waits"),
    ],
)
async def test_stays_for_ever(camille: Customer, gateways: Gateways, clock: Clock, make: Make) -> None:
    row = await make(gateways, camille)
    clock.now = NOON + AGES
    await look(gateways)
    assert await is_there(row)


@pytest.mark.parametrize("revoked_at", [None, NOON])
async def test_a_device_stays_while_a_session_points_at_it(
    camille: Customer, gateways: Gateways, clock: Clock, revoked_at: datetime | None
) -> None:
    trusted = await cast.device(gateways, camille, seen_at=NOON - 400 * DAY, revoked_at=revoked_at)
    on_it = await session(device_id=trusted.id)(gateways, camille)
    clock.now = NOON + 365 * DAY - SECOND
    await look(gateways)
    assert (await is_there(on_it), await is_there(trusted)) == (True, True)
    clock.now += SECOND
    await look(gateways)
    assert (await is_there(on_it), await is_there(trusted)) == (False, False)


async def test_a_session_of_another_customer_keeps_no_device(
    camille: Customer, gateways: Gateways, clock: Clock
) -> None:
    marc = await cast.marc()
    hers = await cast.device(gateways, camille, seen_at=NOON)
    his = await cast.device(gateways, marc, id=hers.id, seen_at=NOON)
    await session(device_id=his.id, expires_at=NOON + AGES)(gateways, marc)
    clock.now = NOON + 400 * DAY
    await look(gateways)
    assert (await is_there(hers), await is_there(his)) == (False, True)


async def test_of_replaced_codes_the_latest_are_remembered(
    camille: Customer, gateways: Gateways, clock: Clock
) -> None:
    replaced = [NOON - DAY * age for age in (3, 9, 2, 4, 8, 4, 1, 4)]  # a tie at the fifth
    rows = [await cast.credential(gateways, camille, replaced_at=at) for at in replaced]
    in_force = await cast.credential(gateways, camille)
    marc = await cast.marc()
    his = [await cast.credential(gateways, marc, replaced_at=at) for at in replaced[:REMEMBERED_CODES]]
    await look(gateways)
    kept = {row.id for row in await Credential.owned_by(camille.id)}
    assert kept == {in_force.id, *(rows[index].id for index in (6, 2, 0, 7, 5))}
    assert [await is_there(row) for row in his] == [True] * REMEMBERED_CODES


async def test_the_access_log_is_shortened_and_stays_a_chain(
    camille: Customer, gateways: Gateways, clock: Clock
) -> None:
    seal, marc = gateways.vault.seal, await cast.marc()
    for owner in (camille, marc):
        for day in range(4):
            await AuditEvent.record(owner.id, AuditKind.SIGNED_OUT, NOON + day * DAY, seal)
    clock.now = NOON + 366 * DAY
    await look(gateways)
    assert [row.at for row in await AuditEvent.owned_by(camille.id).order_by("at")] == [
        NOON + day * DAY for day in (1, 2, 3)
    ]
    clock.now += SECOND
    await look(gateways)
    for owner in (camille, marc):
        numbers = [row.number for row in await AuditEvent.owned_by(owner.id).order_by("number")]
        head = await AuditHead.get(customer_id=owner.id)
        assert (numbers, head.first_number, head.last_number) == ([3, 4], 3, 4)
        assert seal.holds(head.text(), head.seal)


async def test_how_long_an_access_log_lives_is_a_setting(
    camille: Customer, gateways: Gateways, clock: Clock
) -> None:
    await AuditEvent.record(camille.id, AuditKind.SIGNED_OUT, NOON, gateways.vault.seal)
    settings = gateways.settings.model_copy(update={"audit_days": 180})
    clock.now = NOON + 180 * DAY + SECOND
    await look(gateways)
    assert await AuditEvent.owned_by(camille.id).count() == 1
    await look(replace(gateways, settings=settings))
    assert await AuditEvent.owned_by(camille.id).count() == 0


async def test_more_than_a_statement_deletes_goes_in_one_look(
    camille: Customer, gateways: Gateways, clock: Clock
) -> None:
    await AccessFlow.bulk_create([flow_row() for _ in range(2 * ROWS_MAX + 1)])
    clock.now += HOUR
    with capture_logs() as logs:
        await Housekeeping(gateways).look()
    assert await AccessFlow.all().count() == 0
    assert [line for line in logs if line.get("table") == "access_flow"] == [
        {"event": "deleted what was old", "log_level": "info", "table": "access_flow", "rows": 2_001}
    ]


async def test_a_look_goes_through_so_many_customers_and_the_next_one_on(
    camille: Customer, gateways: Gateways, clock: Clock
) -> None:
    await Customer.bulk_create(
        [
            Customer(reference=f"many {number}", first_names="", last_name="", created_at=NOON)
            for number in range(CUSTOMERS_MAX)
        ]
    )
    first, last = [await Customer.all().order_by(order).first() for order in ("id", "-id")]
    assert first is not None
    assert last is not None
    rows = [await confirmation(gateways, owner) for owner in (first, last)]
    clock.now += 30 * DAY
    housekeeping = Housekeeping(replace(gateways, random=First()))
    await housekeeping.look()
    assert [await is_there(row) for row in rows] == [False, True]
    await housekeeping.look()
    assert [await is_there(row) for row in rows] == [False, False]
    again = await confirmation(gateways, first)
    clock.now += 30 * DAY
    await housekeeping.look()  # begins again after the last one
    assert not await is_there(again)


class First(random.Random):
    """Draws the least number."""

    def randint(self, a: int, b: int) -> int:
        return a


async def test_begins_anywhere_among_the_customers(
    camille: Customer, gateways: Gateways, clock: Clock
) -> None:
    for seed in range(5):
        row = await confirmation(gateways, camille)
        clock.now = NOON + 30 * DAY
        await look(replace(gateways, random=random.Random(seed)))
        assert not await is_there(row)


async def test_several_processes_look_at_once(
    camille: Customer, gateways: Gateways, clock: Clock, database: str
) -> None:
    await AccessFlow.bulk_create([flow_row() for _ in range(1_500)])
    for number in range(20):
        on = await cast.device(gateways, camille, f"browser {number}", seen_at=NOON)
        await session(device_id=on.id)(gateways, camille)
    clock.now = NOON + 500 * DAY

    async def process() -> None:
        """With connections of its own, as another process would have."""
        async with open_database(database):
            await look(gateways)

    with capture_logs() as logs:
        await asyncio.gather(*(asyncio.create_task(process()) for _ in range(3)))
    assert {line["event"] for line in logs} == {"deleted what was old"}
    assert await AccessFlow.all().count() == 0
    assert await Session.owned_by(camille.id).count() == await Device.owned_by(camille.id).count() == 0


async def until(condition: Callable[[], Awaitable[bool] | bool]) -> None:
    """Let others run until it is so; the test's own time limit ends it otherwise."""
    async with asyncio.timeout(10):
        while True:
            found = condition()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.005)


def worker(gateways: Gateways, pause: float) -> Housekeeping:
    settings = gateways.settings.model_copy(update={"housekeeping_pause_seconds": pause})
    return Housekeeping(replace(gateways, settings=settings))


async def test_a_worker_looks_again_and_again(camille: Customer, gateways: Gateways, clock: Clock) -> None:
    clock.now += HOUR
    housekeeping = worker(gateways, 0.01)
    running = asyncio.create_task(housekeeping.run())
    for _ in range(2):
        row = await flow(gateways, camille)

        async def gone(row: Model = row) -> bool:
            return not await is_there(row)

        await until(gone)
    housekeeping.leave()
    await asyncio.wait_for(running, 5)


async def test_a_worker_told_to_leave_does_not_wait_for_its_next_look(
    camille: Customer, gateways: Gateways, clock: Clock
) -> None:
    row = await flow(gateways, camille)
    clock.now += HOUR
    housekeeping = worker(gateways, 3600)
    running = asyncio.create_task(housekeeping.run())
    await asyncio.sleep(0)
    housekeeping.leave()
    await asyncio.wait_for(running, 5)
    assert await is_there(row)


@pytest.mark.parametrize(
    ("table", "make"),
    [
        pytest.param("access_flow", flow, id="of all"),
        pytest.param("confirmation", confirmation, id="of the next customers"),
    ],
)
async def test_a_piece_that_fails_does_not_keep_the_next_one_from_its_turn(
    camille: Customer, gateways: Gateways, clock: Clock, table: str, make: Make
) -> None:
    row, old = await make(gateways, camille), await session(closed_at=NOON - HOUR)(gateways, camille)
    clock.now += 365 * DAY
    script = get_connection("default").execute_script
    await script(f"ALTER TABLE {table} RENAME TO away")
    with capture_logs() as logs:
        await look(gateways)
    await script(f"ALTER TABLE away RENAME TO {table}")
    assert "housekeeping failed, it goes on" in {line["event"] for line in logs}
    assert (await is_there(row), await is_there(old)) == (True, False)
    await look(gateways)
    assert not await is_there(row)


@ON_ONE
async def test_a_database_in_trouble_is_waited_for(
    camille: Customer, gateways: Gateways, clock: Clock, database: str
) -> None:
    row = await flow(gateways, camille)
    clock.now += HOUR
    with closing(sqlite3.connect(database.removeprefix("sqlite://"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with open_database(f"{database}?busy_timeout=0.01"):
            with capture_logs() as logs:
                await look(gateways)
        other.execute("ROLLBACK")
    assert {line["event"] for line in logs} == {"housekeeping waits for the database"}
    assert await is_there(row)
    await look(gateways)
    assert not await is_there(row)


async def test_what_is_logged_names_nobody(camille: Customer, gateways: Gateways, clock: Clock) -> None:
    await delivery(state="SENT", sent_at=NOON)(gateways, camille)
    clock.now += 90 * DAY
    with capture_logs() as logs:
        await look(gateways)
    lines = [{key: line[key] for key in ("event", "table", "rows")} for line in logs]
    assert lines == [{"event": "deleted what was old", "table": "delivery", "rows": 1}]


async def test_the_server_keeps_house(camille: Customer, gateways: Gateways) -> None:
    row = flow_row(datetime(2026, 1, 1, tzinfo=UTC))  # by the server's own clock, which is later
    await row.save()
    settings = gateways.settings.model_copy(update={"housekeeping_pause_seconds": 0.01})
    async with lifespan_of(settings)(Starlette()):

        async def gone() -> bool:
            return not await is_there(row)

        await until(gone)
