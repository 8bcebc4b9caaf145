"""Sessions closed and devices forgotten by the customer, and by nobody else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from domain.assurance import Assurance
from domain.refusals import NotSignedIn
from gateways import Gateways
from models import AuditEvent, Customer, Device, Session
from models.ids import new_id
from resolvers.access import KeypadShown
from resolvers.context import Context
from resolvers.revocations import (
    Closed,
    Forgotten,
    close_other_sessions,
    close_session,
    forget_all_devices,
    forget_device,
)
from resolvers.sessions import Cookie, open_ones, resume
from resolvers.step_up import StepUpAsked
from tests import cast
from tests.conftest import NOON, Clock
from tests.levels import signed_in_at

Act = Callable[[Context], Awaitable[Any]]
ACTS: dict[str, Act] = {
    "close one": lambda context: close_session(context, new_id()),
    "close others": close_other_sessions,
    "forget one": lambda context: forget_device(context, new_id()),
    "forget all": forget_all_devices,
}


@pytest.fixture
def erased(hers: Context) -> list[Cookie]:
    """What the act did to the session's cookie."""
    cookies: list[Cookie] = []
    hers.set_session = cookies.append
    return cookies


async def elsewhere(gateways: Gateways, owner: Customer, letter: str) -> tuple[Session, Device, Context]:
    """A session of the customer on another device."""
    device = await cast.device(gateways, owner, letter * 43)
    context = await cast.signed_in(gateways, owner, device_id=device.id)
    row = await context.session()
    assert row is not None
    return row, device, context


async def told(owner: Customer) -> list[tuple[str, Any]]:
    """The access log, as kinds and details."""
    return [(row.kind, row.details) for row in await AuditEvent.owned_by(owner.id).order_by("id")]


async def is_open(context: Context) -> bool:
    return await resume(context.gateways, str(context.session_token)) is not None


async def test_one_session_is_closed(
    hers: Context, camille: Customer, gateways: Gateways, erased: list[Cookie]
) -> None:
    row, _, there = await elsewhere(gateways, camille, "a")
    _, _, elsewhere_else = await elsewhere(gateways, camille, "c")
    assert await close_session(hers, row.id) == Closed(1)
    assert [await is_open(context) for context in (hers, there, elsewhere_else)] == [True, False, True]
    assert erased == []
    assert await told(camille) == [("SESSION_CLOSED", {"sessions_closed": 1})]
    assert await close_session(hers, row.id) == Closed(0)
    assert len(await told(camille)) == 1


async def test_her_own_session_is_closed_and_its_cookie_erased(
    hers: Context, camille: Customer, erased: list[Cookie]
) -> None:
    viewer = await hers.viewer()
    assert viewer is not None
    token = str(hers.session_token)
    assert await close_session(hers, viewer.session_id) == Closed(1)
    assert erased == [Cookie("", 0)]
    assert await resume(hers.gateways, token) is None
    assert await hers.viewer() is None
    assert await close_session(hers, viewer.session_id) == NotSignedIn()


async def test_all_others_are_closed(
    hers: Context, camille: Customer, gateways: Gateways, erased: list[Cookie]
) -> None:
    others = [(await elsewhere(gateways, camille, letter))[2] for letter in "ac"]
    his = await cast.signed_in(gateways, await cast.marc())
    assert await close_other_sessions(hers) == Closed(2)
    assert [await is_open(context) for context in (hers, *others, his)] == [True, False, False, True]
    assert erased == []
    assert await told(camille) == [("SESSION_CLOSED", {"sessions_closed": 2})]
    assert await close_other_sessions(hers) == Closed(0)


async def test_a_device_is_forgotten_with_its_sessions(
    hers: Context, camille: Customer, gateways: Gateways, erased: list[Cookie]
) -> None:
    _, device, there = await elsewhere(gateways, camille, "a")
    _, kept, stays = await elsewhere(gateways, camille, "c")
    assert await forget_device(hers, device.id) == Forgotten(1, 1)
    assert [await is_open(context) for context in (hers, there, stays)] == [True, False, True]
    assert (await Device.owned_by(camille.id).get(id=device.id)).revoked_at == NOON
    assert (await Device.owned_by(camille.id).get(id=kept.id)).revoked_at is None
    assert erased == []
    details = {"devices_forgotten": 1, "sessions_closed": 1}
    assert await told(camille) == [("DEVICE_FORGOTTEN", details)]
    assert await forget_device(hers, device.id) == Forgotten(0, 0)
    assert len(await told(camille)) == 1


async def test_forgetting_the_device_at_hand_signs_out(
    hers: Context, camille: Customer, gateways: Gateways, erased: list[Cookie]
) -> None:
    device = await cast.device(gateways, camille)
    token = str(hers.session_token)
    assert await forget_device(hers, device.id) == Forgotten(1, 1)
    assert erased == [Cookie("", 0)]
    assert await resume(gateways, token) is None


async def test_all_devices_are_forgotten_and_the_session_at_hand_lives_on(
    hers: Context, camille: Customer, gateways: Gateways, erased: list[Cookie]
) -> None:
    """Sessions on no device are closed too."""
    others = [
        (await elsewhere(gateways, camille, "a"))[2],
        await cast.signed_in(gateways, camille, device_id=None),
    ]
    marc = await cast.marc()
    his = await cast.signed_in(gateways, marc)
    assert await forget_all_devices(hers) == Forgotten(2, 2)
    assert [await is_open(context) for context in (hers, *others, his)] == [True, False, False, True]
    assert await Device.owned_by(camille.id).filter(revoked_at=None).count() == 0
    assert await Device.owned_by(marc.id).filter(revoked_at=None).count() == 1
    assert erased == []
    details = {"devices_forgotten": 2, "sessions_closed": 2}
    assert await told(camille) == [("DEVICE_FORGOTTEN", details)]


async def test_where_no_device_is_trusted_all_sessions_are_closed(
    gateways: Gateways, camille: Customer
) -> None:
    context = await cast.signed_in(gateways, camille, device_id=None)
    await cast.signed_in(gateways, camille, device_id=None)
    await Device.owned_by(camille.id).update(revoked_at=NOON)
    assert await forget_all_devices(context) == Forgotten(0, 1)
    assert await Session.owned_by(camille.id).filter(closed_at=None).count() == 1


async def test_what_is_anothers_is_left_alone(hers: Context, camille: Customer, gateways: Gateways) -> None:
    """And answered like what is not there."""
    marc = await cast.marc()
    row, device, _ = await elsewhere(gateways, marc, "a")
    before = await cast.known_of(marc), await cast.known_of(camille)
    assert await close_session(hers, row.id) == await close_session(hers, new_id()) == Closed(0)
    assert await forget_device(hers, device.id) == await forget_device(hers, new_id()) == Forgotten(0, 0)
    assert (await cast.known_of(marc), await cast.known_of(camille)) == before


@pytest.mark.parametrize("_act", ACTS)
async def test_a_stranger_changes_nothing(context: Context, gateways: Gateways, _act: str) -> None:
    owner = await cast.ines()
    await elsewhere(gateways, owner, "a")
    provisional = await signed_in_at(gateways, owner, Assurance.PROVISIONAL)
    before = await cast.known_of(owner)
    for asking in (context, provisional):
        assert await ACTS[_act](asking) == NotSignedIn()
    assert await cast.known_of(owner) == before


@pytest.mark.parametrize("_act", ACTS)
async def test_a_session_known_by_the_code_alone_is_asked_for_more(
    database: str, camille: Customer, gateways: Gateways, _act: str
) -> None:
    context = await signed_in_at(gateways, camille, Assurance.CODE_ONLY)
    before = await cast.known_of(camille)
    asked = await ACTS[_act](context)
    assert isinstance(asked, StepUpAsked)
    assert asked.needed is Assurance.STRONG
    assert isinstance(asked.next, KeypadShown)
    assert await cast.known_of(camille) == before


async def test_only_open_sessions_are_listed(
    hers: Context, camille: Customer, gateways: Gateways, clock: Clock
) -> None:
    closed, _, _ = await elsewhere(gateways, camille, "a")
    idle, _, _ = await elsewhere(gateways, camille, "c")
    old, _, _ = await elsewhere(gateways, camille, "d")
    later, _, _ = await elsewhere(gateways, camille, "e")
    mine = Session.owned_by(camille.id)
    await mine.filter(id=closed.id).update(closed_at=NOON)
    await mine.filter(id=idle.id).update(seen_at=NOON.replace(hour=9, minute=55))
    await mine.filter(id=old.id).update(created_at=NOON.replace(hour=1), expires_at=NOON)
    await mine.filter(id=later.id).update(seen_at=NOON.replace(minute=1))
    await elsewhere(gateways, await cast.marc(), "a")
    own = await hers.session()
    assert own is not None
    assert [row.id for row in await open_ones(hers, camille.id)] == [later.id, own.id]
