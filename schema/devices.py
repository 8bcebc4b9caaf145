"""Devices: the browsers that a customer trusts."""

from __future__ import annotations

from datetime import datetime

import strawberry

import models
from domain.assurance import STRONG_LIFE
from engine.documents.cost_directives import list_size
from resolvers import devices
from resolvers.context import Context
from schema import ids

DEVICES = list_size(devices.LISTED_MAX)
DEVICE_LABEL = "Browser and system as the browser names them, such as Firefox, Windows; empty when unknown"


@strawberry.type(description="A browser trusted since it gave back a code sent by SMS")
class Device:
    id: strawberry.ID = strawberry.field(description="Given back as `deviceId`")
    label: str = strawberry.field(description=DEVICE_LABEL)
    trusted_since: datetime = strawberry.field(description="When it first gave back a code (UTC)")
    last_used_at: datetime = strawberry.field(
        description="When somebody last signed in or stepped up on it (UTC)"
    )
    strong_due_at: datetime = strawberry.field(
        description="From when on a sign-in on it asks for a code by SMS again: 180 days after the last (UTC)"
    )
    current: bool = strawberry.field(description="Whether the session that asks was opened on it")

    @classmethod
    async def of(cls, context: Context, row: models.Device) -> Device:
        asking = await context.session()
        return cls(
            id=ids.encoded(ids.Kind.DEVICE, row.customer_id, row.id),
            label=row.label,
            trusted_since=row.created_at,
            last_used_at=row.seen_at,
            strong_due_at=row.strong_at + STRONG_LIFE,
            current=asking is not None and asking.device_id == row.id,
        )


async def devices_of(context: Context, customer_id: int) -> list[Device]:
    """The devices that a customer trusts, the latest used first."""
    return [await Device.of(context, row) for row in await devices.list_for_customer(customer_id)]
