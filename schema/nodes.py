"""The Node interface (GraphQL Global Object Identification specification)."""

from __future__ import annotations

import strawberry


@strawberry.interface(description="Anything with an id by which `node` finds it again")
class Node:
    id: strawberry.ID = strawberry.field(
        description="Opaque id, unique over the whole schema and never changing"
    )
