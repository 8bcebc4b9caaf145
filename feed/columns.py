"""What the format is made of: entities, their columns, and where each value goes."""

from __future__ import annotations

from dataclasses import dataclass

from tortoise.models import Model

from feed.kinds import Kind, Unfit, Value

QUOTED_MAX = 40
DIGEST_LENGTH = 32


@dataclass(frozen=True)
class Column:
    """One column of a file."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    default: str | None = None  # what an empty cell stands for
    to: str | None = ""  # column of the table: of the same name unless told, none for what is derived from
    personal: bool = False  # never repeated in a report
    edited_as: str | None = None  # customers change it themselves, together with its namesakes

    def __post_init__(self) -> None:
        if self.to == "":
            object.__setattr__(self, "to", self.name)

    def read(self, text: str) -> Value:
        """The value kept, or `Unfit` with a reason that quotes the text unless it is personal."""
        if not text:
            if self.required:
                raise Unfit("is required, and empty")
            return None if self.default is None else self.kind.read(self.default)
        try:
            return self.kind.read(text)
        except Unfit as unfit:
            if self.personal:
                raise
            raise Unfit(f"{quoted(text)} {unfit}") from None


def quoted(text: str) -> str:
    """The beginning of a text, fit to be printed on one line."""
    shown = text if len(text) <= QUOTED_MAX else text[:QUOTED_MAX] + "…"
    safe = shown.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in safe) + '"'


class Reader(dict[str, Value]):
    """Cells of one column and their values: what comes again and again is read once."""

    REMEMBERED_MAX = 20_000

    def __init__(self, column: Column) -> None:
        self._column = column

    def __missing__(self, text: str) -> Value:
        value = self._column.read(text)
        if self._column.kind.repeats or not text:
            if len(self) >= self.REMEMBERED_MAX:
                self.clear()
            self[text] = value
        return value


@dataclass(frozen=True)
class Derived:
    """A column of the table computed from a row."""

    name: str
    stored: str
    edited_as: str | None = None


@dataclass(frozen=True)
class Parent:
    """A cell that names a row of another file (or of the database) of the same customer and contract."""

    column: str
    entity: str
    to: str


@dataclass(frozen=True)
class Entity:
    """One file of the feed, and the table its rows go to."""

    name: str
    model: type[Model]
    meaning: str
    key: str  # with the customer and the contract, tells one row from the others
    columns: tuple[Column, ...]
    parents: tuple[Parent, ...] = ()
    derived: tuple[Derived, ...] = ()

    @property
    def file(self) -> str:
        return f"{self.name}.csv"

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def header(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def one(self) -> str:
        """The entity's name for one row."""
        return self.name.removesuffix("s")

    @property
    def edited(self) -> list[str | None]:
        """What customers may change themselves, by name, after what only the lender changes (None)."""
        return list(dict.fromkeys([None, *(column.edited_as for column in self.columns)]))

    @property
    def digest_width(self) -> int:
        """How many characters of the digest each of these has."""
        return DIGEST_LENGTH // len(self.edited)

    @property
    def kept(self) -> dict[str, Column | Derived]:
        """Columns of the table, with what fills them."""
        given = {column.to: column for column in self.columns if column.to is not None}
        return {**given, **{derived.name: derived for derived in self.derived}}

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)
