"""From a tree of places and a layout of questions to the text of a Python function that makes the answer.

The function walks records and arrays by position and writes the answer's objects as literals, so that
nothing is looked up by name while it runs. What it misses it raises as `Miss`.
"""

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
from engine.planning.connections import cursor_of, cursors_of
from engine.planning.dialects import Dialect, enum_of
from engine.planning.fields import view
from engine.planning.keysets import Part
from engine.planning.questions import Layout, Question
from engine.planning.relations import Shape
from engine.planning.tree import (
    Edges,
    Entry,
    Nodes,
    Own,
    PageEntry,
    PagePlace,
    Resolved,
    Rows,
    Selection,
    Total,
    Tree,
    Typename,
    Value,
)

Answer = Callable[..., dict[str, Any]]


class Writer:
    """Writes the function of one operation for one layout."""

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

    def text(self) -> str:
        """The function of `answers` (of each question, in order), `parts`, `owner` and `run`."""
        self._line("first = answers[0][0]")
        entries = self._entries(self._tree.root, None)
        self._line("return " + self._object(entries))
        return "def answer(answers, parts, owner, run):\n" + "\n".join(self._lines) + "\n"

    def function(self) -> Answer:
        """The function that the text is of."""
        text, namespace = self.text(), self.constants
        exec(compile(text, "<compiled operation>", "exec"), namespace)
        made: Answer = namespace["answer"]
        return made

    # Writing

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

    # Objects

    def _entries(self, entries: dict[str, Entry], rows: Rows | None) -> list[tuple[str, str]]:
        """Keys and expressions of an object; whatever takes more than an expression is written before."""
        written, resolved = [], []
        for key, entry in entries.items():
            match entry:
                case Typename(name):
                    written.append((key, repr(name)))
                case Value():
                    assert rows is not None
                    written.append((key, self._value(entry, rows)))
                case Rows():
                    written.append((key, self._rows(entry)))
                case Resolved():
                    written.append((key, "None"))
                    resolved.append((key, entry))
        if resolved:
            return self._with_resolved(written, resolved, rows)
        return written

    def _object(self, entries: Sequence[tuple[str, str]]) -> str:
        if len(entries) == 1 and entries[0][0] == "**":
            return entries[0][1]
        return "{" + ", ".join(f"{key!r}: {expression}" for key, expression in entries) + "}"

    def _with_resolved(
        self, written: list[tuple[str, str]], resolved: list[tuple[str, Resolved]], rows: Rows | None
    ) -> list[tuple[str, str]]:
        out = self._fresh("o")
        self._line(f"{out} = {self._object(written)}")
        source = "None"
        if rows is not None:
            source = self._fresh("v")
            names = rows.model._meta.fields_db_projection
            columns = ", ".join(f"{names[one]!r}: {self._raw(rows, one)}" for one in names)
            model, kind = self._constant(rows.model), self._constant(rows.declared.target)
            shown = self._constant(view)
            self._line(f"{source} = {shown}({kind}, {model}._init_from_db(**{{{columns}}}))")
        for key, entry in resolved:
            place = self._values.resolved(entry.parent, key, entry.field, entry.details)
            self._line(f"{self._constant(place)}({source}, run, {out})")
        return [("**", out)]

    def _selection(self, selection: Selection, rows: Rows) -> str:
        """The object that is selected of a row, by the type that the row is shown as."""
        if selection.variant is None:
            return self._object(self._entries(selection.types[None], rows))
        if _are_alike(selection):
            kinds = self._constant({str(value) for value in selection.types})
            with self._block(f"if {self._raw(rows, selection.variant)} not in {kinds}:"):
                self._line("raise Miss('a row of no known type')")
            return self._object(self._entries(next(iter(selection.types.values())), rows))
        # What all types ask for alike is written once, before they part.
        shared = [
            entry
            for entry in next(iter(selection.types.values()), {}).values()
            if isinstance(entry, Rows)
            and all(any(one is entry for one in entries.values()) for entries in selection.types.values())
        ]
        for place in shared:
            self._written[place] = self._rows(place)
        out, told = self._fresh("o"), self._fresh("k")
        self._line(f"{told} = {self._raw(rows, selection.variant)}")
        word = "if"
        for value, entries in selection.types.items():
            with self._block(f"{word} {told} == {str(value)!r}:"):
                self._line(f"{out} = {self._object(self._entries(entries, rows))}")
            word = "elif"
        with self._block("else:"):
            self._line("raise Miss('a row of no known type')")
        for place in shared:
            del self._written[place]
        return out

    # Columns

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

    # Places

    def _rows(self, rows: Rows) -> str:
        """What a place gives: a row or null, a list, a page."""
        if rows in self._written:
            return self._written[rows]
        match rows.shape:
            case Shape.ONE:
                return self._one(rows)
            case Shape.FIRST:
                items = self._items(rows, rows.selection, limit="1")
                out = self._fresh("o")
                self._line(f"{out} = {items}[0] if {items} else None")
                return self._required(out, rows.gives)
            case Shape.MANY:
                sliced = self._parts[rows.number].slice is not None
                limit = f"parts[{rows.number}].slice.size" if sliced else None
                return self._items(rows, rows.selection, limit=limit)
            case Shape.PAGE:
                return self._page(rows)

    def _required(self, name: str, gives: GraphQLOutputType) -> str:
        if is_non_null_type(gives):
            with self._block(f"if {name} is None:"):
                self._line("must()")
        return name

    def _one(self, rows: Rows) -> str:
        out = self._fresh("o")
        with self._block(f"if {self._raw(rows, rows.pk)} is None:"):
            self._line(f"{out} = None")
        with self._block("else:"):
            self._line(f"{out} = {self._selection(rows.selection, rows)}")
        return self._required(out, rows.gives)

    def _items(
        self, rows: Rows, selection: Selection, *, limit: str | None, cursors: Edges | None = None
    ) -> str:
        """A list of what is selected of each row, or of the edges around it; written as a loop."""
        items = self._fresh("l")
        gathered = self._layout.arrays.get(rows)
        record = self._record_of_parent(rows)
        if gathered is not None:
            guard = f"{record}[{gathered[0]}] is not None"
        else:
            found = self._records(rows, record)
            source = found if limit is None else f"islice({found}, {limit})"
            guard = None
        self._line(f"{items} = []")
        if guard is not None:
            self._line(f"if {guard}:")
            self._indent += 1
        place, indent = len(self._lines), self._indent
        self._indent += 1
        if cursors is None:
            item = self._selection(selection, rows)
        else:
            item = self._object(self._edge(cursors, rows))
        self._indent = indent
        inside = self._lines[place:]
        del self._lines[place:]
        if gathered is None:
            head = f"for r{rows.number} in {source}:"
        else:
            columns = [(f"c{at}", f"{record}[{at}]") for at in gathered] + self._together.pop(rows, [])
            names = ", ".join(name for name, _ in columns)
            arrays = [array for _, array in columns]
            first = arrays[0] if limit is None else f"islice({arrays[0]}, {limit})"
            comma = "," if len(columns) == 1 else ""
            head = f"for {names}{comma} in zip({', '.join([first, *arrays[1:]])}):"
        if inside:
            self._line(head)
            self._lines += inside
            self._line(f"    {items}.append({item})")
        else:
            self._line(f"{items} = [{item} {head.removesuffix(':')}]")
        if guard is not None:
            self._indent -= 1
        return items

    def _records(self, rows: Rows, record: str) -> str:
        """The records of a list: of the first question, of a question for all parents, or of one for none."""
        if rows is self._layout.spread:
            found, at = self._fresh("f"), self._layout.at[rows, rows.pk]
            self._line(f"{found} = [one for one in answers[0] if one[{at}] is not None]")
            return found
        question = self._layout.asked[rows]
        number = self._numbers[id(question)]
        if not question.is_grouped:
            return f"answers[{number}]"
        assert rows.parent is not None
        return f"answers[{number}].get({self._raw(rows.parent, rows.parent.pk)}, ())"

    def _record_of_parent(self, rows: Rows) -> str:
        holder = None if rows.parent is None else self._layout.holder[rows.parent]
        return "first" if holder is None else f"r{holder.number}"

    # Pages

    def _page(self, rows: Rows) -> str:
        part = self._parts[rows.number]
        assert part.slice is not None
        assert rows.page is not None
        size, count = self._fresh("n"), ""
        if rows.wants_rows:
            self._line(f"{size} = parts[{rows.number}].slice.size")
        if rows.tells_place:
            count = self._fresh("n")
            self._line(f"{count} = {self._length(rows)}")
        return self._object(
            [(key, self._page_entry(entry, rows, size, count)) for key, entry in rows.page.items()]
        )

    def _page_entry(self, entry: PageEntry, rows: Rows, size: str, count: str) -> str:
        match entry:
            case Typename(name):
                return repr(name)
            case Edges():
                items = self._items(rows, rows.selection, limit=size, cursors=entry)
            case Nodes(selection):
                items = self._items(rows, selection, limit=size)
            case Total():
                return self._total(rows)
            case Own(name, gives, details):
                complete = self._constant_for(lambda: self._values.of(gives, details), entry)
                return f"{complete}(dict(parts[{rows.number}].own)[{name!r}], run)"
            case PagePlace(entries):
                return self._object(
                    [(key, self._fact(one, rows, size, count)) for key, one in entries.items()]
                )
        part = self._parts[rows.number].slice
        if part is not None and part.backward:
            self._line(f"{items}.reverse()")
        return items

    def _length(self, rows: Rows) -> str:
        """How many rows were read: one more than asked for where there are more."""
        gathered, record = self._layout.arrays.get(rows), self._record_of_parent(rows)
        if gathered is not None:
            array = f"{record}[{gathered[0]}]"
            return f"0 if {array} is None else len({array})"
        return f"len({self._records(rows, record)})"

    def _fact(self, name: Typename | str, rows: Rows, size: str, count: str) -> str:
        """One fact of where a page lies."""
        part = self._parts[rows.number].slice
        assert part is not None
        more = f"{count} > {size}"
        match name:
            case Typename(known):
                return repr(known)
            case "has_next_page":
                return str(part.before is not None) if part.backward else more
            case "has_previous_page":
                return more if part.backward else str(part.after is not None)
            case "start_cursor":
                return self._end(rows, f"min({count}, {size}) - 1" if part.backward else "0", size, count)
            case _:
                return self._end(rows, "0" if part.backward else f"min({count}, {size}) - 1", size, count)

    def _end(self, rows: Rows, index: str, size: str, count: str) -> str:
        """The cursor of the first or of the last row of a page, null where it is empty."""
        part, record = self._parts[rows.number], self._record_of_parent(rows)
        assert part.order is not None
        columns = [self._layout.at[rows, one] for one in (part.order.column, rows.pk)]
        if rows in self._layout.arrays:
            value, key = (f"{record}[{at}][{index}]" for at in columns)
        else:
            found = self._records(rows, record)
            value, key = (f"{found}[{index}][{at}]" for at in columns)
        return f"({self._cursor(rows, value, key)} if {count} and {size} else None)"

    def _cursor(self, rows: Rows, value: str, key: str) -> str:
        order = self._parts[rows.number].order
        assert order is not None
        convert = self._dialect.converter(rows.model._meta.fields_map[order.column])
        if convert is not None:
            value = (
                f"{self._constant_for(lambda: convert, rows.model._meta.fields_map[order.column])}({value})"
            )
        return f"{self._constant(cursor_of(order))}({value}, {key})"

    def _edge(self, edges: Edges, rows: Rows) -> list[tuple[str, str]]:
        written = []
        for key, entry in edges.entries.items():
            match entry:
                case Typename(name):
                    written.append((key, repr(name)))
                case Selection():
                    written.append((key, self._selection(entry, rows)))
                case _:
                    order = self._parts[rows.number].order
                    assert order is not None
                    if rows in self._layout.arrays:
                        together = self._for_all(rows, cursors_of(order), (order.column, rows.pk))
                        written.append((key, together))
                        continue
                    value, pk = self._raw(rows, order.column), self._raw(rows, rows.pk)
                    written.append((key, self._cursor(rows, value, pk)))
        return written

    def _total(self, rows: Rows) -> str:
        at = self._layout.total_at.get(rows)
        if at is not None:
            return f"{self._record_of_parent(rows)}[{at}]"
        question = self._layout.total_asked[rows]
        number = self._numbers[id(question)]
        if not question.is_grouped:
            return f"answers[{number}][0][0]"
        assert rows.parent is not None
        return f"answers[{number}].get({self._raw(rows.parent, rows.parent.pk)}, ((None, 0),))[0][1]"


def _are_alike(selection: Selection) -> bool:
    """Whether all types of a row are asked for the same, their names excepted, which differ."""
    first, *others = selection.types.values()
    return all(
        list(entries) == list(first) and all(_is_alike(entries[key], first[key]) for key in first)
        for entries in others
    )


def _is_alike(entry: Entry, other: Entry) -> bool:
    if isinstance(entry, Value) and isinstance(other, Value):
        same = [id(one.node) for one in entry.details] == [id(one.node) for one in other.details]
        return same and entry.field is other.field
    return entry is other


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
