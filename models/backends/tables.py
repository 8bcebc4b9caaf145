"""What a model's table is made of, as SQL of one dialect: the only description, for new and changed tables.

A customer-owned table, whose model has a relation called `customer`, is keyed by (customer_id, id). Its
relations to other owned tables hold both columns, so a row can never point into another customer's rows. A
lookup table that merely names a customer calls the relation otherwise, or keeps a plain number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tortoise.exceptions import ConfigurationError
from tortoise.fields.relational import ForeignKeyFieldInstance, OneToOneFieldInstance
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.models import Model

from models.backends.definitions import PRIMARY_KEY, Column, Table, quoted, text
from models.backends.rows import OWNER, OWNER_COLUMN, is_owned

NAME_MAX_BYTES = 63  # PostgreSQL cuts longer names
_SPLITS_THE_KEY = ("SET NULL", "SET DEFAULT")  # they would empty customer_id too


class Description:
    """Reads a model (of the program or of a migration) into a `Table`."""

    def __init__(self, editor: BaseSchemaEditor, model: type[Model], leaving_out: str | None = None) -> None:
        self.editor = editor
        self.model = model
        self.meta = model._meta
        self.name = self.meta.db_table
        self.owned = is_owned(model)
        self.fields = {
            column: self.meta.fields_map[name]
            for name, column in self.meta.fields_db_projection.items()
            if column != leaving_out
        }
        self.key = self.meta.fields_db_projection[self.meta.pk_attr]

    def table(self) -> Table:
        """The whole table."""
        if self.owned and self.fields[OWNER_COLUMN].null:
            raise self._refused("a row without a customer cannot be keyed by it: name the relation otherwise")
        constraints = dict([*self._primary_key(), *self._foreign_keys(), *self._checks()])
        indexes = dict([*self._plain_indexes(), *self._partial_uniques()])
        uniques = dict(self._uniques())
        if self.editor.DIALECT == "sqlite":  # where an index can be dropped, and a constraint cannot
            indexes |= {name: self._unique_index(name, columns) for name, columns in uniques.items()}
        else:
            constraints |= {
                name: f'CONSTRAINT "{name}" UNIQUE ({quoted(columns)})' for name, columns in uniques.items()
            }
        for name in (*constraints, *indexes):
            if len(name.encode()) > NAME_MAX_BYTES:
                raise self._refused(f"the name {name} is longer than {NAME_MAX_BYTES} bytes")
        columns = {column: self._column(value) for column, value in self.fields.items()}
        return Table(self.name, columns, constraints, indexes, self._comments())

    def _column(self, value: Any) -> Column:
        dialect = self.editor.DIALECT
        kind = value.get_for_dialect(dialect, "SQL_TYPE")
        generated = value.get_for_dialect(dialect, "GENERATED_SQL") if value.generated else None
        if generated and value.pk:
            return Column(generated, null=True)
        default = self.default(value) if value.has_db_default() else None
        return Column(f"{kind} {generated}" if generated else kind, value.null, default)

    def default(self, value: Any) -> str:
        """The default kept in the database."""
        if hasattr(value.db_default, "get_sql"):
            return str(value.db_default.get_sql(dialect=self.editor.DIALECT))
        return self.literal(value, value.db_default)

    def literal(self, value: Any, of: Any) -> str:
        """A field's value as SQL, which both databases read from a text unless it is a number."""
        stored = value.to_db_value(of, self.model)
        if isinstance(stored, bool):
            return str(stored).upper() if self.editor.DIALECT == "postgres" else str(int(stored))
        return str(stored) if isinstance(stored, int | float) else text(str(stored))

    def _primary_key(self) -> Iterator[tuple[str, str]]:
        key = self.fields[self.key]
        if key.generated and key.get_for_dialect(self.editor.DIALECT, "GENERATED_SQL"):
            if self.owned:
                raise self._refused("ids of a customer's rows are made by us: set generated=False")
            return
        columns = [OWNER_COLUMN, self.key] if self.owned and self.key != OWNER_COLUMN else [self.key]
        yield PRIMARY_KEY, f"PRIMARY KEY ({quoted(columns)})"

    def _foreign_keys(self) -> Iterator[tuple[str, str]]:
        for column, value in self.fields.items():
            reference = value.reference
            if not isinstance(reference, ForeignKeyFieldInstance) or not reference.db_constraint:
                continue
            ours, theirs = self._both_ends(column, reference)
            target = reference.related_model._meta.db_table
            name = self.editor._generate_fk_name(self.name, column, target, theirs[-1])
            yield (
                name,
                f'CONSTRAINT "{name}" FOREIGN KEY ({quoted(ours)}) '
                f'REFERENCES "{target}" ({quoted(theirs)}) ON DELETE {_action(reference)}',
            )

    def _both_ends(self, column: str, reference: Any) -> tuple[list[str], list[str]]:
        far = reference.to_field_instance
        theirs = far.source_field or far.model_field_name
        if not is_owned(reference.related_model) or theirs == OWNER_COLUMN:
            return [column], [theirs]
        if not self.owned:
            raise self._refused(f"{column} leads to a customer's rows, so it needs a relation `{OWNER}` too")
        if _action(reference) in _SPLITS_THE_KEY:
            raise self._refused(f"{column} shares its key with the customer: ON DELETE {_action(reference)}")
        return [OWNER_COLUMN, column], [OWNER_COLUMN, theirs]

    def _checks(self) -> Iterator[tuple[str, str]]:
        for check in self.meta.constraints:
            if isinstance(check, CheckConstraint):
                yield check.name, f'CONSTRAINT "{check.name}" CHECK ({check.check})'

    def _uniques(self) -> Iterator[tuple[str, list[str]]]:
        for column, value in self.fields.items():
            if value.unique and column != self.key:
                yield self._single_unique(column, value)
        for names in self.meta.unique_together:
            yield self.unique(UniqueConstraint(tuple(names)))
        for constraint in self.meta.constraints:
            if isinstance(constraint, UniqueConstraint) and constraint.condition is None:
                yield self.unique(constraint)

    def _single_unique(self, column: str, value: Any) -> tuple[str, list[str]]:
        if self.owned and isinstance(value.reference, OneToOneFieldInstance) and column != OWNER_COLUMN:
            return self.unique(UniqueConstraint((OWNER_COLUMN, column)))
        return self.unique(UniqueConstraint((column,)))

    def unique(self, constraint: UniqueConstraint) -> tuple[str, list[str]]:
        """The name and the columns of a unique key."""
        columns = self.columns_of(constraint.fields)
        if self.owned and OWNER_COLUMN not in columns:
            raise self._refused(f"a unique key must contain {OWNER_COLUMN}, and ({quoted(columns)}) does not")
        return constraint.name or self.editor._generate_index_name("uid", self.model, columns), columns

    def _partial_uniques(self) -> Iterator[tuple[str, str]]:
        for constraint in self.meta.constraints:
            if isinstance(constraint, UniqueConstraint) and constraint.condition is not None:
                name, columns = self.unique(constraint)
                yield name, f"{self._unique_index(name, columns)} WHERE {constraint.condition}"

    def _unique_index(self, name: str, columns: Sequence[str]) -> str:
        return f'CREATE UNIQUE INDEX "{name}" ON "{self.name}" ({quoted(columns)})'

    def _plain_indexes(self) -> Iterator[tuple[str, str]]:
        for column, value in self.fields.items():
            if value.index and not value.pk and not value.unique:
                yield self.index(Index(fields=(column,)))
        for index in self.meta.indexes:
            yield self.index(index if isinstance(index, Index) else Index(fields=tuple(index)))

    def index(self, index: Index) -> tuple[str, str]:
        """The name and the CREATE INDEX of an index."""
        index.resolve_expressions(self.model)
        columns = self.columns_of(index.fields) if index.fields else index.field_names
        name = index.name or self.editor._generate_index_name("idx", self.model, columns)
        sql = self.editor._get_index_sql(
            self.model, columns, index_name=name, index_type=index.INDEX_TYPE, extra=index.extra
        )
        return name, sql.rstrip(";")

    def columns_of(self, names: Iterable[str]) -> list[str]:
        """The columns of fields, which may be named as columns already."""
        columns = self.editor._resolve_fields_to_columns(self.model, list(names))
        columns = [self.meta.fields_db_projection.get(column, column) for column in columns]
        if unknown := [column for column in columns if column not in self.fields]:
            raise self._refused(f"a constraint or an index names {quoted(unknown)}, which is not there")
        return columns

    def _comments(self) -> dict[str, str]:
        if self.editor.DIALECT == "sqlite":
            return {}
        comments: dict[str, str | None] = {"": self.meta.table_description}
        for column, value in self.fields.items():
            comments[column] = value.reference.description if value.reference else value.description
        return {column: words for column, words in comments.items() if words}

    def _refused(self, words: str) -> ConfigurationError:
        return ConfigurationError(f"table {self.name}: {words}")


def _action(reference: Any) -> str:
    return str(getattr(reference.on_delete, "value", reference.on_delete))
