"""The schema editor of SQLite, which copies a table into its successor for most changes.

The successor is made from the same description as a new table, so neither a constraint nor an index is lost.
Dropping the old table would fire the foreign keys of its children: tables are only rebuilt with
`foreign_keys=OFF`, as `models.backends.migrating` runs them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tortoise.exceptions import ConfigurationError
from tortoise.migrations.schema_editor.sqlite import SqliteSchemaEditor

from models.backends.definitions import Table, quoted
from models.backends.editors import Editor, came, gone

_CONSTRAINT = re.compile(r'CONSTRAINT "([^"]+)"')


class SqliteEditor(Editor, SqliteSchemaEditor):
    """Changes tables by copying them, save for what SQLite can do in place."""

    async def _run_sql(self, sql: str) -> None:
        if self.collect_sql:
            self.collected_sql.append(sql)
        else:  # our client splits a script without leaving the transaction
            await self.client.execute_script(sql)

    async def change(
        self, before: Table, after: Table, renamed: tuple[str, str] | None = None, filled: str | None = None
    ) -> None:
        if renamed and renamed[0] != renamed[1]:
            old, new = renamed
            await self._run_sql(f'ALTER TABLE "{after.name}" RENAME COLUMN "{old}" TO "{new}"')
            before = before.with_column_renamed(old, new)
        if before.columns == after.columns and before.constraints == after.constraints:
            await self._run_all([f'DROP INDEX "{name}"' for name in gone(before.indexes, after.indexes)])
            await self._run_all(came(before.indexes, after.indexes))
        else:
            await self._rebuild(before, after, filled)

    async def _rebuild(self, before: Table, after: Table, filled: str | None) -> None:
        strangers = await self._strangers(before)
        shadow = f"new__{after.name}"
        copied = dict(_copied(before, after, filled))
        values = ", ".join(copied.values())
        await self._run_all(
            [
                after.create(shadow),
                f'INSERT INTO "{shadow}" ({quoted(copied)}) SELECT {values} FROM "{after.name}"',
                f'DROP TABLE "{after.name}"',
                f'ALTER TABLE "{shadow}" RENAME TO "{after.name}"',
                *after.indexes.values(),
                *strangers,
            ]
        )

    async def _strangers(self, table: Table) -> list[str]:
        """Triggers, and indexes made by hand: the models do not know them, and they must survive."""
        if self.collect_sql:
            return []
        if (await self.client.execute_query_dict("PRAGMA foreign_keys"))[0]["foreign_keys"]:
            raise ConfigurationError("with foreign_keys=ON a rebuilt table loses its children: use migrate()")
        rows = await self.client.execute_query_dict(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('index', 'trigger') "
            "AND sql IS NOT NULL",
            [table.name],
        )
        return [row["sql"] for row in rows if row["name"] not in table.indexes]

    async def names_in_database(self, table: str) -> set[str]:
        rows = await self.client.execute_query_dict(
            "SELECT name, type, sql FROM sqlite_master WHERE tbl_name = ?", [table]
        )
        indexes = {row["name"] for row in rows if row["type"] == "index"}
        definitions = [row["sql"] for row in rows if row["type"] == "table"]
        return indexes | {name for sql in definitions for name in _CONSTRAINT.findall(sql)}


def _copied(before: Table, after: Table, filled: str | None) -> Iterator[tuple[str, str]]:
    """Each new column with what it is copied from; the others take their default."""
    for name, column in after.columns.items():
        old = before.columns.get(name)
        if old is None and filled is not None and not column.null:
            yield name, filled
        elif old is not None:
            tightened = old.null and not column.null and filled is not None
            yield name, f'COALESCE("{name}", {filled})' if tightened else f'"{name}"'
