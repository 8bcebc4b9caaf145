"""The access machine: from an identifier to a session, one typed step after another.

A flow is a row: bound to the browser it was begun in, with an expiry and a budget of answers, taken on by
one conditional update at a time. `domain.access` decides the next step. An identifier that nobody has walks
the same way, writes the same rows and is answered in the same words: the walk does not tell who it is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias, cast

from tortoise.expressions import F
from tortoise.functions import Max

import models
from domain import attempts, keypad
from domain.access import next_stage
from domain.assurance import CLOCK_STEP_MAX
from domain.identifiers import CardOrCreditNumber, FileNumber, Malformed
from domain.refusals import (
    AccountLocked,
    FlowOver,
    InvalidField,
    InvalidInput,
    NoPhone,
    NotSignedIn,
    TemporarilyUnavailable,
    Throttled,
    WrongCode,
)
from gateways.rate_limits import Limit
from models import AccessFlow, AccessPurpose, AccessStage, Keypad
from models.owned import NOBODY, keep_to
from resolvers import devices, sessions
from resolvers.context import Context
from resolvers.throttles import flow_refused, is_wary, throttled

FLOW_LIFE = timedelta(minutes=15)
ANSWERS_MAX = 30
KEYPADS_OPEN_MAX = 4  # two where a new code is chosen, in two tabs
KEYPADS_OF_FLOW = Limit("access-keypad", count=60, seconds=900)


@dataclass(frozen=True)
class ShownKeypad:
    """A keypad as a client sees it: its token, and what lies at each position."""

    token: str
    layout: str
    expires_at: datetime


@dataclass(frozen=True)
class KeypadShown:
    """Next step: press the secret code."""

    flow_token: str
    flow: AccessFlow
    keypad: ShownKeypad


@dataclass(frozen=True)
class PhoneAsked:
    """Next step: give the last phone number the lender was given."""

    flow_token: str
    flow: AccessFlow


@dataclass(frozen=True)
class SmsCodeAsked:
    """Next step: enter the provisional code sent by SMS."""

    flow_token: str
    flow: AccessFlow


@dataclass(frozen=True)
class NewCodeAsked:
    """Next step: press a new secret code, twice, on two keypads."""

    flow_token: str
    flow: AccessFlow
    first: ShownKeypad
    second: ShownKeypad


@dataclass(frozen=True)
class Arrived:
    """The walk is over: the answer carries the session's cookie."""

    flow: AccessFlow
    customer_id: int


Step: TypeAlias = KeypadShown | PhoneAsked | SmsCodeAsked | NewCodeAsked | Arrived
STEPS = (KeypadShown, PhoneAsked, SmsCodeAsked, NewCodeAsked, Arrived)
# Refusals that any answer may meet.
Stopped: TypeAlias = FlowOver | InvalidInput | Throttled | TemporarilyUnavailable | NoPhone
Refused: TypeAlias = Stopped | WrongCode | AccountLocked | NotSignedIn


async def begin(
    context: Context,
    purpose: AccessPurpose,
    given: CardOrCreditNumber | FileNumber | Malformed,
    field: str,
    *,
    accessible: bool = False,
) -> Step | InvalidInput | Throttled | TemporarilyUnavailable:
    """Start a walk. The first step depends on purpose, device and risk, never on who has the identifier."""
    if isinstance(given, Malformed):
        return InvalidInput((InvalidField(field, f"IDENTIFIER_{given.reason.name}"),))
    customer_id, subject_key = await _subject(context, given.value)
    keep_to(customer_id or NOBODY)
    device = await devices.trusted(context, customer_id)
    if refused := await flow_refused(context, subject_key, trusted=device is not None):
        return refused
    wary = await is_wary(context)
    if isinstance(wary, TemporarilyUnavailable):
        return wary
    token, flow = await open_flow(
        context,
        purpose,
        customer_id,
        next_stage(purpose, code=False, sms=False, trusted=device is not None, wary=wary),
        subject_key=subject_key if device is None else subject_of(context, device.customer_id, device),
        device_id=None if device is None else device.id,
        wary=wary,
        accessible=accessible,
    )
    return await show(context, token, flow)


async def resume(context: Context, flow_token: str) -> Step | FlowOver | Throttled | TemporarilyUnavailable:
    """Where a flow stands, with fresh keypads if it waits for some: for a page that was loaded again."""
    waiting = set(AccessStage) - {AccessStage.DONE, AccessStage.CLOSED}
    return await _shown_again(context, await find_flow(context, flow_token, *waiting), flow_token)


async def refresh_keypad(
    context: Context, flow_token: str
) -> Step | FlowOver | Throttled | TemporarilyUnavailable:
    """A fresh keypad, or two where a new code is chosen, for a flow that waits for one."""
    flow = await find_flow(context, flow_token, AccessStage.KEYPAD, AccessStage.NEW_CODE)
    return await _shown_again(context, flow, flow_token)


async def _shown_again(
    context: Context, flow: AccessFlow | None, flow_token: str
) -> Step | FlowOver | Throttled | TemporarilyUnavailable:
    if flow is None:
        return FlowOver()
    if refused := await throttled(context, KEYPADS_OF_FLOW, str(flow.id)):
        return refused
    return await show(context, flow_token, flow)


async def show(context: Context, flow_token: str, flow: AccessFlow) -> Step:
    """The step a flow waits at."""
    match flow.stage:
        case AccessStage.PHONE:
            return PhoneAsked(flow_token, flow)
        case AccessStage.SMS_CODE:
            return SmsCodeAsked(flow_token, flow)
        case _:
            return await keypad_step(context, flow_token, flow)


async def keypad_step(context: Context, flow_token: str, flow: AccessFlow) -> KeypadShown | NewCodeAsked:
    """The step of a flow whose stage needs keypads, with fresh ones."""
    first = await show_keypad(context, flow)
    if flow.stage is AccessStage.KEYPAD:
        return KeypadShown(flow_token, flow, first)
    return NewCodeAsked(flow_token, flow, first, await show_keypad(context, flow))


async def find_flow(context: Context, flow_token: str, *stages: AccessStage) -> AccessFlow | None:
    """The open flow of a token at one of these stages, begun in this browser and, if it has one, session."""
    device_digest = devices.digest_of(context)
    if device_digest is None:
        return None
    now, digest = context.now, context.gateways.vault.token_digest(flow_token).hex()
    flow = await AccessFlow.get_or_none(
        token_digest=digest,
        device_digest=device_digest,
        expires_at__gt=now,
        created_at__lte=now + CLOCK_STEP_MAX,
    )
    if flow is None or flow.stage not in stages:
        return None
    if flow.session_id is not None:
        session = await context.session()
        if session is None or session.id != flow.session_id:
            return None
        await sessions.touch(context.gateways, session)
    keep_to(flow.customer_id or NOBODY)
    return flow


async def take_answer(flow: AccessFlow) -> bool:
    """Take one of the flow's answers, before anything is compared; False when none is left."""
    left = AccessFlow.filter(id=flow.id, stage=flow.stage, tries__lt=ANSWERS_MAX)
    return await left.update(tries=F("tries") + 1) == 1


async def move(flow: AccessFlow, to: AccessStage, **columns: object) -> bool:
    """Take the flow on from where it was read; False for all but one of those who try at once."""
    # Sending again stays at one stage, so the stage alone would let everybody through.
    as_read = AccessFlow.filter(id=flow.id, stage=flow.stage, sms_count=flow.sms_count)
    moved = await as_read.update(stage=to, **columns)
    if moved:
        flow.update_from_dict({"stage": to, **columns})
    return moved == 1


async def show_keypad(context: Context, flow: AccessFlow) -> ShownKeypad:
    """Draw a keypad for a flow: shuffled, single use, two minutes. Only the latest few can be pressed."""
    gateways = context.gateways
    await Keypad.keep_latest(flow.id, KEYPADS_OPEN_MAX - 1)
    token, layout, expires_at = (
        gateways.vault.token(),
        keypad.layout(gateways.random),
        context.now + keypad.LIFE,
    )
    digest = gateways.vault.token_digest(token).hex()
    await Keypad.create(token_digest=digest, flow_id=flow.id, layout=layout, expires_at=expires_at)
    return ShownKeypad(token, layout, expires_at)


async def pressed(context: Context, flow: AccessFlow, token: str, positions: list[int]) -> str | None:
    """Use up a keypad of the flow; the digits pressed, or None when it is expired, used or another's.

    `positions` must have been checked with `domain.keypad.read` rules already.
    """
    digest = context.gateways.vault.token_digest(token).hex()
    row = await Keypad.get_or_none(token_digest=digest, flow_id=flow.id)
    if row is None or not await row.use(context.now):
        return None
    code = keypad.read(row.layout, positions)
    return code if isinstance(code, str) else None


def misplaced(field: str, positions: list[int]) -> InvalidInput | None:
    """Positions that cannot be a code are told as such, and cost neither a keypad nor a try."""
    bad = keypad.read(keypad.DIGITS, positions)
    return InvalidInput((InvalidField(field, f"POSITIONS_{bad.name}"),)) if not isinstance(bad, str) else None


async def open_flow(
    context: Context,
    purpose: AccessPurpose,
    customer_id: int | None,
    stage: AccessStage,
    **columns: Any,
) -> tuple[str, AccessFlow]:
    """A new flow in this browser, and its token."""
    devices.known_by(context)
    token = context.gateways.vault.token()
    flow = await AccessFlow.create(
        token_digest=context.gateways.vault.token_digest(token).hex(),
        purpose=purpose,
        stage=stage,
        customer_id=customer_id,
        device_digest=devices.digest_of(context),
        created_at=context.now,
        **{"expires_at": context.now + FLOW_LIFE, **columns},
    )
    return token, flow


def account_subject(context: Context, customer_id: int) -> str:
    """The key under which a customer's wrong codes are counted, on devices she does not trust."""
    return _counted(context, attempts.account(customer_id))


def subject_of(context: Context, customer_id: int, device: models.Device | None) -> str:
    """Whom tries are counted against: on a trusted device it alone, so that no stranger can lock it."""
    if device is None:
        return account_subject(context, customer_id)
    return _counted(context, attempts.device(device.id))


async def _subject(context: Context, number: str) -> tuple[int | None, str]:
    """Whom the tries are counted against: the customer, or the identifier itself when nobody has it."""
    # The greatest of one or none: a row comes for nobody too, and takes as long.
    found = models.Identifier.filter(number=number).annotate(customer=Max("customer_id"))
    (customer_id,) = cast(list[int | None], await found.values_list("customer", flat=True))
    if customer_id is None:
        return None, _counted(context, attempts.nobody(number))
    return customer_id, account_subject(context, customer_id)


def _counted(context: Context, subject: str) -> str:
    return context.gateways.vault.keyed("subject", subject).hex()
