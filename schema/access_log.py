"""The access log: what happened to a customer's access, as she may read it herself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

import models
from engine.planning.connections import After, Before, Connection, First, Last, slice_of
from engine.planning.fields import column
from engine.planning.keysets import Order, Part
from resolvers.context import Viewer
from schema import ids, words
from schema.enums import AccessPurpose, AuditKind, Locale, LocaleArgument
from schema.nodes import Node

NEWEST_FIRST = Order("number")  # of the chain, where no clock that steps puts one before the other
SEALED = (("number__isnull", False),)  # a row beside the chain is from before there were seals, or forged


def _purpose(details: dict[str, Any]) -> AccessPurpose | None:
    purpose = details.get("purpose")
    return AccessPurpose(purpose) if purpose else None


def _wrong_codes_before(details: dict[str, Any]) -> int:
    return details.get("wrong_codes_before") or 0


@strawberry.type(description="One entry of the access log, never changed and sealed to the one before")
class AccessEvent(Node):
    row: strawberry.Private[models.AuditEvent]
    id: strawberry.ID = ids.column(ids.Kind.EVENT)
    kind: AuditKind = column("kind", read=AuditKind, description="What happened")
    at: datetime = column("at", description="When it happened (UTC)")
    browser: str | None = column(
        "label",
        read=lambda label: label or None,
        description="Browser and system as the browser names them, null when unknown or not by one",
    )
    purpose: AccessPurpose | None = column(
        "details", read=_purpose, description="What the flow was for that led to it, null where none did"
    )
    wrong_codes_before: int = column(
        "details",
        read=_wrong_codes_before,
        description="Wrong secret codes entered before the right one, 0 where there was none",
    )
    seal: str = column("seal", description="Seal of the entry, a digest by which a copy of it is proven")

    @strawberry.field(description="The entry as a sentence for the customer")
    def text(self, locale: LocaleArgument = Locale.FR_FR) -> str:
        row = self.row
        return words.access_event(AuditKind(row.kind), _wrong_codes_before(row.details), locale)


@strawberry.type(description="One page of the access log")
class AccessEventConnection(Connection[AccessEvent]):
    pass


def latest(
    _viewer: Viewer, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> Part:
    """A page of what is sealed."""
    return Part(
        conditions=SEALED,
        order=NEWEST_FIRST,
        slice=slice_of(NEWEST_FIRST, first, after, last, before),
    )
