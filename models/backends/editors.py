"""Schema editors: each change of a model is the difference between two descriptions of its table.

Tortoise's operations call an editor with models; the editor of a database makes the table that was described
by the one into the table that is described by the other.
"""

from __future__ import annotations

from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.schema_generator import BaseSchemaGenerator
from tortoise.exceptions import ConfigurationError
from tortoise.fields.base import Field
from tortoise.fields.relational import ForeignKeyFieldInstance, ManyToManyFieldInstance
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_editor.data import ModelSqlData
from tortoise.models import Model

from models.backends.definitions import PRIMARY_KEY, Table, text
from models.backends.rows import OWNER_COLUMN, is_owned
from models.backends.tables import Description

Constraint = UniqueConstraint | CheckConstraint


class NoGenerator(BaseSchemaGenerator):
    """In place of Tortoise's other way to make tables, which knows neither owners nor constraints."""

    def __init__(self, client: BaseDBAsyncClient) -> None:
        raise ConfigurationError("tables are made by migrations: models.backends.migrating.migrate")


class Editor(BaseSchemaEditor):
    """Turns Tortoise's operations into a table before and a table after."""

    def describe(self, model: type[Model], leaving_out: str | None = None) -> Table:
        """The table of a model, or what it is without one of its columns."""
        return Description(self, model, leaving_out).table()

    async def change(
        self, before: Table, after: Table, renamed: tuple[str, str] | None = None, filled: str | None = None
    ) -> None:
        """Make the table of `before` that of `after`; `filled` is put where there was no value."""
        raise NotImplementedError

    async def names_in_database(self, table: str) -> set[str]:
        """The names of the table's constraints and indexes as the database has them."""
        raise NotImplementedError

    async def missing(self, model: type[Model]) -> list[str]:
        """Constraints and indexes of the model that the database has not."""
        table = self.describe(model)
        expected = {*table.constraints, *table.indexes} - {PRIMARY_KEY}
        return sorted(expected - await self.names_in_database(table.name))

    def _get_model_sql_data(self, model: type[Model]) -> ModelSqlData:
        table = self.describe(model)
        script = [table.create(), *table.indexes.values(), *recommented(None, table)]
        sql = ";\n".join(script) + ";"
        return ModelSqlData(table.name, model, sql, references=set(), m2m_tables_sql=self._link_tables(model))

    def _link_tables(self, model: type[Model]) -> list[str]:
        links: list[Any] = [model._meta.fields_map[name] for name in sorted(model._meta.m2m_fields)]
        if links and is_owned(model):
            raise _refused(model, "link a customer's rows by a table of their own")
        return [sql for link in links if (sql := self._get_m2m_table_definition(model, link))]

    async def _run_all(self, script: list[str]) -> None:
        for sql in script:
            await self._run_sql(sql)

    async def rename_table(self, model: type[Model], old_name: str, new_name: str) -> None:
        if old_name != new_name:
            raise _refused(model, f"keep the name {old_name} with Meta.table, constraints are named by it")

    async def add_field(self, model: type[Model], field_name: str) -> None:
        field = model._meta.fields_map[field_name]
        if isinstance(field, ManyToManyFieldInstance):
            await super().add_field(model, field_name)
            return
        column = _column_of(model, field)
        before, after = self._around(model, column)
        fill = None if after.columns[column].null else self._fill(model, column)
        await self.change(before, after, filled=fill)

    async def remove_field(self, model: type[Model], field: Field[Any]) -> None:
        if isinstance(field, ManyToManyFieldInstance):
            await super().remove_field(model, field)
            return
        before, after = self._around(model, _column_of(model, field))
        await self.change(after, before)

    def _around(self, model: type[Model], column: str) -> tuple[Table, Table]:
        if column == OWNER_COLUMN and is_owned(model):
            raise _refused(model, "rows cannot change hands, make a new table")
        return self.describe(model, leaving_out=column), self.describe(model)

    async def alter_field(self, old_model: type[Model], new_model: type[Model], field_name: str) -> None:
        old = old_model._meta.fields_map[field_name]
        if isinstance(old, ManyToManyFieldInstance):
            await super().alter_field(old_model, new_model, field_name)
            return
        await self.rename_field(old_model, new_model, field_name, field_name)

    async def rename_field(
        self, old_model: type[Model], new_model: type[Model], old_name: str, new_name: str
    ) -> None:
        """Carry a field over to the new model's name and definition of it."""
        old = _column_of(old_model, old_model._meta.fields_map[old_name])
        new = _column_of(new_model, new_model._meta.fields_map[new_name])
        before, after = self.describe(old_model), self.describe(new_model)
        tightened = before.columns[old].null and not after.columns[new].null
        fill = self._fill(new_model, new) if tightened else None
        await self.change(before, after, (old, new), fill)

    def _fill(self, model: type[Model], column: str) -> str | None:
        field: Any = Description(self, model).fields[column]
        if field.has_db_default() or field.default is None or callable(field.default):
            return None
        return Description(self, model).literal(field, field.default)

    async def add_index(self, model: type[Model], index: Index) -> None:
        after = self.describe(model)
        await self.change(after.without(self._index_name_for_model(model, index)), after)

    async def remove_index(self, model: type[Model], index: Index) -> None:
        before = self.describe(model)
        await self.change(before, before.without(self._index_name_for_model(model, index)))

    async def rename_index(self, model: type[Model], old_index: Index, new_index: Index) -> None:
        old, new = (self._index_name_for_model(model, index) for index in (old_index, new_index))
        after = self.describe(model)
        await self.change(after.with_part_renamed(new, old), after)

    async def add_constraint(self, model: type[Model], constraint: Constraint) -> None:
        after = self.describe(model)
        await self.change(after.without(self._name_of(model, constraint)), after)

    async def remove_constraint(self, model: type[Model], constraint: Constraint) -> None:
        before = self.describe(model)
        await self.change(before, before.without(self._name_of(model, constraint)))

    async def rename_constraint(
        self, model: type[Model], old_constraint: Constraint, new_constraint: Constraint
    ) -> None:
        after = self.describe(model)
        old, new = (self._name_of(model, constraint) for constraint in (old_constraint, new_constraint))
        await self.change(after.with_part_renamed(new, old), after)

    def _index_name_for_model(self, model: type[Model], index: Index) -> str:
        return Description(self, model).index(index)[0]

    def _name_of(self, model: type[Model], constraint: Constraint) -> str:
        if isinstance(constraint, CheckConstraint):
            return constraint.name
        return Description(self, model).unique(constraint)[0]


def gone(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The names of the parts that are no more, or no more the same."""
    return [name for name, sql in before.items() if after.get(name) != sql]


def came(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The SQL of the parts that are new, or no more the same."""
    return [sql for name, sql in after.items() if before.get(name) != sql]


def recommented(before: Table | None, after: Table) -> list[str]:
    """The COMMENTs that make what was said of the columns what is to be said."""
    old = before.comments if before else {}
    cleared = [c for c in old if c not in after.comments and (c in after.columns or not c)]
    said = {column: "NULL" for column in cleared}
    said |= {column: text(words) for column, words in after.comments.items() if old.get(column) != words}
    return [
        f'COMMENT ON COLUMN "{after.name}"."{column}" IS {words}'
        if column
        else f'COMMENT ON TABLE "{after.name}" IS {words}'
        for column, words in said.items()
    ]


def _column_of(model: type[Model], field: Field[Any]) -> str:
    if isinstance(field, ForeignKeyFieldInstance):
        field = model._meta.fields_map[field.source_field or f"{field.model_field_name}_id"]
    return model._meta.fields_db_projection[field.model_field_name]


def _refused(model: type[Model], words: str) -> ConfigurationError:
    return ConfigurationError(f"table {model._meta.db_table}: {words}")
