"""The customer and the edits of a profile."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

import models
from domain import privacy
from engine.documents.cost_directives import list_size
from models import ContactPoint
from resolvers import profiles, provisional_codes
from schema import ids
from schema.access_log import AccessEventConnection, access_log_of
from schema.access_rules import guarded
from schema.contracts import CONTRACTS, Contract, Kinds, Statuses, contracts_of
from schema.costs import READ
from schema.devices import DEVICES, Device, devices_of
from schema.enums import Assurance, Locale, Sorting, Title
from schema.nodes import Node
from schema.operations import FilterArgument, OperationConnection, OrderArgument, operations_of
from schema.pages import PAGE, After, Before, First, Last
from schema.sessions import SESSIONS, Session, sessions_of
from schema.statements import StatementConnection, Year, statements_of
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
    row: strawberry.Private[models.Customer]
    point: strawberry.Private[ContactPoint]
    masked: str = strawberry.field(
        description="The number or address, masked: 06 •• •• •• 78 or c••••@exemple.fr"
    )
    verified_at: datetime | None = strawberry.field(
        description="When a code sent to it was given back (UTC), null where none was"
    )

    @classmethod
    def of(cls, row: models.Customer, point: ContactPoint) -> Reachable | None:
        phone = point is ContactPoint.PHONE
        value, verified_at = (
            (row.phone, row.phone_verified_at) if phone else (row.email, row.email_verified_at)
        )
        if value is None:
            return None
        masked = privacy.mask_phone(value) if phone else privacy.mask_email(value)
        return cls(row=row, point=point, masked=masked, verified_at=verified_at)

    @strawberry.field(
        description="When the phone number, changed of late, may recover a forgotten code (UTC); null where "
        "it may now, and for an e-mail address, which never does"
    )
    async def recovers_code_from(self, info: Info) -> datetime | None:
        if self.point is ContactPoint.EMAIL:
            return None
        return provisional_codes.recovers_from(info.context, self.row.phone_changed_at)


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
    def of(cls, row: models.Customer) -> PostalAddress | None:
        if row.city is None:
            return None
        return cls(
            lines=row.address_lines,
            postal_code=row.postal_code or "",
            city=row.city,
            country_code=row.country_code or "FR",
        )


@strawberry.type(description="The signed-in customer")
class Customer(Node):
    row: strawberry.Private[models.Customer]
    version: int = strawberry.field(
        description="Raised by each change of the profile; given back as `expectedVersion`"
    )
    title: Title | None = strawberry.field(
        description="How the customer is addressed, null where it is not known"
    )
    first_names: str = strawberry.field(description="All first names, parted by spaces")
    last_name: str = strawberry.field(description="Family name in use")
    birth_date: date | None = strawberry.field(description="Day of birth, null where it is not known")
    locale: Locale = strawberry.field(description="Language of the SMS and e-mails that are sent")
    email: Reachable | None = strawberry.field(description="E-mail address, null where none is on file")
    phone: Reachable | None = strawberry.field(
        description="Phone number that codes are sent to by SMS, null where none is on file"
    )
    postal_address: PostalAddress | None = strawberry.field(
        description="Where letters go, null where it is not known"
    )

    @classmethod
    def of(cls, row: models.Customer) -> Customer:
        return cls(
            id=ids.encoded(ids.Kind.CUSTOMER, row.id, row.id),
            row=row,
            version=row.version,
            title=row.title,
            first_names=row.first_names,
            last_name=row.last_name,
            birth_date=row.birth_date,
            locale=row.locale,
            email=Reachable.of(row, ContactPoint.EMAIL),
            phone=Reachable.of(row, ContactPoint.PHONE),
            postal_address=PostalAddress.of(row),
        )

    @strawberry.field(
        description="Changes of phone or e-mail that wait for their code", directives=[READ, list_size(2)]
    )
    async def pending_changes(self, info: Info) -> list[PendingChange]:
        return [PendingChange.of(row) for row in await profiles.pending_changes(info.context, self.row.id)]

    @strawberry.field(
        description="Contracts of the customer, those in force first", directives=[READ, CONTRACTS]
    )
    async def contracts(self, kinds: Kinds = None, statuses: Statuses = None) -> list[Contract]:
        return await contracts_of(self.row.id, kinds, statuses)

    @strawberry.field(description="Statements over all contracts, newest first", directives=[READ, PAGE])
    async def statements(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        year: Year = None,
    ) -> StatementConnection:
        return await statements_of(self.row.id, None, year, (first, after, last, before))

    @strawberry.field(
        description="Operations over all contracts, newest first unless `order` says otherwise",
        directives=[READ, PAGE],
    )
    async def operations(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: FilterArgument = None,
        order: OrderArgument = Sorting.NEWEST_FIRST,
    ) -> OperationConnection:
        return await operations_of(info, self.row.id, filter, order, (first, after, last, before))

    @strawberry.field(
        description="Open sessions, the latest seen first, 50 at most", directives=[READ, SESSIONS]
    )
    async def sessions(self, info: Info) -> list[Session]:
        return await sessions_of(info.context, self.row.id)

    @strawberry.field(
        description="Browsers the customer trusts, the latest used first, 50 at most",
        directives=[READ, DEVICES],
    )
    async def devices(self, info: Info) -> list[Device]:
        return await devices_of(info.context, self.row.id)

    @strawberry.field(
        description="What happened to the customer's access, the latest first", directives=[READ, PAGE]
    )
    async def access_log(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> AccessEventConnection:
        return await access_log_of(self.row.id, (first, after, last, before))


@strawberry.type
class CustomerQueries:
    @guarded(
        description="The signed-in customer, null for a stranger",
        assurance=Assurance.STRONG,
        null_for_strangers=True,
        directives=[READ],
    )
    async def customer(self, info: Info) -> Customer | None:
        viewer = await info.context.viewer()
        return None if viewer is None else Customer.of(await profiles.read(viewer.customer_id))
