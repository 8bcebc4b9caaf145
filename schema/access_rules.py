"""Who may read a field or do an act: printed in the schema as `@access`.

A guarded field is let through by the very declaration that is printed. An act is refused by its resolver,
which answers with the first step of the step-up: what is printed there is checked by a test, act by act.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.schema_directive import Location

from domain.assurance import Assurance
from domain.staff import StaffScope
from engine.errors import Refusal
from schema.viewers import not_signed_in, staff_with

F = TypeVar("F", bound=Callable[..., Any])

STEP_UP_REQUIRED = "STEP_UP_REQUIRED"


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="How sure the session, or what scope the token of a member of staff must have, to read the "
    "field or do the act. Short of it a field gives an error with code STEP_UP_REQUIRED or FORBIDDEN, an act "
    "one of the refusals of its result",
)
class Access:
    assurance: Assurance | None = strawberry.UNSET
    scope: StaffScope | None = strawberry.UNSET


class Guard(FieldExtension):
    """Lets a field be read only as its `@access` says."""

    def __init__(self, rule: Access, *, null_for_strangers: bool) -> None:
        self.rule = rule
        self._null_for_strangers = null_for_strangers

    async def resolve_async(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info[Any, None], **arguments: Any
    ) -> Any:
        if self.rule.scope:
            staff_with(info, self.rule.scope)
        if self.rule.assurance:
            viewer = await info.context.viewer()
            if viewer is None and self._null_for_strangers:
                await next_(source, info, **arguments)  # bad input is refused alike for everyone
                return None
            if viewer is None:
                raise not_signed_in()
            if not viewer.assurance.suffices(self.rule.assurance):
                raise step_up_required(self.rule.assurance)
        return await next_(source, info, **arguments)


def guarded(
    *,
    description: str,
    assurance: Assurance | None = None,
    scope: StaffScope | None = None,
    null_for_strangers: bool = False,
) -> Callable[[F], F]:
    """A field that says who may read it, and is read by nobody else.

    A stranger gets an error with code UNAUTHENTICATED, or null where that tells as much.
    """
    rule = _access(assurance, scope)
    guard = Guard(rule, null_for_strangers=null_for_strangers)
    field = strawberry.field(description=description, directives=[rule], extensions=[guard])
    return cast("Callable[[F], F]", field)


def act(
    *, description: str, assurance: Assurance | None = None, scope: StaffScope | None = None
) -> Callable[[F], F]:
    """A mutation that says who may do it. Its resolver asks `step_up.sure`, or looks at the scope."""
    mutation = strawberry.mutation(description=description, directives=[_access(assurance, scope)])
    return cast("Callable[[F], F]", mutation)


def step_up_required(needed: Assurance) -> Refusal:
    """What a field says to a session that is not sure enough: the way on, not a wall."""
    return Refusal(
        f"This needs a session of assurance {needed}: call `stepUp`, then ask again",
        STEP_UP_REQUIRED,
        extensions={"assurance": needed.value},
    )


def _access(assurance: Assurance | None, scope: StaffScope | None) -> Access:
    assert assurance or scope, "a rule that asks for nothing"
    return Access(assurance=assurance or strawberry.UNSET, scope=scope or strawberry.UNSET)
