"""The access log: what happened to a customer's access, as she may read it herself."""

from __future__ import annotations

from datetime import datetime

import strawberry

import models
from resolvers import access_log
from schema import ids, words
from schema.enums import AccessPurpose, AuditKind, Locale, LocaleArgument
from schema.nodes import Node
from schema.pages import Connection, Window, slice_of


@strawberry.type(description="One entry of the access log, never changed and sealed to the one before")
class AccessEvent(Node):
    row: strawberry.Private[models.AuditEvent]
    kind: AuditKind = strawberry.field(description="What happened")
    at: datetime = strawberry.field(description="When it happened (UTC)")
    browser: str | None = strawberry.field(
        description="Browser and system as the browser names them, null when unknown or not by one"
    )
    purpose: AccessPurpose | None = strawberry.field(
        description="What the flow was for that led to it, null where none did"
    )
    wrong_codes_before: int = strawberry.field(
        description="Wrong secret codes entered before the right one, 0 where there was none"
    )
    seal: str = strawberry.field(description="Seal of the entry, a digest by which a copy of it is proven")

    @classmethod
    def of(cls, row: models.AuditEvent) -> AccessEvent:
        purpose, wrong_codes = (row.details.get(name) for name in ("purpose", "wrong_codes_before"))
        return cls(
            id=ids.encoded(ids.Kind.EVENT, row.customer_id, row.id),
            row=row,
            kind=AuditKind(row.kind),
            at=row.at,
            browser=row.label or None,
            purpose=AccessPurpose(purpose) if purpose else None,
            wrong_codes_before=wrong_codes or 0,
            seal=row.seal,
        )

    @strawberry.field(description="The entry as a sentence for the customer")
    def text(self, locale: LocaleArgument = Locale.FR_FR) -> str:
        return words.access_event(self.kind, self.wrong_codes_before, locale)


@strawberry.type(description="One page of the access log")
class AccessEventConnection(Connection[AccessEvent]):
    pass


async def access_log_of(customer_id: int, window: Window) -> AccessEventConnection:
    """A page of a customer's access log."""
    order = access_log.NEWEST_FIRST
    page = await access_log.page_for_customer(customer_id, slice_of(order, *window))
    return AccessEventConnection.of(
        page, order, AccessEvent.of, count=lambda: access_log.count_for_customer(customer_id)
    )
