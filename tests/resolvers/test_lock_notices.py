"""What a customer hears of locks: once for each, in her language, and never from the request that locks."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

from gateways import Gateways
from models import AttemptTally, AuditEvent, Channel, Customer, Delivery
from models.backends.opening import in_fresh_context, open_database
from resolvers import lock_notices
from resolvers.access import account_subject
from resolvers.context import Context
from resolvers.housekeeping import Housekeeping
from tests import cast
from tests.cast import CAMILLE_PHONE
from tests.conftest import NOON, Clock

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SETTLED = lock_notices.SETTLED
DEVICE = "a device she trusts"

FRENCH = (
    "Espace client : trop de codes faux, accès bloqué jusqu'au 15/06 à 12:30 (heure de Paris). "
    "Si ce n'est pas vous, appelez le 30 26."
)
ENGLISH = (
    "Espace client: too many wrong codes, access is locked until 12:30 on 15/06 (Paris time). "
    "Not you? Call 30 26."
)


@pytest.fixture
async def camille(database: str) -> Customer:
    """Nobody else is locked."""
    await AttemptTally.all().delete()
    return await cast.camille()


async def fail(context: Context, owner: Customer, times: int = 5, *, device: bool = False) -> None:
    """Wrong codes on a device the customer trusts, or on any other."""
    subjects = [account_subject(context, owner.id)]
    if device:
        subjects.insert(0, DEVICE)
    for _ in range(times):
        for subject in subjects:
            await AttemptTally.count_try(subject, owner.id, context.now)


async def locked(subject: str, owner: Customer, failures: int, until: timedelta, **columns: Any) -> None:
    """A tally as its last wrong code left it, a minute ago."""
    given = {"failures": failures, "locked_until": NOON + until, "updated_at": NOON - MINUTE}
    await AttemptTally.create(subject_key=subject, customer_id=owner.id, **{**given, **columns})


async def look(gateways: Gateways) -> None:
    await in_fresh_context(Housekeeping(gateways).tell_of_locks)


async def told(owner: Customer) -> list[tuple[str, str, str | None]]:
    rows = await Delivery.owned_by(owner.id).order_by("id")
    return [(row.channel, row.address, row.body) for row in rows]


async def notices(owner: Customer) -> list[Any]:
    """What the access log says of each lock."""
    rows = await AuditEvent.owned_by(owner.id).order_by("id")
    return [(row.kind, row.details) for row in rows]


async def test_a_lock_is_told_once_by_sms_and_email(
    camille: Customer, context: Context, gateways: Gateways, clock: Clock
) -> None:
    await fail(context, camille)
    assert await told(camille) == []  # not by the request
    clock.now += SETTLED
    for _ in range(2):
        await look(gateways)
    assert await told(camille) == [
        (Channel.SMS, CAMILLE_PHONE, FRENCH),
        (Channel.EMAIL, "camille@exemple.fr", FRENCH),
    ]
    email = await Delivery.owned_by(camille.id).get(channel=Channel.EMAIL)
    assert (email.subject, email.due_at) == ("Votre accès est bloqué un moment", clock.now)
    assert await notices(camille) == [("ACCESS_LOCKED", {"notice": "LOCKED"})]


async def test_a_customer_who_reads_english_is_told_in_english(
    camille: Customer, context: Context, gateways: Gateways, clock: Clock
) -> None:
    marc = await cast.marc()
    await fail(context, marc)
    clock.now += SETTLED
    await look(gateways)
    assert await told(marc) == [(Channel.SMS, "+33612345602", ENGLISH)]
    assert await told(camille) == []


async def test_a_customer_without_phone_and_email_finds_it_in_the_access_log(
    camille: Customer, context: Context, gateways: Gateways, clock: Clock
) -> None:
    nobody_to_reach = await cast.customer()
    await fail(context, nobody_to_reach)
    clock.now += SETTLED
    for _ in range(2):
        await look(gateways)
    assert await told(nobody_to_reach) == []
    assert await notices(nobody_to_reach) == [("ACCESS_LOCKED", {"notice": "LOCKED"})]


async def test_a_lock_is_not_told_before_its_try_was_looked_at(
    camille: Customer, context: Context, gateways: Gateways, clock: Clock
) -> None:
    await fail(context, camille)  # the fifth is counted first, and may be right
    clock.now += SETTLED - SECOND
    await look(gateways)
    await AttemptTally.clear(account_subject(context, camille.id))
    clock.now += SECOND
    await look(gateways)
    assert await told(camille) == []
    assert await notices(camille) == []


async def test_wrong_codes_without_a_lock_are_not_told(
    camille: Customer, context: Context, gateways: Gateways, clock: Clock
) -> None:
    await fail(context, camille, 4)
    clock.now += timedelta(days=1)
    await look(gateways)
    assert await told(camille) == []


async def test_what_nobody_has_locks_and_tells_no_one(
    camille: Customer, gateways: Gateways, clock: Clock
) -> None:
    for _ in range(5):
        await AttemptTally.count_try("nobody", None, clock.now)
    clock.now += SETTLED
    before = await Delivery.all().count()
    await look(gateways)
    assert await Delivery.all().count() == before
    assert (await AttemptTally.get(subject_key="nobody")).warned_failures == 0


async def test_a_lock_that_is_over_is_not_told_and_the_next_one_is(
    camille: Customer, context: Context, gateways: Gateways, clock: Clock
) -> None:
    await fail(context, camille)
    clock.now += timedelta(minutes=30)
    await look(gateways)
    assert await told(camille) == []
    await fail(context, camille)
    clock.now += SETTLED
    await look(gateways)
    (sms, _) = await told(camille)
    assert "jusqu'au 15/06 à 14:30" in str(sms[2])  # two hours from 12:30 in Paris


async def test_a_right_code_begins_the_locks_and_their_notices_anew(
    camille: Customer, context: Context, gateways: Gateways, clock: Clock
) -> None:
    for day in range(2):
        clock.now = NOON + timedelta(days=day)
        await fail(context, camille)
        clock.now += SETTLED
        await look(gateways)
        await AttemptTally.clear(account_subject(context, camille.id))
    assert [body for _, _, body in await told(camille)] == [FRENCH] * 2 + [FRENCH.replace("15/", "16/")] * 2


async def test_the_last_round_and_the_lock_for_good_are_told(
    camille: Customer, context: Context, gateways: Gateways, clock: Clock
) -> None:
    subject = account_subject(context, camille.id)
    await locked(subject, camille, 95, timedelta(days=1), warned_failures=90)
    for _ in range(2):
        await look(gateways)
    clock.now += timedelta(days=1)
    await fail(context, camille, 4)
    await look(gateways)
    await fail(context, camille, 1)
    for _ in range(2):
        clock.now += timedelta(days=1)
        await look(gateways)
    texts = [body for channel, _, body in await told(camille) if channel == Channel.SMS]
    assert texts == [
        "Espace client : trop de codes faux. Après 5 de plus, seul un nouveau code ouvrira votre accès. "
        "Si ce n'est pas vous, appelez le 30 26.",
        "Espace client : trop de codes faux, accès bloqué. "
        "Choisissez un nouveau code (code oublié) ou appelez le 30 26.",
    ]
    assert [details["notice"] for _, details in await notices(camille)] == ["LAST_ROUND", "FOR_GOOD"]


async def test_wrong_codes_on_a_trusted_device_lock_it_and_the_account_and_are_told_once(
    camille: Customer, context: Context, gateways: Gateways, clock: Clock
) -> None:
    await fail(context, camille, device=True)
    clock.now += SETTLED
    for _ in range(2):
        await look(gateways)
    assert [body for _, _, body in await told(camille)] == [FRENCH] * 2
    tallies = await AttemptTally.filter(customer_id=camille.id)
    assert [tally.warned_failures for tally in tallies] == [5, 5]


async def test_the_lock_of_a_device_is_silent_while_the_account_is_locked(
    camille: Customer, context: Context, gateways: Gateways, clock: Clock
) -> None:
    await fail(context, camille)
    clock.now += SETTLED
    await look(gateways)
    await fail(context, camille, device=True)
    clock.now += SETTLED
    await look(gateways)
    assert len(await told(camille)) == 2
    clock.now = NOON + timedelta(minutes=30)  # the account's is over, the device's goes on for a moment
    await look(gateways)
    assert len(await told(camille)) == 2


async def test_the_lock_of_a_device_alone_is_told(
    camille: Customer, context: Context, gateways: Gateways, clock: Clock
) -> None:
    await fail(context, camille, device=True)
    await AttemptTally.clear(account_subject(context, camille.id))
    clock.now += SETTLED
    await look(gateways)
    assert [body for _, _, body in await told(camille)] == [FRENCH] * 2


async def test_a_graver_lock_of_a_device_is_told(
    camille: Customer, context: Context, gateways: Gateways
) -> None:
    account = account_subject(context, camille.id)
    await locked(account, camille, 5, timedelta(minutes=30))
    await locked(DEVICE, camille, 95, timedelta(days=1))
    for _ in range(2):
        await look(gateways)
    assert [details["notice"] for _, details in await notices(camille)] == ["LAST_ROUND"]
    assert len(await told(camille)) == 2


async def test_a_lock_waits_for_the_other_one_of_the_same_wrong_code(
    camille: Customer, context: Context, gateways: Gateways, clock: Clock
) -> None:
    account = account_subject(context, camille.id)
    await locked(DEVICE, camille, 5, timedelta(minutes=30), updated_at=NOON - SETTLED)
    await locked(account, camille, 5, timedelta(minutes=31), updated_at=NOON - SETTLED + SECOND)
    await look(gateways)
    assert await told(camille) == []
    clock.now += SECOND
    await look(gateways)
    assert len(await told(camille)) == 2


async def test_workers_of_several_processes_tell_each_customer_once(
    camille: Customer, context: Context, gateways: Gateways, clock: Clock, database: str
) -> None:
    owners = [camille, *[await cast.camille() for _ in range(9)]]
    for owner in owners:
        await fail(context, owner)
        await locked(f"device of {owner.id}", owner, 5, timedelta(minutes=30))
    clock.now += SETTLED

    async def process() -> None:
        """With connections of its own, as another process would have."""
        async with open_database(database):
            await look(gateways)

    await asyncio.gather(*(asyncio.create_task(process()) for _ in range(3)))
    await look(gateways)  # for what one left to another that had taken it
    for owner in owners:
        assert [body for _, _, body in await told(owner)] == [FRENCH] * 2
        assert len(await notices(owner)) == 1


async def test_customers_to_tell_are_found_some_at_a_time(
    camille: Customer, context: Context, gateways: Gateways, clock: Clock
) -> None:
    owners = [camille, *[await cast.camille() for _ in range(4)]]
    for owner in owners:
        await fail(context, owner, device=owner is camille)
    clock.now += SETTLED
    ids = [owner.id for owner in owners]
    found = [await lock_notices.customers_to_tell(gateways, after, 2) for after in (-1, ids[1], ids[3])]
    assert found == [ids[:2], ids[2:4], ids[4:]]


async def test_what_a_request_holds_is_left_to_it(
    camille: Customer, context: Context, gateways: Gateways, clock: Clock
) -> None:
    await fail(context, camille)
    clock.now += SETTLED
    subject = account_subject(context, camille.id)
    async with in_transaction():
        await AttemptTally.clear(subject)
        looking = asyncio.create_task(in_fresh_context(lock_notices.tell, gateways, camille.id))
        await asyncio.sleep(0.05)  # for it to look, or to wait for its turn to
    assert await looking is False
    assert await told(camille) == []


async def test_a_notice_that_cannot_be_written_is_written_later(
    camille: Customer, context: Context, gateways: Gateways, clock: Clock
) -> None:
    await fail(context, camille)
    clock.now += SETTLED
    script = get_connection("default").execute_script
    await script("ALTER TABLE audit_event RENAME TO away")
    await look(gateways)
    await script("ALTER TABLE away RENAME TO audit_event")
    assert await told(camille) == []
    await look(gateways)
    assert len(await told(camille)) == 2
