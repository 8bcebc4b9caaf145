"""Phone and e-mail: a code to the new one, a warning to those on file."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import models
from domain.refusals import ConfirmationOver
from gateways import Gateways
from models import Confirmation, Customer, Delivery
from resolvers import profiles
from resolvers.context import Context
from resolvers.profiles import confirm_contact_change
from tests import cast
from tests.cast import CAMILLE_PHONE
from tests.conftest import NOON, Clock
from tests.resolvers.changing import EMAIL, NEW_EMAIL, NEW_PHONE, PHONE, POINTS, Point, asked

SECOND = timedelta(seconds=1)


async def queued(owner: Customer) -> list[tuple[str, str]]:
    """Address and text of what waits in the outbox, oldest first."""
    rows = await Delivery.owned_by(owner.id).order_by("id")
    return [(row.address, str(row.body)) for row in rows]


@POINTS
async def test_the_code_goes_to_the_new_one_and_the_old_ones_are_warned(
    hers: Context, camille: Customer, point: Point, wakings: list[None]
) -> None:
    row, code = await asked(hers, point)
    to_new, *warnings = await queued(camille)
    assert to_new[0] == point.kept
    assert code in to_new[1]
    assert row.reference in to_new[1]
    assert [address for address, _ in warnings] == [CAMILLE_PHONE, "camille@exemple.fr"]
    for _, body in warnings:
        assert point.masked in body
        assert point.kept not in body
        assert code not in body
    assert len(wakings) == 1
    assert (await profiles.read(camille.id)).version == 1


@POINTS
async def test_what_waits_is_kept_as_a_digest_for_ten_minutes(
    hers: Context, camille: Customer, point: Point
) -> None:
    row, code = await asked(hers, point)
    kept = await Confirmation.owned_by(camille.id).get(id=row.id)
    assert (kept.point, kept.target, kept.tries, kept.used_at) == (point.point, point.kept, 0, None)
    assert kept.expires_at == NOON + timedelta(minutes=10)
    assert kept.code_digest == hers.gateways.vault.sms_digest(str(row.id), code).hex()
    (delivery,) = await Delivery.owned_by(camille.id).filter(address=point.kept)
    assert delivery.useless_at == kept.expires_at
    (event,) = await models.AuditEvent.owned_by(camille.id)
    assert (event.kind, event.details) == (f"{point.point}_CHANGE_REQUESTED", {})


@POINTS
async def test_the_code_makes_the_change_and_everyone_is_told(
    hers: Context, camille: Customer, point: Point, wakings: list[None]
) -> None:
    row, code = await asked(hers, point)
    await Delivery.owned_by(camille.id).delete()
    after = await confirm_contact_change(hers, row.id, code)
    assert isinstance(after, Customer)
    kept = await profiles.read(camille.id)
    column = point.point.value.lower()
    now, was = cast.columns_of(kept), cast.columns_of(camille)
    changed = {column, f"{column}_verified_at", "version"}
    if point is PHONE:
        changed |= {"former_phone", "phone_changed_at"}
        assert (kept.former_phone, kept.phone_changed_at) == (CAMILLE_PHONE, NOON)
    assert {name for name in now if now[name] != was[name]} == changed
    assert (getattr(kept, column), getattr(kept, f"{column}_verified_at")) == (point.kept, NOON)
    assert kept.version == after.version == 2
    told = [address for address, _ in await queued(camille)]
    assert told == [CAMILLE_PHONE, "camille@exemple.fr", point.kept]
    assert len(wakings) == 2
    events = await models.AuditEvent.owned_by(camille.id).order_by("id")
    assert [event.kind for event in events] == [f"{point.point}_CHANGE_REQUESTED", f"{point.point}_CHANGED"]


@POINTS
async def test_a_code_works_once(hers: Context, camille: Customer, point: Point) -> None:
    row, code = await asked(hers, point)
    await confirm_contact_change(hers, row.id, code)
    before = await cast.known_of(camille)
    assert await confirm_contact_change(hers, row.id, code) == ConfirmationOver()
    assert await cast.known_of(camille) == before


async def test_a_customer_with_nothing_on_file_warns_nobody(database: str, gateways: Gateways) -> None:
    owner = await cast.customer()
    row, code = await asked(await cast.signed_in(gateways, owner), EMAIL)
    assert [address for address, _ in await queued(owner)] == [NEW_EMAIL]
    await confirm_contact_change(await cast.signed_in(gateways, owner), row.id, code)
    assert [address for address, _ in await queued(owner)] == [NEW_EMAIL, NEW_EMAIL]


async def test_a_code_lives_ten_minutes(
    hers: Context, camille: Customer, clock: Clock, gateways: Gateways
) -> None:
    row, code = await asked(hers, PHONE)
    clock.now += timedelta(minutes=10)
    late = await cast.signed_in(gateways, camille)
    assert await confirm_contact_change(late, row.id, code) == ConfirmationOver()
    assert await profiles.pending_changes(late, camille.id) == []
    clock.now -= SECOND
    assert await profiles.pending_changes(late, camille.id) == [row]
    assert isinstance(await confirm_contact_change(late, row.id, code), Customer)


async def test_a_second_request_voids_the_first(hers: Context, camille: Customer) -> None:
    first, first_code = await asked(hers, PHONE)
    second, second_code = await asked(hers, PHONE)
    assert await profiles.pending_changes(hers, camille.id) == [second]
    assert await confirm_contact_change(hers, first.id, first_code) == ConfirmationOver()
    assert isinstance(await confirm_contact_change(hers, second.id, second_code), Customer)


async def test_phone_and_email_wait_side_by_side(hers: Context, camille: Customer) -> None:
    phone, phone_code = await asked(hers, PHONE)
    email, email_code = await asked(hers, EMAIL)
    assert await profiles.pending_changes(hers, camille.id) == [email, phone]
    await confirm_contact_change(hers, phone.id, phone_code)
    assert isinstance(await confirm_contact_change(hers, email.id, email_code), Customer)
    kept = await profiles.read(camille.id)
    assert (kept.phone, kept.email, kept.version) == (NEW_PHONE, NEW_EMAIL, 3)


async def test_one_of_twenty_uses_the_code(hers: Context, camille: Customer, gateways: Gateways) -> None:
    row, code = await asked(hers, PHONE)
    contexts = [await cast.signed_in(gateways, camille) for _ in range(20)]
    outcomes = await asyncio.gather(
        *(asyncio.create_task(confirm_contact_change(context, row.id, code)) for context in contexts)
    )
    assert [type(outcome) for outcome in outcomes].count(Customer) == 1
    assert outcomes.count(ConfirmationOver()) == 19
    assert (await profiles.read(camille.id)).version == 2
