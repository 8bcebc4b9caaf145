"""Proving again who is signed in, before something that needs it such as another secret code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from domain.access import next_stage
from domain.assurance import RECENT, Assurance
from domain.refusals import NoPhone, NotSignedIn, TemporarilyUnavailable, Throttled
from gateways.rate_limits import Limit
from models import AccessFlow, AccessPurpose, AccessStage
from resolvers import devices, provisional_codes
from resolvers.access import ANSWERS_MAX, Step, Stopped, open_flow, show, subject_of
from resolvers.context import Context, Viewer
from resolvers.throttles import throttled

STEP_UPS = Limit("step-up", count=20, seconds=600)


@dataclass(frozen=True)
class StepUpAsked:
    """The act needs a surer session. The flow that makes it so has begun: here is its first step."""

    needed: Assurance
    next: Step


NotSure: TypeAlias = NotSignedIn | StepUpAsked | Throttled | TemporarilyUnavailable | NoPhone


async def sure(context: Context, needed: Assurance = Assurance.STRONG) -> Viewer | NotSure:
    """The signed-in customer if known surely enough; else what must be done first."""
    viewer = await context.viewer()
    if viewer is None:
        return NotSignedIn()
    if viewer.assurance.suffices(needed):
        return viewer
    step = await step_up(context)
    if isinstance(step, Step):
        return StepUpAsked(needed, step)
    assert isinstance(step, NotSure)
    return step


async def step_up(context: Context, *, accessible: bool = False) -> Step | Stopped | NotSignedIn:
    """Begin to prove it again: the secret code unless it was just entered, then a code by SMS."""
    viewer = await context.viewer()
    if viewer is None:
        return NotSignedIn()
    if refused := await throttled(context, STEP_UPS, str(viewer.customer_id)):
        return refused
    if (flow := await _begun(context, viewer)) is not None:
        token = context.gateways.vault.token()
        renewed = {"token_digest": context.gateways.vault.token_digest(token).hex()}
        await AccessFlow.filter(id=flow.id).update(**renewed, accessible=flow.accessible or accessible)
        return await show(
            context, token, flow.update_from_dict({"accessible": flow.accessible or accessible})
        )
    code_at = viewer.session.code_at
    code_at = code_at if code_at is not None and context.now < code_at + RECENT else None
    # Asked of the browser, not of the session: whoever stole its cookie is on no device of hers.
    device = await devices.trusted(context, viewer.customer_id)
    token, flow = await open_flow(
        context,
        AccessPurpose.STEP_UP,
        viewer.customer_id,
        AccessStage.KEYPAD,
        subject_key=subject_of(context, viewer.customer_id, device),
        device_id=None if device is None else device.id,
        session_id=viewer.session_id,
        code_at=code_at,
        accessible=accessible or viewer.session.accessible,
    )
    if next_stage(flow.purpose, code=code_at is not None, sms=False) is AccessStage.SMS_CODE:
        return await provisional_codes.send_to_phone_on_file(context, token, flow)
    return await show(context, token, flow)


async def _begun(context: Context, viewer: Viewer) -> AccessFlow | None:
    """The step-up this session has begun here and may go on with: acts refused in a row send one SMS."""
    now = context.now
    flow = await (
        AccessFlow.filter(
            customer_id=viewer.customer_id,
            session_id=viewer.session_id,
            device_digest=devices.digest_of(context) or "",
            purpose=AccessPurpose.STEP_UP,
            stage__in=[AccessStage.KEYPAD, AccessStage.SMS_CODE],
            tries__lt=ANSWERS_MAX,
            expires_at__gt=now,
        )
        .order_by("-id")
        .first()
    )
    if flow is None or (flow.sms_expires_at is not None and flow.sms_expires_at <= now):
        return None
    return flow


async def change_code(context: Context, *, accessible: bool = False) -> Step | NotSure:
    """Begin to change the secret code while signed in."""
    viewer = await sure(context, Assurance.STRONG_RECENT)
    if not isinstance(viewer, Viewer):
        return viewer
    assert viewer.session.sms_at is not None
    token, flow = await open_flow(
        context,
        AccessPurpose.CODE_CHANGE,
        viewer.customer_id,
        next_stage(AccessPurpose.CODE_CHANGE, code=False, sms=False),
        expires_at=viewer.session.sms_at + RECENT,  # the new code is chosen while the proof is recent
        subject_key=subject_of(context, viewer.customer_id, None),
        session_id=viewer.session_id,
        accessible=accessible or viewer.session.accessible,
    )
    return await show(context, token, flow)
