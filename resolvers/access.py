"""The access machine: from an identifier to a session, one typed step after another.

The server decides the next step. An identifier that nobody has walks the same way, writes the same rows
and is answered in the same words, so the walk does not tell who is a customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import models
from domain import keypad
from domain.identifiers import CardOrCreditNumber, FileNumber, Malformed
from domain.refusals import FlowOver, InvalidField, InvalidInput, TemporarilyUnavailable, Throttled
from gateways.rate_limits import Limit
from models import AccessFlow, AccessPurpose, AccessStage, Keypad
from resolvers.context import Context
from resolvers.throttles import throttled

FLOW_LIFE = timedelta(minutes=15)
FLOWS_SECONDS = 600
FLOWS_OF_SUBJECT = Limit("access-flow-subject", count=30, seconds=FLOWS_SECONDS)
KEYPADS_OF_FLOW = Limit("access-keypad", count=30, seconds=900)


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


Step: TypeAlias = KeypadShown | PhoneAsked | SmsCodeAsked | NewCodeAsked
STEPS = (KeypadShown, PhoneAsked, SmsCodeAsked, NewCodeAsked)


async def begin(
    context: Context,
    purpose: AccessPurpose,
    given: CardOrCreditNumber | FileNumber | Malformed,
    field: str,
    *,
    accessible: bool = False,
) -> KeypadShown | PhoneAsked | InvalidInput | Throttled | TemporarilyUnavailable:
    """Start a walk. The first step depends on the purpose alone, never on whether the identifier exists."""
    if isinstance(given, Malformed):
        return InvalidInput((InvalidField(field, f"IDENTIFIER_{given.reason.name}"),))
    flows_max = context.gateways.settings.access_flows_of_address_max
    of_address = Limit("access-flow-address", count=flows_max, seconds=FLOWS_SECONDS)
    if refused := await throttled(context, of_address, context.address):
        return refused
    customer_id, subject_key = await _subject(context, given.value)
    if refused := await throttled(context, FLOWS_OF_SUBJECT, subject_key, context.address):
        return refused
    token, flow = await _open_flow(context, purpose, customer_id, subject_key, accessible=accessible)
    if purpose is AccessPurpose.SIGN_IN:
        return KeypadShown(token, flow, await show_keypad(context, flow))
    return PhoneAsked(token, flow)


async def refresh_keypad(
    context: Context, flow_token: str
) -> KeypadShown | NewCodeAsked | FlowOver | Throttled | TemporarilyUnavailable:
    """A fresh keypad, or two where a new code is chosen, for a flow that waits for one."""
    flow = await find_flow(context, flow_token, AccessStage.KEYPAD, AccessStage.NEW_CODE)
    if flow is None:
        return FlowOver()
    refused = await throttled(context, KEYPADS_OF_FLOW, str(flow.id))
    if refused:
        return refused
    return await keypad_step(context, flow_token, flow)


async def keypad_step(context: Context, flow_token: str, flow: AccessFlow) -> KeypadShown | NewCodeAsked:
    """The step of a flow whose stage needs keypads, with fresh ones."""
    first = await show_keypad(context, flow)
    if flow.stage is AccessStage.KEYPAD:
        return KeypadShown(flow_token, flow, first)
    return NewCodeAsked(flow_token, flow, first, await show_keypad(context, flow))


async def find_flow(context: Context, flow_token: str, *stages: AccessStage) -> AccessFlow | None:
    """The open flow of a token, if it is at one of these stages."""
    digest = context.gateways.vault.token_digest(flow_token).hex()
    flow = await AccessFlow.get_or_none(token_digest=digest, expires_at__gt=context.now)
    return flow if flow is not None and flow.stage in stages else None


async def move(flow: AccessFlow, to: AccessStage, **columns: object) -> bool:
    """Take the flow on from where it was read; False for all but one of those who try at once."""
    # Sending again stays at one stage, so the stage alone would let everybody through.
    as_read = AccessFlow.filter(id=flow.id, stage=flow.stage, sms_count=flow.sms_count)
    moved = await as_read.update(stage=to, **columns)
    if moved:
        flow.update_from_dict({"stage": to, **columns})
    return moved == 1


async def show_keypad(context: Context, flow: AccessFlow) -> ShownKeypad:
    """Draw a keypad for a flow: shuffled, single use, two minutes."""
    gateways = context.gateways
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


async def _subject(context: Context, number: str) -> tuple[int | None, str]:
    """Whom the tries are counted against: the customer, or the identifier itself when nobody has it."""
    row = await models.Identifier.get_or_none(number=number)
    customer_id = None if row is None else row.customer_id
    counted = f"identifier:{number}" if row is None else f"customer:{customer_id}"
    return customer_id, context.gateways.vault.keyed("subject", counted).hex()


async def _open_flow(
    context: Context, purpose: AccessPurpose, customer_id: int | None, subject_key: str, *, accessible: bool
) -> tuple[str, AccessFlow]:
    token = context.gateways.vault.token()
    flow = await AccessFlow.create(
        token_digest=context.gateways.vault.token_digest(token).hex(),
        purpose=purpose,
        stage=AccessStage.KEYPAD if purpose is AccessPurpose.SIGN_IN else AccessStage.PHONE,
        subject_key=subject_key,
        customer_id=customer_id,
        accessible=accessible,
        created_at=context.now,
        expires_at=context.now + FLOW_LIFE,
    )
    return token, flow
