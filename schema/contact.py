"""How to reach the lender: phone hours, post, mediator."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from domain.opening_hours import WEEKLY_HOURS
from engine.documents.cost_directives import list_size
from engine.errors import Refusal
from resolvers import contact
from schema.customers import PostalAddress
from schema.viewers import Info

At = Annotated[
    datetime | None,
    strawberry.argument(description="Instant to look at, from the year 1900 to 2100; now where left out"),
]


@strawberry.type(description="When the phone is answered on one weekday, in Paris time")
class OpeningHours:
    weekday: int = strawberry.field(description="Day of the week, 1 is Monday (ISO 8601)")
    opens: str = strawberry.field(description="First minute open, HH:MM in Paris time, such as 08:00")
    closes: str = strawberry.field(description="First minute closed, HH:MM in Paris time, such as 20:00")


@strawberry.type(description="Who settles a complaint that the lender did not settle")
class Mediator:
    name: str = strawberry.field(description="Whom to write to, as on the envelope")
    postal_address: PostalAddress = strawberry.field(description="Where to write to")


@strawberry.type(description="How to reach an adviser")
class Contact:
    phone: str = strawberry.field(description="Phone number to call from France, with spaces for reading")
    hours: list[OpeningHours] = strawberry.field(
        description="When the phone is answered, an item for each weekday it is; public holidays apart",
        directives=[list_size(len(WEEKLY_HOURS))],
    )
    postal_address: PostalAddress = strawberry.field(description="Where to write to, free of postage")
    mediator: Mediator = strawberry.field(
        description="Independent mediator, for a complaint that the lender did not settle"
    )

    @strawberry.field(
        description="Whether the phone is answered at that instant, French public holidays considered"
    )
    def open_now(self, info: Info, at: At = None) -> bool:
        return contact.open_at(info.context, _in_bounds(at))

    @strawberry.field(
        description="The next instant at which the phone is answered: now while it is open (UTC)"
    )
    def next_opening(self, info: Info, at: At = None) -> datetime:
        return contact.next_opening(info.context, _in_bounds(at))


def _in_bounds(at: datetime | None) -> datetime | None:
    if at is not None and not 1900 <= at.year <= 2100:
        raise Refusal("`at` lies in 1900 to 2100", "BAD_USER_INPUT")
    return at


_CONTACT = Contact(
    phone="30 26",
    hours=[
        OpeningHours(weekday=day.weekday, opens=f"{day.opens:%H:%M}", closes=f"{day.closes:%H:%M}")
        for day in WEEKLY_HOURS
    ],
    postal_address=PostalAddress(
        lines=["Libre Réponse 16 004"], postal_code="33912", city="Bordeaux Cedex 9", country_code="FR"
    ),
    mediator=Mediator(
        name="Médiatrice ACI",
        postal_address=PostalAddress(
            lines=["FCL 9065"], postal_code="92595", city="Levallois-Perret Cedex", country_code="FR"
        ),
    ),
)


@strawberry.type
class ContactQueries:
    @strawberry.field(description="How to reach an adviser")
    def contact(self) -> Contact:
        return _CONTACT
