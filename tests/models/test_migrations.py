"""The migrations, applied, are the models."""

from __future__ import annotations

from tortoise.transactions import in_transaction

from models.backends.migrating import pending_migrations, unwritten_changes
from tests.models.scene import TABLES


async def test_the_models_hold_nothing_that_no_migration_writes() -> None:
    assert await unwritten_changes() == [], "run `make migration name=…`"


async def test_a_migrated_database_has_every_constraint_and_index_of_the_models(database: str) -> None:
    assert await pending_migrations() == []
    async with in_transaction() as client:
        editor = client.schema_editor(client)  # type: ignore[attr-defined]
        assert {table.__name__: await editor.missing(table) for table in TABLES} == {
            table.__name__: [] for table in TABLES
        }
