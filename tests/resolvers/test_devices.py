"""Browsers: known by a cookie, trusted for 180 days by a code by SMS, each customer's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from gateways import Gateways
from models import Customer, Device
from resolvers import devices
from resolvers.context import Context
from resolvers.sessions import Cookie
from tests import cast
from tests.cast import BROWSER
from tests.conftest import NOON, Clock

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


async def trust(context: Context, owner: Customer) -> tuple[Device, bool]:
    async with in_transaction():
        return await devices.trust(context, owner.id, context.now)


def another_browser(context: Context) -> Context:
    return replace(context, device_token="a" * 43)


async def test_a_browser_keeps_its_token(context: Context) -> None:
    cookies: list[Cookie] = []
    context.set_device = cookies.append
    assert devices.known_by(context) == BROWSER
    assert cookies == []


@pytest.mark.parametrize("held", [None, "", "b" * 42, "b" * 44, "b" * 42 + "=", "é" * 43, "b" * 43 + "\n"])
async def test_a_browser_without_one_is_given_one(context: Context, held: str | None) -> None:
    """So is one that made up its own."""
    cookies: list[Cookie] = []
    context.set_device, context.device_token = cookies.append, held
    assert devices.digest_of(context) is None
    token = devices.known_by(context)
    assert cookies == [Cookie(token, 400 * 86_400)]
    assert (len(token), context.device_token) == (43, token)
    assert devices.known_by(context) == token
    assert devices.digest_of(context) == context.gateways.vault.token_digest(token).hex()


async def test_a_code_by_sms_makes_a_device(context: Context, camille: Customer, clock: Clock) -> None:
    context.user_agent = FIREFOX
    assert await devices.trusted(context, camille.id) is None
    device, is_new = await trust(context, camille)
    assert is_new
    assert await devices.trusted(context, camille.id) == device
    kept = await Device.owned_by(camille.id).get()
    assert (kept.label, kept.created_at, kept.seen_at, kept.strong_at, kept.revoked_at) == (
        "Firefox, Windows",
        NOON,
        NOON,
        NOON,
        None,
    )
    assert BROWSER not in str(cast.columns_of(kept))


async def test_another_code_prolongs_it(context: Context, camille: Customer, clock: Clock) -> None:
    first, _ = await trust(context, camille)
    clock.now += 100 * DAY
    again, is_new = await trust(context, camille)
    assert (again.id, is_new) == (first.id, False)
    kept = await Device.owned_by(camille.id).get()
    assert (kept.created_at, kept.seen_at, kept.strong_at) == (NOON, clock.now, clock.now)


async def test_it_is_trusted_for_180_days(context: Context, camille: Customer, clock: Clock) -> None:
    await trust(context, camille)
    for after, is_trusted in ((180 * DAY - SECOND, True), (180 * DAY, False)):
        clock.now = NOON + after
        assert (await devices.trusted(context, camille.id) is not None) is is_trusted
    for back, is_trusted in ((timedelta(minutes=1), True), (timedelta(minutes=1) + SECOND, False)):
        clock.now = NOON - back  # the clock was set back
        assert (await devices.trusted(context, camille.id) is not None) is is_trusted


async def test_no_other_browser_is_trusted(context: Context, camille: Customer) -> None:
    await trust(context, camille)
    assert await devices.trusted(another_browser(context), camille.id) is None
    assert await devices.trusted(replace(context, device_token=None), camille.id) is None
    assert await devices.trusted(context, None) is None


async def test_a_shared_browser_is_each_ones_own(context: Context, camille: Customer) -> None:
    """Nothing in the tables tells that it is the same."""
    marc = await cast.marc()
    hers, _ = await trust(context, camille)
    assert await devices.trusted(context, marc.id) is None
    his, is_new = await trust(context, marc)
    assert is_new
    assert hers.token_digest != his.token_digest
    await Device.owned_by(marc.id).update(revoked_at=NOON)
    assert await devices.trusted(context, camille.id) == hers


async def test_a_forgotten_device_begins_anew(context: Context, camille: Customer, clock: Clock) -> None:
    before, _ = await trust(context, camille)
    assert await devices.revoke_all(camille.id, NOON) == 1
    assert await devices.trusted(context, camille.id) is None
    after, is_new = await trust(context, camille)
    assert is_new
    assert after.id != before.id
    assert await devices.list_for_customer(camille.id) == [after]


async def test_the_latest_used_is_listed_first(gateways: Gateways, camille: Customer) -> None:
    rows = [
        await cast.device(gateways, camille, letter * 43, seen_at=NOON - age * DAY)
        for letter, age in (("a", 3), ("c", 1), ("d", 2))
    ]
    await cast.device(gateways, camille, "e" * 43, revoked_at=NOON)
    await cast.device(gateways, await cast.marc(), "f" * 43)
    assert await devices.list_for_customer(camille.id) == [rows[1], rows[2], rows[0]]


async def test_fifty_are_listed(gateways: Gateways, camille: Customer) -> None:
    given: dict[str, Any] = {"label": "", "created_at": NOON, "strong_at": NOON}
    await Device.bulk_create(
        Device(customer_id=camille.id, token_digest=f"{day:064d}", seen_at=NOON - day * DAY, **given)
        for day in range(51)
    )
    listed = await devices.list_for_customer(camille.id)
    assert [row.seen_at for row in listed] == [NOON - day * DAY for day in range(50)]
