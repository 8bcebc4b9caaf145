"""A customer's news as they come: what was missed, then what is new, each once and in order."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import models
from resolvers import operations
from resolvers.context import Context, Viewer
from resolvers.operations import TooOld

AT_ONCE_MAX = 100  # news of a customer read in one statement
PAUSE_SECONDS_MAX = 15  # how long a stream waits before its session is looked at again
PLACE_AGE_MAX = timedelta(days=30)  # housekeeping keeps news a day longer


@dataclass(frozen=True)
class Place:
    """Up to where news were told, and when that was."""

    news_id: int
    at: datetime


@dataclass(frozen=True)
class Begun:
    """The stream has begun: what comes after this place will be told."""

    place: Place


@dataclass(frozen=True)
class Came:
    """A row that is new to the customer."""

    place: Place
    row: models.Operation | models.Statement


@dataclass(frozen=True)
class TooMany:
    """As many streams are open as may be."""


@dataclass(frozen=True)
class PlaceTooOld:
    """What came after the place may have been deleted since."""


Told: TypeAlias = Begun | Came | TooMany
Steps: TypeAlias = AsyncGenerator[Told | None, None]


def follow(context: Context, viewer: Viewer, after: Place | None) -> Steps | PlaceTooOld:
    """The viewer's news after a place, or from now on.

    Whoever takes the steps looks before each one whether the viewer still may, and gets None where the stream
    waited for a while.
    """
    if after is not None and after.at + PLACE_AGE_MAX < context.now:
        return PlaceTooOld()
    return _steps(context, viewer.customer_id, after)


async def _steps(context: Context, customer_id: int, after: Place | None) -> Steps:
    room = context.newsroom
    assert room is not None, "a context that carries streams has a newsroom"
    begins_at = await models.News.newest_id(customer_id) if after is None else after.news_id
    with room.following(customer_id, begins_at) as follower:
        if follower is None:
            yield TooMany()
            return
        yield Begun(Place(begins_at, context.now))
        while not room.is_leaving:
            if not follower.woken.is_set():
                await room.wait(follower.woken, PAUSE_SECONDS_MAX)
                yield None
                continue
            follower.woken.clear()  # before reading: what comes meanwhile wakes again
            some = await models.News.beyond(customer_id, follower.place, AT_ONCE_MAX)
            if len(some) == AT_ONCE_MAX:
                follower.woken.set()
            for news in some:
                follower.place = news.id
                row = await _shown(context, news)
                if row is not None:
                    yield Came(Place(news.id, context.now), row)


async def _shown(context: Context, news: models.News) -> models.Operation | models.Statement | None:
    """What the news are of, as it is now; None for an operation that the session may not see."""
    if news.statement_id is not None:
        return await models.Statement.owned_by(news.customer_id).get_or_none(id=news.statement_id)
    operation = await models.Operation.owned_by(news.customer_id).get_or_none(id=news.operation_id)
    viewer = await context.viewer()
    if operation is None or viewer is None or isinstance(operations.in_sight(viewer, operation), TooOld):
        return None
    return operation
