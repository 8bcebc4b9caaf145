"""The customer and the edits of a profile."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

import models
from domain import privacy
from engine.documents.cost_directives import list_size
from engine.planning.connections import PAGE
from engine.planning.fields import column
from engine.planning.relations import one, page, selected
from resolvers import profiles, provisional_codes
from schema import ids
from schema.access_log import AccessEventConnection, latest
from schema.access_rules import guarded_by
from schema.contracts import CONTRACTS, Contract, in_force_first
from schema.costs import READ
from schema.devices import DEVICES, Device, devices_of
from schema.enums import Assurance, Locale, Title
from schema.nodes import Node
from schema.operations import OperationConnection, matching
from schema.sessions import SESSIONS, Session, sessions_of
from schema.statements import StatementConnection, closed_in
from schema.viewers import Info


@strawberry.type(description="A change of phone or e-mail that waits for its code")
class PendingChange:
    id: strawberry.ID = strawberry.field(description="Given back as `confirmationId`")
    masked: str = strawberry.field(
        description="The new number or address, masked: 06 •• •• •• 78 or c••••@exemple.fr"
    )
    reference: str = strawberry.field(
        description="Reference that the message with the code repeats, such as 7F"
    )
    expires_at: datetime = strawberry.field(description="When the code can no longer be used (UTC)")

    @classmethod
    def of(cls, row: models.Confirmation) -> PendingChange:
        return cls(
            id=ids.encoded(ids.Kind.CONFIRMATION, row.customer_id, row.id),
            masked=profiles.masked(row),
            reference=row.reference,
            expires_at=row.expires_at,
        )


@strawberry.type(name="ContactPoint", description="A phone number or an e-mail address of the customer")
class Reachable:
    changed_at: strawberry.Private[datetime | None]
    masked: str = strawberry.field(
        description="The number or address, masked: 06 •• •• •• 78 or c••••@exemple.fr"
    )
    verified_at: datetime | None = strawberry.field(
        description="When a code sent to it was given back (UTC), null where none was"
    )

    @classmethod
    def of_email(cls, address: str | None, verified_at: datetime | None) -> Reachable | None:
        if address is None:
            return None
        return cls(masked=privacy.mask_email(address), verified_at=verified_at, changed_at=None)

    @classmethod
    def of_phone(
        cls, number: str | None, verified_at: datetime | None, changed_at: datetime | None
    ) -> Reachable | None:
        if number is None:
            return None
        return cls(masked=privacy.mask_phone(number), verified_at=verified_at, changed_at=changed_at)

    @strawberry.field(
        description="When the phone number, changed of late, may recover a forgotten code (UTC); null where "
        "it may now, and for an e-mail address, which never does"
    )
    def recovers_code_from(self, info: Info) -> datetime | None:
        return provisional_codes.recovers_from(info.context, self.changed_at)


@strawberry.type(description="Where letters go: all of an envelope but the name")
class PostalAddress:
    lines: list[str] = strawberry.field(
        description="Up to four lines above the postal code and town, without the name",
        directives=[list_size(4)],
    )
    postal_code: str = strawberry.field(description="Postal code, five digits in France")
    city: str = strawberry.field(description="Town, as the postal service writes it")
    country_code: str = strawberry.field(description="Country, two capital letters (ISO 3166-1 alpha-2): FR")

    @classmethod
    def of(
        cls, lines: list[str], postal_code: str | None, city: str | None, country_code: str | None
    ) -> PostalAddress | None:
        if city is None:
            return None
        return cls(
            lines=lines,
            postal_code=postal_code or "",
            city=city,
            country_code=country_code or "FR",
        )


async def _pending_changes(self: Customer, info: Info) -> list[PendingChange]:
    return [PendingChange.of(row) for row in await profiles.pending_changes(info.context, self.row.id)]


async def _sessions(self: Customer, info: Info) -> list[Session]:
    return await sessions_of(info.context, self.row.id)


async def _devices(self: Customer, info: Info) -> list[Device]:
    return await devices_of(info.context, self.row.id)


@strawberry.type(description="The signed-in customer")
class Customer(Node):
    row: strawberry.Private[models.Customer]
    id: strawberry.ID = ids.column(ids.Kind.CUSTOMER)
    version: int = column(
        "version", description="Raised by each change of the profile; given back as `expectedVersion`"
    )
    title: Title | None = column(
        "title", description="How the customer is addressed, null where it is not known"
    )
    first_names: str = column("first_names", description="All first names, parted by spaces")
    last_name: str = column("last_name", description="Family name in use")
    birth_date: date | None = column("birth_date", description="Day of birth, null where it is not known")
    locale: Locale = column("locale", description="Language of the SMS and e-mails that are sent")
    email: Reachable | None = column(
        "email",
        "email_verified_at",
        read=Reachable.of_email,
        description="E-mail address, null where none is on file",
    )
    phone: Reachable | None = column(
        "phone",
        "phone_verified_at",
        "phone_changed_at",
        read=Reachable.of_phone,
        description="Phone number that codes are sent to by SMS, null where none is on file",
    )
    postal_address: PostalAddress | None = column(
        "address_lines",
        "postal_code",
        "city",
        "country_code",
        read=PostalAddress.of,
        description="Where letters go, null where it is not known",
    )
    pending_changes: list[PendingChange] = strawberry.field(
        resolver=_pending_changes,
        description="Changes of phone or e-mail that wait for their code",
        directives=[READ, list_size(2)],
    )
    contracts: list[Contract] = selected(
        in_force_first,
        description="Contracts of the customer, those in force first",
        directives=[READ, CONTRACTS],
    )
    statements: StatementConnection = page(
        closed_in, description="Statements over all contracts, newest first", directives=[READ, PAGE]
    )
    operations: OperationConnection = page(
        matching,
        description="Operations over all contracts, newest first unless `order` says otherwise",
        directives=[READ, PAGE],
    )
    sessions: list[Session] = strawberry.field(
        resolver=_sessions,
        description="Open sessions, the latest seen first, 50 at most",
        directives=[READ, SESSIONS],
    )
    devices: list[Device] = strawberry.field(
        resolver=_devices,
        description="Browsers the customer trusts, the latest used first, 50 at most",
        directives=[READ, DEVICES],
    )
    access_log: AccessEventConnection = page(
        latest,
        description="What happened to the customer's access, the latest first",
        directives=[READ, PAGE],
    )


@strawberry.type
class CustomerQueries:
    customer: Customer | None = one(
        description="The signed-in customer, null for a stranger",
        **guarded_by(Assurance.STRONG, null_for_strangers=True, directives=[READ]),
    )
