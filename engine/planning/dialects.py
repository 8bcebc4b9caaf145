"""What the databases say differently, and how their values become those of Tortoise."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

import orjson
from tortoise import fields
from tortoise.fields.base import Field

_TYPED = (
    fields.CharField,
    fields.BigIntField,
    fields.IntField,
    fields.SmallIntField,
    fields.BooleanField,
    fields.DateField,
    fields.DatetimeField,
)

_UNREAD = (int, str, float, bytes)


@dataclass(frozen=True)
class Dialect:
    """One database. `joins_lists` says whether a list can be read beside its parent, as arrays of columns."""

    name: str
    mark: str
    joins_lists: bool
    is_typed: bool  # a column holds values of its type and nothing else

    def parameter(self, number: int) -> str:
        """The mark of a parameter, counted from 1; it may be used more than once."""
        return f"{self.mark}{number}"

    def contains(self, column: str, value: str) -> str:
        """Whether a text is somewhere in a column."""
        return f"{'strpos' if self.name == 'postgres' else 'instr'}({column}, {value}) > 0"

    def one_of(self, column: str, values: str) -> str:
        """Whether a column is one of a parameter's values; the text is the same however many there are."""
        if self.name == "postgres":
            return f"{column} = ANY({values})"
        return f"{column} IN (SELECT value FROM json_each({values}))"

    def listed(self, values: Iterable[Any]) -> Any:
        """Many values as one parameter."""
        return list(values) if self.name == "postgres" else orjson.dumps(list(values)).decode()

    def each(self, values: str) -> str:
        """The values of a parameter as rows of a table with the column `key`."""
        if self.name == "postgres":
            return f"unnest({values}::bigint[]) AS parent(key)"
        return f"(SELECT value AS key FROM json_each({values})) AS parent"

    def converter(self, field: Field[Any]) -> Callable[[Any], Any] | None:
        """Makes of a value of a column, null excepted, what Tortoise gives; None where it is that already."""
        enum = enum_of(field)
        if enum is not None:
            return {member.value: member for member in enum}.__getitem__
        if self.is_typed and isinstance(field, _TYPED):
            return None
        if field.field_type in _UNREAD and type(field).to_python_value is Field.to_python_value:
            return None  # Tortoise takes these as they are, whatever they are
        if isinstance(field, fields.DateField):
            return _read_date
        return field.to_python_value


POSTGRES = Dialect("postgres", "$", joins_lists=True, is_typed=True)
SQLITE = Dialect("sqlite", "?", joins_lists=False, is_typed=False)
DIALECTS = {dialect.name: dialect for dialect in (POSTGRES, SQLITE)}


def enum_of(field: Field[Any]) -> type[Enum] | None:
    """The enumeration whose values a column of texts holds, if it is of one."""
    enum = getattr(field, "enum_type", None)
    return enum if isinstance(field, fields.CharField) and isinstance(enum, type) else None


def _read_date(text: Any) -> date:
    return date.fromisoformat(text)
