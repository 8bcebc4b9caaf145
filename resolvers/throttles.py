"""Taking from a rate limit: what is refused, and what happens when the counter itself is down."""

from __future__ import annotations

from domain.refusals import TemporarilyUnavailable, Throttled
from gateways.rate_limits import Limit, RateLimitsUnavailable
from resolvers.context import Context

RETRY_AFTER_SECONDS = 5


async def throttled(context: Context, limit: Limit, *keys: str) -> Throttled | TemporarilyUnavailable | None:
    """None when the try is granted. Closed when nobody can count: these limits guard codes and messages."""
    try:
        seconds = await context.gateways.rate_limits.take(limit, *keys)
    except RateLimitsUnavailable:
        return TemporarilyUnavailable(RETRY_AFTER_SECONDS)
    return Throttled(seconds) if seconds else None
