"""Every way to break a chain without the key is found, and told by customer and number."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from tortoise.connection import get_connection

from domain.audit import Anchor
from gateways import Gateways
from gateways.peppers import Pepper
from gateways.vault import Vault
from models import AuditEvent, AuditHead, Customer
from models.audit_events import Seal
from resolvers.audits import BREAKS_MAX, SETTLED, Audited, Break, BreakKind, audit
from tests import cast
from tests.conftest import NOON, database, database_url

__all__ = ["database", "database_url"]  # whole ones: everybody's chain is checked

MINUTE = timedelta(minutes=1)
LATER = NOON + timedelta(hours=1)


@pytest.fixture
async def camille(database: str) -> Customer:
    return await cast.camille()


@pytest.fixture
def seal(gateways: Gateways) -> Seal:
    return gateways.vault.seal


async def record(customer: Customer, seal: Seal, *minutes: int) -> None:
    for minute in minutes:
        at = NOON + minute * MINUTE
        await AuditEvent.record(
            customer.id, "SIGNED_IN", at, seal, session_id=minute, label="Firefox", purpose="SIGN_IN"
        )


async def told(seal: Seal, rows_max: int = 1_000) -> list[tuple[Any, ...]]:
    """What is broken, without the customer."""
    breaks: list[Break] = []
    audited = await audit(seal, LATER, report=breaks.append, rows_max=rows_max)
    assert audited.breaks == len(breaks)
    return [(found.kind, found.first, found.last) for found in breaks]


def changed(first: int, last: int | None = None) -> tuple[BreakKind, int, int]:
    return BreakKind.CHANGED, first, last or first


def missing(first: int, last: int | None = None) -> tuple[BreakKind, int, int]:
    return BreakKind.MISSING, first, last or first


def foreign(number: int) -> tuple[BreakKind, int, int]:
    return BreakKind.FOREIGN, number, number


HEAD = (BreakKind.HEAD, None, None)


async def test_chains_that_hold_are_counted_and_nothing_is_told(camille: Customer, seal: Seal) -> None:
    await record(camille, seal, 0, 1, 2)
    await record(await cast.marc(), seal, 0)
    breaks: list[Break] = []
    audited = await audit(seal, LATER, report=breaks.append)
    assert breaks == []
    assert (audited.customers, audited.facts, audited.unsealed, audited.breaks) == (2, 4, 0, 0)
    assert (audited.anchor.at, audited.agrees) == (LATER - SETTLED, None)


async def test_an_empty_database_has_nothing_to_break(database: str, seal: Seal) -> None:
    audited = await audit(seal, LATER, report=lambda _: None)
    assert (audited.customers, audited.facts, audited.breaks) == (0, 0, 0)


Spoil = Callable[[Customer], Awaitable[object]]


def fact(of: Customer, number: int) -> Any:
    return AuditEvent.owned_by(of.id).filter(number=number)


def update(number: int, /, **columns: Any) -> Spoil:
    return lambda of: fact(of, number).update(**columns)


def delete(*numbers: int) -> Spoil:
    return lambda of: AuditEvent.owned_by(of.id).filter(number__in=numbers).delete()


def update_head(**columns: Any) -> Spoil:
    return lambda of: AuditHead.filter(customer_id=of.id).update(**columns)


async def swap_numbers(of: Customer) -> None:
    for number, other in ((2, 9), (3, 2), (9, 3)):
        await fact(of, number).update(number=other)


async def swap_what_was_done(of: Customer) -> None:
    second, third = await fact(of, 2).get(), await fact(of, 3).get()
    await fact(of, 2).update(at=third.at, session_id=third.session_id)
    await fact(of, 3).update(at=second.at, session_id=second.session_id)


async def close_a_gap(of: Customer) -> None:
    await fact(of, 3).delete()
    for number in (4, 5):
        await fact(of, number).update(number=number - 1)
    await update_head(last_number=4)(of)


async def insert(of: Customer, number: int | None, seal: str = "test$" + "0" * 64) -> None:
    await AuditEvent.create(customer_id=of.id, kind="SIGNED_IN", at=NOON, number=number, seal=seal)


async def insert_between(of: Customer) -> None:
    for number in (5, 4, 3):
        await fact(of, number).update(number=number + 1)
    await insert(of, 3)


async def insert_a_copy(of: Customer) -> None:
    row = cast.columns_of(await fact(of, 5).get())
    await AuditEvent.create(**{**row, "id": row["id"] + 1, "number": 6})


async def cut_and_shorten(of: Customer) -> None:
    await delete(4, 5)(of)
    third = await fact(of, 3).get()
    await update_head(last_number=3, last_seal=third.seal)(of)


async def take_from(of: Customer) -> None:
    """A fact of another customer, put in the place of one of hers."""
    marc = await cast.marc()
    vault = Vault([Pepper("test", b"p" * 32)], memory_kib=8, passes=1)
    await record(marc, vault.seal, 0, 1)
    row = cast.columns_of(await fact(marc, 2).get())
    await fact(of, 2).delete()
    await AuditEvent.create(**{**row, "customer_id": of.id})


SPOILS: dict[str, tuple[Spoil, list[Any]]] = {
    "details changed": (update(2, details={"purpose": "STEP_UP"}), [changed(2)]),
    "details emptied": (update(2, details={}), [changed(2)]),
    "details with a float": (update(2, details={"purpose": 1e22}), [changed(2)]),
    "details that are a list": (update(2, details=["SIGN_IN"]), [changed(2)]),
    "kind changed": (update(3, kind="SIGNED_OUT"), [changed(3)]),
    "kind that is none": (update(3, kind="PARTY"), [changed(3)]),
    "time changed": (update(1, at=NOON + timedelta(microseconds=1)), [changed(1)]),
    "session changed": (update(4, session_id=None), [changed(4)]),
    "browser changed": (update(5, label="Safari"), [changed(5)]),
    "two changed": (
        lambda of: AuditEvent.owned_by(of.id).filter(number__in=[2, 3]).update(label=""),
        [changed(2, 3)],
    ),
    "seal of the right form": (update(2, seal="test$" + "0" * 64), [changed(2, 3)]),
    "seal emptied": (update(2, seal=""), [foreign(2), changed(3)]),
    "seal of another form": (update(2, seal="x"), [foreign(2), changed(3)]),
    "last seal": (update(5, seal="test$" + "0" * 64), [changed(5), HEAD]),
    "pepper nobody has": (
        update(2, seal="gone$" + "0" * 64),
        [(BreakKind.UNKNOWN_PEPPER, 2, 2), changed(3)],
    ),
    "first deleted": (delete(1), [missing(1)]),
    "middle deleted": (delete(3), [missing(3)]),
    "middle ones deleted": (delete(2, 3, 4), [missing(2, 4)]),
    "last deleted": (delete(5), [missing(5)]),
    "last ones deleted": (delete(4, 5), [missing(4, 5)]),
    "all deleted": (delete(1, 2, 3, 4, 5), [missing(1, 5)]),
    "deleted and closed up": (close_a_gap, [HEAD, changed(3, 4)]),
    "two swapped by number": (swap_numbers, [changed(2, 4)]),
    "two swapped by content": (swap_what_was_done, [changed(2, 3)]),
    "one inserted": (insert_between, [changed(3, 6), HEAD]),
    "one added": (lambda of: insert(of, 6), [changed(6), HEAD]),
    "one added without a seal": (lambda of: insert(of, 6, ""), [foreign(6), HEAD]),
    "one added far away": (lambda of: insert(of, 9), [missing(6, 8), HEAD]),
    "the last one repeated": (insert_a_copy, [changed(6), HEAD]),
    "another customer's": (take_from, [changed(2, 3)]),
    "one taken out of the chain": (update(3, number=None, seal=""), [missing(3)]),
    "head deleted": (lambda of: AuditHead.filter(customer_id=of.id).delete(), [HEAD]),
    "head's end": (update_head(last_number=4), [HEAD]),
    "head's beginning": (update_head(first_number=2), [HEAD]),
    "head's seal": (update_head(seal="test$" + "0" * 64), [HEAD]),
    "head's seal emptied": (update_head(seal=""), [HEAD]),
    "head's pepper": (update_head(seal="gone$" + "0" * 64), [(BreakKind.UNKNOWN_PEPPER, None, None)]),
    "cut off, and the head shortened": (cut_and_shorten, [HEAD]),
    "begun later, and the head too": (
        lambda of: _both(delete(1)(of), update_head(first_number=2)(of)),
        [HEAD],
    ),
}


async def _both(first: Awaitable[object], second: Awaitable[object]) -> None:
    await first
    await second


@pytest.mark.parametrize("_case", SPOILS)
async def test_what_is_broken_is_told(camille: Customer, seal: Seal, _case: str) -> None:
    spoil, expected = SPOILS[_case]
    await record(camille, seal, 0, 1, 2, 3, 4)
    await record(await cast.ines(), seal, 0, 1)
    await spoil(camille)
    assert await told(seal) == expected
    assert await told(seal, rows_max=1) == expected
    assert await told(seal, rows_max=2) == expected


@pytest.mark.parametrize("_case", SPOILS)
async def test_what_was_broken_stays_broken_when_the_log_goes_on(
    camille: Customer, seal: Seal, _case: str
) -> None:
    spoil, _ = SPOILS[_case]
    await record(camille, seal, 0, 1, 2, 3, 4)
    await spoil(camille)
    await record(camille, seal, 50)
    assert await told(seal) != []


async def test_an_old_head_put_back_does_not_fit_the_facts(camille: Customer, seal: Seal) -> None:
    await record(camille, seal, 0, 1)
    old = cast.columns_of(await AuditHead.get(customer_id=camille.id))
    await record(camille, seal, 2, 3)
    await update_head(**{name: old[name] for name in old if name != "customer_id"})(camille)
    assert await told(seal) == [HEAD]
    await record(camille, seal, 4)
    assert await told(seal) == [HEAD]


async def test_a_fact_that_was_purged_does_not_come_back(camille: Customer, seal: Seal) -> None:
    await record(camille, seal, 0, 1, 2)
    first = cast.columns_of(await fact(camille, 1).get())
    assert await AuditEvent.purge(camille.id, NOON + MINUTE, seal) == 1
    assert await told(seal) == []
    await AuditEvent.create(**first)
    assert await told(seal) == [foreign(1)]


async def test_a_purged_chain_holds_to_the_last(camille: Customer, seal: Seal) -> None:
    await record(camille, seal, 0, 1, 2)
    assert await AuditEvent.purge(camille.id, NOON + timedelta(days=1), seal) == 3
    assert await told(seal) == []
    await record(camille, seal, 3)
    assert await told(seal) == []
    await delete(4)(camille)
    assert await told(seal) == [missing(4)]


async def test_a_pepper_that_was_taken_away_is_told_once_for_all_it_sealed(camille: Customer) -> None:
    old, new = (Vault([Pepper(name, name.encode() * 16)], memory_kib=8, passes=1) for name in ("old", "new"))
    await record(camille, old.seal, 0, 1, 2)
    unknown = BreakKind.UNKNOWN_PEPPER
    assert await told(new.seal) == [(unknown, None, None), (unknown, 1, 3)]


async def test_another_key_under_the_same_name_holds_for_nothing(camille: Customer, seal: Seal) -> None:
    await record(camille, seal, 0, 1, 2)
    other = Vault([Pepper("test", b"x" * 32)], memory_kib=8, passes=1)
    assert await told(other.seal) == [HEAD, changed(1, 3)]


async def test_the_broken_are_told_by_name_among_many(database: str, seal: Seal) -> None:
    customers = [await cast.ines() for _ in range(7)]
    for customer in customers:
        await record(customer, seal, 0, 1, 2)
    await delete(3)(customers[2])
    await update(1, kind="SIGNED_OUT")(customers[5])
    await delete(1, 2, 3)(customers[6])
    await AuditHead.filter(customer_id=customers[6].id).delete()
    for rows_max in (1, 2, 3, 4, 7, 1_000):
        breaks: list[Break] = []
        audited = await audit(seal, LATER, report=breaks.append, rows_max=rows_max)
        assert breaks == [
            Break(customers[2].id, BreakKind.MISSING, 3, 3),
            Break(customers[5].id, BreakKind.CHANGED, 1, 1),
        ]
        assert (audited.customers, audited.facts) == (6, 17)


async def test_facts_in_no_chain_are_counted_and_become_part_of_none(camille: Customer, seal: Seal) -> None:
    await insert(camille, None, "")
    audited = await audit(seal, LATER, report=lambda _: None)
    assert (audited.customers, audited.unsealed, audited.breaks) == (0, 1, 0)
    await record(camille, seal, 1)
    audited = await audit(seal, LATER, report=lambda _: None)
    assert (audited.customers, audited.facts, audited.unsealed, audited.breaks) == (1, 1, 1, 0)


async def test_a_chain_broken_everywhere_is_told_in_bounds(camille: Customer, seal: Seal) -> None:
    count = 2 * BREAKS_MAX + 10
    events = [AuditEvent(customer_id=camille.id, kind="SIGNED_IN", at=NOON) for _ in range(count)]
    await AuditEvent.append(camille.id, events, seal)
    odd = [event.id for event in events if event.number and event.number % 2]
    for start in range(0, len(odd), 500):
        await AuditEvent.owned_by(camille.id).filter(id__in=odd[start : start + 500]).update(label="x")
    assert len(await told(seal)) == BREAKS_MAX


async def test_progress_is_told_by_customer(database: str, seal: Seal) -> None:
    for _ in range(5):
        await record(await cast.ines(), seal, 0)
    steps: list[tuple[int, int]] = []
    await audit(
        seal,
        LATER,
        report=lambda _: None,
        progress=lambda done, total: steps.append((done, total)),
        rows_max=2,
    )
    assert steps == [(2, 5), (4, 5), (5, 5)]


async def test_a_log_that_is_written_meanwhile_is_not_broken(database: str, seal: Seal) -> None:
    customers = [await cast.ines() for _ in range(4)]
    for customer in customers:
        await record(customer, seal, 0)
    going = True

    async def write() -> None:
        minute = 0
        while going:
            minute += 1
            for customer in customers:
                await record(customer, seal, minute)
            await AuditEvent.purge(customers[0].id, NOON + minute * MINUTE, seal)

    writing = asyncio.create_task(write())
    try:
        for _ in range(15):
            assert await told(seal, rows_max=3) == []
    finally:
        going = False
        await writing


# Anchors


async def anchored(seal: Seal, minutes: int, anchor: Anchor | None = None) -> Audited:
    """Checked so many minutes after noon, or rather after what is settled by then."""
    now = NOON + minutes * MINUTE + SETTLED
    return await audit(seal, now, report=lambda _: None, anchor=anchor)


async def test_an_anchor_fits_whatever_comes_after_it(camille: Customer, seal: Seal) -> None:
    await record(camille, seal, 0, 1)
    before = await anchored(seal, 1)
    assert (await anchored(seal, 1)).anchor == before.anchor

    await record(camille, seal, 2)
    await record(await cast.marc(), seal, 2)

    after = await anchored(seal, 2, before.anchor)
    assert (after.agrees, after.breaks) == (True, 0)
    assert after.anchor.digest != before.anchor.digest


async def test_a_whole_earlier_state_put_back_is_told_by_the_anchor_alone(
    camille: Customer, seal: Seal
) -> None:
    await record(camille, seal, 0, 1)
    old = cast.columns_of(await AuditHead.get(customer_id=camille.id))
    await record(camille, seal, 2)
    kept = (await anchored(seal, 5)).anchor

    await delete(3)(camille)
    await update_head(**{name: old[name] for name in old if name != "customer_id"})(camille)
    after = await anchored(seal, 9, kept)
    assert (after.breaks, after.agrees) == (0, False)

    await record(camille, seal, 2)
    after = await anchored(seal, 9, kept)
    assert (after.breaks, after.agrees) == (0, False)


async def test_a_customer_who_vanished_is_told_by_the_anchor_alone(camille: Customer, seal: Seal) -> None:
    marc = await cast.marc()
    for customer in (camille, marc):
        await record(customer, seal, 0)
    kept = (await anchored(seal, 5)).anchor
    await AuditEvent.owned_by(marc.id).delete()
    await AuditHead.filter(customer_id=marc.id).delete()
    after = await anchored(seal, 9, kept)
    assert (after.breaks, after.agrees) == (0, False)


async def test_a_customer_who_chose_a_code_cannot_vanish(
    camille: Customer, gateways: Gateways, seal: Seal
) -> None:
    marc = await cast.marc()
    for customer in (camille, marc):
        await cast.credential(gateways, customer)
        await record(customer, seal, 0)
    assert await told(seal) == []
    await AuditEvent.all().delete()
    await AuditHead.all().delete()
    assert await told(seal, rows_max=1) == [HEAD, HEAD]


async def test_an_anchor_outlives_the_purge_of_what_was_before_it(camille: Customer, seal: Seal) -> None:
    marc = await cast.marc()
    await record(camille, seal, 0, 1, 2, 8)
    await record(marc, seal, 0, 1)
    kept = (await anchored(seal, 5)).anchor
    assert await AuditEvent.purge(camille.id, NOON + 5 * MINUTE, seal) == 3
    assert await AuditEvent.purge(marc.id, NOON + 5 * MINUTE, seal) == 2
    after = await anchored(seal, 9, kept)
    assert (after.breaks, after.agrees) == (0, True)


# What only one of the databases keeps in a column


@pytest.mark.parametrize(
    ("database_url", "column", "value"),
    [
        ("sqlite", "details", "x"),
        ("sqlite", "details", ""),
        ("sqlite", "at", "x"),
        ("sqlite", "at", ""),
        ("sqlite", "session_id", "x"),
        ("sqlite", "label", "x" * 1_000),
        ("postgres", "details", "null"),
        ("postgres", "details", '"x"'),
        ("postgres", "details", "1e400"),
        ("postgres", "at", "infinity"),
        ("postgres", "at", "-infinity"),
        ("postgres", "at", "4000-01-01 BC"),
    ],
    indirect=["database_url"],
    ids=str,
)
async def test_what_cannot_be_read_was_changed(
    database: str, camille: Customer, seal: Seal, column: str, value: str
) -> None:
    await record(camille, seal, 0, 1, 2)
    await record(await cast.marc(), seal, 0)
    sql = f"UPDATE audit_event SET {column} = '{value}' WHERE customer_id = {camille.id} AND number = 2"
    await get_connection("default").execute_query(sql)
    assert await told(seal) == [changed(2)]
    assert await told(seal, rows_max=1) == [changed(2)]
