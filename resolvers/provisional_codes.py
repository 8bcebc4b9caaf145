"""The part of the access machine that goes by SMS: the phone number, then the provisional code.

The phone must be the one on file. When it is not, or when nobody has the identifier, the same step follows
and no SMS leaves, so that the answer never says which.
"""

from __future__ import annotations

import hmac
import math
from datetime import datetime
from typing import TypeAlias

from tortoise.expressions import F
from tortoise.transactions import in_transaction

import models
from domain import phones, sms_codes
from domain.phones import Phone
from domain.refusals import FlowOver, InvalidField, InvalidInput, TemporarilyUnavailable, Throttled, WrongCode
from gateways import letters
from gateways.rate_limits import Limit
from models import AccessFlow, AccessStage, Channel, Delivery
from resolvers.access import FLOW_LIFE, NewCodeAsked, SmsCodeAsked, find_flow, keypad_step, move
from resolvers.context import Context
from resolvers.throttles import throttled

PHONE_TRIES_MAX = 5
SMS_OF_CUSTOMER = Limit("access-sms-customer", count=sms_codes.SENDS_PER_DAY_MAX, seconds=86_400)

Sent: TypeAlias = SmsCodeAsked | FlowOver | InvalidInput | Throttled | TemporarilyUnavailable


async def confirm_phone(context: Context, flow_token: str, text: str) -> Sent:
    """Take the phone number given; if it is the customer's, a provisional code leaves by SMS."""
    flow = await find_flow(context, flow_token, AccessStage.PHONE, AccessStage.SMS_CODE)
    if flow is None:
        return FlowOver()
    given = phones.phone(text)
    if not isinstance(given, Phone):
        return InvalidInput((InvalidField("phone", f"PHONE_{given.name}"),))
    if flow.stage is AccessStage.SMS_CODE and (early := _too_early(flow, context.now)):
        return early
    counted = AccessFlow.filter(id=flow.id, phone_tries__lt=PHONE_TRIES_MAX)
    if not await counted.update(phone_tries=F("phone_tries") + 1):
        return FlowOver()
    customer = await models.Customer.get_or_none(id=flow.customer_id)
    matches = customer is not None and customer.phone == given.e164
    return await _send(context, flow_token, flow, given.e164 if matches else None)


async def resend_sms_code(context: Context, flow_token: str) -> Sent:
    """Send another provisional code to the same phone; the one before no longer works."""
    flow = await find_flow(context, flow_token, AccessStage.SMS_CODE)
    if flow is None:
        return FlowOver()
    return _too_early(flow, context.now) or await _send(context, flow_token, flow, flow.sms_address)


async def enter_sms_code(
    context: Context, flow_token: str, code: str
) -> NewCodeAsked | WrongCode | FlowOver | InvalidInput:
    """Check the provisional code. It is counted before it is compared, and works once."""
    flow = await find_flow(context, flow_token, AccessStage.SMS_CODE)
    if flow is None or flow.sms_expires_at is None or flow.sms_expires_at <= context.now:
        return FlowOver()
    if not sms_codes.is_code(code):
        return InvalidInput((InvalidField("code", "SMS_CODE_MALFORMED"),))
    counted = AccessFlow.filter(id=flow.id, sms_digest=flow.sms_digest, sms_tries__lt=sms_codes.TRIES_MAX)
    if not await counted.update(sms_tries=F("sms_tries") + 1):
        return FlowOver()
    digest = context.gateways.vault.sms_digest(str(flow.id), code).hex()
    right = hmac.compare_digest(digest, flow.sms_digest or "") and flow.sms_address is not None
    if right:
        if not await move(flow, AccessStage.NEW_CODE, sms_digest=None):
            return FlowOver()
        step = await keypad_step(context, flow_token, flow)
        assert isinstance(step, NewCodeAsked)
        return step
    left = sms_codes.TRIES_MAX - flow.sms_tries - 1
    return WrongCode(left) if left > 0 else FlowOver()


def _too_early(flow: AccessFlow, now: datetime) -> Throttled | None:
    if flow.sms_resend_at is None or flow.sms_resend_at <= now:
        return None
    return Throttled(math.ceil((flow.sms_resend_at - now).total_seconds()))


async def _send(context: Context, flow_token: str, flow: AccessFlow, address: str | None) -> Sent:
    """Take the flow to the SMS step with a fresh code; the code leaves only if there is an address."""
    # Where no SMS leaves, none is counted: a stranger uses up nothing of the customer's, and learns nothing.
    counted = flow.subject_key if address is not None else str(flow.id)
    match await throttled(context, SMS_OF_CUSTOMER, counted):
        case TemporarilyUnavailable() as unavailable:
            return unavailable
        case Throttled():
            address = None
    now, random = context.now, context.gateways.random
    code, reference = sms_codes.new_code(random), sms_codes.new_reference(random)
    async with in_transaction():
        moved = await move(
            flow,
            AccessStage.SMS_CODE,
            sms_address=address,
            sms_digest=context.gateways.vault.sms_digest(str(flow.id), code).hex(),
            sms_reference=reference,
            sms_expires_at=now + sms_codes.LIFE,
            sms_tries=0,
            sms_count=flow.sms_count + 1,
            sms_resend_at=now + sms_codes.resend_delay(flow.sms_count + 1),
            expires_at=now + FLOW_LIFE,
        )
        if moved and address is not None and flow.customer_id is not None:
            await _queue(flow.customer_id, address, code, reference, now)
    context.wake_outbox()
    return SmsCodeAsked(flow_token, flow) if moved else FlowOver()


async def _queue(customer_id: int, address: str, code: str, reference: str, now: datetime) -> None:
    customer = await models.Customer.get(id=customer_id)
    minutes = int(sms_codes.LIFE.total_seconds() // 60)
    letter = letters.provisional_code(customer.locale, code, reference, minutes)
    await Delivery.queue(
        customer_id, Channel.SMS, address, letter.body, now, useless_at=now + sms_codes.LIFE
    ).save()
