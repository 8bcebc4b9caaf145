"""The session that a recovery opens: it may choose a new code and nothing else, while the walk lasts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.assurance import Assurance
from domain.refusals import FlowOver, NotSignedIn
from gateways import Gateways
from models import AccessFlow, AuditEvent, Device, Session
from resolvers import access as machine
from resolvers import profiles, sessions
from resolvers.access import Arrived, NewCodeAsked
from resolvers.context import Context
from resolvers.sessions import NO_COOKIE, Cookie, SignedOut, sign_out
from resolvers.step_up import change_code, step_up, sure
from tests import cast
from tests.cast import OTHER_CODE, Access
from tests.conftest import NOON, Clock
from tests.resolvers.walking import again, choose, elsewhere, give_back, new_code_asked, press, sms_asked

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def step(context: Context, access: Access) -> NewCodeAsked:
    """Camille gave back the code of the SMS; `context` holds the session it opened."""
    return await new_code_asked(context, access.number, access.owner)


async def the_session(access: Access) -> Session:
    return await Session.owned_by(access.owner.id).get(provisional=True)


async def test_the_right_code_by_sms_opens_it_for_as_long_as_the_walk(
    context: Context, access: Access, step: NewCodeAsked, cookies: list[Cookie]
) -> None:
    row, flow = await the_session(access), await AccessFlow.get(id=step.flow.id)
    assert (row.id, row.expires_at) == (flow.session_id, flow.expires_at)
    assert (row.strong_at, row.code_at, row.device_id) == (None, None, None)
    assert sessions.assurance_of(row, NOON) is Assurance.PROVISIONAL
    (cookie,) = cookies
    assert cookie.seconds == 15 * 60
    assert await sessions.resume(context.gateways, cookie.token) == row
    assert await AuditEvent.owned_by(access.owner.id).count() == 0


async def test_it_sees_and_changes_nothing(context: Context, access: Access, step: NewCodeAsked) -> None:
    before = await cast.known_of(access.owner)
    assert await again(context).viewer() is None
    for act in (step_up, change_code, sure):
        assert await act(again(context)) == NotSignedIn()
    assert await profiles.request_phone_change(again(context), "06 12 34 56 09") == NotSignedIn()
    assert await profiles.request_email_change(again(context), "c@exemple.com") == NotSignedIn()
    assert await profiles.change_address(again(context), 1, ["1"], "75001", "Paris", "FR") == NotSignedIn()
    assert await cast.known_of(access.owner) == before


async def test_it_takes_the_place_of_the_one_the_browser_held(
    context: Context, access: Access, gateways: Gateways
) -> None:
    marcs, elsewhere_still = [
        await cast.session_token(gateways, owner) for owner in (await cast.marc(), access.owner)
    ]
    hers = again(context, session_token=marcs)
    await new_code_asked(hers, access.number, access.owner)
    assert await sessions.resume(gateways, marcs) is None
    assert await sessions.resume(gateways, elsewhere_still) is not None


async def test_it_dies_with_the_walk(
    context: Context, access: Access, step: NewCodeAsked, clock: Clock
) -> None:
    for _ in range(4):
        clock.now += 3 * MINUTE
        resumed = await machine.resume(again(context), step.flow_token)
        assert isinstance(resumed, NewCodeAsked), "what is asked in the walk keeps it alive"
        step = resumed
    before = await cast.known_of(access.owner)
    clock.now = NOON + 15 * MINUTE
    assert await again(context).session() is None
    assert await choose(again(context), step, OTHER_CODE) == FlowOver()
    assert await cast.known_of(access.owner) == before


async def test_five_idle_minutes_end_it_and_the_walk(
    context: Context, access: Access, step: NewCodeAsked, clock: Clock
) -> None:
    clock.now += 5 * MINUTE
    before = await cast.known_of(access.owner)
    assert await machine.resume(again(context), step.flow_token) == FlowOver()
    assert await choose(again(context), step, OTHER_CODE) == FlowOver()
    assert await cast.known_of(access.owner) == before


async def test_signing_out_ends_it_and_the_walk(
    context: Context, access: Access, step: NewCodeAsked, cookies: list[Cookie]
) -> None:
    leaving = again(context)
    assert await sign_out(leaving, everywhere=False) == SignedOut(1)
    assert cookies[-1] == NO_COOKIE
    assert (await the_session(access)).closed_at == NOON
    before = await cast.known_of(access.owner)
    assert await choose(again(context), step, OTHER_CODE) == FlowOver()
    assert await cast.known_of(access.owner) == before


async def test_it_closes_itself_alone(
    context: Context, access: Access, step: NewCodeAsked, gateways: Gateways
) -> None:
    token = await cast.session_token(gateways, access.owner)
    assert await sign_out(again(context), everywhere=True) == SignedOut(1)
    assert await sessions.resume(gateways, token) is not None
    (event,) = await AuditEvent.owned_by(access.owner.id)
    assert (event.kind, event.details) == ("SIGNED_OUT", {"sessions_closed": 1})


async def test_the_new_code_closes_all_sessions_and_forgets_all_devices(
    context: Context, access: Access, gateways: Gateways, cookies: list[Cookie]
) -> None:
    recovering = elsewhere(context)
    await cast.device(gateways, access.owner, "d" * 43)
    open_ones = [await cast.session_token(gateways, access.owner, device_id=None) for _ in range(2)]
    marcs = await cast.marc()
    his_device, his_token = await cast.device(gateways, marcs), await cast.session_token(gateways, marcs)
    before = await Device.owned_by(access.owner.id).values_list("id", flat=True)
    asked = await new_code_asked(recovering, access.number, access.owner)
    assert await Device.owned_by(access.owner.id).filter(revoked_at=None).count() == 2
    assert isinstance(await choose(recovering, asked, OTHER_CODE), Arrived)

    assert [await sessions.resume(gateways, token) for token in open_ones] == [None, None]
    row = await sessions.resume(gateways, cookies[-1].token)
    assert row is not None
    trusted = await Device.owned_by(access.owner.id).get(revoked_at=None)
    assert row.device_id == trusted.id
    assert trusted.id not in before
    assert (trusted.created_at, trusted.strong_at) == (NOON, NOON)
    revoked = Device.owned_by(access.owner.id).filter(revoked_at=NOON)
    assert set(await revoked.values_list("id", flat=True)) == set(before)
    assert (await Device.owned_by(marcs.id).get(id=his_device.id)).revoked_at is None
    assert await sessions.resume(gateways, his_token) is not None
    assert not isinstance(await press(elsewhere(context, "d" * 43), access.number, OTHER_CODE), Arrived)


async def test_a_shared_browser_is_not_trusted_after_a_recovery(
    context: Context, access: Access, cookies: list[Cookie]
) -> None:
    asked = await sms_asked(context, access.number, str(access.owner.phone))
    shown = await give_back(context, asked, access.owner, trust_device=False)
    assert isinstance(shown, NewCodeAsked)
    assert isinstance(await choose(context, shown, OTHER_CODE), Arrived)
    row = await sessions.resume(context.gateways, cookies[-1].token)
    assert row is not None
    assert row.device_id is None
    assert await Device.owned_by(access.owner.id).filter(revoked_at=None).count() == 0
