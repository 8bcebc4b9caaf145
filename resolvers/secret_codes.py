"""The part of the access machine that goes by the keypad: entering the secret code, choosing a new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, cast

from tortoise.functions import Max
from tortoise.transactions import in_transaction

import models
from domain import attempts, codes
from domain.access import next_stage
from domain.attempts import Counted, Locked
from domain.codes import REMEMBERED_CODES, Weakness
from domain.refusals import AccountLocked, FlowOver, NotSignedIn
from gateways import letters
from models import AccessFlow, AccessPurpose, AccessStage, AttemptTally, Credential
from resolvers import arrivals, devices, provisional_codes, sessions
from resolvers.access import (
    Arrived,
    KeypadShown,
    NewCodeAsked,
    PhoneAsked,
    Step,
    Stopped,
    account_subject,
    find_flow,
    keypad_step,
    misplaced,
    move,
    pressed,
    take_answer,
)
from resolvers.arrivals import arrive
from resolvers.context import Context
from resolvers.notices import tell
from resolvers.throttles import PhoneFirst, note_failure, try_refused


@dataclass(frozen=True)
class Entry:
    """What was pressed: which keypad, and the positions in order."""

    keypad_token: str
    positions: list[int]


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


Entered: TypeAlias = Step | WrongCredentials | AccountLocked | KeypadOver | Stopped
Chosen: TypeAlias = Arrived | CodesDiffer | WeakCode | KeypadOver | Stopped | NotSignedIn


async def enter_code(context: Context, flow_token: str, entry: Entry) -> Entered:
    """Check the secret code. The try is counted and committed before the code is looked at."""
    flow = await find_flow(context, flow_token, AccessStage.KEYPAD)
    if flow is None:
        return FlowOver()
    if bad := misplaced("positions", entry.positions):
        return bad
    context.gateways.vault.refuse_a_crowd()  # before anything is counted
    if not await take_answer(flow):
        return FlowOver()
    code = await pressed(context, flow, entry.keypad_token, entry.positions)
    if code is None:
        return KeypadOver(await keypad_step(context, flow_token, flow))
    if refused := await try_refused(context, flow, code):
        return await _phone_first(flow_token, flow) if isinstance(refused, PhoneFirst) else refused
    counted = await AttemptTally.count_try(flow.subject_key, flow.customer_id, context.now)
    if isinstance(counted, Locked):
        return AccountLocked(counted.until)
    if await _is_right(context, flow, code):
        return await _go_on(context, flow_token, flow, counted)
    return await _wrong(context, flow_token, flow, counted)


async def choose_code(context: Context, flow_token: str, first: Entry, second: Entry) -> Chosen:
    """Set a new secret code, typed twice, and sign in with it. Every other session of the customer closes."""
    flow = await find_flow(context, flow_token, AccessStage.NEW_CODE)
    if flow is None or flow.customer_id is None or flow.session_id is None:
        return FlowOver()
    if bad := misplaced("first", first.positions) or misplaced("second", second.positions):
        return bad
    if not await take_answer(flow):
        return FlowOver()
    code = await pressed(context, flow, first.keypad_token, first.positions)
    again = await pressed(context, flow, second.keypad_token, second.positions)
    if code is None or again is None:
        return KeypadOver(await keypad_step(context, flow_token, flow))
    if code != again:
        return CodesDiffer(await keypad_step(context, flow_token, flow))
    customer = await models.Customer.get(id=flow.customer_id)
    if weakness := await _weakness(context, customer, code):
        return WeakCode(weakness, await keypad_step(context, flow_token, flow))
    return await _choose(context, flow, customer, await context.gateways.vault.digest(code))


async def _phone_first(flow_token: str, flow: AccessFlow) -> Entered:
    """The code is not looked at: so many fail everywhere that this unknown device proves the phone before."""
    if not await move(flow, AccessStage.PHONE, wary=True):
        return FlowOver()
    return PhoneAsked(flow_token, flow)


async def _go_on(context: Context, flow_token: str, flow: AccessFlow, counted: Counted) -> Entered:
    """The code is right: the next step, which is another proof or the end."""
    assert flow.customer_id is not None
    to = next_stage(
        flow.purpose,
        code=True,
        sms=flow.sms_at is not None,
        trusted=flow.device_id is not None,
        wary=flow.wary,
    )
    flow.code_at, flow.wrong_codes = context.now, counted.failures - 1
    async with in_transaction():
        await arrivals.forget_failures(context, flow)
        proven = AccessFlow.filter(id=flow.id, stage=flow.stage)
        if not await proven.update(code_at=flow.code_at, wrong_codes=flow.wrong_codes):
            return FlowOver()
    if to is AccessStage.SMS_CODE:
        return await provisional_codes.send_to_phone_on_file(context, flow_token, flow)
    return await arrive(context, flow)


async def _wrong(context: Context, flow_token: str, flow: AccessFlow, counted: Counted) -> Entered:
    await note_failure(context, flow)
    if flow.device_id is not None and flow.customer_id is not None:
        # What fails on a trusted device counts everywhere; what strangers fail does not count there.
        account = account_subject(context, flow.customer_id)
        if isinstance(await AttemptTally.count_try(account, flow.customer_id, context.now), Locked):
            await AttemptTally.add_failure(account, context.now)
    standing = attempts.standing(counted.failures, counted.locked_until, context.now)
    if not isinstance(standing, Locked):
        return WrongCredentials(counted.attempts_left, await keypad_step(context, flow_token, flow))
    if flow.purpose is AccessPurpose.STEP_UP and context.session_token is not None:
        await sessions.close(context.gateways, context.session_token)
        context.hold_session(sessions.NO_COOKIE)
    return AccountLocked(standing.until)


async def _is_right(context: Context, flow: AccessFlow, code: str) -> bool:
    """Compare with the code in force; as slow for a customer without one and for nobody's identifier."""
    vault, hers = context.gateways.vault, Credential.owned_by(flow.customer_id or 0).filter(replaced_at=None)
    # The greatest of one or none: a row comes for nobody too, and takes as long.
    found = hers.annotate(digest=Max("code_digest")).values_list("digest", flat=True)
    (digest,) = cast(list[str | None], await found)
    if not await vault.matches(code, digest or vault.decoy):
        return False
    if digest is not None and vault.needs_rehash(digest):
        await hers.filter(code_digest=digest).update(code_digest=await vault.digest(code))
    return digest is not None


async def _weakness(context: Context, customer: models.Customer, code: str) -> Weakness | None:
    """Why a code may not be chosen: easy to guess, or one of the last ones."""
    found = codes.weakness(code, birth_date=customer.birth_date, numbers=await _numbers_of(customer))
    if found is not None:
        return found
    last = Credential.owned_by(customer.id).order_by("-chosen_at", "-id").limit(REMEMBERED_CODES)
    for row in await last:
        if await context.gateways.vault.matches(code, row.code_digest):
            return Weakness.USED_BEFORE
    return None


async def _choose(context: Context, flow: AccessFlow, customer: models.Customer, digest: str) -> Chosen:
    now, letter = context.now, letters.code_chosen(customer.locale)
    before = await context.session()
    if before is None:
        return FlowOver()
    async with in_transaction():
        ends = models.Session.owned_by(customer.id).filter(id=before.id, closed_at=None)
        if not await move(flow, AccessStage.DONE) or not await ends.update(closed_at=now):
            return FlowOver()  # used already, or its session was closed from elsewhere
        await Credential.owned_by(customer.id).filter(replaced_at=None).update(replaced_at=now)
        await Credential.create(customer_id=customer.id, code_digest=digest, chosen_at=now)
        await AccessFlow.close_all(customer.id, now)
        await AttemptTally.clear_all(customer.id)
        await AttemptTally.clear(account_subject(context, customer.id))
        closed = await models.Session.close_all(customer.id, now)
        device, is_new = None, False
        if before.provisional:  # whoever forgot the code, or lost it to a thief, trusts no device of before
            await devices.revoke_all(customer.id, now)
            device, is_new = await arrivals.trust_if_asked(context, flow)
        elif before.device_id is not None:
            kept = models.Device.owned_by(customer.id).filter(revoked_at=None)
            device = await kept.get_or_none(id=before.device_id)
        strong_at = flow.sms_at or before.strong_at
        assert strong_at is not None
        sms_at = flow.sms_at or before.sms_at
        opened = await arrivals.open_for(
            context, flow, device, code_at=now, strong_at=strong_at, sms_at=sms_at
        )
        await tell(customer, letter, now)
        details = {"purpose": flow.purpose, "sessions_closed": closed}
        await arrivals.record_arrival(context, opened.row, "CODE_CHOSEN", new_device=is_new, **details)
    context.hold_session(opened.cookie)
    context.wake_outbox()
    context.sessions_changed(customer.id)
    return Arrived(flow, customer.id)


async def _numbers_of(customer: models.Customer) -> list[str]:
    identifiers = await models.Identifier.filter(customer_id=customer.id)
    return [*(row.number for row in identifiers), *([customer.phone] if customer.phone else [])]
