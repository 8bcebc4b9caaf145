"""Edits of a profile: the address at once, phone and e-mail by a code sent to the new one."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

import models
from engine.documents.sensitive import SENSITIVE
from resolvers import profiles
from schema import ids
from schema.access_rules import act
from schema.access_steps import StepUpRequired, refusal_of
from schema.costs import STEP
from schema.customers import Customer, PendingChange
from schema.enums import Assurance
from schema.problems import (
    ConfirmationOver,
    InvalidInput,
    NoPhone,
    NotSignedIn,
    TemporarilyUnavailable,
    Throttled,
    VersionConflict,
    WrongCode,
)
from schema.viewers import Info


@strawberry.type(description="The postal address is changed")
class AddressChanged:
    customer: Customer = strawberry.field(description="The customer with the new address")


@strawberry.type(description="A code left for the new phone or address; those on file were warned")
class ConfirmationSent:
    change: PendingChange = strawberry.field(description="The change that now waits for its code")


@strawberry.type(
    description="The phone number or e-mail address is changed; the old and the new one were told"
)
class ContactChanged:
    customer: Customer = strawberry.field(description="The customer with the new phone number or address")


ChangeAddressResult = Annotated[
    AddressChanged
    | NotSignedIn
    | StepUpRequired
    | NoPhone
    | InvalidInput
    | VersionConflict
    | Throttled
    | TemporarilyUnavailable,
    strawberry.union("ChangeAddressResult", description="Outcome of `changeAddress`"),
]
RequestContactChangeResult = Annotated[
    ConfirmationSent
    | NotSignedIn
    | StepUpRequired
    | NoPhone
    | InvalidInput
    | Throttled
    | TemporarilyUnavailable,
    strawberry.union(
        "RequestContactChangeResult", description="Outcome of `requestPhoneChange` and `requestEmailChange`"
    ),
]
ConfirmContactChangeResult = Annotated[
    ContactChanged
    | NotSignedIn
    | StepUpRequired
    | NoPhone
    | WrongCode
    | ConfirmationOver
    | InvalidInput
    | Throttled
    | TemporarilyUnavailable,
    strawberry.union("ConfirmContactChangeResult", description="Outcome of `confirmContactChange`"),
]


@strawberry.input(
    description="A postal address as an envelope carries it, without the name (AFNOR XP Z10-011)"
)
class AddressInput:
    lines: list[str] = strawberry.field(
        description="One to four lines above the postal code and town, of at most 38 characters each"
    )
    postal_code: str = strawberry.field(description="Postal code: five digits in France")
    city: str = strawberry.field(description="Town, as the postal service writes it")
    country_code: str = strawberry.field(
        default="FR", description="Country, two capital letters (ISO 3166-1 alpha-2)"
    )


@strawberry.type
class ProfileMutations:
    @act(description="Change the postal address at once", assurance=Assurance.STRONG, directives=[STEP])
    async def change_address(
        self,
        info: Info,
        expected_version: Annotated[
            int, strawberry.argument(description="The customer's `version` when it was read")
        ],
        address: Annotated[AddressInput, strawberry.argument(description="Where letters go from now on")],
    ) -> ChangeAddressResult:
        given = (list(address.lines), address.postal_code, address.city, address.country_code)
        match await profiles.change_address(info.context, expected_version, *given):
            case models.Customer() as customer:
                return AddressChanged(customer=Customer(row=customer))
            case refusal:
                return refusal_of(refusal)

    @act(
        description="Ask to change the phone number: a code goes to the new one by SMS",
        assurance=Assurance.STRONG_RECENT,
        directives=[SENSITIVE, STEP],
    )
    async def request_phone_change(
        self,
        info: Info,
        phone: Annotated[
            str,
            strawberry.argument(description="A mobile number, such as 06 12 34 56 78 or +33 6 12 34 56 78"),
        ],
    ) -> RequestContactChangeResult:
        return _requested(await profiles.request_phone_change(info.context, phone))

    @act(
        description="Ask to change the e-mail address: a code goes to the new one",
        assurance=Assurance.STRONG_RECENT,
        directives=[SENSITIVE, STEP],
    )
    async def request_email_change(
        self,
        info: Info,
        email: Annotated[str, strawberry.argument(description="The new address, such as camille@exemple.fr")],
    ) -> RequestContactChangeResult:
        return _requested(await profiles.request_email_change(info.context, email))

    @act(
        description="Give back the code that was sent: the change is made",
        assurance=Assurance.STRONG,
        directives=[SENSITIVE, STEP],
    )
    async def confirm_contact_change(
        self,
        info: Info,
        confirmation_id: Annotated[
            strawberry.ID, strawberry.argument(description="The pending change's `id`")
        ],
        code: Annotated[str, strawberry.argument(description="The code that was sent, six digits")],
    ) -> ConfirmContactChangeResult:
        viewer = await info.context.viewer()
        row_id = ids.row_of(viewer.customer_id if viewer else 0, confirmation_id, ids.Kind.CONFIRMATION)
        match await profiles.confirm_contact_change(info.context, row_id, code):
            case models.Customer() as customer:
                return ContactChanged(customer=Customer(row=customer))
            case refusal:
                return refusal_of(refusal)


def _requested(outcome: profiles.Requested) -> Any:
    match outcome:
        case profiles.ConfirmationSent(confirmation):
            return ConfirmationSent(change=PendingChange.of(confirmation))
        case refusal:
            return refusal_of(refusal)
