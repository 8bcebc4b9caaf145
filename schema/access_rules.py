"""Who may read a field or do an act: printed in the schema as `@access`.

A guarded field is let through by the very declaration that is printed. An act is refused by its resolver,
which answers with the first step of the step-up: what is printed there is checked by a test, act by act.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any, TypeVar, cast

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.schema_directive import Location

from domain.assurance import Assurance
from domain.staff import StaffScope
from engine.errors import Refusal
from resolvers.context import Viewer
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
    assurance: Assurance | None = strawberry.field(
        default=strawberry.UNSET, description="Least assurance that the session must have"
    )
    scope: StaffScope | None = strawberry.field(
        default=strawberry.UNSET, description="Scope that the bearer token of a member of staff must have"
    )


class Guard(FieldExtension):
    """Lets a field be read only as its `@access` says."""

    def __init__(self, rule: Access, *, null_for_strangers: bool) -> None:
        self.rule = rule
        self._null_for_strangers = null_for_strangers

    def allows(self, scope: Viewer) -> bool:
        """Whether a signed-in customer may read the field; what asks for a scope of staff, none may."""
        rule = self.rule
        return not rule.scope and (not rule.assurance or scope.assurance.suffices(rule.assurance))

    async def resolve_async(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info[Any, None], **arguments: Any
    ) -> Any:
        if self._null_for_strangers and await info.context.viewer() is None:
            await next_(source, info, **arguments)  # bad input is refused alike for everyone
            return None
        await check(self.rule, info)
        return await next_(source, info, **arguments)


class StreamGuard(FieldExtension):
    """Lets a stream be followed only as its `@access` says, before each of its steps as at its beginning."""

    def __init__(self, rule: Access) -> None:
        self.rule = rule

    async def resolve_async(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info[Any, None], **arguments: Any
    ) -> Any:
        info.context.look_again()
        await check(self.rule, info)
        return self._guarded(await next_(source, info, **arguments), info)

    async def _guarded(
        self, steps: AsyncGenerator[Any, None], info: strawberry.Info[Any, None]
    ) -> AsyncGenerator[Any, None]:
        """The events among the steps. Each is made with nothing that was read for the one before."""
        async with aclosing(steps):
            while True:
                info.context.look_again()
                await check(self.rule, info)
                try:
                    step = await anext(steps)
                except StopAsyncIteration:
                    return
                if step is not None:
                    yield step


async def check(rule: Access, info: strawberry.Info[Any, None]) -> None:
    """Refuse whoever may not read what carries the rule."""
    if rule.scope:
        staff_with(info, rule.scope)
    if rule.assurance:
        viewer = await info.context.viewer()
        if viewer is None:
            raise not_signed_in()
        if not viewer.assurance.suffices(rule.assurance):
            raise step_up_required(rule.assurance)


def guarded(
    *,
    description: str,
    assurance: Assurance | None = None,
    scope: StaffScope | None = None,
    null_for_strangers: bool = False,
    directives: Sequence[object] = (),
) -> Callable[[F], F]:
    """A field that says who may read it, and is read by nobody else.

    A stranger gets an error with code UNAUTHENTICATED, or null where that tells as much. `directives` are
    what else the schema says of it: `cost`, `list_size`.
    """
    guard = guarded_by(assurance, scope, null_for_strangers=null_for_strangers, directives=directives)
    return cast("Callable[[F], F]", strawberry.field(description=description, **guard))


def guarded_by(
    assurance: Assurance | None = None,
    scope: StaffScope | None = None,
    *,
    null_for_strangers: bool = False,
    directives: Sequence[object] = (),
) -> dict[str, Any]:
    """The same for a field of another declaration: `page(..., **guarded_by(Assurance.STRONG))`."""
    rule = _access(assurance, scope)
    guard = Guard(rule, null_for_strangers=null_for_strangers)
    return {"directives": [rule, *directives], "extensions": [guard]}


def followed(
    *, description: str, of: Any, assurance: Assurance, directives: Sequence[object] = ()
) -> Callable[[F], F]:
    """A subscription to events of a type that says who may follow it, and is followed by nobody else.

    Its resolver is a coroutine function. It returns an async generator of events, and of None where it waited
    for a while: before each the session is looked at again. `directives` are what else the schema says of it.
    """
    rule = _access(assurance, None)
    field = strawberry.subscription(
        description=description,
        graphql_type=of,
        directives=[rule, *directives],
        extensions=[StreamGuard(rule)],
    )
    return cast("Callable[[F], F]", field)


def act(
    *,
    description: str,
    assurance: Assurance | None = None,
    scope: StaffScope | None = None,
    directives: Sequence[object] = (),
) -> Callable[[F], F]:
    """A mutation that says who may do it. Its resolver asks `step_up.sure`, or looks at the scope.

    `directives` are what else the schema says of it: `cost`, `SENSITIVE`.
    """
    rule = _access(assurance, scope)
    mutation = strawberry.mutation(description=description, directives=[rule, *directives])
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
