"""What customers take back themselves: a session left open somewhere, the trust in a browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from tortoise.transactions import in_transaction

from models import Device, Session
from resolvers import sessions
from resolvers.context import Context, Viewer
from resolvers.sessions import NO_COOKIE
from resolvers.step_up import NotSure, sure


@dataclass(frozen=True)
class Closed:
    """These sessions are closed."""

    sessions_closed: int


@dataclass(frozen=True)
class Forgotten:
    """These devices are trusted no more, and their sessions are closed."""

    devices_forgotten: int
    sessions_closed: int


Closing: TypeAlias = Closed | NotSure
Forgetting: TypeAlias = Forgotten | NotSure


async def close_session(context: Context, session_id: int) -> Closing:
    """Close one of the customer's own sessions; one that is not there or is another's closes nothing."""
    viewer = await sure(context)
    if not isinstance(viewer, Viewer):
        return viewer
    closed = await _close(context, viewer, {"id": session_id})
    if closed.sessions_closed and session_id == viewer.session_id:
        context.hold_session(NO_COOKIE)
    return closed


async def close_other_sessions(context: Context) -> Closing:
    """Close all of the customer's sessions but the one that asks."""
    viewer = await sure(context)
    if not isinstance(viewer, Viewer):
        return viewer
    return await _close(context, viewer, {"id__not": viewer.session_id})


async def forget_device(context: Context, device_id: int) -> Forgetting:
    """Trust one of the customer's own devices no more; one that is not there or is another's is left alone.

    Its sessions are closed, the one that asks too if it is among them.
    """
    viewer = await sure(context)
    if not isinstance(viewer, Viewer):
        return viewer
    forgotten = await _forget(context, viewer, {"id": device_id}, {"device_id": device_id})
    if forgotten.devices_forgotten and viewer.session.device_id == device_id:
        context.hold_session(NO_COOKIE)
    return forgotten


async def forget_all_devices(context: Context) -> Forgetting:
    """Trust none of the customer's devices, and close all sessions but the one that asks."""
    viewer = await sure(context)
    if not isinstance(viewer, Viewer):
        return viewer
    return await _forget(context, viewer, {}, {"id__not": viewer.session_id})


async def _close(context: Context, viewer: Viewer, which: dict[str, Any]) -> Closed:
    async with in_transaction():
        rows = Session.owned_by(viewer.customer_id).filter(closed_at=None, **which)
        closed = await rows.update(closed_at=context.now)
        if closed:
            await sessions.record(context, viewer.session, "SESSION_CLOSED", sessions_closed=closed)
    context.sessions_changed(viewer.customer_id)
    return Closed(closed)


async def _forget(
    context: Context, viewer: Viewer, which: dict[str, Any], theirs: dict[str, Any]
) -> Forgotten:
    """Forget the devices that `which` names, and close the sessions that `theirs` does."""
    async with in_transaction():
        devices = Device.owned_by(viewer.customer_id).filter(revoked_at=None, **which)
        forgotten = await devices.update(revoked_at=context.now)
        if which and not forgotten:
            return Forgotten(0, 0)
        rows = Session.owned_by(viewer.customer_id).filter(closed_at=None, **theirs)
        closed = await rows.update(closed_at=context.now)
        details = {"devices_forgotten": forgotten, "sessions_closed": closed}
        await sessions.record(context, viewer.session, "DEVICE_FORGOTTEN", **details)
    context.sessions_changed(viewer.customer_id)
    return Forgotten(forgotten, closed)
