"""Fields that lead from a row to others: to the one that a key names, to a list, to a page of a list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, Protocol, Self, cast, runtime_checkable

from strawberry.extensions import FieldExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryContainer, StrawberryOptional
from strawberry.types.fields.resolver import StrawberryResolver
from strawberry.types.lazy_type import LazyType
from tortoise.models import Model

from engine.errors import Code, Refusal
from engine.planning import ordinary
from engine.planning.connections import Connection
from engine.planning.fields import ROW, RowField, Scope, owner_column, row_model, view
from engine.planning.keysets import Part
from engine.planning.loaders import loaders_of

Select = Callable[..., Part]


class Shape(Enum):
    """How many rows a relation gives, and in what they are wrapped."""

    ONE = "one"  # the row that a key names, or none
    FIRST = "first"  # the first row of a slice, or none
    MANY = "many"
    PAGE = "page"


@dataclass(frozen=True)
class Relation:
    """Where the rows of a field are.

    `key` is the column of this row that names the other one (`Shape.ONE`); `on` is the column of the others
    that names this row; with neither, the field gives rows of the owner, wherever it stands. `select` tells
    which of them are asked for, from the scope of who asks and the arguments of the field. It reads nothing:
    it runs before what it selects is read, and what it refuses is refused.
    """

    shape: Shape
    select: Select
    key: str | None = None
    on: str | None = None


class Asking(Protocol):
    """What the context of an operation must have for relations to be read the ordinary way."""

    loaders: Any

    def viewer(self) -> Awaitable[Scope | None]:
        """Who asks, None where nobody knows who."""


@runtime_checkable
class Gatekeeper(Protocol):
    """An extension of a field that can tell beforehand whether it would let the field be read."""

    def allows(self, scope: Any) -> bool:
        """Whether the field may be read by whoever asks with this scope."""


class RelationField(RowField):
    """A field whose rows are found by a `Relation`."""

    relation: Relation

    @property
    def is_basic_field(self) -> bool:
        return False

    @cached_property
    def is_async(self) -> bool:
        return True

    @property
    def arguments(self) -> list[StrawberryArgument]:
        if self._arguments is None:
            resolver: StrawberryResolver[Any] = StrawberryResolver(self.relation.select)
            self._arguments = resolver.arguments[1:]  # the first parameter is the scope
        return self._arguments

    @arguments.setter
    def arguments(self, value: list[StrawberryArgument]) -> None:
        self._arguments = value

    def __copy__(self) -> Self:
        made = super().__copy__()
        made.relation = self.relation
        return made

    @cached_property
    def target(self) -> type:
        """The type of the rows: of a connection, the type of its nodes."""
        kind = _bare(self.type)
        return cast("type", kind.node_type()) if self.relation.shape is Shape.PAGE else kind

    @cached_property
    def connection(self) -> type[Connection[Any]]:
        """The type of the page."""
        return cast("type[Connection[Any]]", _bare(self.type))

    @cached_property
    def model(self) -> type[Model]:
        """The table that the rows are in."""
        model = row_model(self.target)
        assert model is not None, f"{self.target.__name__} shows no row"
        return model

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: Any) -> Awaitable[Any]:
        """Read the ordinary way."""
        return self._read(source, info.context, kwargs)

    async def _read(self, source: Any, context: Asking, arguments: dict[str, Any]) -> Any:
        scope = await context.viewer()
        if scope is None and self.relation.shape is Shape.ONE and self.relation.key is None:
            return None  # the own row of nobody
        if scope is None:
            raise Refusal("Nobody is signed in whose rows these could be", Code.UNAUTHENTICATED)
        part = self.relation.select(scope, **arguments)
        row: Model | None = getattr(source, ROW, None)
        owner = scope.owner if row is None else getattr(row, owner_column(type(row)))
        match self.relation.shape:
            case Shape.ONE:
                return await self._one(row, owner, context)
            case Shape.PAGE:
                return await self._page(row, owner, part, context)
            case shape:
                rows = await self._rows(row, owner, part, context)
                shown = [view(self.target, found) for found in rows]
                return shown if shape is Shape.MANY else next(iter(shown), None)

    async def _one(self, row: Model | None, owner: int, context: Any) -> Any:
        key = owner if self.relation.key is None else getattr(row, self.relation.key)
        if key is None:
            return None
        found = await loaders_of(context).load(ordinary.rows_by_id, self.model, owner, key=key)
        return None if found is None else view(self.target, found)

    async def _rows(self, row: Model | None, owner: int, part: Part, context: Any) -> Sequence[Any]:
        on = self.relation.on
        if row is None or on is None:
            return await ordinary.list_of(self.model, owner, part)
        load = loaders_of(context).load
        return await load(ordinary.lists_by, self.model, owner, on, part, key=row.pk)

    async def _page(self, row: Model | None, owner: int, part: Part, context: Any) -> Any:
        on, model = self.relation.on, self.model
        assert part.order is not None
        if row is None or on is None:
            page = await ordinary.page_of(model, owner, part)

            def count() -> Awaitable[int]:
                return ordinary.count_of(model, owner, part)
        else:
            load, parent = loaders_of(context).load, row.pk
            page = await load(ordinary.pages_by, model, owner, on, part, key=parent)

            def count() -> Awaitable[int]:
                return load(ordinary.counts_by, model, owner, on, part, key=parent)

        return self.connection.of(
            page, part.order, lambda one: view(self.target, one), count, **dict(part.own)
        )


def _bare(kind: Any) -> Any:
    """The type inside of lists, optionals and lazy references."""
    while True:
        if isinstance(kind, StrawberryContainer | StrawberryOptional):
            kind = kind.of_type
        elif isinstance(kind, LazyType):
            kind = kind.resolve_type()
        else:
            return kind


def _always(part: Part) -> Select:
    def select(_scope: Scope) -> Part:
        return part

    return select


def one(key: str | None = None, **declared: Any) -> Any:
    """The row that the column `key` of this row names; without a key, the owner's own row."""
    return _field(Relation(Shape.ONE, _always(Part()), key=key), **declared)


def first(*, on: str, part: Part, **declared: Any) -> Any:
    """The first row of a slice of one, null where there is none."""
    assert part.slice is not None
    assert part.slice.size == 1
    return _field(Relation(Shape.FIRST, _always(part), on=on), **declared)


def many(*, on: str, part: Part, **declared: Any) -> Any:
    """All rows whose column `on` names this row, sorted as the part says."""
    return _field(Relation(Shape.MANY, _always(part), on=on), **declared)


def selected(select: Select, *, on: str | None = None, **declared: Any) -> Any:
    """A list with arguments: those of the function that selects its rows, but for the scope."""
    return _field(Relation(Shape.MANY, select, on=on), **declared)


def page(select: Select, *, on: str | None = None, **declared: Any) -> Any:
    """A page, annotated with its type of connection. Its arguments are those of the function that selects
    its rows, but for the scope.
    """
    return _field(Relation(Shape.PAGE, select, on=on), **declared)


def _field(
    relation: Relation,
    *,
    description: str,
    name: str | None = None,
    directives: Sequence[object] = (),
    extensions: Sequence[FieldExtension] = (),
    deprecation_reason: str | None = None,
) -> Any:
    made = RelationField(
        graphql_name=name,
        description=description,
        directives=directives,
        extensions=list(extensions),
        deprecation_reason=deprecation_reason,
    )
    made.relation = relation
    return made
