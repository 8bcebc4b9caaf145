"""While codes are sprayed: an unknown device proves the phone first, a trusted one notices nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import models
from domain.assurance import Assurance
from domain.refusals import AccountLocked, FlowOver, WrongCode
from gateways import Gateways
from models import AccessFlow, AccessStage, AttemptTally, Device, Session, SmsOrder
from resolvers import access as machine
from resolvers import sessions
from resolvers.access import Arrived, KeypadShown, PhoneAsked, SmsCodeAsked
from resolvers.context import Context
from resolvers.provisional_codes import confirm_phone, enter_sms_code
from resolvers.secret_codes import WrongCredentials, enter_code
from resolvers.sessions import Cookie
from tests import cast
from tests.cast import CAMILLE_PHONE, CODE, OTHER_CODE, Access, nobodys_number
from tests.conftest import Clock
from tests.resolvers.walking import (
    again,
    asked_for_sms,
    begin,
    elsewhere,
    entry,
    failures_of,
    give_back,
    keypad_of,
    phone_asked,
    press,
)

FAILURES = 3


@pytest.fixture
def site(context: Context, gateways: Gateways) -> Context:
    """A stranger's operation on a site that notices three wrong codes."""
    settings = gateways.settings.model_copy(update={"access_failures_max": FAILURES})
    context.gateways = replace(gateways, settings=settings)
    return elsewhere(context)


async def attack(site: Context) -> None:
    """As many wrong codes as make the site wary, each from another network and for another number."""
    for network in range(FAILURES):
        bot = replace(elsewhere(site, f"{network:043}"), address=f"198.51.100.{network}")
        assert isinstance(await press(bot, nobodys_number()), WrongCredentials)


async def phone_proven(context: Context, access: Access) -> KeypadShown:
    """As far as the keypad that follows the code by SMS."""
    asked = await begin(context, access.number)
    assert isinstance(asked, PhoneAsked)
    sent = await confirm_phone(context, asked.flow_token, CAMILLE_PHONE)
    assert isinstance(sent, SmsCodeAsked)
    step = await give_back(context, sent, access.owner)
    assert isinstance(step, KeypadShown)
    return step


async def test_an_unknown_device_proves_the_phone_and_then_the_code(
    site: Context, access: Access, cookies: list[Cookie]
) -> None:
    await attack(site)
    step = await phone_proven(site, access)
    assert (step.flow.stage, step.flow.wary, cookies) == (AccessStage.KEYPAD, True, [])
    assert isinstance(await enter_code(site, step.flow_token, entry(step.keypad, CODE)), Arrived)
    row = await sessions.resume(site.gateways, cookies[-1].token)
    assert row is not None
    assert (row.customer_id, len(cookies)) == (access.owner.id, 1)
    assert sessions.assurance_of(row, site.now) is Assurance.STRONG_RECENT
    device = await Device.owned_by(access.owner.id).get(id=row.device_id)
    assert device.strong_at == row.strong_at == site.now
    event = await models.AuditEvent.owned_by(access.owner.id).get(kind="SIGNED_IN")
    assert event.details == {"purpose": "SIGN_IN", "wrong_codes_before": 0}


@pytest.mark.parametrize("phone", [CAMILLE_PHONE, "+33612345699"])
async def test_nobody_walks_the_same_way(site: Context, access: Access, phone: str) -> None:
    await attack(site)
    rows, outcomes = [], []
    for number, given in ((access.number, "+33612345698"), (nobodys_number(), phone)):
        asked = await begin(site, number)
        assert isinstance(asked, PhoneAsked)
        sent = await confirm_phone(site, asked.flow_token, given)
        assert isinstance(sent, SmsCodeAsked)
        outcomes.append([await enter_sms_code(site, sent.flow_token, f"{n:06}") for n in range(5)])
        rows.append(cast.columns_of(await AccessFlow.get(id=sent.flow.id)))
        order = await SmsOrder.filter(customer_id=rows[-1]["customer_id"]).order_by("-id").first()
        assert order is not None
        assert order.address is None
    assert outcomes[0] == outcomes[1] == [*(WrongCode(left) for left in (4, 3, 2, 1)), FlowOver()]
    apart = {"id", "token_digest", "subject_key", "customer_id", "sms_digest", "sms_reference"}
    assert {name for name in rows[0] if rows[0][name] != rows[1][name]} <= apart


async def test_a_trusted_device_notices_nothing(site: Context, access: Access, cookies: list[Cookie]) -> None:
    await attack(site)
    home = replace(site, device_token=cast.BROWSER)
    wrong = await press(home, access.number, OTHER_CODE)
    assert isinstance(wrong, WrongCredentials)
    assert isinstance(await press(home, access.number), Arrived)
    assert len(cookies) == 1
    assert await SmsOrder.filter(customer_id=access.owner.id).count() == 0


@pytest.mark.parametrize(("_case", "code"), [("right", CODE), ("wrong", OTHER_CODE)])
@pytest.mark.parametrize("known", [True, False])
async def test_a_walk_begun_before_goes_no_further_by_the_keypad(
    site: Context, access: Access, known: bool, _case: str, code: str
) -> None:
    step = await keypad_of(site, access.number if known else nobodys_number())
    await attack(site)
    before = await cast.known_of(access.owner)
    asked = await enter_code(again(site), step.flow_token, entry(step.keypad, code))
    assert isinstance(asked, PhoneAsked)
    flow = await AccessFlow.get(id=step.flow.id)
    assert (flow.stage, flow.wary, flow.code_at, flow.tries) == (AccessStage.PHONE, True, None, 1)
    assert await failures_of(flow) == 0, "the code was not looked at"
    assert await machine.refresh_keypad(site, step.flow_token) == FlowOver()
    assert await cast.known_of(access.owner) == before


async def test_a_walk_begun_before_goes_on_by_the_phone(
    site: Context, access: Access, cookies: list[Cookie]
) -> None:
    step = await keypad_of(site, access.number)
    await attack(site)
    await enter_code(site, step.flow_token, entry(step.keypad, CODE))
    sent = await confirm_phone(site, step.flow_token, CAMILLE_PHONE)
    assert isinstance(sent, SmsCodeAsked)
    shown = await give_back(site, sent, access.owner)
    assert isinstance(shown, KeypadShown)
    assert isinstance(await enter_code(site, step.flow_token, entry(shown.keypad, CODE)), Arrived)
    assert len(cookies) == 1


async def test_whose_code_was_right_before_the_attack_ends_by_sms(site: Context, access: Access) -> None:
    step = await asked_for_sms(site, access.number)
    await attack(site)
    assert isinstance(await give_back(site, step, access.owner), Arrived)


async def test_whoever_proved_the_phone_still_locks_by_wrong_codes(
    site: Context, access: Access, cookies: list[Cookie]
) -> None:
    await attack(site)
    step: Any = await phone_proven(site, access)
    for left in (4, 3, 2, 1):
        outcome = await enter_code(site, step.flow_token, entry(step.keypad, OTHER_CODE))
        assert isinstance(outcome, WrongCredentials)
        assert outcome.attempts_left == left
        step = outcome.next
    locked = await enter_code(site, step.flow_token, entry(step.keypad, OTHER_CODE))
    assert locked == AccountLocked(site.now + timedelta(minutes=30))
    assert await Session.owned_by(access.owner.id).count() == len(cookies) == 0
    tally = await AttemptTally.get(subject_key=step.flow.subject_key)
    assert (tally.customer_id, tally.failures) == (access.owner.id, 5)


async def test_the_way_by_sms_ends_with_the_attack(site: Context, access: Access, clock: Clock) -> None:
    await attack(site)
    assert isinstance(await begin(site, access.number), PhoneAsked)
    clock.now += timedelta(minutes=10)
    assert isinstance(await begin(site, access.number), KeypadShown)


async def test_recovering_a_code_stays_as_it_is(site: Context, access: Access) -> None:
    await attack(site)
    step = await phone_asked(site, access.number)
    assert isinstance(await confirm_phone(site, step.flow_token, CAMILLE_PHONE), SmsCodeAsked)
