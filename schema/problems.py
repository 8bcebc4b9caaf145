"""What may stand in the way of an act: each refusal is a type, and all of them are a Problem."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias, assert_never

import strawberry
from strawberry.utils.str_converters import to_camel_case

from domain import refusals
from engine.documents.cost_directives import list_size
from schema import words
from schema.enums import Locale, LocaleArgument

CODE = "Stable name of the refusal, for programs"


def named(code: str) -> Any:
    """The `code` of a kind of refusal."""
    return strawberry.field(default=code, description=CODE)


@strawberry.interface(description="An expected refusal. Nothing was changed, unless its type says otherwise")
class Problem:
    code: str = strawberry.field(description=CODE)

    @strawberry.field(description="The refusal in words a customer reads")
    def message(self, locale: LocaleArgument = Locale.FR_FR) -> str:
        return words.problem(self.code, locale)


@strawberry.type(description="The act needs a signed-in customer")
class NotSignedIn(Problem):
    code: str = named("UNAUTHENTICATED")


@strawberry.type(description="A value that is not acceptable")
class InvalidField:
    field: str = strawberry.field(description="Name of the argument or input field")
    rule: str = strawberry.field(description="Stable name of the rule it breaks, for programs")

    @strawberry.field(description="The rule in words a customer reads")
    def message(self, locale: LocaleArgument = Locale.FR_FR) -> str:
        return words.rule(self.rule, locale)


@strawberry.type(description="Some values are not acceptable; all of them are listed")
class InvalidInput(Problem):
    code: str = named("BAD_USER_INPUT")
    fields: list[InvalidField] = strawberry.field(
        description="The values to correct", directives=[list_size(10)]
    )

    @classmethod
    def of(cls, refusal: refusals.InvalidInput) -> InvalidInput:
        fields = [InvalidField(field=to_camel_case(bad.field), rule=bad.rule) for bad in refusal.fields]
        return cls(fields=fields)


@strawberry.type(description="Too many tries from here: come back later")
class Throttled(Problem):
    code: str = named("THROTTLED")
    retry_after_seconds: int = strawberry.field(description="How many seconds to wait before the next try")


@strawberry.type(description="A neighbour this act depends on does not answer; try again")
class TemporarilyUnavailable(Problem):
    code: str = named("TEMPORARILY_UNAVAILABLE")
    retry_after_seconds: int = strawberry.field(description="How many seconds to wait before the next try")


@strawberry.type(description="The flow is unknown, expired, already used or not at this step: begin again")
class FlowOver(Problem):
    code: str = named("FLOW_OVER")


@strawberry.type(description="Too many wrong codes in a row; the code can also be recovered by SMS")
class AccountLocked(Problem):
    code: str = named("ACCOUNT_LOCKED")
    until: datetime | None = strawberry.field(
        description="When the next try is allowed (UTC); null when only a new code opens again"
    )


@strawberry.type(
    description="The confirmation is unknown, expired, used or out of tries: ask for another code"
)
class ConfirmationOver(Problem):
    code: str = named("CONFIRMATION_OVER")


@strawberry.type(description="It was changed in between: read it again, then decide")
class VersionConflict(Problem):
    code: str = named("VERSION_CONFLICT")
    current_version: int = strawberry.field(
        description="The `version` it has now, to give as `expectedVersion` after reading again"
    )


@strawberry.type(description="The code is wrong")
class WrongCode(Problem):
    code: str = named("WRONG_CODE")
    attempts_left: int = strawberry.field(description="Tries left before another code must be asked for")


@strawberry.type(description="The next step is a code by SMS, and no number on file takes one: call us")
class NoPhone(Problem):
    code: str = named("NO_PHONE")


Common: TypeAlias = (
    refusals.NotSignedIn
    | refusals.InvalidInput
    | refusals.Throttled
    | refusals.TemporarilyUnavailable
    | refusals.FlowOver
    | refusals.AccountLocked
    | refusals.ConfirmationOver
    | refusals.VersionConflict
    | refusals.WrongCode
    | refusals.NoPhone
)


def problem_of(refusal: Common) -> Any:
    """The refusal as its type of the schema."""
    match refusal:
        case refusals.NotSignedIn():
            return NotSignedIn()
        case refusals.InvalidInput():
            return InvalidInput.of(refusal)
        case refusals.Throttled(seconds):
            return Throttled(retry_after_seconds=seconds)
        case refusals.TemporarilyUnavailable(seconds):
            return TemporarilyUnavailable(retry_after_seconds=seconds)
        case refusals.FlowOver():
            return FlowOver()
        case refusals.AccountLocked(until):
            return AccountLocked(until=until)
        case refusals.ConfirmationOver():
            return ConfirmationOver()
        case refusals.VersionConflict(current_version):
            return VersionConflict(current_version=current_version)
        case refusals.WrongCode(attempts_left):
            return WrongCode(attempts_left=attempts_left)
        case refusals.NoPhone():
            return NoPhone()
        case never:
            assert_never(never)
