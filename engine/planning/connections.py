"""One connection for every list that grows (GraphQL Cursor Connections specification), over keysets.

A cursor holds the place of a row in an order, not a count of rows: pages stay right while rows are added,
and a deep page costs what the first one costs.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Generic, Self, TypeVar, cast, get_args, get_origin

import strawberry
from tortoise.models import Model

from engine.documents.cost_directives import ListSize, cost
from engine.errors import Refusal
from engine.planning.keysets import Key, Order, Page, Slice
from engine.planning.opaque import endings, opaque

PAGE_MAX = 100
PAGE_DEFAULT = 20
COUNTED = cost(10)  # a count of a whole list

# Of every field that gives a connection.
PAGE = ListSize(
    assumed_size=PAGE_MAX,
    slicing_arguments=["first", "last"],
    slicing_argument_default_value=PAGE_DEFAULT,
    sized_fields=["edges", "nodes"],
    require_one_slicing_argument=False,
)

N = TypeVar("N")
M = TypeVar("M", bound=Model)

First = Annotated[
    int | None,
    strawberry.argument(
        description="How many items from the beginning, 0 to 100; 20 where neither it nor `last` is given"
    ),
]
Last = Annotated[
    int | None, strawberry.argument(description="How many items from the end, 0 to 100, instead of `first`")
]
After = Annotated[
    str | None,
    strawberry.argument(description="Only what comes after this cursor, an `endCursor` of a page before"),
]
Before = Annotated[
    str | None,
    strawberry.argument(description="Only what comes before this cursor, a `startCursor` of a page before"),
]


@strawberry.type(description="Where a page lies in its list")
class PageInfo:
    has_next_page: bool = strawberry.field(
        description="Whether more follows the page; paging backward, whether it ended before a cursor"
    )
    has_previous_page: bool = strawberry.field(
        description="Whether more precedes the page; paging forward, whether it began after a cursor"
    )
    start_cursor: str | None = strawberry.field(description="Cursor of the first edge, null on an empty page")
    end_cursor: str | None = strawberry.field(description="Cursor of the last edge, null on an empty page")


@strawberry.type(description="One item of a page, with its place in the list")
class Edge(Generic[N]):
    cursor: str = strawberry.field(
        description="Place of the item in the list, opaque, for `after` and `before`"
    )
    node: N = strawberry.field(description="The item itself")


@strawberry.type(description="One page of a list")
class Connection(Generic[N]):
    edges: list[Edge[N]] = strawberry.field(description="The items with their cursors")
    page_info: PageInfo = strawberry.field(description="Where this page lies in its list")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="The items without their cursors")
    def nodes(self) -> list[N]:
        return [edge.node for edge in self.edges]

    @strawberry.field(
        description="How many items the whole list has; counted only when asked for", directives=[COUNTED]
    )
    async def total_count(self) -> int:
        return await self.count()

    @classmethod
    def node_type(cls) -> type:
        """The type of the items, which a connection of them names as `Connection[Item]`."""
        for base in cls.__mro__:
            for parent in base.__dict__.get("__orig_bases__", ()):
                if get_origin(parent) is Connection:
                    return cast("type", get_args(parent)[0])
        raise TypeError(f"{cls.__name__} does not say of what it is a connection")

    @classmethod
    def of(
        cls,
        page: Page[M],
        order: Order,
        node_of: Callable[[M], N],
        count: Callable[[], Awaitable[int]],
        **own: Any,
    ) -> Self:
        """The page as clients see it, and `own` fields of its type; `count` runs only if it is selected."""
        edges = [Edge(cursor=cursor(order, order.key_of(row)), node=node_of(row)) for row in page.rows]
        return cls(
            edges=edges,
            page_info=PageInfo(
                has_next_page=page.has_next,
                has_previous_page=page.has_previous,
                start_cursor=edges[0].cursor if edges else None,
                end_cursor=edges[-1].cursor if edges else None,
            ),
            count=count,
            **own,
        )


def slice_of(
    order: Order, first: int | None, after: str | None, last: int | None, before: str | None
) -> Slice:
    """What the four arguments ask for, or a refusal with code BAD_USER_INPUT."""
    if first is not None and last is not None:
        raise Refusal("Give `first` or `last`, not both", "BAD_USER_INPUT")
    name, size = ("last", last) if last is not None else ("first", PAGE_DEFAULT if first is None else first)
    if not 0 <= size <= PAGE_MAX:
        raise Refusal(f"`{name}` lies between 0 and {PAGE_MAX}, {size} does not", "BAD_USER_INPUT")
    return Slice(
        size=size,
        backward=last is not None,
        after=_key(order, after, "after"),
        before=_key(order, before, "before"),
    )


_FORM = struct.Struct(">cqQ")
_HEAD = struct.Struct(">cq")  # how it begins


def cursor(order: Order, key: Key) -> str:
    """23 characters of URL-safe base64: the order, the value, the row."""
    return cursor_of(order)(key.value, key.id)


@lru_cache(maxsize=64)
def cursor_of(order: Order) -> Callable[[Any, int], str]:
    """The cursors of an order, each made of the value of its column and the id of a row."""
    tag, pack = _tag(order), _FORM.pack

    def of_number(value: int, row_id: int) -> str:
        return opaque(pack(tag, value, row_id))

    def of_day(value: date, row_id: int) -> str:
        return opaque(pack(tag, value.toordinal(), row_id))

    return of_day if _is_day(order) else of_number


@lru_cache(maxsize=64)
def cursors_of(order: Order) -> Callable[[Sequence[Any], Sequence[int]], list[str]]:
    """The cursors of many rows, of the values of the order's column and of the ids."""
    tag, pack, is_day = _tag(order), _HEAD.pack, _is_day(order)

    @lru_cache(maxsize=2_000)
    def beginning(value: Any) -> str:
        return opaque(pack(tag, value.toordinal() if is_day else value))

    def of_rows(values: Sequence[Any], ids: Sequence[int]) -> list[str]:
        return [beginning(value) + ending for value, ending in zip(values, endings(ids), strict=True)]

    return of_rows


def _is_day(order: Order) -> bool:
    return order.column.endswith("_on")


def _tag(order: Order) -> bytes:
    """A letter for each order, so that a cursor of one is refused by another."""
    letter = order.column[0]
    return (letter if order.descending else letter.upper()).encode()


def _key(order: Order, text: str | None, argument: str) -> Key | None:
    if text is None:
        return None
    try:
        packed = base64.b64decode(text.encode("ascii") + b"=", altchars=b"-_", validate=True)
        tag, number, row_id = _FORM.unpack(packed)
        value: Any = date.fromordinal(number) if _is_day(order) else number
        key = Key(value, row_id)
        if tag == _tag(order) and row_id < 1 << 63 and cursor(order, key) == text:
            return key
    except (ValueError, struct.error, OverflowError):
        pass
    raise Refusal(f"`{argument}` is not a cursor of this list in this order", "BAD_USER_INPUT")
