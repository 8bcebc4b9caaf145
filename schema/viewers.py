"""Who asks: the context of an operation, and the customer it must have."""

from __future__ import annotations

from typing import TypeAlias

import strawberry

from engine.errors import Refusal
from resolvers.context import Context, Viewer

Info: TypeAlias = strawberry.Info[Context, None]


async def signed_in(info: Info) -> Viewer:
    """The signed-in customer. A stranger gets an error with code UNAUTHENTICATED."""
    viewer = await info.context.viewer()
    if viewer is None:
        raise Refusal("Sign in first", "UNAUTHENTICATED")
    return viewer
