"""Migrations are applied whole or not at all, once, and say what they did."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.exceptions import ConfigurationError

from models.backends.migrating import (
    MigrationFailed,
    make_migration,
    pending_migrations,
    unwritten_changes,
)
from models.backends.opening import open_database
from tests.models.backends.stepping import (
    ALL,
    ALTERATIONS,
    COUNTS,
    SHOP,
    Shop,
    WriteMigrations,
    assert_constraints_hold,
    file_of_step,
)

pytestmark = pytest.mark.anyio


FAILURES = {
    "in SQL": """ops.AddField("Basket", "colour", fields.CharField(10, null=True)), ops.RunSQL("SELEKT"),""",
    "against the rows": """ops.AddField("Basket", "colour", fields.CharField(10, null=True)),
        ops.AddConstraint("Item", CheckConstraint("position < 3", name="item_few")),""",
    "by a row without its parent": (
        """ops.AddField("Basket", "colour", fields.CharField(10, null=True)),
        ops.RunSQL("UPDATE item SET basket_id = 12345"),"""
    ),
    "by a required column without a value": (
        """ops.AddField("Basket", "colour", fields.CharField(10, null=True)),
        ops.AddField("Item", "size", fields.IntField()),"""
    ),
}


@pytest.mark.parametrize("operations", FAILURES.values(), ids=FAILURES)
async def test_a_migration_that_fails_leaves_nothing(stocked: Shop, operations: str) -> None:
    with pytest.raises(MigrationFailed, match="0002_wrong was not applied, nothing of it was kept") as failed:
        await stocked.migrate(_0002_wrong=operations)

    assert await stocked.rows(COUNTS) == ALL
    assert "colour" not in (await stocked.rows("SELECT * FROM basket"))[0]
    assert await stocked.rows("SELECT name FROM tortoise_migrations") == [{"name": "0001_initial"}]
    await assert_constraints_hold(stocked)
    if stocked.url.startswith("sqlite"):
        copy = Path(stocked.url.removeprefix("sqlite://") + ".before-0002_wrong")
        assert str(copy) in str(failed.value)
        with closing(sqlite3.connect(copy)) as before:
            assert before.execute(COUNTS).fetchone() == (2, 2, 6, 2)


async def test_the_migrations_before_a_failed_one_stay_applied(stocked: Shop) -> None:
    with pytest.raises(MigrationFailed, match="0003_wrong"):
        await stocked.migrate(
            _0002_right="""ops.AddField("Basket", "colour", fields.CharField(10, null=True)),""",
            _0003_wrong="""ops.RunSQL("SELEKT"),""",
        )
    names = await stocked.rows("SELECT name FROM tortoise_migrations ORDER BY name")
    assert [row["name"] for row in names] == ["0001_initial", "0002_right"]


async def test_two_migrations_at_once_apply_each_step_once(
    url: str, shop_migrations: str, migrations: WriteMigrations
) -> None:
    migrations(_0002_colour="""ops.AddField("Basket", "colour", fields.CharField(10, null=True)),""")
    command = [
        "-c",
        "import asyncio, sys; from models.backends.migrating import migrate; "
        "url, *modules, migrations = sys.argv[1:]; "
        "done = asyncio.run(migrate(url, lambda line: None, modules=modules, migrations=migrations)); "
        "print(*done)",
        url,
        SHOP[0],
        shop_migrations,
    ]
    path = str(file_of_step(shop_migrations, "").parent.parent)
    outputs = await asyncio.gather(*[_python(command, path) for _ in range(3)])
    applied = sorted(name for output in outputs for name in output.split())
    assert applied == ["0001_initial", "0002_colour"]


async def _python(arguments: list[str], path: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env={**os.environ, "PYTHONPATH": f"{Path.cwd()}{os.pathsep}{path}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()


async def test_migrating_reports_each_step_and_again_does_nothing(stocked: Shop) -> None:
    stocked.said.clear()
    assert await stocked.migrate() == []
    assert stocked.said == []
    await stocked.migrate(_0002_check=ALTERATIONS["a check is added"])
    assert stocked.said[-1].startswith("0002_check applied in ")
    copied = [line for line in stocked.said if "copied to" in line]
    assert len(copied) == (1 if stocked.url.startswith("sqlite") else 0)


async def test_pending_migrations_are_those_not_applied(shop: TortoiseContext, shop_migrations: str) -> None:
    assert await pending_migrations(shop_migrations) == []
    await get_connection("default").execute_query("DELETE FROM tortoise_migrations")
    assert await pending_migrations(shop_migrations) == ["0001_initial"]


async def test_everything_is_pending_in_an_empty_database(url: str, shop_migrations: str) -> None:
    async with open_database(url, modules=SHOP, migrations=shop_migrations):
        assert await pending_migrations(shop_migrations) == ["0001_initial"]


async def test_written_migrations_leave_nothing_to_write(shop_migrations: str) -> None:
    assert await unwritten_changes(modules=SHOP, migrations=shop_migrations) == []
    assert await make_migration("more", modules=SHOP, migrations=shop_migrations) is None


async def test_changes_that_no_migration_has_are_told(
    shop_migrations: str, migrations: WriteMigrations
) -> None:
    migrations(_0002_colour=ALTERATIONS["a column is added"])
    told = await unwritten_changes(modules=SHOP, migrations=shop_migrations)
    assert told == ["Remove field colour from Basket"]


async def test_tables_are_made_by_migrations_only(sqlite_url: str) -> None:
    async with open_database(sqlite_url, modules=SHOP) as context:
        with pytest.raises(ConfigurationError, match="made by migrations"):
            await context.generate_schemas()
