"""A phone number changed of late recovers no code: a thief who changed it gains nothing; both are warned."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import models
from domain.refusals import FlowOver, WrongCode
from gateways import Gateways
from models import AccessFlow, AccessPurpose, AccessStage, AuditEvent, Channel, Customer, Delivery, SmsOrder
from resolvers.access import Arrived, KeypadShown, NewCodeAsked, PhoneAsked, SmsCodeAsked
from resolvers.context import Context
from resolvers.deliveries import release_orders
from resolvers.profiles import confirm_contact_change
from resolvers.provisional_codes import confirm_phone, enter_sms_code, resend_sms_code
from tests import cast
from tests.cast import CAMILLE_PHONE, Access
from tests.conftest import NOON, Clock
from tests.resolvers.changing import NEW_PHONE, PHONE, asked
from tests.resolvers.walking import (
    again,
    asked_for_sms,
    begin,
    codes_sent_to,
    elsewhere,
    give_back,
    phone_asked,
    press,
    sms_asked,
)

COOLING = timedelta(hours=72)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
RECOVERIES = pytest.mark.parametrize(
    "purpose", [AccessPurpose.FORGOTTEN_CODE, AccessPurpose.FIRST_CONNECTION]
)


@pytest.fixture
async def changed(context: Context, access: Access) -> Access:
    """Camille's number became another at noon."""
    await Customer.filter(id=access.owner.id).update(
        phone=NEW_PHONE, former_phone=CAMILLE_PHONE, phone_changed_at=NOON
    )
    return access


async def told(access: Access) -> list[tuple[str, str]]:
    """What was queued for her, but for codes."""
    rows = await Delivery.owned_by(access.owner.id).order_by("id")
    assert all(row.channel is Channel.SMS for row in rows)
    return [(row.address, str(row.body)) for row in rows]


@RECOVERIES
async def test_the_same_step_follows_no_code_leaves_and_both_numbers_are_warned_once(
    context: Context,
    changed: Access,
    clock: Clock,
    gateways: Gateways,
    wakings: list[None],
    purpose: AccessPurpose,
) -> None:
    clock.now = NOON + COOLING - MINUTE
    other = await phone_asked(context, changed.number, purpose)
    wrong = await confirm_phone(context, other.flow_token, "+33612345698")
    step = await phone_asked(context, changed.number, purpose)
    asked_for = await confirm_phone(context, step.flow_token, NEW_PHONE)
    assert isinstance(wrong, SmsCodeAsked)
    assert isinstance(asked_for, SmsCodeAsked)
    apart = {"id", "token_digest", "sms_digest", "sms_reference"}
    rows = [cast.columns_of(await AccessFlow.get(id=flow.flow.id)) for flow in (wrong, asked_for)]
    assert {name for name in rows[0] if rows[0][name] != rows[1][name]} <= apart
    assert rows[1]["sms_address"] == ""
    assert await SmsOrder.filter(customer_id=changed.owner.id, address__isnull=False).count() == 0

    letters = await told(changed)
    assert [address for address, _ in letters] == [NEW_PHONE, CAMILLE_PHONE]
    assert all("numéro de téléphone est trop récent" in body for _, body in letters)
    assert await codes_sent_to(changed.owner) == []
    (event,) = await AuditEvent.owned_by(changed.owner.id)
    assert (event.kind, event.session_id, event.details) == ("RECOVERY_REFUSED", None, {})
    assert len(wakings) >= 1
    await release_orders(gateways)
    assert await told(changed) == letters


@RECOVERIES
async def test_after_three_days_it_recovers_again(
    context: Context, changed: Access, clock: Clock, purpose: AccessPurpose
) -> None:
    clock.now = NOON + COOLING
    step = await phone_asked(context, changed.number, purpose)
    asked_for = await confirm_phone(context, step.flow_token, NEW_PHONE)
    assert isinstance(asked_for, SmsCodeAsked)
    assert isinstance(await give_back(context, asked_for, changed.owner), NewCodeAsked)
    assert await told(changed) == []


async def test_no_code_is_right_in_such_a_walk_and_none_is_sent_again(
    context: Context, changed: Access, clock: Clock
) -> None:
    clock.now = NOON + COOLING - MINUTE
    step = await sms_asked(context, changed.number, NEW_PHONE)
    outcomes = [await enter_sms_code(context, step.flow_token, f"{number:06d}") for number in range(5)]
    assert outcomes == [*(WrongCode(left) for left in (4, 3, 2, 1)), FlowOver()]
    clock.now += MINUTE  # the number may recover by now, but not in a walk that was refused
    assert isinstance(await resend_sms_code(context, step.flow_token), SmsCodeAsked)
    assert await codes_sent_to(changed.owner) == []
    assert len(await told(changed)) == 2


async def test_the_warnings_are_as_few_as_the_codes_would_be(context: Context, changed: Access) -> None:
    for _ in range(10):
        await sms_asked(context, changed.number, NEW_PHONE)
    assert [address for address, _ in await told(changed)] == [NEW_PHONE, CAMILLE_PHONE] * 8
    assert await AuditEvent.owned_by(changed.owner.id).count() == 8


@pytest.mark.parametrize("phone", [CAMILLE_PHONE, "+33612345698"])
async def test_only_the_number_on_file_warns_anybody(context: Context, changed: Access, phone: str) -> None:
    step = await sms_asked(context, changed.number, phone)
    assert (await AccessFlow.get(id=step.flow.id)).stage is AccessStage.SMS_CODE
    assert await told(changed) == []
    assert await AuditEvent.owned_by(changed.owner.id).count() == 0


async def test_who_knows_the_code_signs_in_by_the_new_number(
    context: Context, changed: Access, clock: Clock
) -> None:
    clock.now += MINUTE
    unknown = elsewhere(context)
    step = await asked_for_sms(unknown, changed.number)
    assert (await SmsOrder.get(customer_id=changed.owner.id)).address == NEW_PHONE
    assert isinstance(await give_back(unknown, step, changed.owner), Arrived)


async def test_who_is_asked_for_the_phone_before_the_code_gives_the_new_number(
    context: Context, changed: Access, gateways: Gateways
) -> None:
    settings = gateways.settings.model_copy(update={"access_failures_max": 1})
    wary = elsewhere(replace(context, gateways=replace(gateways, settings=settings)))
    await press(wary, cast.nobodys_number())
    step: Any = await begin(wary, changed.number)
    assert isinstance(step, PhoneAsked)
    sent = await confirm_phone(wary, step.flow_token, NEW_PHONE)
    assert isinstance(sent, SmsCodeAsked)
    assert isinstance(await give_back(wary, sent, changed.owner), KeypadShown)
    assert await told(changed) == []


async def test_a_change_begins_the_three_days_and_another_begins_them_anew(
    context: Context, access: Access, gateways: Gateways, clock: Clock
) -> None:
    clock.now = NOON + MINUTE
    hers = await cast.signed_in(gateways, access.owner)
    row, code = await asked(hers, PHONE)
    await confirm_contact_change(again(hers), row.id, code)
    kept = await models.Customer.get(id=access.owner.id)
    assert (kept.phone, kept.former_phone, kept.phone_changed_at) == (NEW_PHONE, CAMILLE_PHONE, clock.now)
    clock.now += COOLING - SECOND
    await Delivery.owned_by(access.owner.id).delete()
    await sms_asked(context, access.number, NEW_PHONE)
    assert len(await told(access)) == 2
    clock.now += SECOND
    asked_for = await sms_asked(context, access.number, NEW_PHONE)
    assert isinstance(await give_back(context, asked_for, access.owner), NewCodeAsked)


async def test_a_first_number_needs_no_three_days(
    context: Context, access: Access, gateways: Gateways
) -> None:
    await Customer.filter(id=access.owner.id).update(phone=None)
    hers = await cast.signed_in(gateways, access.owner)
    row, code = await asked(hers, PHONE)
    await confirm_contact_change(again(hers), row.id, code)
    kept = await models.Customer.get(id=access.owner.id)
    assert (kept.phone, kept.former_phone, kept.phone_changed_at) == (NEW_PHONE, None, None)
