"""The schema editor of PostgreSQL, which alters tables in place."""

from __future__ import annotations

from tortoise.exceptions import ConfigurationError
from tortoise.migrations.schema_editor.asyncpg import AsyncpgSchemaEditor

from models.backends.definitions import PRIMARY_KEY, Column, Table
from models.backends.editors import Editor, came, gone, recommented


class PostgresEditor(Editor, AsyncpgSchemaEditor):
    """Changes tables by ALTER TABLE."""

    async def change(
        self, before: Table, after: Table, renamed: tuple[str, str] | None = None, filled: str | None = None
    ) -> None:
        table = f'ALTER TABLE "{after.name}"'
        script: list[str] = []
        if renamed and renamed[0] != renamed[1]:
            old, new = renamed
            script.append(f'{table} RENAME COLUMN "{old}" TO "{new}"')
            before = before.with_column_renamed(old, new)
        if before.constraints.get(PRIMARY_KEY) != after.constraints.get(PRIMARY_KEY):
            raise ConfigurationError(f"table {after.name}: its primary key cannot change, make a new table")
        script += [
            f'{table} DROP CONSTRAINT "{part}"' for part in gone(before.constraints, after.constraints)
        ]
        script += [f'DROP INDEX "{part}"' for part in gone(before.indexes, after.indexes)]
        script += [f'{table} DROP COLUMN "{name}"' for name in before.columns if name not in after.columns]
        for name, column in after.columns.items():
            if name not in before.columns:
                script += self._added(table, name, column, filled)
            elif before.columns[name] != column:
                script += self._altered(after.name, name, before.columns[name], column, filled)
        script += [f"{table} ADD {sql}" for sql in came(before.constraints, after.constraints)]
        script += came(before.indexes, after.indexes)
        await self._run_all(script + recommented(before, after))

    def _added(self, table: str, name: str, column: Column, filled: str | None) -> list[str]:
        if filled is None:
            return [f"{table} ADD COLUMN {column.sql(name)}"]
        with_default = Column(column.type, column.null, filled).sql(name)
        return [f"{table} ADD COLUMN {with_default}", f'{table} ALTER COLUMN "{name}" DROP DEFAULT']

    def _altered(self, table: str, name: str, old: Column, new: Column, filled: str | None) -> list[str]:
        alter = f'ALTER TABLE "{table}" ALTER COLUMN "{name}"'
        script = []
        if old.default is not None and old != new:
            script.append(f"{alter} DROP DEFAULT")
        if old.type != new.type:
            script.append(f'{alter} TYPE {new.type} USING "{name}"::{new.type}')
        if new.default is not None:
            script.append(f"{alter} SET DEFAULT {new.default}")
        if filled is not None:
            script.append(f'UPDATE "{table}" SET "{name}" = {filled} WHERE "{name}" IS NULL')
        if old.null != new.null:
            script.append(f"{alter} {'DROP' if new.null else 'SET'} NOT NULL")
        return script

    async def names_in_database(self, table: str) -> set[str]:
        rows = await self.client.execute_query_dict(
            "SELECT conname::text AS name FROM pg_constraint WHERE conrelid = to_regclass($1) "
            "UNION SELECT relname::text FROM pg_index JOIN pg_class ON oid = indexrelid "
            "WHERE indrelid = to_regclass($1)",
            [f'"{table}"'],
        )
        return {row["name"] for row in rows}
