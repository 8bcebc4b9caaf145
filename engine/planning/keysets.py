"""Pages of rows by keyset: a page starts beyond a key, so a deep page costs what the first one costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pypika_tortoise.terms import Parameterizer
from tortoise.connection import get_connection
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

M = TypeVar("M", bound=Model)
K = TypeVar("K")

BRANCHES_MAX = 50  # parents asked for in one query; SQLite joins at most 500
BRANCHES_MIN = 8
ROWS_AT_ONCE_MAX = 1_000


@dataclass(frozen=True)
class Order:
    """One column, then the id, both in the same direction."""

    column: str
    descending: bool = True

    def names(self, backward: bool) -> tuple[str, str]:
        sign = "-" if self.descending != backward else ""
        return f"{sign}{self.column}", f"{sign}id"

    def key_of(self, row: Model) -> Key:
        return Key(getattr(row, self.column), row.pk)


@dataclass(frozen=True)
class Key:
    """Where a row stands in an order."""

    value: Any
    id: int


@dataclass(frozen=True)
class Slice:
    """`size` rows strictly after one key and before another, counted from the end when `backward`."""

    size: int
    backward: bool = False
    after: Key | None = None
    before: Key | None = None


@dataclass(frozen=True)
class Part:
    """Which of the rows of a relation are asked for. Hashable: what asks alike is read together.

    `conditions` are pairs of a column with a lookup (`occurred_on__gte`, `kind__in`, `closed_at__isnull`) and
    its value, `__in` with a tuple. Of a page, and of a list that ends somewhere, `order` and `slice` say the
    rest. Other lists have a `sorting`: columns, with a minus where descending; the first may be one with
    `__isnull`, for whether there is a value. `own` are fields of the connection itself.
    """

    conditions: tuple[tuple[str, Any], ...] = ()
    order: Order | None = None
    slice: Slice | None = None
    sorting: tuple[str, ...] = ()
    own: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Page(Generic[M]):
    """The rows in reading order, and whether more lie on either side."""

    rows: Sequence[M]
    has_next: bool = False
    has_previous: bool = False


def _beyond(order: Order, key: Key, *, forward: bool) -> Q:
    """Rows past a key. The first condition lets the index begin at the key, the second cuts the ties."""
    column, side = order.column, "lt" if order.descending == forward else "gt"
    past: dict[str, Any] = {f"{column}__{side}": key.value}
    tied: dict[str, Any] = {f"id__{side}": key.id}
    from_there: dict[str, Any] = {f"{column}__{side}e": key.value}
    return Q(**from_there) & (Q(**past) | Q(**tied))


def _cut(rows: QuerySet[M], order: Order, part: Slice) -> QuerySet[M]:
    """The slice and one row more, which tells whether there is a next page."""
    if part.after:
        rows = rows.filter(_beyond(order, part.after, forward=True))
    if part.before:
        rows = rows.filter(_beyond(order, part.before, forward=False))
    return rows.order_by(*order.names(part.backward)).limit(part.size + 1)


def _page(rows: list[M], part: Slice) -> Page[M]:
    more = len(rows) > part.size
    rows = rows[: part.size]
    if part.backward:
        return Page(rows[::-1], has_next=part.before is not None, has_previous=more)
    return Page(rows, has_next=more, has_previous=part.after is not None)


async def read_page(rows: QuerySet[M], order: Order, part: Slice) -> Page[M]:
    """One page of the rows, in one query."""
    return _page(await _cut(rows, order, part), part)


async def read_pages(
    parents: Mapping[K, QuerySet[M]], parent_of: Callable[[M], K], order: Order, part: Slice
) -> dict[K, Page[M]]:
    """The same page of each parent's rows, in one query for as many parents as may be.

    Each parent is a branch of a UNION ALL with its own limit, so each reads only its page from the index.
    """
    found: dict[K, list[M]] = {parent: [] for parent in parents}
    branches = [_cut(rows, order, part) for rows in parents.values()]
    # A query is written and its rows are made in one go on the loop: neither may be too many.
    together = min(BRANCHES_MAX, max(BRANCHES_MIN, ROWS_AT_ONCE_MAX // (part.size + 1)))
    for start in range(0, len(branches), together):
        for row in await _read_union(branches[start : start + together]):
            found[parent_of(row)].append(row)
    backwards = order.descending != part.backward
    for rows in found.values():
        rows.sort(key=lambda row: (getattr(row, order.column), row.pk), reverse=backwards)
    return {parent: _page(rows, part) for parent, rows in found.items()}


async def _read_union(branches: Sequence[QuerySet[M]]) -> list[M]:
    if len(branches) == 1:
        return await branches[0]
    model, connection, parameters = branches[0].model, get_connection("default"), Parameterizer()
    context = connection.query_class.SQL_CONTEXT.copy(parameterizer=parameters)  # numbered through all
    parts = []
    for number, branch in enumerate(branches):
        branch.sql()  # fills branch.query
        parts.append(f"SELECT * FROM ({branch.query.get_sql(context)}) AS branch_{number}")
    executor = connection.executor_class(model=model, db=connection)
    rows: list[M] = await executor.execute_select(" UNION ALL ".join(parts), parameters.values)
    return rows
