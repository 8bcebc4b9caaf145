"""The chain of a customer's facts: written one behind the other, purged from its beginning, never mended."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from gateways import Gateways
from gateways.peppers import Pepper
from gateways.vault import Vault
from models import AuditEvent, AuditHead, Customer
from models.audit_events import PURGED_MAX, Seal
from tests import cast
from tests.conftest import NOON
from tests.recording import recorded

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def camille(database: str) -> Customer:
    return await cast.camille()


@pytest.fixture
def seal(gateways: Gateways) -> Seal:
    return gateways.vault.seal


async def record(customer: Customer, seal: Seal, *minutes: int) -> list[AuditEvent]:
    """One fact for each minute after noon."""
    return [
        await AuditEvent.record(customer.id, "SIGNED_IN", NOON + minute * MINUTE, seal) for minute in minutes
    ]


async def chain_of(customer: Customer) -> list[AuditEvent]:
    return await AuditEvent.owned_by(customer.id).order_by("number")


async def head_of(customer: Customer) -> AuditHead:
    return await AuditHead.get(customer_id=customer.id)


async def assert_holds(customer: Customer, seal: Seal, first: int, last: int) -> None:
    """Everything as read back from the database is what was sealed."""
    head, before = await head_of(customer), ""
    assert (head.first_number, head.last_number) == (first, last)
    assert seal.holds(head.text(), head.seal) is True
    before = head.purged_seal
    events = await chain_of(customer)
    assert [event.number for event in events] == list(range(first, last + 1))
    for event in events:
        assert seal.holds(event.text(before), event.seal) is True
        before = event.seal
    assert before == head.last_seal


async def test_facts_are_numbered_and_sealed_one_behind_the_other(camille: Customer, seal: Seal) -> None:
    at = NOON.replace(microsecond=123_457)
    details = {"purpose": "SIGN_IN", "wrong_codes_before": 2, "list": ["é\u202f", None, 2**53 + 1, True]}
    first = await AuditEvent.record(
        camille.id, "SIGNED_IN", at, seal, session_id=7, label="Firefox, Windows", **details
    )
    second = await AuditEvent.record(camille.id, "SIGNED_OUT", NOON, seal)

    assert (first.number, second.number) == (1, 2)
    assert first.seal == seal(first.text(""))
    assert second.seal == seal(second.text(first.seal))
    found = (await chain_of(camille))[0]
    assert (found.kind, found.at, found.session_id, found.label, found.details) == (
        "SIGNED_IN",
        at,
        7,
        "Firefox, Windows",
        details,
    )
    await assert_holds(camille, seal, 1, 2)


async def test_each_customer_has_a_chain_of_her_own(camille: Customer, seal: Seal) -> None:
    marc = await cast.marc()
    for customer in (camille, marc, camille):
        await record(customer, seal, 0)
    await assert_holds(camille, seal, 1, 2)
    await assert_holds(marc, seal, 1, 1)


async def test_twenty_at_once_lose_nothing(camille: Customer, seal: Seal) -> None:
    async def one(minute: int) -> AuditEvent:
        [event] = await record(camille, seal, minute)
        return event

    written = await asyncio.gather(*(asyncio.create_task(one(minute)) for minute in range(20)))

    assert sorted(event.number or 0 for event in written) == list(range(1, 21))
    await assert_holds(camille, seal, 1, 20)


async def test_twenty_transactions_at_once_lose_nothing(camille: Customer, seal: Seal) -> None:
    async def one(minute: int) -> None:
        async with in_transaction():
            await record(camille, seal, minute)
            await asyncio.sleep(0)
            await record(camille, seal, minute)

    await asyncio.gather(*(asyncio.create_task(one(minute)) for minute in range(20)))

    await assert_holds(camille, seal, 1, 40)


async def test_a_fact_is_kept_or_lost_with_the_transaction_it_tells_of(camille: Customer, seal: Seal) -> None:
    async def one(number: int) -> None:
        async with in_transaction():
            await record(camille, seal, 1)
            assert number / number

    await record(camille, seal, 0)
    with pytest.raises(ZeroDivisionError):
        await one(0)
    await assert_holds(camille, seal, 1, 1)
    await one(1)
    await assert_holds(camille, seal, 1, 2)


async def test_alone_or_in_a_transaction_a_fact_costs_four_statements(camille: Customer, seal: Seal) -> None:
    await record(camille, seal, 0)
    async with recorded() as alone:
        await record(camille, seal, 1)
    async with recorded() as inside, in_transaction():
        await record(camille, seal, 2)
    assert (len(alone.statements), len(inside.statements)) == (4, 4), inside.statements
    assert not [sql for sql, _ in inside.everything if "SAVEPOINT" in sql]


async def test_many_are_written_in_the_order_of_time(camille: Customer, seal: Seal) -> None:
    await record(camille, seal, 0)
    events = [
        AuditEvent(customer_id=camille.id, kind="SIGNED_IN", at=NOON + minute * MINUTE)
        for minute in (3, 1, 2, 1)
    ]
    await AuditEvent.append(camille.id, events, seal)
    assert [event.number for event in events] == [5, 2, 4, 3]
    assert [event.at.minute for event in await chain_of(camille)] == [0, 1, 1, 2, 3]
    await assert_holds(camille, seal, 1, 5)


async def test_a_kind_that_is_none_and_a_float_are_bugs(camille: Customer, seal: Seal) -> None:
    with pytest.raises(ValueError, match="SIGNED_UP"):
        await AuditEvent.record(camille.id, "SIGNED_UP", NOON, seal)
    with pytest.raises(TypeError, match="no float"):
        await AuditEvent.record(camille.id, "SIGNED_IN", NOON, seal, score=0.5)
    assert await chain_of(camille) == []
    assert await AuditHead.filter(customer_id=camille.id).count() == 0


async def test_facts_from_before_there_were_seals_get_none_and_are_purged(
    camille: Customer, seal: Seal
) -> None:
    for minute in (1, 2):
        await AuditEvent.create(customer_id=camille.id, kind="SIGNED_IN", at=NOON + minute * MINUTE)
    await record(camille, seal, 3)
    beside = AuditEvent.owned_by(camille.id).filter(number=None)
    assert [event.seal for event in await beside] == ["", ""]
    assert await AuditEvent.purge(camille.id, NOON + 2 * MINUTE, seal) == 0
    assert [event.at.minute for event in await beside] == [2]
    await beside.delete()
    await assert_holds(camille, seal, 1, 1)


async def test_two_transactions_that_hold_the_customer_do_not_wait_for_each_other(
    camille: Customer, seal: Seal
) -> None:
    async def hold_then_record() -> None:
        async with in_transaction():
            await Customer.select_for_update(no_key=True).get(id=camille.id)
            await asyncio.sleep(0.05)  # for the other to hold the head, if it can
            await record(camille, seal, 1)

    async def only_record() -> None:
        async with in_transaction():
            await record(camille, seal, 2)

    await asyncio.gather(*(asyncio.create_task(work()) for work in (hold_then_record, only_record)))

    await assert_holds(camille, seal, 1, 2)


async def test_a_new_pepper_seals_what_comes_next(camille: Customer) -> None:
    old, new = Pepper("old", b"o" * 32), Pepper("new", b"n" * 32)
    before, after = (Vault(peppers, memory_kib=8, passes=1).seal for peppers in ([old], [new, old]))
    await record(camille, before, 0)
    await record(camille, after, 1)
    assert [event.seal[:3] for event in await chain_of(camille)] == ["old", "new"]
    assert (await head_of(camille)).seal[:3] == "new"
    await assert_holds(camille, after, 1, 2)


async def test_a_head_is_renewed_so_that_its_pepper_can_be_taken_away(camille: Customer) -> None:
    old, new = Pepper("old", b"o" * 32), Pepper("new", b"n" * 32)
    peppers: list[list[Pepper]] = [[old], [new, old], [new]]
    before, both, after = (Vault(given, memory_kib=8, passes=1).seal for given in peppers)
    marc = await cast.marc()
    await record(camille, before, 0, 1)
    await record(marc, before, 0)
    await spoiled(marc, last_number=0)
    assert await AuditHead.renew(camille.id, marc.id, before) == 0
    assert await AuditEvent.purge(camille.id, NOON + 9 * MINUTE, before) == 2

    assert await AuditHead.renew(camille.id, camille.id - 1, both) == 0
    assert await AuditHead.renew(camille.id, marc.id, both) == 1
    assert await AuditHead.renew(camille.id, marc.id, both) == 0

    await record(camille, after, 3)
    await assert_holds(camille, after, 3, 3)
    assert (await head_of(marc)).seal.startswith("old$")


async def spoiled(customer: Customer, **columns: Any) -> AuditHead:
    """The head as somebody left it who has no key."""
    await AuditHead.filter(customer_id=customer.id).update(**columns)
    return await head_of(customer)


async def test_a_head_that_was_changed_is_never_sealed_again(camille: Customer, seal: Seal) -> None:
    await record(camille, seal, 0, 1, 2)
    second = (await chain_of(camille))[1]
    await AuditEvent.owned_by(camille.id).filter(number=3).delete()
    await spoiled(camille, last_number=2, last_seal=second.seal)

    await record(camille, seal, 3)

    head = await head_of(camille)
    assert [event.number for event in await chain_of(camille)] == [1, 2, 3]
    assert (head.last_number, seal.holds(head.text(), head.seal)) == (3, False)


async def test_facts_go_on_behind_the_last_one_where_an_old_head_was_put_back(
    camille: Customer, seal: Seal
) -> None:
    await record(camille, seal, 0, 1)
    old = cast.columns_of(await head_of(camille))
    await record(camille, seal, 2, 3)
    await spoiled(camille, **{name: value for name, value in old.items() if name != "customer_id"})

    await record(camille, seal, 4)

    head = await head_of(camille)
    assert [event.number for event in await chain_of(camille)] == [1, 2, 3, 4, 5]
    assert (head.last_number, seal.holds(head.text(), head.seal)) == (5, False)


async def test_a_head_that_was_removed_is_not_made_anew(camille: Customer, seal: Seal) -> None:
    await record(camille, seal, 0, 1)
    await AuditHead.filter(customer_id=camille.id).delete()
    await record(camille, seal, 2)
    head = await head_of(camille)
    assert (head.last_number, head.seal) == (3, "")
    await record(camille, seal, 3)
    assert (await head_of(camille)).seal == ""


async def test_a_head_that_was_emptied_is_not_made_anew(camille: Customer, seal: Seal) -> None:
    await record(camille, seal, 0, 1)
    await AuditEvent.owned_by(camille.id).delete()
    await spoiled(camille, first_number=2, last_number=0, last_seal="", seal="")
    await record(camille, seal, 2)
    assert (await head_of(camille)).seal == ""


async def test_a_head_whose_pepper_is_gone_stays_as_it_was_sealed(camille: Customer) -> None:
    before, after = (
        Vault([Pepper(name, name.encode() * 16)], memory_kib=8, passes=1).seal for name in ("old", "new")
    )
    await record(camille, before, 0)
    await record(camille, after, 1)
    assert (await head_of(camille)).seal.startswith("old$")
    assert [event.seal[:3] for event in await chain_of(camille)] == ["old", "new"]


@pytest.mark.parametrize(
    ("before", "deleted", "first"),
    [
        (NOON, 0, 1),
        (NOON + 2 * MINUTE, 2, 3),
        (NOON + 2 * MINUTE + timedelta(microseconds=1), 3, 4),
        (NOON + MINUTE * 9, 5, 6),
    ],
)
async def test_the_oldest_are_purged_and_the_rest_holds(
    camille: Customer, seal: Seal, before: datetime, deleted: int, first: int
) -> None:
    marc = await cast.marc()
    for customer in (camille, marc):
        await record(customer, seal, 0, 1, 2, 3, 4)

    assert await AuditEvent.purge(camille.id, before, seal) == deleted
    await assert_holds(camille, seal, first, 5)
    assert await AuditEvent.purge(camille.id, before, seal) == 0
    await record(camille, seal, 5)
    await assert_holds(camille, seal, first, 6)
    await assert_holds(marc, seal, 1, 5)


async def test_a_young_fact_keeps_the_older_ones_behind_it(camille: Customer, seal: Seal) -> None:
    await record(camille, seal, 0, 9, 1)
    assert await AuditEvent.purge(camille.id, NOON + 5 * MINUTE, seal) == 1
    await assert_holds(camille, seal, 2, 3)


async def test_a_long_chain_is_purged_a_thousand_at_a_time(camille: Customer, seal: Seal) -> None:
    events = [AuditEvent(customer_id=camille.id, kind="SIGNED_IN", at=NOON) for _ in range(PURGED_MAX + 5)]
    await AuditEvent.append(camille.id, events, seal)
    purged = [await AuditEvent.purge(camille.id, NOON + MINUTE, seal) for _ in range(3)]
    assert purged == [PURGED_MAX, 5, 0]
    await assert_holds(camille, seal, PURGED_MAX + 6, PURGED_MAX + 5)


async def test_what_does_not_hold_is_not_purged(camille: Customer, seal: Seal) -> None:
    await record(camille, seal, 0, 1, 2, 3)
    await AuditEvent.owned_by(camille.id).filter(number=3).update(kind="SIGNED_OUT")
    assert await AuditEvent.purge(camille.id, NOON + 9 * MINUTE, seal) == 2
    assert [event.number for event in await chain_of(camille)] == [3, 4]
    await AuditEvent.owned_by(camille.id).filter(number=3).delete()
    assert await AuditEvent.purge(camille.id, NOON + 9 * MINUTE, seal) == 0
    assert [event.number for event in await chain_of(camille)] == [4]


async def test_nothing_is_purged_under_a_head_that_does_not_hold(camille: Customer, seal: Seal) -> None:
    await record(camille, seal, 0, 1)
    await spoiled(camille, last_number=1)
    assert await AuditEvent.purge(camille.id, NOON + 9 * MINUTE, seal) == 0
    assert [event.number for event in await chain_of(camille)] == [1, 2]
