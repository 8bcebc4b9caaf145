"""News: what is new to the signed-in customer, told as it comes."""

from __future__ import annotations

import base64
import struct
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated, assert_never

import strawberry

import models
from engine.errors import Code, Refusal
from resolvers import news
from resolvers.news import Begun, Came, Place, PlaceTooOld, Steps, TooMany
from schema.access_rules import followed
from schema.enums import Assurance
from schema.operations import Operation
from schema.statements import Statement
from schema.viewers import Info, signed_in

RETRY_AFTER_SECONDS = 60


@strawberry.interface(description="Something a customer is told of as it comes")
class News:
    cursor: str = strawberry.field(
        description="Place in the news: given as `after`, within 30 days, the news go on behind it"
    )


@strawberry.type(
    description="The first of every subscription: what comes from here on is told, so lists that are read "
    "after it miss nothing together with the news"
)
class NewsBegun(News):
    pass


@strawberry.type(
    description="An operation that came in. Corrections of operations are no news, nor is what the first "
    "load of a customer brings, nor what the session may not see"
)
class NewOperation(News):
    operation: Operation = strawberry.field(description="The operation that came in")


@strawberry.type(description="A statement that came in")
class NewStatement(News):
    statement: Statement = strawberry.field(description="The statement that came in")


TYPES = (NewsBegun, NewOperation, NewStatement)

After = Annotated[
    str | None,
    strawberry.argument(
        description="Cursor of the last news seen: what came since is told first, each once and in order; "
        "now where left out"
    ),
]


@strawberry.type
class NewsSubscriptions:
    @followed(
        of=News,
        description="What is new to the signed-in customer, in the order in which it came in. Ends with an "
        "error with code UNAUTHENTICATED when the session does; following keeps no session alive. At most 10 "
        "at once, then an error with code TOO_MANY_REQUESTS",
        assurance=Assurance.STRONG,
    )
    async def news(self, info: Info, after: After = None) -> AsyncGenerator[News | None, None]:
        place = None if after is None else place_of(after)
        steps = news.follow(info.context, await signed_in(info), place)
        if isinstance(steps, PlaceTooOld):
            raise Refusal("`after` is older than 30 days: read anew, without it", Code.BAD_USER_INPUT)
        return _told(steps)


async def _told(steps: Steps) -> AsyncGenerator[News | None, None]:
    async with aclosing(steps):
        async for step in steps:
            match step:
                case None:
                    yield None
                case Begun(place):
                    yield NewsBegun(cursor=cursor(place))
                case Came(place, row) if isinstance(row, models.Operation):
                    yield NewOperation(cursor=cursor(place), operation=Operation(row=row))
                case Came(place, row):
                    assert isinstance(row, models.Statement)
                    yield NewStatement(cursor=cursor(place), statement=Statement(row=row))
                case TooMany():
                    raise Refusal(
                        "Too many streams are open",
                        Code.TOO_MANY_REQUESTS,
                        retry_after_seconds=RETRY_AFTER_SECONDS,
                    )
                case _:
                    assert_never(step)


_FORM = struct.Struct(">cqI")
_TAG = b"n"


def cursor(place: Place) -> str:
    """18 characters of URL-safe base64: the news, and the second in which they were told."""
    packed = _FORM.pack(_TAG, place.news_id, int(place.at.timestamp()))
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def place_of(text: str) -> Place:
    """The place of a cursor in its one spelling, or a refusal with code BAD_USER_INPUT."""
    try:
        packed = base64.b64decode(text.encode("ascii") + b"==", altchars=b"-_", validate=True)
        tag, news_id, second = _FORM.unpack(packed)
        place = Place(news_id, datetime.fromtimestamp(second, UTC))
        if tag == _TAG and news_id >= 0 and cursor(place) == text:
            return place
    except (ValueError, struct.error):
        pass
    raise Refusal("`after` is not a cursor of news", Code.BAD_USER_INPUT)
