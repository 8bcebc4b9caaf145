"""A clock that steps: what lies in the future is refused, and what was used, closed or locked stays so."""

from __future__ import annotations

from datetime import timedelta

import pytest

import models
from domain.refusals import AccountLocked, FlowOver
from gateways import Gateways
from models import AccessFlow, Credential, Device, Keypad, Session
from resolvers import access as machine
from resolvers import sessions
from resolvers.access import Arrived, KeypadShown, SmsCodeAsked
from resolvers.context import Context
from resolvers.provisional_codes import confirm_phone, resend_sms_code
from resolvers.secret_codes import KeypadOver, WrongCredentials, enter_code
from tests import cast
from tests.cast import CAMILLE_PHONE, CODE, OTHER_CODE, Access
from tests.conftest import NOON, Clock
from tests.resolvers.walking import (
    again,
    asked_for_sms,
    choose,
    elsewhere,
    entry,
    failures_of,
    give_back,
    keypad_of,
    new_code_asked,
    phone_asked,
    press,
)

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
HALF_HOUR = timedelta(minutes=30)


async def test_a_walk_begun_in_the_future_is_refused_and_nothing_is_counted(
    context: Context, access: Access, clock: Clock
) -> None:
    clock.now = NOON + HOUR
    unknown = elsewhere(context)
    by_code, by_phone = await keypad_of(context, access.number), await phone_asked(unknown, access.number)
    by_sms = await asked_for_sms(unknown, access.number)
    clock.now = NOON + HOUR - MINUTE - SECOND
    before = await cast.known_of(access.owner)
    flows = await AccessFlow.filter(customer_id=access.owner.id).order_by("id").values()
    pressed = entry(by_code.keypad, CODE)
    assert await enter_code(context, by_code.flow_token, pressed) == FlowOver()
    assert await confirm_phone(unknown, by_phone.flow_token, CAMILLE_PHONE) == FlowOver()
    assert await give_back(unknown, by_sms, access.owner) == FlowOver()
    assert await resend_sms_code(unknown, by_sms.flow_token) == FlowOver()
    for asking, step in ((context, by_code), (unknown, by_phone), (unknown, by_sms)):
        assert await machine.resume(asking, step.flow_token) == FlowOver()
    assert await cast.known_of(access.owner) == before
    assert await AccessFlow.filter(customer_id=access.owner.id).order_by("id").values() == flows
    clock.now += SECOND
    assert isinstance(await enter_code(context, by_code.flow_token, pressed), Arrived)


@pytest.mark.parametrize(("ahead", "alive"), [(MINUTE, True), (MINUTE + SECOND, False), (12 * HOUR, False)])
async def test_a_session_seen_in_the_future_is_refused(
    database: str, gateways: Gateways, clock: Clock, ahead: timedelta, alive: bool
) -> None:
    clock.now = NOON + ahead
    hers = await cast.signed_in(gateways, await cast.ines())
    clock.now = NOON
    row = await sessions.resume(gateways, str(hers.session_token))
    viewer = await hers.viewer()
    assert (row is not None, viewer is not None) == (alive, alive)


@pytest.mark.parametrize(("ahead", "trusted"), [(MINUTE, True), (MINUTE + SECOND, False)])
async def test_a_device_trusted_in_the_future_is_not_trusted(
    context: Context, access: Access, ahead: timedelta, trusted: bool
) -> None:
    await Device.owned_by(access.owner.id).update(strong_at=NOON + ahead)
    assert isinstance(await press(context, access.number), Arrived if trusted else SmsCodeAsked)


async def test_a_step_back_prolongs_no_lock(context: Context, access: Access, clock: Clock) -> None:
    for _ in range(5):
        await press(context, access.number, OTHER_CODE)
    for step in (-2 * HOUR, -MINUTE, HALF_HOUR - SECOND):
        clock.now = NOON + step
        await Device.owned_by(access.owner.id).update(strong_at=clock.now)
        assert await press(context, access.number) == AccountLocked(NOON + HALF_HOUR)
    clock.now = NOON + HALF_HOUR
    assert isinstance(await press(context, access.number), Arrived)


async def test_a_lock_is_as_long_as_ever_after_a_step_back(
    context: Context, access: Access, clock: Clock
) -> None:
    await press(context, access.number, OTHER_CODE)
    clock.now = NOON - HOUR
    await Device.owned_by(access.owner.id).update(strong_at=clock.now)
    for left in (3, 2, 1):
        outcome = await press(context, access.number, OTHER_CODE)
        assert isinstance(outcome, WrongCredentials)
        assert outcome.attempts_left == left, "what failed before the step still counts"
    assert await press(context, access.number, OTHER_CODE) == AccountLocked(NOON - HOUR + HALF_HOUR)


async def test_a_step_back_revives_no_keypad(context: Context, access: Access, clock: Clock) -> None:
    step = await keypad_of(context, access.number)
    clock.now += MINUTE
    assert isinstance(
        await enter_code(context, step.flow_token, entry(step.keypad, OTHER_CODE)), WrongCredentials
    )
    clock.now -= MINUTE
    again_pressed = await enter_code(context, step.flow_token, entry(step.keypad, CODE))
    assert isinstance(again_pressed, KeypadOver)
    assert await failures_of(step.flow) == 1
    digest = context.gateways.vault.token_digest(step.keypad.token).hex()
    assert (await Keypad.get(token_digest=digest)).used_at == NOON + MINUTE


async def test_a_step_back_revives_neither_walk_nor_sms_nor_session_nor_code(
    context: Context, access: Access, clock: Clock, gateways: Gateways
) -> None:
    unknown = elsewhere(context)
    sms = await asked_for_sms(unknown, access.number)
    clock.now += MINUTE
    assert isinstance(await give_back(unknown, sms, access.owner), Arrived)
    signed_in = str(unknown.session_token)
    replaced = elsewhere(context)
    step = await new_code_asked(replaced, access.number, access.owner)
    assert isinstance(await choose(replaced, step, OTHER_CODE), Arrived)

    clock.now = NOON
    assert await give_back(elsewhere(context), sms, access.owner) == FlowOver()
    assert await choose(again(replaced), step, CODE) == FlowOver()
    assert await sessions.resume(gateways, signed_in) is None
    assert isinstance(await press(elsewhere(context), access.number, CODE), WrongCredentials)
    assert await Credential.owned_by(access.owner.id).filter(replaced_at=None).count() == 1
    assert await Session.owned_by(access.owner.id).filter(closed_at=None).count() == 1


async def test_a_step_back_does_not_make_a_wait_longer_than_it_was(
    context: Context, access: Access, clock: Clock
) -> None:
    unknown = elsewhere(context)
    step = await asked_for_sms(unknown, access.number)
    clock.now -= MINUTE
    shown = await machine.resume(again(unknown), step.flow_token)
    assert isinstance(shown, SmsCodeAsked)
    assert shown.flow.sms_resend_at == NOON + timedelta(seconds=30)
    clock.now = NOON + timedelta(seconds=30)
    assert isinstance(await resend_sms_code(unknown, step.flow_token), SmsCodeAsked)


async def test_a_walk_begun_after_a_step_back_goes_on(context: Context, access: Access, clock: Clock) -> None:
    for moment in (NOON + HOUR, NOON - HOUR):
        clock.now = moment
        await Device.owned_by(access.owner.id).update(strong_at=moment - HOUR)
        step = await keypad_of(context, access.number)
        assert isinstance(step, KeypadShown)
        assert isinstance(await enter_code(context, step.flow_token, entry(step.keypad, CODE)), Arrived)
    events = await models.AuditEvent.owned_by(access.owner.id).order_by("number").values_list("at", flat=True)
    assert events == [NOON + HOUR, NOON - HOUR]
