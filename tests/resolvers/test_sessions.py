"""Sessions: resumed, idle, too old, forged, closed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import models
from domain.assurance import Assurance
from gateways import Gateways
from models import AuditEvent, Session
from resolvers.context import Context, Viewer
from resolvers.sessions import Cookie, SignedOut, assurance_of, open_session, resume, sign_out
from tests import cast
from tests.conftest import NOON, Clock

SECOND = timedelta(seconds=1)
IDLE = timedelta(minutes=5)


def asking(gateways: Gateways, token: str) -> Context:
    """One more operation of the browser that holds the cookie."""
    return Context(gateways=gateways, address="192.0.2.1", session_token=token, device_token=cast.BROWSER)


async def seen_at(owner: models.Customer) -> Any:
    return (await Session.owned_by(owner.id).get()).seen_at


async def test_a_session_is_resumed_by_its_token(database: str, gateways: Gateways) -> None:
    owner = await cast.ines()
    opened = await open_session(gateways, owner.id, strong_at=NOON - SECOND)
    row = await resume(gateways, opened.cookie.token)
    assert row == opened.row
    assert (row.customer_id, row.created_at, row.expires_at) == (owner.id, NOON, NOON + timedelta(hours=12))
    assert (row.strong_at, row.provisional) == (NOON - SECOND, False)
    assert opened.cookie.seconds == 12 * 3600


async def test_only_the_digest_of_the_secret_is_kept(database: str, gateways: Gateways) -> None:
    owner = await cast.ines()
    token = await cast.session_token(gateways, owner)
    secret = token.partition(".")[2]
    (row,) = await Session.owned_by(owner.id)
    assert row.token_digest == gateways.vault.token_digest(secret).hex()
    assert secret not in str(cast.columns_of(row))


async def test_an_idle_session_ends_after_five_minutes(
    database: str, gateways: Gateways, clock: Clock
) -> None:
    token = await cast.session_token(gateways, await cast.ines())
    clock.now += IDLE - SECOND
    assert await asking(gateways, token).viewer() is not None
    clock.now += IDLE
    assert await resume(gateways, token) is None
    clock.now -= SECOND
    assert await resume(gateways, token) is not None


async def test_a_busy_session_ends_after_twelve_hours(
    database: str, gateways: Gateways, clock: Clock
) -> None:
    token = await cast.session_token(gateways, await cast.ines())
    end = NOON + timedelta(hours=12)
    while clock.now < end:
        assert await asking(gateways, token).viewer() is not None
        clock.now += timedelta(minutes=4)
    assert await asking(gateways, token).viewer() is None


async def test_sight_is_written_every_thirty_seconds_at_most(
    database: str, gateways: Gateways, clock: Clock
) -> None:
    owner = await cast.ines()
    token = await cast.session_token(gateways, owner)
    clock.now += timedelta(seconds=29)
    await asking(gateways, token).viewer()
    assert await seen_at(owner) == NOON
    clock.now += SECOND
    await asking(gateways, token).viewer()
    assert await seen_at(owner) == NOON + timedelta(seconds=30)


async def test_looking_at_a_session_does_not_prolong_it(
    database: str, gateways: Gateways, clock: Clock
) -> None:
    owner = await cast.ines()
    token = await cast.session_token(gateways, owner)
    clock.now += IDLE - SECOND
    assert await asking(gateways, token).session() is not None
    assert await resume(gateways, token) is not None
    assert await seen_at(owner) == NOON


async def test_a_dead_session_is_not_seen(database: str, gateways: Gateways, clock: Clock) -> None:
    owner = await cast.ines()
    token = await cast.session_token(gateways, owner)
    clock.now += IDLE
    assert await asking(gateways, token).viewer() is None
    assert await seen_at(owner) == NOON


async def test_a_closed_session_is_not_resumed(database: str, gateways: Gateways) -> None:
    owner = await cast.ines()
    token = await cast.session_token(gateways, owner)
    await Session.owned_by(owner.id).update(closed_at=NOON)
    assert await resume(gateways, token) is None
    assert await asking(gateways, token).viewer() is None


async def test_a_provisional_session_signs_nobody_in(database: str, gateways: Gateways, clock: Clock) -> None:
    owner = await cast.ines()
    token = await cast.session_token(gateways, owner, provisional=True, device_id=None, strong_at=None)
    clock.now += timedelta(minutes=1)
    assert await asking(gateways, token).viewer() is None
    row = await asking(gateways, token).session()
    assert row is not None
    assert assurance_of(row, clock.now) is Assurance.PROVISIONAL
    assert await seen_at(owner) == NOON


def forged(token: str) -> dict[str, str]:
    """Tokens that resemble a real one."""
    customer, _, secret = token.partition(".")
    return {
        "empty": "",
        "no secret": f"{customer}.",
        "no customer": f".{secret}",
        "no dot": customer + secret,
        "another secret": f"{customer}.{secret[::-1]}",
        "a longer secret": f"{token}A",
        "spaces": f" {token} ",
        "not base64": f"{'!' * 11}.{secret}",
        "a short customer": f"{customer[:-2]}.{secret}",
        "a long customer": f"{customer}AAAA.{secret}",
        "a negative customer": f"__________8.{secret}",
        "nobody": f"AAAAAAAAAAA.{secret}",
        "not ascii": f"{customer}.\u0661{secret}",
        "a surrogate": f"{customer}.\ud800",
        "nul": f"{customer}.\0{secret}",
        "a megabyte": f"{customer}.{secret * 25_000}",
    }


@pytest.mark.parametrize("_case", list(forged("x.y")))
async def test_a_forged_token_resumes_nothing(database: str, gateways: Gateways, _case: str) -> None:
    token = await cast.session_token(gateways, await cast.ines())
    assert await resume(gateways, forged(token)[_case]) is None
    assert await resume(gateways, token) is not None


async def test_a_token_does_not_open_another_customers_session(database: str, gateways: Gateways) -> None:
    hers = await cast.session_token(gateways, await cast.ines())
    his = await cast.session_token(gateways, await cast.marc())
    assert await resume(gateways, f"{his.partition('.')[0]}.{hers.partition('.')[2]}") is None


async def test_signing_out_closes_this_session(database: str, gateways: Gateways) -> None:
    owner = await cast.ines()
    cookies: list[Cookie] = []
    context, elsewhere = await cast.signed_in(gateways, owner), await cast.signed_in(gateways, owner)
    context.set_session = cookies.append
    token = str(context.session_token)
    assert await sign_out(context, everywhere=False) == SignedOut(1)
    assert cookies == [Cookie("", 0)]
    assert await resume(gateways, token) is None
    assert await context.viewer() is None
    assert await elsewhere.viewer() is not None
    (event,) = await AuditEvent.owned_by(owner.id)
    assert (event.kind, event.details) == ("SIGNED_OUT", {"sessions_closed": 1})
    assert event.session_id == (await Session.owned_by(owner.id).exclude(closed_at=None).get()).id


async def test_signing_out_everywhere_closes_all_of_that_customer(database: str, gateways: Gateways) -> None:
    owner, marcs = await cast.ines(), await cast.signed_in(gateways, await cast.marc())
    context = await cast.signed_in(gateways, owner)
    for _ in range(2):
        await cast.session_token(gateways, owner)
    assert await sign_out(context, everywhere=True) == SignedOut(3)
    assert await Session.owned_by(owner.id).filter(closed_at=None).count() == 0
    assert await marcs.viewer() is not None


async def test_a_stranger_closes_nothing_and_gets_the_cookie_erased(
    context: Context, cookies: list[Cookie]
) -> None:
    events, sessions = await AuditEvent.all().count(), await Session.filter(closed_at=None).count()
    context.session_token = "forged.token"
    assert await sign_out(context, everywhere=True) == SignedOut(0)
    assert cookies == [Cookie("", 0)]
    assert await AuditEvent.all().count() == events
    assert await Session.filter(closed_at=None).count() == sessions


async def test_the_viewer_is_read_once_however_many_ask(database: str, gateways: Gateways) -> None:
    context = await cast.signed_in(gateways, await cast.ines())
    first = asyncio.create_task(context.viewer())
    await asyncio.sleep(0)
    first.cancel()
    others = await asyncio.gather(*(context.viewer() for _ in range(3)), return_exceptions=True)
    assert first.cancelled() or first.done()
    assert [type(viewer) for viewer in others] == [Viewer] * 3
    assert len({id(viewer.session) for viewer in others if isinstance(viewer, Viewer)}) == 1


async def test_a_short_idle_life_is_prolonged_in_time(
    database: str, gateways: Gateways, clock: Clock
) -> None:
    short = replace(gateways, settings=gateways.settings.model_copy(update={"session_idle_seconds": 30}))
    token = await cast.session_token(short, await cast.ines())
    for _ in range(12):
        clock.now += 5 * SECOND
        assert await asking(short, token).viewer() is not None
