"""Proving it again: the secret code unless it was just entered, then an SMS; the session gets a new token."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import models
from domain.assurance import Assurance
from domain.refusals import AccountLocked, FlowOver, NoPhone, NotSignedIn, Throttled
from gateways import Gateways
from models import AccessFlow, AccessPurpose, AccessStage, AttemptTally, AuditEvent, Device, Session
from resolvers import sessions
from resolvers.access import Arrived, KeypadShown, SmsCodeAsked, resume
from resolvers.context import Context
from resolvers.provisional_codes import enter_sms_code, resend_sms_code
from resolvers.secret_codes import WrongCredentials, enter_code
from resolvers.sessions import NO_COOKIE, Cookie
from resolvers.step_up import step_up
from tests import cast
from tests.cast import BROWSER, CAMILLE_PHONE, CODE, OTHER_CODE, Access
from tests.conftest import NOON, Clock
from tests.resolvers.walking import again, codes_sent_to, elsewhere, entry, give_back, press, sign_in_by_sms

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
async def signed_in(context: Context, access: Access, cookies: list[Cookie]) -> Context:
    """An operation of Camille's, who signed in by her code on the device she trusts."""
    assert isinstance(await press(context, access.number), Arrived)
    cookies.clear()
    return again(context)


async def session_of(context: Context) -> Session:
    row = await again(context).session()
    assert row is not None
    return row


async def level(context: Context) -> Assurance:
    viewer = await again(context).viewer()
    assert viewer is not None
    return viewer.assurance


async def to_keypad(context: Context, clock: Clock) -> KeypadShown:
    """A step-up five minutes after the code was entered; the session was used in between."""
    clock.now += 3 * MINUTE
    await again(context).viewer()
    clock.now += 2 * MINUTE
    step = await step_up(context)
    assert isinstance(step, KeypadShown)
    return step


async def test_levels_fall_with_time(context: Context, access: Access, clock: Clock) -> None:
    unknown = elsewhere(context)
    await sign_in_by_sms(unknown, access.number, access.owner)
    assert await level(unknown) is Assurance.STRONG_RECENT
    clock.now += 5 * MINUTE - SECOND
    assert await level(unknown) is Assurance.STRONG_RECENT
    clock.now += SECOND
    assert await level(unknown) is Assurance.STRONG_IN_SESSION
    for _ in range(40):
        clock.now += 4 * MINUTE
        assert await level(unknown) is Assurance.STRONG_IN_SESSION


async def test_time_passes_between_the_sms_and_the_session_it_opens(
    context: Context, access: Access, clock: Clock, gateways: Gateways
) -> None:
    def ticking() -> Any:
        clock.now += timedelta(milliseconds=1)
        return clock.now

    unknown = replace(elsewhere(context), gateways=replace(gateways, clock=ticking))
    await sign_in_by_sms(unknown, access.number, access.owner)
    row = await session_of(unknown)
    assert row.strong_at is not None
    assert row.strong_at < row.created_at
    clock.now += 4 * MINUTE
    await level(unknown)
    clock.now += 4 * MINUTE
    assert await level(unknown) is Assurance.STRONG_IN_SESSION


async def test_a_device_stands_for_the_phone_at_sign_in_and_for_no_more(
    signed_in: Context, clock: Clock
) -> None:
    assert await level(signed_in) is Assurance.STRONG
    clock.now += 4 * MINUTE
    assert await level(signed_in) is Assurance.STRONG


async def test_a_code_just_entered_is_not_asked_again(signed_in: Context, access: Access) -> None:
    step = await step_up(signed_in)
    assert isinstance(step, SmsCodeAsked)
    flow = await AccessFlow.get(id=step.flow.id)
    session = await session_of(signed_in)
    assert (flow.purpose, flow.stage, flow.session_id) == (
        AccessPurpose.STEP_UP,
        AccessStage.SMS_CODE,
        session.id,
    )
    assert (flow.code_at, flow.sms_address) == (NOON, CAMILLE_PHONE)
    assert len(await codes_sent_to(access.owner)) == 1


async def test_a_code_of_five_minutes_ago_is_asked_again_before_an_sms_leaves(
    signed_in: Context, access: Access, clock: Clock, cookies: list[Cookie]
) -> None:
    step = await to_keypad(signed_in, clock)
    assert await codes_sent_to(access.owner) == []
    asked = await enter_code(signed_in, step.flow_token, entry(step.keypad, CODE))
    assert isinstance(asked, SmsCodeAsked)
    assert cookies == []
    assert isinstance(await give_back(signed_in, asked, access.owner), Arrived)
    assert (await session_of(signed_in)).code_at == clock.now


async def test_it_ends_in_the_same_session_under_a_new_token(
    signed_in: Context, access: Access, gateways: Gateways, cookies: list[Cookie], clock: Clock
) -> None:
    before, old_token = await session_of(signed_in), str(signed_in.session_token)
    step = await to_keypad(signed_in, clock)
    asked: Any = await enter_code(signed_in, step.flow_token, entry(step.keypad, CODE))
    arrived = await give_back(signed_in, asked, access.owner)
    assert isinstance(arrived, Arrived)
    assert arrived.customer_id == access.owner.id
    (cookie,) = cookies
    assert await sessions.resume(gateways, old_token) is None
    after = await sessions.resume(gateways, cookie.token)
    assert after is not None
    now, was = cast.columns_of(after), cast.columns_of(before)
    assert {name for name in now if now[name] != was[name]} == {
        "token_digest",
        "code_at",
        "strong_at",
        "sms_at",
        "seen_at",
    }
    assert after.code_at == after.strong_at == after.sms_at == clock.now
    assert cookie.seconds == (after.expires_at - clock.now).total_seconds()
    assert signed_in.session_token == cookie.token
    assert await level(signed_in) is Assurance.STRONG_RECENT
    device = await Device.owned_by(access.owner.id).get(id=after.device_id)
    assert device.strong_at == clock.now
    event = await AuditEvent.owned_by(access.owner.id).get(kind="STEPPED_UP")
    assert (event.session_id, event.details) == (after.id, {"wrong_codes_before": 0})


async def test_a_browser_that_is_not_trusted_stays_so(context: Context, access: Access) -> None:
    unknown = elsewhere(context)
    await sign_in_by_sms(unknown, access.number, access.owner, trust_device=False)
    devices = await Device.owned_by(access.owner.id).values()
    asked = await step_up(again(unknown))
    assert isinstance(asked, SmsCodeAsked)
    assert isinstance(await give_back(again(unknown), asked, access.owner), Arrived)
    assert await Device.owned_by(access.owner.id).values() == devices


@pytest.mark.parametrize("_case", ["another session of hers", "no session", "another browser", "a thief's"])
async def test_it_belongs_to_its_session_and_its_browser(
    signed_in: Context, access: Access, gateways: Gateways, _case: str
) -> None:
    step = await step_up(signed_in)
    assert isinstance(step, SmsCodeAsked)
    other = await cast.session_token(gateways, access.owner)
    marcs = await cast.session_token(gateways, await cast.marc())
    asking = {
        "another session of hers": again(signed_in, session_token=other),
        "no session": again(signed_in, session_token=None),
        "another browser": again(signed_in, device_token="o" * 43),
        "a thief's": again(signed_in, session_token=marcs),
    }[_case]
    before, flow = await cast.known_of(access.owner), await AccessFlow.filter(id=step.flow.id).values()
    assert await give_back(asking, step, access.owner) == FlowOver()
    assert await resend_sms_code(again(asking), step.flow_token) == FlowOver()
    assert await resume(again(asking), step.flow_token) == FlowOver()
    assert await cast.known_of(access.owner) == before
    assert await AccessFlow.filter(id=step.flow.id).values() == flow
    assert isinstance(await give_back(again(signed_in), step, access.owner), Arrived)


async def test_five_wrong_codes_lock_and_close_the_session(
    signed_in: Context, access: Access, cookies: list[Cookie], clock: Clock, gateways: Gateways
) -> None:
    token = str(signed_in.session_token)
    step: Any = await to_keypad(signed_in, clock)
    for left in (4, 3, 2, 1):
        refused = await enter_code(signed_in, step.flow_token, entry(step.keypad, OTHER_CODE))
        assert isinstance(refused, WrongCredentials)
        assert (refused.attempts_left, cookies) == (left, [])
        step = refused.next
    assert await sessions.resume(gateways, token) is not None
    locked = await enter_code(signed_in, step.flow_token, entry(step.keypad, OTHER_CODE))
    assert locked == AccountLocked(clock.now + 30 * MINUTE)
    assert cookies == [NO_COOKIE]
    assert signed_in.session_token is None
    assert await sessions.resume(gateways, token) is None
    assert (await Session.owned_by(access.owner.id).get()).closed_at == clock.now
    assert await codes_sent_to(access.owner) == []
    for browser in (BROWSER, "e" * 43):
        assert await press(elsewhere(signed_in, browser), access.number, CODE) == locked
    assert {row.failures for row in await AttemptTally.filter(customer_id=access.owner.id)} == {5}


async def test_without_a_phone_the_session_stays_as_it_is(signed_in: Context, access: Access) -> None:
    await models.Customer.filter(id=access.owner.id).update(phone=None)
    before = await cast.known_of(access.owner)
    assert await step_up(signed_in) == NoPhone()
    assert await cast.known_of(access.owner) == before


async def test_a_stranger_steps_nowhere(context: Context) -> None:
    before = await AccessFlow.all().count()
    assert await step_up(context) == NotSignedIn()
    assert await AccessFlow.all().count() == before


async def test_twenty_are_begun_in_ten_minutes(signed_in: Context, access: Access, clock: Clock) -> None:
    await to_keypad(signed_in, clock)
    for _ in range(19):
        assert isinstance(await step_up(again(signed_in)), KeypadShown)
    flows = await AccessFlow.filter(customer_id=access.owner.id).count()
    assert await step_up(again(signed_in)) == Throttled(600)
    assert await AccessFlow.filter(customer_id=access.owner.id).count() == flows


@pytest.mark.parametrize("_case", ["signed out", "stepped up"])
async def test_a_session_that_ended_or_changed_meanwhile_is_not_made_surer(
    signed_in: Context, access: Access, cookies: list[Cookie], _case: str
) -> None:
    asked = await step_up(signed_in)
    assert isinstance(asked, SmsCodeAsked)
    code, tab = (await codes_sent_to(access.owner))[-1], again(signed_in)
    assert await tab.viewer() is not None  # it has read the session by now
    columns = {"closed_at": NOON} if _case == "signed out" else {"token_digest": "a" * 64}
    await Session.owned_by(access.owner.id).update(**columns)
    before = await cast.known_of(access.owner)
    assert await enter_sms_code(tab, asked.flow_token, code) == FlowOver()
    assert (await cast.known_of(access.owner), cookies) == (before, [])


async def test_a_second_tab_goes_on_with_the_step_up_of_the_first(
    signed_in: Context, access: Access, cookies: list[Cookie], gateways: Gateways
) -> None:
    first, second = [await step_up(again(signed_in)) for _ in range(2)]
    assert isinstance(first, SmsCodeAsked)
    assert isinstance(second, SmsCodeAsked)
    assert (first.flow.id, first.flow.sms_reference) == (second.flow.id, second.flow.sms_reference)
    (code,) = await codes_sent_to(access.owner)
    assert await enter_sms_code(again(signed_in), first.flow_token, code) == FlowOver()
    assert isinstance(await enter_sms_code(again(signed_in), second.flow_token, code), Arrived)
    assert await sessions.resume(gateways, cookies[-1].token) is not None


async def test_a_step_up_whose_sms_expired_is_begun_anew(
    signed_in: Context, access: Access, clock: Clock
) -> None:
    first = await step_up(again(signed_in))
    assert isinstance(first, SmsCodeAsked)
    await Session.owned_by(access.owner.id).update(seen_at=clock.now + 10 * MINUTE)
    clock.now += 10 * MINUTE
    assert isinstance(await step_up(again(signed_in)), KeypadShown)
