"""The Node interface (GraphQL Global Object Identification specification)."""

from __future__ import annotations

import strawberry

from schema.ids import NODE_ID


@strawberry.interface(description="Anything with an id by which `node` finds it again")
class Node:
    id: strawberry.ID = strawberry.field(description=NODE_ID)
