"""The part of the access machine that goes by SMS: the phone number, then the provisional code.

The phone must be the one on file. When it is not, or when nobody has the identifier, the same step follows
and no SMS leaves, so that the answer never says which; nor does its time, since an SMS that leaves and one
that does not are ordered by the same row, and told apart once the answer is gone.
"""

from __future__ import annotations

import hmac
import math
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from tortoise.expressions import F
from tortoise.transactions import in_transaction

import models
from domain import phones, sms_codes
from domain.access import next_stage
from domain.phones import Phone
from domain.refusals import (
    FlowOver,
    InvalidField,
    InvalidInput,
    NoPhone,
    TemporarilyUnavailable,
    Throttled,
    WrongCode,
)
from gateways import Gateways, letters
from gateways.rate_limits import Limit
from models import (
    AccessFlow,
    AccessPurpose,
    AccessStage,
    AttemptTally,
    Channel,
    Customer,
    Delivery,
    SmsOrder,
)
from resolvers import arrivals
from resolvers.access import (
    FLOW_LIFE,
    SmsCodeAsked,
    Step,
    Stopped,
    find_flow,
    keypad_step,
    move,
    take_answer,
)
from resolvers.context import Context
from resolvers.throttles import note_sms_failure, sms_is_wary, sms_refused, throttled

MINUTE = timedelta(minutes=1)
PHONE_TRIES_MAX = 5
WALK_LIFE = timedelta(minutes=30)  # however often an SMS is sent again
SMS_OF_CUSTOMER = Limit("access-sms-customer", count=sms_codes.SENDS_PER_DAY_MAX, seconds=86_400)

Sent: TypeAlias = SmsCodeAsked | Stopped


class Asking(StrEnum):
    """Who asks for an SMS. Each has a daily cap: who knows less uses up nothing of who knows more."""

    STRANGER = "STRANGER"  # with the number and the phone
    CODE_HOLDER = "CODE_HOLDER"
    CUSTOMER = "CUSTOMER"  # on a trusted device, or signed in


class OnFile(NamedTuple):
    """What an SMS depends on; without a phone for an identifier that nobody has."""

    phone: str | None
    locale: str
    changed_at: datetime | None


async def confirm_phone(context: Context, flow_token: str, text: str) -> Sent:
    """Take the phone number given; if it is the customer's, a provisional code leaves by SMS."""
    flow = await find_flow(context, flow_token, AccessStage.PHONE, AccessStage.SMS_CODE)
    if flow is None or not _phone_was_asked(flow):
        return FlowOver()
    given = phones.phone(text)
    if not isinstance(given, Phone):
        return InvalidInput((InvalidField("phone", f"PHONE_{given.name}"),))
    if not given.takes_sms:
        return InvalidInput((InvalidField("phone", "PHONE_NOT_MOBILE"),))
    if flow.stage is AccessStage.SMS_CODE and (early := _too_early(flow, context.now)):
        return early
    counted = AccessFlow.filter(id=flow.id, phone_tries__lt=PHONE_TRIES_MAX)
    if not await counted.update(phone_tries=F("phone_tries") + 1):
        return FlowOver()
    on_file = await _on_file(flow)
    address = _reached(context, flow, given.e164, on_file)
    if address is None and on_file.phone == given.e164:
        await _refuse_recovery(context, await Customer.get(id=flow.customer_id))
    return await _send(context, flow_token, flow, on_file.locale, address)


async def resend_sms_code(context: Context, flow_token: str) -> Sent:
    """Send another provisional code to the same phone; the one before no longer works."""
    flow = await find_flow(context, flow_token, AccessStage.SMS_CODE)
    if flow is None:
        return FlowOver()
    if early := _too_early(flow, context.now):
        return early
    on_file = await _on_file(flow)
    address = _reached(context, flow, flow.sms_address, on_file)
    return await _send(context, flow_token, flow, on_file.locale, address)


async def send_to_phone_on_file(context: Context, flow_token: str, flow: AccessFlow) -> Sent:
    """The step after a right secret code: a code to the phone on file, which is not asked for."""
    customer = await Customer.get(id=flow.customer_id)
    number = phones.phone(customer.phone or "")
    if not isinstance(number, Phone) or not number.takes_sms:
        await move(flow, AccessStage.CLOSED)
        return NoPhone()
    return await _send(context, flow_token, flow, customer.locale, number.e164)


async def enter_sms_code(
    context: Context, flow_token: str, code: str, *, trust_device: bool = True
) -> Step | WrongCode | Stopped:
    """Check the provisional code. It is counted before it is compared, and works once."""
    flow = await find_flow(context, flow_token, AccessStage.SMS_CODE)
    if flow is None or flow.sms_expires_at is None or flow.sms_expires_at <= context.now:
        return FlowOver()
    code = "".join(code.split())
    if not sms_codes.is_code(code):
        return InvalidInput((InvalidField("code", "SMS_CODE_MALFORMED"),))
    wary = await sms_is_wary(context)
    if isinstance(wary, TemporarilyUnavailable):
        return wary
    tries_max = sms_codes.tries_max(flow.sms_length, wary=wary)
    counted = AccessFlow.filter(id=flow.id, sms_digest=flow.sms_digest, sms_tries__lt=tries_max)
    if not await take_answer(flow) or not await counted.update(sms_tries=F("sms_tries") + 1):
        return FlowOver()
    digest = context.gateways.vault.sms_digest(str(flow.id), code).hex()
    if hmac.compare_digest(digest, flow.sms_digest or "") and flow.sms_address:
        if _reached(context, flow, flow.sms_address, await _on_file(flow)) is None:
            return FlowOver()  # the number was changed meanwhile
        return await _go_on(context, flow_token, flow, trust_device=trust_device)
    await AttemptTally.add_failure(_guesses_subject(context, flow), context.now)
    await note_sms_failure(context)
    left = tries_max - flow.sms_tries - 1
    return WrongCode(left) if left > 0 else FlowOver()


async def forget_sent(gateways: Gateways, customer_id: int) -> None:
    """Let SMS go to a customer again whose daily cap somebody used up."""
    for asking in Asking:
        await gateways.rate_limits.forget(SMS_OF_CUSTOMER, asking, str(customer_id))


async def _go_on(
    context: Context, flow_token: str, flow: AccessFlow, *, trust_device: bool
) -> Step | Stopped:
    """The phone is proven: the secret code comes next, or a new one, or the end."""
    assert flow.customer_id is not None
    to = next_stage(flow.purpose, code=flow.code_at is not None, sms=True, wary=flow.wary)
    await AttemptTally.clear(_guesses_subject(context, flow))
    proof = {"sms_at": context.now, "sms_digest": None, "trusting": trust_device}
    if to is AccessStage.DONE:
        flow.update_from_dict(proof)
        return await arrivals.arrive(context, flow)
    opened = None
    async with in_transaction():
        if not await move(flow, to, **proof):
            return FlowOver()
        if to is AccessStage.NEW_CODE:
            opened = await arrivals.open_provisional(context, flow.customer_id, flow.expires_at - context.now)
            flow.session_id = opened.row.id
            await AccessFlow.filter(id=flow.id).update(session_id=flow.session_id)
    if opened is not None:
        context.hold_session(opened.cookie)
    return await keypad_step(context, flow_token, flow)


def _guesses_subject(context: Context, flow: AccessFlow) -> str:
    """Under which key the wrong SMS codes of a customer, or of nobody's identifier, are counted."""
    return context.gateways.vault.keyed("guesses", str(flow.customer_id or flow.subject_key)).hex()


def _phone_was_asked(flow: AccessFlow) -> bool:
    """Not where the SMS went to the phone on file after a right secret code."""
    return flow.stage is AccessStage.PHONE or flow.phone_tries > 0


def _too_early(flow: AccessFlow, now: datetime) -> Throttled | None:
    if flow.sms_resend_at is None or flow.sms_resend_at <= now:
        return None
    return Throttled(math.ceil((flow.sms_resend_at - now).total_seconds()))


async def _on_file(flow: AccessFlow) -> OnFile:
    """The customer's phone, language and last change of phone; what nobody has is read in the same time.

    So no row of the customer is made here: that takes longer than to find none.
    """
    columns = ("phone", "locale", "phone_changed_at")
    found: list[Any] = await Customer.filter(id=flow.customer_id or 0).values_list(*columns)
    return OnFile(*found[0]) if found else OnFile(None, models.Locale.FR_FR, None)


def recovers_from(context: Context, changed_at: datetime | None) -> datetime | None:
    """When a number changed then may recover a code: a thief who changed it gains nothing by it.

    None for one that may now.
    """
    if changed_at is None:
        return None
    cooled_at = changed_at + timedelta(hours=context.gateways.settings.phone_cooling_hours)
    return cooled_at if context.now < cooled_at else None


async def _refuse_recovery(context: Context, customer: Customer) -> None:
    """Tell both numbers: the one that took its place, and the one that may be the victim's."""
    letter = letters.recovery_refused(customer.locale)
    if await throttled(context, SMS_OF_CUSTOMER, "cooling", str(customer.id)):
        return
    async with in_transaction():
        for number in filter(None, (customer.phone, customer.former_phone)):
            await Delivery.queue(customer.id, Channel.SMS, number, letter.body, context.now).save()
        await arrivals.record_for(context, customer.id, "RECOVERY_REFUSED")
    context.wake_outbox()


def _asked_by(flow: AccessFlow) -> Asking:
    if flow.device_id is not None or flow.session_id is not None:
        return Asking.CUSTOMER
    return Asking.STRANGER if flow.code_at is None else Asking.CODE_HOLDER


def _reached(context: Context, flow: AccessFlow, given: str | None, on_file: OnFile) -> str | None:
    """Where an SMS may go: to the number given if it is the one on file, and old enough to recover a code."""
    if not given or given != on_file.phone:
        return None
    recovers = flow.purpose in (AccessPurpose.FORGOTTEN_CODE, AccessPurpose.FIRST_CONNECTION)
    return None if recovers and recovers_from(context, on_file.changed_at) is not None else given


async def _claim(context: Context, flow: AccessFlow) -> bool:
    """Of those who ask for one SMS at once one goes on: for the others none is counted."""
    as_read = AccessFlow.filter(id=flow.id, stage=flow.stage, sms_resend_at=flow.sms_resend_at)
    wait = sms_codes.resend_delay(flow.sms_count + 1)
    return await as_read.update(sms_resend_at=context.now + wait) == 1


async def _granted(
    context: Context, flow: AccessFlow, address: str | None
) -> str | None | Throttled | TemporarilyUnavailable:
    """Where the SMS may leave to, once it is counted: for the customer, the network and the site."""
    asked_by = _asked_by(flow)
    # Where no SMS leaves, none is counted: a stranger uses up nothing of the customer's, and learns nothing.
    counted = (asked_by, str(flow.customer_id)) if address is not None else (str(flow.id),)
    refused = await throttled(context, SMS_OF_CUSTOMER, *counted)
    if isinstance(refused, Throttled) and asked_by is Asking.STRANGER:
        address = None  # in silence: the wait would say that the number is right
    elif refused is not None:
        return refused
    proven = asked_by is not Asking.STRANGER
    return await sms_refused(context, leaves=address is not None, proven=proven) or address


async def _send(
    context: Context, flow_token: str, flow: AccessFlow, locale: str, address: str | None
) -> Sent:
    """Take the flow to the SMS step with a fresh code; the code leaves only if there is an address."""
    if not await _claim(context, flow):
        return FlowOver()
    granted = await _granted(context, flow, address)
    if isinstance(granted, Throttled | TemporarilyUnavailable):
        return granted
    wary = await sms_is_wary(context)
    if isinstance(wary, TemporarilyUnavailable):
        return wary
    guesses = await AttemptTally.failures_of(_guesses_subject(context, flow))
    length = sms_codes.code_length(guesses, wary=wary)
    return await _order(context, flow_token, flow, locale, granted, length)


async def _order(
    context: Context, flow_token: str, flow: AccessFlow, locale: str, address: str | None, length: int
) -> Sent:
    now, random = context.now, context.gateways.random
    code, reference = sms_codes.new_code(random, length), sms_codes.new_reference(random)
    letter = letters.provisional_code(locale, code, reference, minutes=sms_codes.LIFE // MINUTE)
    useless_at = now + sms_codes.LIFE
    async with in_transaction():
        moved = await move(
            flow,
            AccessStage.SMS_CODE,
            sms_address=address or "",  # not NULL, which would be another statement, with a time of its own
            sms_digest=context.gateways.vault.sms_digest(str(flow.id), code).hex(),
            sms_reference=reference,
            sms_length=length,
            sms_expires_at=useless_at,
            sms_tries=0,
            sms_count=flow.sms_count + 1,
            sms_resend_at=now + sms_codes.resend_delay(flow.sms_count + 1),
            expires_at=min(now + FLOW_LIFE, flow.created_at + WALK_LIFE),
        )
        if moved:
            order = {"customer_id": flow.customer_id, "address": address, "body": letter.body}
            await SmsOrder.create(**order, useless_at=useless_at)
    context.wake_outbox()
    return SmsCodeAsked(flow_token, flow) if moved else FlowOver()
