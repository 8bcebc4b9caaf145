"""How to reach the lender: phone hours, post, mediator."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from domain.opening_hours import WEEKLY_HOURS
from engine.errors import Refusal
from resolvers import contact
from schema.customers import PostalAddress
from schema.viewers import Info

At = Annotated[
    datetime | None, strawberry.argument(description="Instant to look at, with its zone; now by default")
]


@strawberry.type(description="When the phone is answered on one weekday, in Paris time")
class OpeningHours:
    weekday: int = strawberry.field(description="Day of the week, 1 is Monday (ISO 8601)")
    opens: str = strawberry.field(description="First moment open, such as 08:00")
    closes: str = strawberry.field(description="First moment closed, such as 20:00")


@strawberry.type(description="Who settles a complaint that the lender did not settle")
class Mediator:
    name: str = strawberry.field(description="Name of the mediator")
    postal_address: PostalAddress = strawberry.field(description="Where to write to")


@strawberry.type(description="How to reach an adviser")
class Contact:
    phone: str = strawberry.field(description="Number to call")
    hours: list[OpeningHours] = strawberry.field(description="Weekly hours of the phone")
    postal_address: PostalAddress = strawberry.field(description="Where to write to, free of postage")
    mediator: Mediator = strawberry.field(description="The independent mediator")

    @strawberry.field(description="Whether the phone is answered, French public holidays considered")
    def open_now(self, info: Info, at: At = None) -> bool:
        return contact.open_at(info.context, _zoned(at))

    @strawberry.field(
        description="The next instant at which the phone is answered: now while it is open (UTC)"
    )
    def next_opening(self, info: Info, at: At = None) -> datetime:
        return contact.next_opening(info.context, _zoned(at))


def _zoned(at: datetime | None) -> datetime | None:
    if at is not None and (at.tzinfo is None or not 1900 <= at.year <= 2100):
        raise Refusal(
            "`at` has a zone, such as 2026-12-24T19:00:00+01:00, and lies in 1900 to 2100", "BAD_USER_INPUT"
        )
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
