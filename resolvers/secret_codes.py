"""The part of the access machine that goes by the keypad: entering the secret code, choosing a new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from tortoise.transactions import in_transaction

import models
from domain import attempts, codes
from domain.attempts import Locked
from domain.codes import Weakness
from domain.refusals import AccountLocked, FlowOver, InvalidInput, TemporarilyUnavailable, Throttled
from gateways import letters
from models import AccessFlow, AccessStage, AttemptTally, AuditEvent, Channel, Credential, Delivery
from resolvers import sessions
from resolvers.access import (
    KEYPADS_OF_FLOW,
    KeypadShown,
    NewCodeAsked,
    find_flow,
    keypad_step,
    misplaced,
    move,
    pressed,
)
from resolvers.context import Context
from resolvers.throttles import throttled


@dataclass(frozen=True)
class Entry:
    """What was pressed: which keypad, and the positions in order."""

    keypad_token: str
    positions: list[int]


@dataclass(frozen=True)
class SignedIn:
    """The walk is over: the answer carries the session's cookie."""

    flow: AccessFlow


@dataclass(frozen=True)
class KeypadOver:
    """The keypad is expired, used or another's; no try was counted. Here is a fresh step."""

    next: KeypadShown | NewCodeAsked


@dataclass(frozen=True)
class WrongCredentials:
    """Identifier or code wrong, never saying which."""

    attempts_left: int
    next: KeypadShown | NewCodeAsked


@dataclass(frozen=True)
class CodesDiffer:
    next: KeypadShown | NewCodeAsked


@dataclass(frozen=True)
class WeakCode:
    weakness: Weakness
    next: KeypadShown | NewCodeAsked


Refused: TypeAlias = KeypadOver | FlowOver | InvalidInput | Throttled | TemporarilyUnavailable
Entered: TypeAlias = SignedIn | WrongCredentials | AccountLocked | Refused
Chosen: TypeAlias = SignedIn | CodesDiffer | WeakCode | Refused


async def enter_code(context: Context, flow_token: str, entry: Entry) -> Entered:
    """Check the secret code. The try is counted and committed before the code is looked at."""
    flow = await find_flow(context, flow_token, AccessStage.KEYPAD)
    if flow is None:
        return FlowOver()
    if bad := misplaced("positions", entry.positions):
        return bad
    if refused := await throttled(context, KEYPADS_OF_FLOW, str(flow.id)):
        return refused  # each answer may show a fresh keypad, which is a row
    code = await pressed(context, flow, entry.keypad_token, entry.positions)
    if code is None:
        return KeypadOver(await keypad_step(context, flow_token, flow))
    counted = await AttemptTally.count_try(flow.subject_key, context.now)
    if isinstance(counted, Locked):
        return AccountLocked(counted.until)
    if await _is_right(context, flow, code):
        return SignedIn(flow) if await _sign_in(context, flow) else FlowOver()
    standing = attempts.standing(counted.failures, counted.locked_until, context.now)
    if isinstance(standing, Locked):
        return AccountLocked(standing.until)
    return WrongCredentials(counted.attempts_left, await keypad_step(context, flow_token, flow))


async def choose_code(context: Context, flow_token: str, first: Entry, second: Entry) -> Chosen:
    """Set a new secret code, typed twice, and sign in with it. Every other session of the customer closes."""
    flow = await find_flow(context, flow_token, AccessStage.NEW_CODE)
    if flow is None or flow.customer_id is None:
        return FlowOver()
    if bad := misplaced("first", first.positions) or misplaced("second", second.positions):
        return bad
    if refused := await throttled(context, KEYPADS_OF_FLOW, str(flow.id)):
        return refused
    code = await pressed(context, flow, first.keypad_token, first.positions)
    again = await pressed(context, flow, second.keypad_token, second.positions)
    if code is None or again is None:
        return KeypadOver(await keypad_step(context, flow_token, flow))
    if code != again:
        return CodesDiffer(await keypad_step(context, flow_token, flow))
    customer = await models.Customer.get(id=flow.customer_id)
    if weakness := codes.weakness(code, birth_date=customer.birth_date, numbers=await _numbers_of(customer)):
        return WeakCode(weakness, await keypad_step(context, flow_token, flow))
    return await _choose(context, flow, customer, await context.gateways.vault.digest(code))


async def _is_right(context: Context, flow: AccessFlow, code: str) -> bool:
    """Compare with the code in force; as slow for a customer without one and for nobody's identifier."""
    vault, in_force = (
        context.gateways.vault,
        await Credential.get_or_none(customer_id=flow.customer_id, replaced_at=None),
    )
    return await vault.matches(code, vault.decoy if in_force is None else in_force.code_digest)


async def _sign_in(context: Context, flow: AccessFlow) -> bool:
    """End the flow in a session; False if someone else ended it first. Either way the code was right."""
    assert flow.customer_id is not None
    async with in_transaction():
        if not await move(flow, AccessStage.DONE):
            await _forget_failures(flow)
            return False
        await _open(context, flow, flow.customer_id, "SIGNED_IN")
    return True


async def _choose(context: Context, flow: AccessFlow, customer: models.Customer, digest: str) -> Chosen:
    now, letter = context.now, letters.code_chosen(customer.locale)
    async with in_transaction():
        if not await move(flow, AccessStage.DONE):
            return FlowOver()
        await Credential.owned_by(customer.id).filter(replaced_at=None).update(replaced_at=now)
        await Credential.create(customer_id=customer.id, code_digest=digest, chosen_at=now)
        await models.Session.close_all(customer.id, now)
        if customer.phone:
            await Delivery.queue(customer.id, Channel.SMS, customer.phone, letter.body, now).save()
        await _open(context, flow, customer.id, "CODE_CHOSEN")
    context.wake_outbox()
    return SignedIn(flow)


async def _open(context: Context, flow: AccessFlow, customer_id: int, kind: str) -> None:
    """Open the session a flow has earned and forget the failures, in the transaction at hand."""
    await _forget_failures(flow)
    if context.session_token is not None:
        await sessions.close(context.gateways, context.session_token)
    cookie = await sessions.open_session(context.gateways, customer_id, Assurance.CODE_ONLY)
    context.set_session(cookie)
    context.session_token = cookie.token
    context.forget_viewer()
    await AuditEvent.record(customer_id, kind, context.now, purpose=flow.purpose)


async def _forget_failures(flow: AccessFlow) -> None:
    await AttemptTally.clear(flow.subject_key)


async def _numbers_of(customer: models.Customer) -> list[str]:
    identifiers = await models.Identifier.filter(customer_id=customer.id)
    return [*(row.number for row in identifiers), *([customer.phone] if customer.phone else [])]
