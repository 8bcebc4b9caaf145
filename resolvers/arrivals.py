"""The end of a walk: a session is opened, or made surer, in the one transaction that ends the flow."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tortoise.transactions import in_transaction

import models
from domain.assurance import STRONG_LIFE
from domain.refusals import FlowOver
from gateways import letters
from models import (
    AccessFlow,
    AccessPurpose,
    AccessStage,
    AttemptTally,
    AuditEvent,
    Channel,
    Credential,
    Device,
)
from resolvers import devices, sessions
from resolvers.access import Arrived, account_subject, move
from resolvers.context import Context
from resolvers.notices import tell
from resolvers.sessions import Opened


async def arrive(context: Context, flow: AccessFlow) -> Arrived | FlowOver:
    """End a flow whose proofs are complete; over if somebody else ended it first."""
    assert flow.customer_id is not None
    if flow.purpose is AccessPurpose.STEP_UP:
        return await _step_up(context, flow, flow.customer_id)
    return await _sign_in(context, flow, flow.customer_id)


async def open_for(
    context: Context,
    flow: AccessFlow,
    device: Device | None,
    *,
    code_at: datetime,
    strong_at: datetime,
    sms_at: datetime | None,
) -> Opened:
    """Open the session a flow earned, in the transaction at hand, in place of the one this browser held.

    Its cookie is to be held after the commit: before, there is no such session.
    """
    assert flow.customer_id is not None
    return await _open_in_place(
        context,
        flow.customer_id,
        strong_at=strong_at,
        sms_at=sms_at,
        code_at=code_at,
        accessible=flow.accessible,
        device_id=None if device is None else device.id,
        label=await devices.label_of(context) if device is None else device.label,
    )


async def open_provisional(context: Context, customer_id: int, lasts: timedelta) -> Opened:
    """A session that may only choose a new code, likewise."""
    label = await devices.label_of(context)
    return await _open_in_place(
        context, customer_id, strong_at=None, lasts=lasts, label=label, provisional=True
    )


async def _open_in_place(
    context: Context, customer_id: int, *, strong_at: datetime | None, **columns: Any
) -> Opened:
    if context.session_token is not None:
        await sessions.close(context.gateways, context.session_token)
    return await sessions.open_session(context.gateways, customer_id, strong_at=strong_at, **columns)


async def trust_if_asked(context: Context, flow: AccessFlow) -> tuple[Device | None, bool]:
    """Trust the browser of a flow whose SMS came back, unless the customer said not to; and if it is new.

    A new one is told by e-mail.
    """
    if flow.sms_at is None or not flow.trusting or flow.customer_id is None:
        return None, False
    device, is_new = await devices.trust(context, flow.customer_id, flow.sms_at)
    if is_new:
        customer = await models.Customer.get(id=flow.customer_id)
        await tell(customer, letters.new_device(customer.locale, device.label), context.now, [Channel.EMAIL])
    return device, is_new


async def record_arrival(
    context: Context, session: models.Session, kind: str, *, new_device: bool, **details: Any
) -> None:
    """Write into the access log that a session began, and that its browser is trusted from now on."""
    await sessions.record(context, session, kind, **details)
    if new_device:
        await sessions.record(context, session, "DEVICE_TRUSTED")


async def _sign_in(context: Context, flow: AccessFlow, customer_id: int) -> Arrived | FlowOver:
    assert flow.code_at is not None
    async with in_transaction():
        if not await _end(flow):
            return FlowOver()
        if not await _code_stands(flow, customer_id):
            return FlowOver()
        device, is_new = await trust_if_asked(context, flow)
        device = device or await _device_of(context, flow, customer_id)
        if flow.sms_at is None and device is None:
            return FlowOver()  # the device was forgotten meanwhile
        strong_at = flow.sms_at if device is None else device.strong_at
        assert strong_at is not None
        opened = await open_for(
            context, flow, device, code_at=flow.code_at, strong_at=strong_at, sms_at=flow.sms_at
        )
        details = {"purpose": flow.purpose, "wrong_codes_before": flow.wrong_codes}
        await record_arrival(context, opened.row, "SIGNED_IN", new_device=is_new, **details)
    context.hold_session(opened.cookie)
    context.wake_outbox()
    return Arrived(flow, customer_id)


async def _step_up(context: Context, flow: AccessFlow, customer_id: int) -> Arrived | FlowOver:
    assert flow.code_at is not None
    assert flow.sms_at is not None
    session = await context.session()
    if session is None:
        return FlowOver()
    async with in_transaction():
        if not await _end(flow):
            return FlowOver()
        proofs = {"code_at": flow.code_at, "sms_at": flow.sms_at}
        cookie = await sessions.strengthen(context.gateways, session, **proofs)
        if cookie is None:
            return FlowOver()
        if session.device_id is not None:
            mine = Device.owned_by(customer_id).filter(id=session.device_id, revoked_at=None)
            await mine.update(strong_at=flow.sms_at, seen_at=context.now)
        await sessions.record(context, session, "STEPPED_UP", wrong_codes_before=flow.wrong_codes)
    context.hold_session(cookie)
    return Arrived(flow, customer_id)


async def _code_stands(flow: AccessFlow, customer_id: int) -> bool:
    """Whether the code given is still the one in force. Whoever chooses another waits, or was first."""
    in_force = Credential.owned_by(customer_id).filter(replaced_at=None, chosen_at__lte=flow.code_at)
    return await in_force.select_for_update().first() is not None


async def _end(flow: AccessFlow) -> bool:
    """Use up the proofs together with what they earn: lost with it, they may be given again."""
    proof = {"sms_at": flow.sms_at, "sms_digest": None, "trusting": flow.trusting}
    return await move(flow, AccessStage.DONE, **proof)


async def _device_of(context: Context, flow: AccessFlow, customer_id: int) -> Device | None:
    """The trusted device a flow was begun on, if it still is trusted."""
    mine = Device.owned_by(customer_id).filter(
        id=flow.device_id, revoked_at=None, strong_at__gt=context.now - STRONG_LIFE
    )
    return await mine.get() if await mine.update(seen_at=context.now) else None


async def forget_failures(context: Context, flow: AccessFlow) -> None:
    """The code was right: the wrong tries before it no longer count; on a trusted device only its own."""
    await AttemptTally.clear(flow.subject_key)
    if flow.device_id is not None and flow.customer_id is not None:
        await AttemptTally.take_back(account_subject(context, flow.customer_id), flow.wrong_codes)


async def record_for(context: Context, customer_id: int, kind: str, **details: Any) -> None:
    """Write into the access log what happened without a session, in the transaction at hand."""
    label = await devices.label_of(context)
    seal = context.gateways.vault.seal
    await AuditEvent.record(customer_id, kind, context.now, seal, label=label, **details)
