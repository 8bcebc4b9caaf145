"""The SQL of a plan: one text for a whole operation where the database can, and one for each deeper list.

Every table of a text is bound to the owner. A text is made once for each form of what is asked (which
conditions, which order, whether there is a cursor); all values are parameters.

On PostgreSQL the first question holds the claim of whoever asks, the rows that keys name, and each list that
leads to no other as arrays of its columns, made beside its parent. A list that leads to others is a question
of its own, for all its parents at once; one alone under the root becomes the records of the first.
On SQLite, which has no LATERAL, each list is a question of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tortoise.models import Model

from engine.planning.dialects import Dialect
from engine.planning.fields import owner_column
from engine.planning.keysets import Part
from engine.planning.tree import Rows

COMPARISONS = {"": "=", "gte": ">=", "lte": "<=", "gt": ">", "lt": "<"}


@dataclass(frozen=True)
class Claimed:
    """The row that whoever asks says is theirs: its table, and what it is found by beside the owner."""

    model: type[Model]
    columns: tuple[str, ...]  # that are read
    found_by: tuple[str, ...]
    nulls: tuple[str, ...] = ()  # that must have no value


@dataclass(eq=False)
class Question:
    """One SQL text in the making: what it selects, and the Python expressions that its parameters are.

    The names in the expressions are `owner`, `claim` (values the claimed row is found by), `parts` (of the
    places, by number) and `parents` (keys of the rows that it is asked for).
    """

    dialect: Dialect
    of: Rows | None = None
    is_grouped: bool = False  # the first column is the key of the parent
    selects: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    ending: str = ""
    sources: dict[str, int] = field(default_factory=dict)

    def select(self, expression: str) -> int:
        """Where in the records an expression is."""
        self.selects.append(expression)
        return len(self.selects) - 1

    def parameter(self, source: str) -> str:
        """The mark of a parameter; one that is used twice is sent once."""
        return self.dialect.parameter(self.sources.setdefault(source, len(self.sources) + 1))

    @property
    def sql(self) -> str:
        where = f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""
        return f"SELECT {', '.join(self.selects)} FROM {' '.join(self.tables)}{where}{self.ending}"


@dataclass
class Layout:
    """Where everything is found in what the questions answer.

    `holder` of a place is the list whose records or arrays its columns are in, None for the first record.
    """

    at: dict[tuple[Rows, str], int] = field(default_factory=dict)
    holder: dict[Rows, Rows | None] = field(default_factory=dict)
    spread: Rows | None = None  # the list whose rows are the records of the first question
    arrays: dict[Rows, list[int]] = field(default_factory=dict)  # lists gathered beside their parents
    asked: dict[Rows, Question] = field(default_factory=dict)
    total_at: dict[Rows, int] = field(default_factory=dict)
    total_asked: dict[Rows, Question] = field(default_factory=dict)


def leads_to_lists(rows: Rows) -> bool:
    """Whether a row of the place leads to lists, directly or over rows that keys name."""
    return any(child.is_list or leads_to_lists(child) for child in rows.children)


def column_of(model: type[Model], attribute: str) -> str:
    """The column of an attribute, quoted."""
    return f'"{model._meta.fields_db_projection[attribute]}"'


class Questions:
    """All questions of one operation, for the forms that the parts of its places have."""

    def __init__(
        self, dialect: Dialect, places: Sequence[Rows], claimed: Claimed, parts: Sequence[Part]
    ) -> None:
        self._dialect = dialect
        self._parts = parts
        self._references: dict[tuple[Rows, str], str] = {}
        self.layout = Layout()
        self.first = Question(dialect)
        self.all = [self.first]
        self._claim(claimed)
        # Lists that are spread into records repeat whatever is beside them: only one that stands alone is.
        lists = [rows for rows in places if rows.is_list and not _is_below_lists(rows)]
        self._may_spread = len(lists) == 1 and not lists[0].wants_total
        for rows in places:
            if rows.parent is None:
                self._place(rows, self.first)

    def _claim(self, claimed: Claimed) -> None:
        question, model = self.first, claimed.model
        for column in claimed.columns:
            question.select(f"claim.{column_of(model, column)}")
        question.tables.append(f'"{model._meta.db_table}" AS claim')
        question.conditions.append(
            f"claim.{column_of(model, owner_column(model))} = {question.parameter('owner')}"
        )
        for number, column in enumerate(claimed.found_by):
            value = question.parameter(f"claim[{number}]")
            question.conditions.append(f"claim.{column_of(model, column)} = {value}")
        question.conditions += [f"claim.{column_of(model, column)} IS NULL" for column in claimed.nulls]

    def _place(self, rows: Rows, question: Question) -> None:
        """Put a place, and all below it, into the question of its parent or into one of its own."""
        if not rows.is_list:
            self._join(rows, question)
            return
        if rows.wants_total:
            self._count(rows, question)
        if not rows.wants_rows:
            return
        if not self._dialect.joins_lists:
            self._ask(rows)
        elif not leads_to_lists(rows):
            self._gather(rows, question)
        elif self._may_spread and question is self.first and self.layout.spread is None:
            self._spread(rows, question)
        else:
            self._ask(rows)

    # The row that a key names

    def _join(self, rows: Rows, question: Question) -> None:
        """At the root: beside the claim. Below lists such rows are part of `_inside`."""
        question.tables.append(self._left_join(rows, question))
        self.layout.holder[rows] = None
        for column in rows.columns:
            reference = f"t{rows.number}.{column_of(rows.model, column)}"
            self._references[rows, column] = reference
            self.layout.at[rows, column] = question.select(reference)
        for child in rows.children:
            self._place(child, question)

    def _left_join(self, rows: Rows, question: Question) -> str:
        model, alias = rows.model, f"t{rows.number}"
        found = [f"{alias}.{column_of(model, owner_column(model))} = {question.parameter('owner')}"]
        if rows.parent is not None:
            key = column_of(rows.parent.model, str(rows.declared.relation.key))
            found.append(f"{alias}.{column_of(model, rows.pk)} = t{rows.parent.number}.{key}")
        return f'LEFT JOIN "{model._meta.db_table}" AS {alias} ON {" AND ".join(found)}'

    # Lists

    def _gather(self, rows: Rows, question: Question) -> None:
        """A list as arrays of its columns, in the record of its parent."""
        inside, members = self._inside(rows, self._parent_key(rows), question)
        alias = f"t{rows.number}"
        arrays = ", ".join(f"array_agg(each.c{number}) AS a{number}" for number in range(len(members)))
        question.tables.append(
            f"LEFT JOIN LATERAL (SELECT {arrays} FROM ({inside}) AS each) AS {alias} ON true"
        )
        self.layout.arrays[rows] = []
        for number, (place, column) in enumerate(members):
            self.layout.holder[place] = rows
            at = self.layout.at[place, column] = question.select(f"{alias}.a{number}")
            self.layout.arrays[rows].append(at)

    def _spread(self, rows: Rows, question: Question) -> None:
        """A list whose rows become the records of the first question; what is beside them repeats."""
        self.layout.spread = rows
        inside, members = self._inside(rows, self._parent_key(rows), question, sorted_outside=True)
        question.tables.append(f"LEFT JOIN LATERAL ({inside}) AS t{rows.number} ON true")
        question.ending = self._sorted_outside(rows)
        self._records(rows, members, question)

    def _ask(self, rows: Rows) -> None:
        """A list as a question of its own, for all its parents at once."""
        question = Question(self._dialect, of=rows)
        self.all.append(question)
        self.layout.asked[rows] = question
        if rows.on is None:
            inside, members = self._inside(rows, None, question, sorted_outside=True)
            question.tables.append(f"({inside}) AS t{rows.number}")
        else:
            question.is_grouped = True
            question.select("parent.key")
            question.tables.append(self._dialect.each(question.parameter("parents")))
            if not self._dialect.joins_lists:
                self._ask_beside_parents(rows, question)
                return
            inside, members = self._inside(rows, "parent.key", question, sorted_outside=True)
            question.tables.append(f"CROSS JOIN LATERAL ({inside}) AS t{rows.number}")
        question.ending = self._sorted_outside(rows, *(["parent.key"] if question.is_grouped else []))
        self._records(rows, members, question)

    def _ask_beside_parents(self, rows: Rows, question: Question) -> None:
        """Where there is no LATERAL: the rows beside their parent's key, those within the limit by their ids.

        CROSS JOIN keeps SQLite from beginning with the rows, of which there may be many more than are asked.
        """
        model, alias = rows.model, f"t{rows.number}"
        conditions = [f"{alias}.{column_of(model, owner_column(model))} = {question.parameter('owner')}"]
        if limit := self._limit(rows, question):
            near = self._conditions(rows, "near", "parent.key", question)
            order = ", ".join(f"near.{sort}" for sort in self._sorts(rows))
            ids = f'SELECT near.{column_of(model, rows.pk)} FROM "{model._meta.db_table}" AS near'
            among = f"{ids} WHERE {' AND '.join(near)} ORDER BY {order}{limit}"
            conditions.append(f"{alias}.{column_of(model, rows.pk)} IN ({among})")
        else:
            conditions = self._conditions(rows, alias, "parent.key", question)
        question.tables.append(
            f'CROSS JOIN "{model._meta.db_table}" AS {alias} ON {" AND ".join(conditions)}'
        )
        for place in _beside(rows):
            if place is not rows:
                question.tables.append(self._left_join(place, question))
            self.layout.holder[place] = rows
            for column in place.columns:
                reference = f"t{place.number}.{column_of(place.model, column)}"
                self._references[place, column] = reference
                self.layout.at[place, column] = question.select(reference)
        sorts = [f"{alias}.{sort}" for sort in self._sorts(rows)]
        question.ending = f" ORDER BY {', '.join(['parent.key', *sorts])}"
        self._lists_below(rows, question)

    def _records(self, rows: Rows, members: Sequence[tuple[Rows, str]], question: Question) -> None:
        for number, (place, column) in enumerate(members):
            reference = f"t{rows.number}.c{number}"
            self._references[place, column] = reference
            self.layout.holder[place] = rows
            self.layout.at[place, column] = question.select(reference)
        self._lists_below(rows, question)

    def _lists_below(self, rows: Rows, question: Question) -> None:
        for place in _beside(rows):
            for child in place.children:
                if child.is_list:
                    self._place(child, question)

    def _parent_key(self, rows: Rows) -> str | None:
        """What the column `on` of a list is compared with, None where the owner alone tells its rows."""
        if rows.on is None or rows.parent is None:
            return None
        return self._references[rows.parent, rows.parent.pk]

    # The inside of a list

    def _inside(
        self, rows: Rows, key: str | None, question: Question, *, sorted_outside: bool = False
    ) -> tuple[str, list[tuple[Rows, str]]]:
        """The list, with the rows that keys of it name beside each: columns c0, c1 …, and whose they are."""
        conditions = self._conditions(rows, f"t{rows.number}", key, question)
        return self._sub_select(rows, question, conditions, sorted_outside, self._limit(rows, question))

    def _sub_select(
        self,
        rows: Rows,
        question: Question,
        conditions: Sequence[str],
        sorted_outside: bool,
        limit: str,
    ) -> tuple[str, list[tuple[Rows, str]]]:
        alias = f"t{rows.number}"
        members = [(place, column) for place in _beside(rows) for column in place.columns]
        selects = [
            f"t{place.number}.{column_of(place.model, column)} AS c{number}"
            for number, (place, column) in enumerate(members)
        ]
        sorts = [f"{alias}.{sort}" for sort in self._sorts(rows)]
        if sorted_outside:
            selects += [f"{_unsigned(sort)} AS s{number}" for number, sort in enumerate(sorts)]
        joins = [self._left_join(place, question) for place in _beside(rows) if place is not rows]
        tables = " ".join([f'"{rows.model._meta.db_table}" AS {alias}', *joins])
        # Sorting outside is enough where nothing is cut off inside.
        order = f" ORDER BY {', '.join(sorts)}" if sorts and (limit or not sorted_outside) else ""
        return (
            f"SELECT {', '.join(selects)} FROM {tables} WHERE {' AND '.join(conditions)}{order}{limit}",
            members,
        )

    def _conditions(self, rows: Rows, alias: str, key: str | None, question: Question) -> list[str]:
        """That a row is the owner's, its parent's, as asked for, and within the cursors."""
        model = rows.model
        found = [f"{alias}.{column_of(model, owner_column(model))} = {question.parameter('owner')}"]
        if key is not None:
            found.append(f"{alias}.{column_of(model, str(rows.on))} = {key}")
        found += self._asked_conditions(rows, alias, question)
        part, source = self._parts[rows.number], f"parts[{rows.number}].slice"
        if part.slice is not None and part.order is not None:
            place = f"({alias}.{column_of(model, part.order.column)}, {alias}.{column_of(model, rows.pk)})"
            for name, key_of, forward in (
                ("after", part.slice.after, True),
                ("before", part.slice.before, False),
            ):
                if key_of is not None:
                    value, row_id = (question.parameter(f"{source}.{name}.{one}") for one in ("value", "id"))
                    side = "<" if part.order.descending == forward else ">"
                    found.append(f"{place} {side} ({value}, {row_id})")
        return found

    def _asked_conditions(self, rows: Rows, alias: str, question: Question) -> Iterator[str]:
        for number, (lookup, value) in enumerate(self._parts[rows.number].conditions):
            attribute, _, comparison = lookup.partition("__")
            column = f"{alias}.{column_of(rows.model, attribute)}"
            source = f"parts[{rows.number}].conditions[{number}][1]"
            match comparison:
                case "isnull" | "not_isnull":
                    yield f"{column} IS {'' if value == (comparison == 'isnull') else 'NOT '}NULL"
                case "in":
                    yield self._dialect.one_of(column, question.parameter(f"listed({source})"))
                case "contains":
                    yield self._dialect.contains(column, question.parameter(source))
                case _:
                    yield f"{column} {COMPARISONS[comparison]} {question.parameter(source)}"

    def _sorts(self, rows: Rows) -> list[str]:
        """Columns without their table, with their direction; what is sorted by nullness says so."""
        part = self._parts[rows.number]
        if part.slice is not None:
            assert part.order is not None
            names: Sequence[str] = part.order.names(part.slice.backward)
        else:
            names = part.sorting
        return [self._sort(rows, name) for name in names]

    def _sort(self, rows: Rows, name: str) -> str:
        attribute, _, nullness = name.removeprefix("-").partition("__")
        column = column_of(rows.model, attribute)
        return f"{column}{' IS NULL' if nullness else ''}{' DESC' if name.startswith('-') else ''}"

    def _sorted_outside(self, rows: Rows, *first: str) -> str:
        directions = [" DESC" if sort.endswith(" DESC") else "" for sort in self._sorts(rows)]
        sorts = [f"t{rows.number}.s{number}{direction}" for number, direction in enumerate(directions)]
        return f" ORDER BY {', '.join([*first, *sorts])}" if sorts or first else ""

    def _limit(self, rows: Rows, question: Question) -> str:
        """As many rows as asked for, and one more where that tells whether there are more."""
        if self._parts[rows.number].slice is None:
            return ""
        more = " + 1" if rows.tells_place else ""
        return f" LIMIT {question.parameter(f'parts[{rows.number}].slice.size{more}')}"

    # Counts

    def _count(self, rows: Rows, question: Question) -> None:
        """How many rows the list has: beside the parent, or for all parents at once."""
        model, alias = rows.model, "counted"
        table = f'"{model._meta.db_table}" AS {alias}'
        owned = f"{alias}.{column_of(model, owner_column(model))} = "
        if self._dialect.joins_lists:
            key = self._parent_key(rows)
            found = [owned + question.parameter("owner")]
            found += [] if key is None else [f"{alias}.{column_of(model, str(rows.on))} = {key}"]
            found += self._asked_conditions(rows, alias, question)
            source = f"SELECT count(*) AS n FROM {table} WHERE {' AND '.join(found)}"
            question.tables.append(f"LEFT JOIN LATERAL ({source}) AS n{rows.number} ON true")
            self.layout.total_at[rows] = question.select(f"n{rows.number}.n")
            return
        own = Question(self._dialect, of=rows)
        self.all.append(own)
        self.layout.total_asked[rows] = own
        own.tables.append(table)
        own.conditions.append(owned + own.parameter("owner"))
        if rows.on is not None:
            on = f"{alias}.{column_of(model, rows.on)}"
            own.is_grouped = True
            own.select(on)
            own.conditions.append(self._dialect.one_of(on, own.parameter("parents")))
            own.ending = f" GROUP BY {on}"
        own.conditions += self._asked_conditions(rows, alias, own)
        own.select("count(*)")


def _beside(rows: Rows) -> Iterator[Rows]:
    """The place itself, and those whose rows its keys name, and theirs."""
    yield rows
    for child in rows.children:
        if not child.is_list:
            yield from _beside(child)


def _is_below_lists(rows: Rows) -> bool:
    return rows.parent is not None and (rows.parent.is_list or _is_below_lists(rows.parent))


def _unsigned(sort: str) -> str:
    return sort.removesuffix(" DESC")
