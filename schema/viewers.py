"""Who asks: the context of an operation, and the customer it must have."""

from __future__ import annotations

from typing import TypeAlias

import strawberry

from domain.staff import Staff, StaffScope
from engine.errors import Code, Refusal
from engine.http.bearer import insufficient_scope
from resolvers.context import Context, Viewer

Info: TypeAlias = strawberry.Info[Context, None]


async def signed_in(info: Info) -> Viewer:
    """The signed-in customer. A stranger gets an error with code UNAUTHENTICATED."""
    viewer = await info.context.viewer()
    if viewer is None:
        raise not_signed_in()
    return viewer


def not_signed_in() -> Refusal:
    return Refusal("Sign in first", Code.UNAUTHENTICATED)


def staff_with(info: Info, scope: StaffScope) -> Staff:
    """The member of staff who asks. One without the scope gets FORBIDDEN, anyone else UNAUTHENTICATED."""
    staff = info.context.staff
    if staff is None:
        raise Refusal("Send the token of a member of staff", Code.UNAUTHENTICATED)
    if scope not in staff.scopes:
        words, lacking = f"The token has no scope `{scope}`", insufficient_scope(scope)
        raise Refusal(words, Code.FORBIDDEN, extensions={"scope": scope.name}, headers=lacking)
    return staff
