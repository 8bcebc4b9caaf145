"""Fields of a type that is a view of one row: read from its columns, and from nothing else."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Annotated, Any, Protocol, Self, get_args, get_origin, get_type_hints

from strawberry.types.field import StrawberryField
from strawberry.types.private import StrawberryPrivate
from tortoise.models import Model

ROW = "row"  # the attribute that holds the row of a type's instance
VARIANTS = "__planned_variants__"


class Scope(Protocol):
    """Who asks, as far as reading goes: rows of this owner are read, and no others."""

    @property
    def owner(self) -> int:
        """The value of the owner's column in every row that may be read."""

    @property
    def sight(self) -> Hashable:
        """All that the selecting functions of relations may look at beside the owner."""


class RowField(StrawberryField):
    """A field of a view of a row. No argument of its type's constructor: that takes the row alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.init = self.repr = self.compare = False


class ColumnField(RowField):
    """A field made of columns of its row: one column as it is, or what a pure function makes of several."""

    names: tuple[str, ...] = ()
    read: Callable[..., Any] | None = None
    read_all: Callable[..., list[Any]] | None = None

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: Any) -> Any:
        row = getattr(source, ROW)
        values = [getattr(row, name) for name in self.names]
        return values[0] if self.read is None else self.read(*values)

    def __copy__(self) -> Self:
        made = super().__copy__()
        made.names, made.read, made.read_all = self.names, self.read, self.read_all
        return made


def column(
    *names: str,
    read: Callable[..., Any] | None = None,
    read_all: Callable[..., list[Any]] | None = None,
    description: str,
    name: str | None = None,
    directives: Sequence[object] = (),
    deprecation_reason: str | None = None,
) -> Any:
    """A field read from columns of the row; `read` makes its value of theirs, in the order named.

    `read` is a pure function of what Tortoise gives for the columns. It may return an instance of a
    Strawberry type, whose fields are then plain attributes and resolvers. A function that tells of `None`
    what it tells of nothing need not be called: columns are passed as they are.

    `read_all` makes the values of many rows at once, where that is faster: of the same columns, each a
    sequence, but for the owner's column, which is one value.
    """
    assert names, "a field of no column is a resolver"
    assert read or len(names) == 1, "several columns need a function"
    made = ColumnField(
        graphql_name=name,
        description=description,
        directives=directives,
        deprecation_reason=deprecation_reason,
    )
    made.names, made.read, made.read_all = names, read, read_all
    return made


def row_model(kind: type) -> type[Model] | None:
    """The model whose rows a Strawberry type shows: the type of its private attribute `row`."""
    for base in kind.__mro__:
        if ROW in base.__dict__.get("__annotations__", {}):
            hint = get_type_hints(base, include_extras=True)[ROW]
            if get_origin(hint) is Annotated and any(
                isinstance(one, StrawberryPrivate) for one in get_args(hint)
            ):
                model = get_args(hint)[0]
                return model if isinstance(model, type) and issubclass(model, Model) else None
    return None


def set_variants(kind: type, column: str, kinds: Mapping[Any, type]) -> None:
    """Say which of its types an interface's row is shown as, by the value of a column."""
    setattr(kind, VARIANTS, (column, dict(kinds)))


def variants_of(kind: type) -> tuple[str, dict[Any, type]] | None:
    """The column and the types by its value, None for a type that is always itself."""
    found: tuple[str, dict[Any, type]] | None = kind.__dict__.get(VARIANTS)
    return found


def view(kind: type, row: Model) -> Any:
    """A row as an instance of its type, or of the one of its variants."""
    variants = variants_of(kind)
    shown = kind if variants is None else variants[1][getattr(row, variants[0])]
    return shown(row=row)


def owner_column(model: type[Model]) -> str:
    """The column that names the owner of a row: `owner` of the model. A table of nobody is not read so."""
    named = getattr(model, "owner", None)
    if not isinstance(named, str):
        raise TypeError(f"{model.__name__} does not say which column names the owner of its rows")
    return named
