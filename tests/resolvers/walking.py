"""Steps on the way in, as a client takes them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import models
from domain.identifiers import card_or_credit_number, file_number
from models import AccessFlow, AccessPurpose, AttemptTally, Keypad
from resolvers import access, deliveries, provisional_codes, secret_codes
from resolvers.access import Arrived, KeypadShown, NewCodeAsked, PhoneAsked, ShownKeypad, SmsCodeAsked
from resolvers.context import Context
from resolvers.secret_codes import Entry
from tests.cast import CODE

ELSEWHERE = "e" * 43  # the cookie of a browser that nobody trusts
CODE_IN_TEXT = re.compile(r"\b(?:[0-9]{6}|[0-9]{10})\b")


def entry(shown: ShownKeypad, code: str) -> Entry:
    """The code pressed on a keypad."""
    return Entry(shown.token, [shown.layout.index(digit) for digit in code])


async def begin(context: Context, number: str, purpose: AccessPurpose = AccessPurpose.SIGN_IN) -> Any:
    if number.startswith("3060"):
        return await access.begin(context, purpose, card_or_credit_number(number), "cardOrCreditNumber")
    return await access.begin(context, purpose, file_number(number), "fileNumber")


async def keypad_of(context: Context, number: str) -> KeypadShown:
    step = await begin(context, number)
    assert isinstance(step, KeypadShown)
    return step


async def press(context: Context, number: str, code: str = CODE) -> Any:
    """Sign in from the beginning."""
    step = await keypad_of(context, number)
    return await secret_codes.enter_code(context, step.flow_token, entry(step.keypad, code))


async def phone_asked(
    context: Context, number: str, purpose: AccessPurpose = AccessPurpose.FORGOTTEN_CODE
) -> PhoneAsked:
    step = await begin(context, number, purpose)
    assert isinstance(step, PhoneAsked)
    return step


async def sms_asked(context: Context, number: str, phone: str) -> SmsCodeAsked:
    step = await phone_asked(context, number)
    sent = await provisional_codes.confirm_phone(context, step.flow_token, phone)
    assert isinstance(sent, SmsCodeAsked)
    await deliveries.release_orders(context.gateways)
    return sent


async def new_code_asked(context: Context, number: str, owner: models.Customer) -> NewCodeAsked:
    """As far as the two keypads, with the code of the last SMS."""
    assert owner.phone is not None
    step = await sms_asked(context, number, owner.phone)
    code = (await codes_sent_to(owner))[-1]
    chosen = await provisional_codes.enter_sms_code(context, step.flow_token, code)
    assert isinstance(chosen, NewCodeAsked)
    return chosen


def elsewhere(context: Context, browser: str = ELSEWHERE) -> Context:
    """Another operation, in a browser that nobody trusts and that holds no session."""
    return replace(context, device_token=browser, session_token=None, _session=None, _touched=False)


def again(context: Context, **columns: Any) -> Context:
    """The next operation of the same browser."""
    return replace(context, **{"_session": None, "_touched": False, **columns})


async def asked_for_sms(context: Context, number: str) -> SmsCodeAsked:
    """As far as the right secret code leads on a device that nobody trusts."""
    step = await press(context, number)
    assert isinstance(step, SmsCodeAsked)
    return step


async def give_back(
    context: Context, step: SmsCodeAsked, owner: models.Customer, *, trust_device: bool = True
) -> Any:
    """Enter the code of the last SMS."""
    code = (await codes_sent_to(owner))[-1]
    return await provisional_codes.enter_sms_code(context, step.flow_token, code, trust_device=trust_device)


async def sign_in_by_sms(
    context: Context, number: str, owner: models.Customer, *, trust_device: bool = True
) -> Arrived:
    """The whole walk on a device that nobody trusts."""
    step = await asked_for_sms(context, number)
    arrived = await give_back(context, step, owner, trust_device=trust_device)
    assert isinstance(arrived, Arrived)
    return arrived


async def choose(context: Context, step: NewCodeAsked, first: str, second: str | None = None) -> Any:
    entries = (entry(step.first, first), entry(step.second, first if second is None else second))
    return await secret_codes.choose_code(context, step.flow_token, *entries)


async def codes_sent_to(owner: models.Customer) -> list[str]:
    """The codes in the messages queued for a customer, oldest first."""
    queued = await models.Delivery.owned_by(owner.id).values_list("id", "body")
    ordered = await models.SmsOrder.filter(customer_id=owner.id, address__isnull=False).values_list(
        "id", "body"
    )
    return [code for _, body in sorted([*queued, *ordered]) for code in CODE_IN_TEXT.findall(str(body))]


async def failures_of(flow: AccessFlow) -> int:
    """Tries counted against the subject of a flow."""
    row = await AttemptTally.get_or_none(subject_key=flow.subject_key)
    return 0 if row is None else row.failures


async def keypads_of(flow: AccessFlow) -> int:
    return await Keypad.filter(flow_id=flow.id).count()
