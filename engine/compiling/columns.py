"""Expressions of columns: where each is found in records and arrays, and what makes a value of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import islice
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLID,
    GraphQLOutputType,
    GraphQLString,
    get_nullable_type,
    is_non_null_type,
)
from tortoise import fields
from tortoise.fields.base import Field

from engine.compiling.values import Miss, Values, is_plain_leaf, leaf
from engine.planning.connections import cursor_of
from engine.planning.dialects import Dialect, enum_of
from engine.planning.keysets import Part
from engine.planning.questions import Layout, Question
from engine.planning.tree import Rows, Tree, Value

Answer = Callable[..., dict[str, Any]]


class Columns:
    """The lines written so far, the constants that they name, and expressions for columns."""

    def __init__(
        self,
        tree: Tree,
        layout: Layout,
        questions: Sequence[Question],
        dialect: Dialect,
        parts: Sequence[Part],
        values: Values,
    ) -> None:
        self._tree = tree
        self._layout = layout
        self._numbers = {id(question): number for number, question in enumerate(questions)}
        self._dialect = dialect
        self._parts = parts
        self._values = values
        self._lines: list[str] = []
        self._indent = 1
        self._names = 0
        self.constants: dict[str, Any] = {"Miss": Miss, "must": _must, "islice": islice}
        self._known: dict[tuple[int, ...], str] = {}
        self._kept: list[object] = []
        self._written: dict[Rows, str] = {}
        self._together: dict[Rows, list[tuple[str, str]]] = {}  # made for all rows of a list, before its loop

    def _line(self, text: str) -> None:
        self._lines.append("    " * self._indent + text)

    @contextmanager
    def _block(self, head: str) -> Iterator[None]:
        self._line(head)
        self._indent += 1
        yield
        self._indent -= 1

    def _fresh(self, letter: str) -> str:
        self._names += 1
        return f"{letter}{self._names}"

    def _constant(self, value: object) -> str:
        """The name of something that is known beforehand."""
        return self._constant_for(lambda: value, value)

    def _raw(self, rows: Rows, column: str) -> str:
        """Where a column is: in a variable of the loop over arrays, or in a record. The owner's is known."""
        if rows.is_of_owner(column):
            return "owner"
        at, holder = self._layout.at[rows, column], self._layout.holder[rows]
        if holder is None:
            return f"first[{at}]"
        if holder in self._layout.arrays:
            return f"c{at}"
        return f"r{holder.number}[{at}]"

    def _column(self, rows: Rows, column: str) -> str:
        """A column as Tortoise gives it."""
        field, raw = rows.model._meta.fields_map[column], self._raw(rows, column)
        convert = self._dialect.converter(field)
        if convert is None:
            return raw
        converted = f"{self._constant_for(lambda: convert, field)}({raw})"
        return f"(None if {raw} is None else {converted})" if field.null else converted

    def _constant_for(self, make: Callable[[], object], *made_of: object) -> str:
        """The name of something that is made once of other things."""
        key = tuple(id(one) for one in made_of)
        name = self._known.get(key)
        if name is None:
            name = self._known[key] = f"K{len(self._known)}"
            self.constants[name] = make()
            self._kept.append(made_of)  # so that no identity is given twice
        return name

    def _value(self, entry: Value, rows: Rows) -> str:
        field, gives = entry.field, entry.type
        if field.read is None:
            (column,) = field.names
            declared = rows.model._meta.fields_map[column]
            if is_plain_leaf(gives):
                return self._leaf(rows, column, declared, gives)
            expression = self._column(rows, column)
        else:
            if field.read_all is not None and rows in self._layout.arrays and is_plain_leaf(gives):
                return self._for_all(rows, field.read_all, field.names)
            columns = ", ".join(self._column(rows, column) for column in field.names)
            expression = f"{self._constant(field.read)}({columns})"
            if is_plain_leaf(gives):
                return self._leaf_of(expression, gives, may_be_null=True)
        complete = self._constant_for(lambda: self._values.of(gives, entry.details), entry)
        return f"{complete}({expression}, run)"

    def _for_all(self, rows: Rows, make: Callable[..., list[Any]], columns: Sequence[str]) -> str:
        """The variable of what is made for all rows of arrays together."""
        record, name = self._record_of_parent(rows), self._fresh("x")
        arrays = [
            "owner" if rows.is_of_owner(column) else f"{record}[{self._layout.at[rows, column]}]"
            for column in columns
        ]
        self._together.setdefault(rows, []).append((name, f"{self._constant(make)}({', '.join(arrays)})"))
        return name

    def _leaf(self, rows: Rows, column: str, declared: Field[Any], gives: GraphQLOutputType) -> str:
        """A column as a scalar or an enum. On a typed database some columns are that already."""
        kind, raw = get_nullable_type(gives), self._raw(rows, column)
        enum = enum_of(declared)
        if enum is not None and isinstance(kind, GraphQLEnumType):
            names = self._constant_for(lambda: _names_of(kind, enum), declared, kind)
            return self._nulls(raw, f"{names}[{raw}]", gives, declared.null)
        is_text = (
            isinstance(declared, fields.CharField) and enum is None and kind in (GraphQLString, GraphQLID)
        )
        is_day = isinstance(declared, fields.DateField) and _spells_days(kind)
        if self._dialect.is_typed and (is_text or is_day):
            return self._nulls(raw, raw, gives, declared.null)
        return self._leaf_of(self._column(rows, column), gives, may_be_null=declared.null)

    def _leaf_of(self, expression: str, gives: GraphQLOutputType, *, may_be_null: bool) -> str:
        kind = get_nullable_type(gives)
        coerce = self._constant_for(lambda: leaf(kind), kind)
        if not may_be_null:
            return f"{coerce}({expression})"
        if expression.isidentifier():
            return self._nulls(expression, f"{coerce}({expression})", gives, True)
        made = self._fresh("m")
        if kind in (GraphQLString, GraphQLID):  # a text is the text that it is
            given = f"{made} if type({made} := {expression}) is str else "
            return f"({given}{self._nulls(made, f'{coerce}({made})', gives, True)})"
        return self._nulls(f"({made} := {expression})", f"{coerce}({made})", gives, True)

    def _nulls(self, tested: str, expression: str, gives: GraphQLOutputType, may_be_null: bool) -> str:
        """An expression that is null with the value tested, which comes first, or misses where it may not."""
        if not may_be_null:
            return expression
        if is_non_null_type(gives):
            return f"({expression} if {tested} is not None else must())"
        return expression if tested == expression else f"(None if {tested} is None else {expression})"

    def _record_of_parent(self, rows: Rows) -> str:
        holder = None if rows.parent is None else self._layout.holder[rows.parent]
        return "first" if holder is None else f"r{holder.number}"

    def _cursor(self, rows: Rows, value: str, key: str) -> str:
        order = self._parts[rows.number].order
        assert order is not None
        convert = self._dialect.converter(rows.model._meta.fields_map[order.column])
        if convert is not None:
            value = (
                f"{self._constant_for(lambda: convert, rows.model._meta.fields_map[order.column])}({value})"
            )
        return f"{self._constant(cursor_of(order))}({value}, {key})"


def _spells_days(kind: Any) -> bool:
    """Whether a scalar's days are what the JSON writer makes of a `date`: YYYY-MM-DD."""
    try:
        return all(leaf(kind)(day) == day.isoformat() for day in (date.min, date(2026, 11, 20), date.max))
    except Exception:
        return False


def _must() -> Any:
    raise Miss("null where none may be")


def _names_of(kind: GraphQLEnumType, enum: Any) -> dict[str, str]:
    """Names of an enum's values as the schema has them, by what the column holds."""
    return {member.value: kind.coerce_output_value(member) for member in enum}
