"""From a tree of places and a layout of questions to the text of a Python function that makes the answer.

The function walks records and arrays by position and writes the answer's objects as literals, so that
nothing is looked up by name while it runs. What it misses it raises as `Miss`.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphql import (
    GraphQLOutputType,
    is_non_null_type,
)

from engine.compiling.columns import Answer, Columns
from engine.planning.connections import cursors_of
from engine.planning.fields import view
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
    Typename,
    Value,
)


class Writer(Columns):
    """Writes the function of one operation for one layout."""

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
