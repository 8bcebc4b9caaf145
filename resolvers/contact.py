"""How to reach an adviser, and whether one answers now."""

from __future__ import annotations

from datetime import datetime

from domain import opening_hours
from resolvers.context import Context


def open_at(context: Context, at: datetime | None) -> bool:
    """Whether the phone is answered at an instant, now by default."""
    settings = context.gateways.settings
    return opening_hours.open_at(at or context.now, closed_on_holidays=settings.phone_closed_on_holidays)


def next_opening(context: Context, at: datetime | None) -> datetime:
    """The next instant, from `at`, at which the phone is answered."""
    settings = context.gateways.settings
    return opening_hours.next_opening(at or context.now, closed_on_holidays=settings.phone_closed_on_holidays)
