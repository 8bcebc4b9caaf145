"""What operations cost their caller, and what is left of the caller's budget."""

from __future__ import annotations

import math
from datetime import datetime

import strawberry

from engine.documents import costs
from engine.errors import Code, Refusal
from resolvers import budgets
from resolvers.context import Context
from schema.viewers import Info


@strawberry.type(
    description="Points that operations cost, reckoned from `@cost` and `@listSize`, and the budget they are "
    "taken from: one of each member of staff, one of each customer in all sessions, else one of an address"
)
class Budget:
    requested: int = strawberry.field(description="Points that this operation costs")
    limit: int = strawberry.field(description="Points that the caller may spend in a minute")
    remaining: int = strawberry.field(description="Points that are left after this operation")
    resets_at: datetime = strawberry.field(description="When all of `limit` may be spent again (UTC)")


@strawberry.type
class BudgetQueries:
    @strawberry.field(
        description="What this operation costs, and how much its caller may still spend in this minute"
    )
    async def budget(self, info: Info) -> Budget:
        charged = await budgets.charged(info.context)
        return Budget(
            requested=charged.requested,
            limit=charged.limit,
            remaining=charged.remaining,
            resets_at=charged.resets_at,
        )


async def charge(context: Context, points: int) -> costs.Charge:
    """Charge an operation to its caller, or refuse it with code TOO_MANY_REQUESTS."""
    charged = await budgets.charge(context, points)
    if isinstance(charged, budgets.OverBudget):
        seconds = max(1, math.ceil((charged.resets_at - context.now).total_seconds()))
        left = {"requested": points, "limit": charged.limit, "remaining": charged.remaining}
        raise Refusal(
            f"The operation costs {points} points, {charged.remaining} of {charged.limit} are left",
            Code.TOO_MANY_REQUESTS,
            extensions={"cost": left},
            retry_after_seconds=seconds,
        )
    return costs.Charge(points, charged.limit, charged.remaining, charged.resets_at)
