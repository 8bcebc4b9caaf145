"""Signing in on a browser that is not trusted: the secret code, then one sent to the phone on file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import models
from domain.assurance import Assurance
from domain.refusals import FlowOver, NoPhone, WrongCode
from models import AccessFlow, AccessStage, AuditEvent, Channel, Delivery, Device, Session, SmsOrder
from resolvers import sessions
from resolvers.access import Arrived, KeypadShown, SmsCodeAsked
from resolvers.context import Context
from resolvers.provisional_codes import confirm_phone, enter_sms_code, resend_sms_code
from resolvers.secret_codes import WrongCredentials, enter_code
from resolvers.sessions import Cookie
from tests import cast
from tests.cast import CAMILLE_PHONE, CODE, OTHER_CODE, Access
from tests.conftest import NOON, Clock
from tests.resolvers.walking import (
    ELSEWHERE,
    again,
    asked_for_sms,
    codes_sent_to,
    elsewhere,
    entry,
    failures_of,
    give_back,
    press,
    sign_in_by_sms,
)

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0"


@pytest.fixture
def unknown(context: Context) -> Context:
    """An operation in a browser that nobody trusts."""
    return again(elsewhere(context), user_agent=FIREFOX)


async def session_of(access: Access, cookies: list[Cookie], context: Context) -> Session:
    """The session whose cookie came last."""
    row = await sessions.resume(context.gateways, cookies[-1].token)
    assert row is not None
    assert row.customer_id == access.owner.id
    return row


async def devices_of(access: Access) -> list[dict[str, Any]]:
    return list(await Device.owned_by(access.owner.id).order_by("id").values())


async def test_the_right_code_alone_leads_to_a_code_by_sms_and_to_nothing_else(
    unknown: Context, access: Access, cookies: list[Cookie], wakings: list[None]
) -> None:
    before = await cast.known_of(access.owner)
    step = await asked_for_sms(unknown, access.number)
    flow = await AccessFlow.get(id=step.flow.id)
    assert (flow.stage, flow.code_at, flow.sms_at) == (AccessStage.SMS_CODE, NOON, None)
    assert (flow.sms_address, flow.sms_expires_at) == (CAMILLE_PHONE, NOON + timedelta(minutes=10))
    order = await SmsOrder.get(customer_id=access.owner.id)
    assert (order.address, order.useless_at) == (CAMILLE_PHONE, flow.sms_expires_at)
    after = await cast.known_of(access.owner)
    assert len(after.pop("sms_order")) == len(wakings) == 1
    assert (before.pop("sms_order"), cookies) == ([], [])
    assert after == before


async def test_the_code_sent_signs_in_as_surely_as_can_be(
    unknown: Context, access: Access, cookies: list[Cookie]
) -> None:
    arrived = await sign_in_by_sms(unknown, access.number, access.owner)
    assert arrived.customer_id == access.owner.id
    flow = await AccessFlow.get(id=arrived.flow.id)
    assert (flow.stage, flow.sms_at, flow.sms_digest) == (AccessStage.DONE, NOON, None)
    row = await session_of(access, cookies, unknown)
    assert (row.provisional, row.code_at, row.strong_at) == (False, NOON, NOON)
    assert sessions.assurance_of(row, NOON) is Assurance.STRONG_RECENT
    assert await Session.owned_by(access.owner.id).count() == len(cookies) == 1
    events = await AuditEvent.owned_by(access.owner.id).order_by("number")
    assert [(event.kind, event.details) for event in events] == [
        ("SIGNED_IN", {"purpose": "SIGN_IN", "wrong_codes_before": 0}),
        ("DEVICE_TRUSTED", {}),
    ]
    assert {(event.session_id, event.label) for event in events} == {(row.id, "Firefox, Windows")}


async def test_the_browser_is_trusted_from_then_on_and_the_customer_told(
    unknown: Context, access: Access, cookies: list[Cookie]
) -> None:
    (known,) = await devices_of(access)
    await sign_in_by_sms(unknown, access.number, access.owner)
    first, second = await devices_of(access)
    assert first == known
    own, token = str(unknown.device_token).split(".")
    assert (own, len(token)) == (ELSEWHERE, 43), "whoever knew the cookie before knows nothing of trust"
    assert isinstance(await press(elsewhere(unknown), access.number), SmsCodeAsked)
    digest = unknown.gateways.vault.keyed("device", f"{access.owner.id}:{token}").hex()
    assert second["token_digest"] == digest
    assert (second["label"], second["revoked_at"]) == ("Firefox, Windows", None)
    assert {second[column] for column in ("created_at", "strong_at", "seen_at")} == {NOON}
    assert (await session_of(access, cookies, unknown)).device_id == second["id"]
    (told,) = await Delivery.owned_by(access.owner.id)
    assert (told.channel, told.address) == (Channel.EMAIL, "camille@exemple.fr")
    assert "nouvel appareil (Firefox, Windows)" in str(told.body)


async def test_the_second_time_the_code_alone_signs_in(
    unknown: Context, access: Access, cookies: list[Cookie], clock: Clock
) -> None:
    await sign_in_by_sms(unknown, access.number, access.owner)
    clock.now += DAY
    sent = await codes_sent_to(access.owner)
    assert isinstance(await press(again(unknown, session_token=None), access.number), Arrived)
    row = await session_of(access, cookies, unknown)
    assert (row.code_at, row.strong_at) == (NOON + DAY, NOON)
    assert sessions.assurance_of(row, clock.now) is Assurance.STRONG
    assert await codes_sent_to(access.owner) == sent
    assert (await devices_of(access))[1]["seen_at"] == NOON + DAY


async def test_a_browser_that_is_shared_is_not_trusted(
    unknown: Context, access: Access, cookies: list[Cookie]
) -> None:
    known = await devices_of(access)
    await sign_in_by_sms(unknown, access.number, access.owner, trust_device=False)
    row = await session_of(access, cookies, unknown)
    assert (row.device_id, row.label, row.strong_at) == (None, "Firefox, Windows", NOON)
    assert await devices_of(access) == known
    assert await Delivery.owned_by(access.owner.id).count() == 0
    assert isinstance(await press(elsewhere(unknown), access.number), SmsCodeAsked)


async def test_trust_lasts_180_days_and_is_then_renewed_by_another_sms(
    context: Context, access: Access, clock: Clock
) -> None:
    (known,) = await devices_of(access)
    clock.now = known["strong_at"] + 180 * DAY - SECOND
    assert isinstance(await press(again(context), access.number), Arrived)
    clock.now += SECOND
    await sign_in_by_sms(again(context, session_token=None), access.number, access.owner)
    (renewed,) = await devices_of(access)
    assert (renewed["id"], renewed["created_at"]) == (known["id"], known["created_at"])
    assert renewed["strong_at"] == renewed["seen_at"] == clock.now
    assert await Delivery.owned_by(access.owner.id).count() == 0, "the device is not new"
    assert isinstance(await press(again(context), access.number), Arrived)


async def test_a_device_that_is_forgotten_in_the_middle_of_a_walk_opens_nothing(
    context: Context, access: Access, cookies: list[Cookie]
) -> None:
    refused = await press(context, access.number, OTHER_CODE)
    assert isinstance(refused, WrongCredentials)
    assert isinstance(refused.next, KeypadShown)
    await Device.owned_by(access.owner.id).update(revoked_at=NOON)
    before = await cast.known_of(access.owner)
    for _ in range(2):
        pressed = entry(refused.next.keypad, CODE)
        assert await enter_code(context, refused.next.flow_token, pressed) == FlowOver()
    assert (await cast.known_of(access.owner), cookies) == (before, [])
    assert isinstance(await press(context, access.number), SmsCodeAsked)


@pytest.mark.parametrize(("_case", "phone"), [("none", None), ("a landline", "+33556000000")])
async def test_without_a_phone_that_takes_sms_the_walk_ends(
    unknown: Context, access: Access, cookies: list[Cookie], _case: str, phone: str | None
) -> None:
    await models.Customer.filter(id=access.owner.id).update(phone=phone)
    before = await cast.known_of(access.owner)
    assert await press(unknown, access.number) == NoPhone()
    assert (await cast.known_of(access.owner), cookies) == (before, [])
    flow = await AccessFlow.filter(customer_id=access.owner.id).get()
    assert (flow.stage, flow.sms_digest) == (AccessStage.CLOSED, None)


async def test_wrong_codes_by_sms_are_counted_and_open_nothing(
    unknown: Context, access: Access, cookies: list[Cookie], clock: Clock
) -> None:
    step = await asked_for_sms(unknown, access.number)
    (code,) = await codes_sent_to(access.owner)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    before = await cast.known_of(access.owner)
    outcomes = [await enter_sms_code(unknown, step.flow_token, wrong) for _ in range(5)]
    assert outcomes == [WrongCode(4), WrongCode(3), WrongCode(2), WrongCode(1), FlowOver()]
    assert await give_back(unknown, step, access.owner) == FlowOver()
    assert (await cast.known_of(access.owner), cookies) == (before, [])
    clock.now += timedelta(seconds=30)
    assert isinstance(await resend_sms_code(unknown, step.flow_token), SmsCodeAsked)
    assert isinstance(await give_back(unknown, step, access.owner), Arrived)


async def test_no_other_phone_can_be_given_where_none_was_asked_for(unknown: Context, access: Access) -> None:
    step = await asked_for_sms(unknown, access.number)
    before = await cast.known_of(access.owner)
    for phone in (CAMILLE_PHONE, "+33612345699"):
        assert await confirm_phone(unknown, step.flow_token, phone) == FlowOver()
    assert await cast.known_of(access.owner) == before


async def test_the_right_code_forgets_the_failures_and_the_log_tells_them(
    unknown: Context, access: Access
) -> None:
    for _ in range(3):
        await press(unknown, access.number, OTHER_CODE)
    step = await asked_for_sms(unknown, access.number)
    assert await failures_of(step.flow) == 0
    await give_back(unknown, step, access.owner)
    event = await AuditEvent.owned_by(access.owner.id).get(kind="SIGNED_IN")
    assert event.details == {"purpose": "SIGN_IN", "wrong_codes_before": 3}
