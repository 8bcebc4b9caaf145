"""Closing sessions and forgetting devices."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from resolvers import revocations
from schema import ids
from schema.access_rules import act
from schema.access_steps import StepUpRequired, refusal_of
from schema.costs import STEP
from schema.enums import Assurance
from schema.problems import NoPhone, NotSignedIn, TemporarilyUnavailable, Throttled
from schema.viewers import Info


@strawberry.type(description="Sessions are closed; closing the one that asks also erases its cookie")
class SessionsClosed:
    sessions_closed: int = strawberry.field(
        description="How many sessions were closed; 0 where it was closed already or is not the customer's"
    )


@strawberry.type(description="Devices are trusted no more, and their sessions are closed")
class DevicesForgotten:
    devices_forgotten: int = strawberry.field(
        description="How many devices are trusted no more; 0 where it was forgotten already or is not the "
        "customer's"
    )
    sessions_closed: int = strawberry.field(description="How many sessions were closed with them")


CloseSessionsResult = Annotated[
    SessionsClosed | NotSignedIn | StepUpRequired | NoPhone | Throttled | TemporarilyUnavailable,
    strawberry.union("CloseSessionsResult", description="Outcome of `closeSession` and `closeOtherSessions`"),
]
ForgetDevicesResult = Annotated[
    DevicesForgotten | NotSignedIn | StepUpRequired | NoPhone | Throttled | TemporarilyUnavailable,
    strawberry.union("ForgetDevicesResult", description="Outcome of `forgetDevice` and `forgetAllDevices`"),
]


@strawberry.type
class RevocationMutations:
    @act(
        description="Close one session of the customer, this one or another",
        assurance=Assurance.STRONG,
        directives=[STEP],
    )
    async def close_session(
        self,
        info: Info,
        session_id: Annotated[strawberry.ID, strawberry.argument(description="The session's `id`")],
    ) -> CloseSessionsResult:
        row_id = await _row_of(info, session_id, ids.Kind.SESSION)
        return _closed(await revocations.close_session(info.context, row_id))

    @act(
        description="Close all sessions of the customer but the one that asks",
        assurance=Assurance.STRONG,
        directives=[STEP],
    )
    async def close_other_sessions(self, info: Info) -> CloseSessionsResult:
        return _closed(await revocations.close_other_sessions(info.context))

    @act(
        description="Trust a device no more, and close its sessions: a sign-in on it needs a code by SMS",
        assurance=Assurance.STRONG,
        directives=[STEP],
    )
    async def forget_device(
        self,
        info: Info,
        device_id: Annotated[strawberry.ID, strawberry.argument(description="The device's `id`")],
    ) -> ForgetDevicesResult:
        row_id = await _row_of(info, device_id, ids.Kind.DEVICE)
        return _forgotten(await revocations.forget_device(info.context, row_id))

    @act(
        description="Trust no device any more, and close all sessions but the one that asks",
        assurance=Assurance.STRONG,
        directives=[STEP],
    )
    async def forget_all_devices(self, info: Info) -> ForgetDevicesResult:
        return _forgotten(await revocations.forget_all_devices(info.context))


async def _row_of(info: Info, text: str, kind: ids.Kind) -> int:
    viewer = await info.context.viewer()
    return ids.row_of(viewer.customer_id if viewer else ids.NO_ROW, text, kind)


def _closed(outcome: revocations.Closing) -> Any:
    match outcome:
        case revocations.Closed(count):
            return SessionsClosed(sessions_closed=count)
        case refusal:
            return refusal_of(refusal)


def _forgotten(outcome: revocations.Forgetting) -> Any:
    match outcome:
        case revocations.Forgotten(devices, sessions):
            return DevicesForgotten(devices_forgotten=devices, sessions_closed=sessions)
        case refusal:
            return refusal_of(refusal)
