"""The parts of a table as SQL, so that two versions of it can be told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

PRIMARY_KEY = "primary key"


@dataclass(frozen=True)
class Column:
    """A column without its constraints; `null` of a generated key is said by its type."""

    type: str
    null: bool
    default: str | None = None

    def sql(self, name: str) -> str:
        """The line of the column in a CREATE TABLE."""
        default = "" if self.default is None else f" DEFAULT {self.default}"
        return f'"{name}" {self.type}{"" if self.null else " NOT NULL"}{default}'


@dataclass(frozen=True)
class Table:
    """A table's parts by name; two versions of a table differ by the parts that differ."""

    name: str
    columns: dict[str, Column]
    constraints: dict[str, str]
    indexes: dict[str, str]
    comments: dict[str, str] = field(default_factory=dict)  # by column, and the table's own under ""

    def create(self, name: str | None = None) -> str:
        """The CREATE TABLE, under another name if need be."""
        columns = [column.sql(named) for named, column in self.columns.items()]
        lines = ",\n    ".join([*columns, *self.constraints.values()])
        return f'CREATE TABLE "{name or self.name}" (\n    {lines}\n)'

    def without(self, name: str) -> Table:
        """The table before or after a constraint or an index."""
        return self._parts(lambda key, sql: None if key == name else (key, sql))

    def with_part_renamed(self, old: str, new: str) -> Table:
        """The table before or after the renaming of a constraint or an index."""
        said = (f'"{old}"', f'"{new}"')
        return self._parts(lambda key, sql: (new, sql.replace(*said)) if key == old else (key, sql))

    def with_column_renamed(self, old: str, new: str) -> Table:
        """The table after RENAME COLUMN, which the database carries into every part."""
        columns = {new if name == old else name: column for name, column in self.columns.items()}
        comments = {new if name == old else name: words for name, words in self.comments.items()}
        table = self._parts(lambda key, sql: (key, sql.replace(f'"{old}"', f'"{new}"')))
        return replace(table, columns=columns, comments=comments)

    def _parts(self, kept: Callable[[str, str], tuple[str, str] | None]) -> Table:
        def chosen(parts: dict[str, str]) -> dict[str, str]:
            return dict(part for key, sql in parts.items() if (part := kept(key, sql)))

        return replace(self, constraints=chosen(self.constraints), indexes=chosen(self.indexes))


def quoted(names: Iterable[str]) -> str:
    """Columns, between a statement's parentheses."""
    return ", ".join(f'"{name}"' for name in names)


def text(words: str) -> str:
    """Words as a literal."""
    return "'" + words.replace("\x00", "").replace("'", "''") + "'"
