"""Staff of the lender: who asks by a bearer token, and what they may do to a customer's access."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from domain import refusals
from domain import staff as rules
from engine.documents.cost_directives import list_size
from engine.documents.sensitive import SENSITIVE
from resolvers import staff
from schema.access import Identifier
from schema.access_rules import act
from schema.costs import STEP
from schema.enums import StaffScope
from schema.problems import InvalidInput, Problem, TemporarilyUnavailable, Throttled, named, problem_of
from schema.viewers import Info


@strawberry.type(description="A member of staff, as the lender's identity provider names them")
class Staff:
    subject: str = strawberry.field(description="The provider's name of the member of staff, its `sub`")
    scopes: list[StaffScope] = strawberry.field(
        description="What the bearer token allows", directives=[list_size(len(StaffScope))]
    )
    expires_at: datetime = strawberry.field(description="When the bearer token expires (UTC)")

    @classmethod
    def of(cls, known: rules.Staff) -> Staff:
        scopes = [scope for scope in StaffScope if scope in known.scopes]
        return cls(subject=known.subject, scopes=scopes, expires_at=known.expires_at)


@strawberry.type(description="The customer may try codes again; they were told by SMS and e-mail")
class AccessUnlocked:
    failures_cleared: int = strawberry.field(description="Wrong codes that no longer count; 0 if none did")


@strawberry.type(description="The act is for staff whose bearer token has a scope")
class ScopeMissing(Problem):
    code: str = named("FORBIDDEN")
    scope: StaffScope = strawberry.field(description="The scope that the token must have")


@strawberry.type(description="No customer has this identifier")
class UnknownIdentifier(Problem):
    code: str = named("UNKNOWN_IDENTIFIER")


UnlockResult = Annotated[
    AccessUnlocked | ScopeMissing | UnknownIdentifier | InvalidInput | Throttled | TemporarilyUnavailable,
    strawberry.union("UnlockResult", description="Outcome of `unlockAccess`"),
]


@strawberry.type
class StaffQueries:
    @strawberry.field(
        description="Who asks, when a bearer token of the lender's staff says so; null for anybody else"
    )
    async def staff(self, info: Info) -> Staff | None:
        known = info.context.staff
        return None if known is None else Staff.of(known)


@strawberry.type
class StaffMutations:
    @act(
        description="Forget the wrong codes of a customer, who is told",
        scope=StaffScope.UNLOCK,
        directives=[SENSITIVE, STEP],
    )
    async def unlock_access(
        self,
        info: Info,
        identifier: Annotated[Identifier, strawberry.argument(description="Whose access it is")],
        reason: Annotated[
            str, strawberry.argument(description="Why, for the access log: 3 to 200 characters, one line")
        ],
    ) -> UnlockResult:
        field, read = identifier.read(check_luhn=info.context.gateways.settings.check_luhn)
        match await staff.unlock_access(info.context, read, field, reason):
            case staff.AccessUnlocked(failures_cleared):
                return AccessUnlocked(failures_cleared=failures_cleared)
            case staff.ScopeMissing(scope):
                return ScopeMissing(scope=scope)
            case staff.UnknownIdentifier():
                return UnknownIdentifier()
            case (
                refusals.InvalidInput() | refusals.Throttled() | refusals.TemporarilyUnavailable() as refusal
            ):
                return problem_of(refusal)
