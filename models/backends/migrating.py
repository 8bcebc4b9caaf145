"""Applies the migrations: each one whole or not at all, and never two processes at once.

A migration and its record in `tortoise_migrations` are one transaction, begun by taking the lock (an advisory
lock on PostgreSQL, the file's own on SQLite); what is pending is read inside it, so a second `portal migrate`
waits and then finds nothing to do. Before it ends, foreign keys are checked and the names of all constraints
and indexes are compared with the models. A SQLite file that holds data is copied aside first.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.exceptions import ConfigurationError, OperationalError
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.loader import MigrationLoader
from tortoise.migrations.migration import Migration
from tortoise.migrations.operations import AlterModelOptions, RenameField
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.writer import ImportManager, MigrationWriter, _render_call, format_migration_name
from tortoise.transactions import in_transaction

from models.backends.editors import Editor
from models.backends.errors import DatabaseTrouble
from models.backends.opening import ALIAS, APP, MIGRATIONS, MODULES, file_of, open_database, tortoise_config

LOCK = 0x706F7274616C  # "portal"
WAIT_SECONDS = 600


class MigrationFailed(Exception):
    """A migration could not be applied; the database is as it was before it."""


class Recorder(MigrationRecorder):
    """Tortoise's record of what was applied, which does not take a database that is down for an empty one."""

    async def ensure_schema(self, schema_editor: Any) -> None:
        await self.connection.execute_script(
            "CREATE TABLE IF NOT EXISTS tortoise_migrations (app VARCHAR(255) NOT NULL, "
            "name VARCHAR(255) NOT NULL, applied_at TIMESTAMPTZ NOT NULL, PRIMARY KEY (app, name))"
        )

    async def applied_migrations(self) -> list[MigrationKey]:
        columns = "SELECT app, name FROM tortoise_migrations ORDER BY applied_at, app, name"
        try:
            rows = await self.connection.execute_query_dict(columns)
        except DatabaseTrouble:
            raise
        except OperationalError:  # no such table: nothing was ever applied
            return []
        return [MigrationKey(app_label=row["app"], name=row["name"]) for row in rows]


class Writer(MigrationWriter):
    """Tortoise's writer of migration files, which forgets that ids are not made by the database."""

    @classmethod
    def of(cls, writer: MigrationWriter, name: str) -> Writer:
        """The same migration under a name of ours."""
        return cls(
            format_migration_name(int(writer.name[:4]), name),
            writer.app_label,
            writer.operations,
            dependencies=writer.dependencies,
            initial=writer.initial,
            migrations_module=writer.migrations_module,
        )

    def _render_field(self, field: Any, imports: ImportManager) -> str:
        path, values, named = field.deconstruct()
        if field.pk:
            named["generated"] = bool(field.generated)
        return _render_call(path, values, named, imports)


class Runner(MigrationExecutor):
    """Applies one migration after the other with our schema editors."""

    def __init__(self, connection: BaseDBAsyncClient, apps: dict[str, dict[str, Any]]) -> None:
        super().__init__(connection, apps)
        self.recorder = self.loader.recorder = Recorder(connection)

    async def pending(self) -> list[str]:
        """The names of the migrations that are still to be applied, in their order."""
        await self.loader.build_graph()
        applied = set(await self.recorder.applied_migrations())
        return [step.migration.name for step in self._migration_plan(None, applied, self.loader.graph)]

    async def apply_next(self) -> str | None:
        """Apply the first pending migration, if there is one, and say which."""
        async with in_transaction(self.connection.connection_name) as client:
            editor: Editor = client.schema_editor(client)  # type: ignore[attr-defined]
            recorder = Recorder(client)
            await self._lock(client)
            await recorder.ensure_schema(editor)
            applied = set(await recorder.applied_migrations())
            plan = self._migration_plan(None, applied, self.loader.graph)
            if not plan:
                return None
            migration = plan[0].migration
            state = await self._project_state(applied)
            await self._apply(migration, state, editor)
            await self._verify(state, editor)
            await recorder.record_applied(migration.app_label, migration.name)
            return migration.name

    async def _lock(self, client: Any) -> None:
        if client.capabilities.dialect == "postgres":
            await client.execute_query(f"SELECT pg_advisory_xact_lock({LOCK})")

    async def _apply(self, migration: Migration, state: State, editor: Editor) -> None:
        if not migration.atomic:
            raise ConfigurationError("a migration is whole or not at all: atomic = False is refused")
        app = migration.app_label
        for operation in migration.operations:
            before = state.clone()
            operation.state_forward(app, state)
            if isinstance(operation, RenameField):  # Tortoise's own leaves behind what is named by the field
                old, new = (s.apps.get_model(app, operation.model_name) for s in (before, state))
                await editor.rename_field(old, new, operation.old_name, operation.new_name)
            else:
                await operation.database_forward(app, before, state, editor)
        state.validate_relations_initialized()

    async def _verify(self, state: State, editor: Editor) -> None:
        if editor.DIALECT == "sqlite":
            orphans = await editor.client.execute_query_dict("PRAGMA foreign_key_check")
            if orphans:
                tables = sorted({row["table"] for row in orphans})
                raise MigrationFailed(f"{len(orphans)} rows of {', '.join(tables)} would lose their parent")
        for models in state.apps.apps.values():
            for model in models.values():
                if missing := await editor.missing(model):
                    raise MigrationFailed(f"table {model._meta.db_table} would lack {', '.join(missing)}")


async def migrate(
    url: str,
    report: Callable[[str], None],
    *,
    modules: Sequence[str] = MODULES,
    migrations: str = MIGRATIONS,
) -> list[str]:
    """Apply every pending migration and return their names; report each one in a line."""
    done: list[str] = []
    async with open_database(_patient(url), modules=modules, migrations=migrations):
        runner = Runner(get_connection(ALIAS), {APP: _app(modules, migrations)})
        pending = await runner.pending()
        copy = await _copied_aside(url, pending[0]) if pending else None
        if copy is not None:
            report(f"the database was copied to {copy}")
        try:
            while True:
                started = time.perf_counter()
                name = await runner.apply_next()
                if name is None:
                    return done
                report(f"{name} applied in {time.perf_counter() - started:.1f} s")
                done.append(name)
        except DatabaseTrouble:
            raise
        except Exception as error:
            raise await _explained(error, runner, copy) from error


def _patient(url: str) -> str:
    # Rebuilding a table takes its time, and another migration may be at work.
    ours = (
        f"busy_timeout={WAIT_SECONDS}&foreign_keys=OFF" if url.startswith("sqlite") else "command_timeout=0"
    )
    return f"{url}{'&' if '?' in url else '?'}{ours}"


async def _explained(error: Exception, runner: Runner, copy: Path | None) -> MigrationFailed:
    failed = next(iter(await runner.pending()), "no migration")
    kept = f"; a copy from before is in {copy}" if copy else ""
    return MigrationFailed(f"{failed} was not applied, nothing of it was kept: {error}{kept}")


def _app(modules: Sequence[str], migrations: str) -> dict[str, Any]:
    return {"models": list(modules), "default_connection": ALIAS, "migrations": migrations}


async def _copied_aside(url: str, migration: str) -> Path | None:
    file = file_of(url)
    return None if file is None else await asyncio.to_thread(_copy, file, migration)


def _copy(file: Path, migration: str) -> Path | None:
    """Copy a file that holds data, readable by the same people, and under its name only once it is whole."""
    with closing(sqlite3.connect(file)) as source:
        if not source.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0]:
            return None
        copy = file.with_name(f"{file.name}.before-{migration}")
        begun = copy.with_name(f"{copy.name}.part")
        begun.unlink(missing_ok=True)
        os.close(os.open(begun, os.O_CREAT | os.O_WRONLY, file.stat().st_mode & 0o777))
        with closing(sqlite3.connect(begun)) as target:
            source.backup(target)
        begun.replace(copy)
        return copy


async def pending_migrations(migrations: str = MIGRATIONS) -> list[str]:
    """The migrations that the open database still lacks: a server that finds some is not ready."""
    applied = {key.name for key in await Recorder(get_connection(ALIAS)).applied_migrations()}
    return [name for name in _known(migrations) if name not in applied]


@cache
def _known(migrations: str) -> list[str]:
    loader = MigrationLoader({APP: _app(MODULES, migrations)}, MigrationRecorder(None))
    loader.load_disk()
    return sorted(key.name for key in loader.disk_migrations)


async def make_migration(
    name: str, *, modules: Sequence[str] = MODULES, migrations: str = MIGRATIONS
) -> Path | None:
    """Write the migration that brings the last one's tables to the models, if they differ; read it.

    A relation that was renamed is taken for one removed and one added, which would lose what it held: write
    RenameField, then AlterField with the new `source_field`, in place of the two.
    """
    writer = await _changes(modules, migrations)
    return None if writer is None else Writer.of(writer, name).write()


async def unwritten_changes(*, modules: Sequence[str] = MODULES, migrations: str = MIGRATIONS) -> list[str]:
    """What `make_migration` would write, in words."""
    writer = await _changes(modules, migrations)
    return [] if writer is None else [operation.describe() for operation in writer.operations]


async def _changes(modules: Sequence[str], migrations: str) -> MigrationWriter | None:
    config = tortoise_config("sqlite://:memory:", modules=modules, migrations=migrations)
    async with TortoiseContext() as context:
        await context.init(config=config)
        assert context.apps is not None
        found = next(iter(await MigrationAutodetector(context.apps, config["apps"]).changes()), None)
    if found is not None:
        # Its options name constraints, and those name columns that the same migration may be about to add.
        found.operations.sort(key=lambda operation: isinstance(operation, AlterModelOptions))
    return found
