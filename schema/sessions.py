"""Sessions: the one that asks, and the customer's others."""

from __future__ import annotations

from datetime import datetime

import strawberry

import models
from domain.assurance import RECENT, STRONG_LIFE
from engine.documents.cost_directives import list_size
from engine.planning.loaders import loaders_of
from engine.planning.ordinary import rows_by_id
from resolvers import sessions
from resolvers.context import Context
from schema import ids
from schema.costs import LOADED
from schema.devices import DEVICE_LABEL, Device
from schema.enums import Assurance
from schema.viewers import Info

SESSIONS = list_size(sessions.LISTED_MAX)


@strawberry.type(description="A browser in which the customer is signed in, or chooses a new code")
class Session:
    row: strawberry.Private[models.Session]
    id: strawberry.ID = strawberry.field(description="Given back as `sessionId`")
    assurance: Assurance = strawberry.field(description="How surely the customer is known in it")
    current: bool = strawberry.field(description="Whether it is the session that asks")
    label: str = strawberry.field(description=DEVICE_LABEL)
    started_at: datetime = strawberry.field(description="When it was opened (UTC)")
    last_seen_at: datetime = strawberry.field(
        description="When something was last asked in it, to within half a minute (UTC)"
    )
    idle_expires_at: datetime = strawberry.field(
        description="When it ends unless something is asked before; `session` alone does not count (UTC)"
    )
    warn_at: datetime = strawberry.field(
        description="When to tell the customer that it is about to end: one minute before (UTC)"
    )
    absolute_expires_at: datetime = strawberry.field(description="When it ends however busy it is (UTC)")
    strong_until: datetime | None = strawberry.field(
        description="When it is no longer STRONG_RECENT: five minutes after the last code by SMS (UTC); null "
        "when it is not"
    )
    strong_due_at: datetime | None = strawberry.field(
        description="When a code by SMS is asked for again: 180 days after the last one (UTC); null where "
        "none was given"
    )

    @classmethod
    async def of(cls, context: Context, row: models.Session) -> Session:
        asking = await context.session()
        known, strong_at = sessions.assurance_of(row, context.now), row.strong_at
        is_recent = known is Assurance.STRONG_RECENT
        return cls(
            row=row,
            id=ids.encoded(ids.Kind.SESSION, row.customer_id, row.id),
            assurance=known,
            current=asking is not None and asking.id == row.id,
            label=row.label,
            started_at=row.created_at,
            last_seen_at=row.seen_at,
            idle_expires_at=sessions.idle_expires_at(context.gateways, row),
            warn_at=sessions.warn_at(context.gateways, row),
            absolute_expires_at=row.expires_at,
            strong_until=strong_at + RECENT if strong_at is not None and is_recent else None,
            strong_due_at=None if strong_at is None else strong_at + STRONG_LIFE,
        )

    @strawberry.field(
        description="The trusted browser it was opened on; null where none is trusted", directives=[LOADED]
    )
    async def device(self, info: Info) -> Device | None:
        row = self.row
        if row.device_id is None:
            return None
        found = await loaders_of(info.context).load(
            rows_by_id, models.Device, row.customer_id, key=row.device_id
        )
        return None if found is None or found.revoked_at else await Device.of(info.context, found)


@strawberry.type
class SessionQueries:
    @strawberry.field(
        description="The session that asks, null for a stranger. Asked alone it does not prolong the "
        "session, so that a page may look at when to warn"
    )
    async def session(self, info: Info) -> Session | None:
        row = await info.context.session()
        return None if row is None else await Session.of(info.context, row)


async def sessions_of(context: Context, customer_id: int) -> list[Session]:
    """The customer's open sessions, the latest seen first."""
    return [await Session.of(context, row) for row in await sessions.open_ones(context, customer_id)]
