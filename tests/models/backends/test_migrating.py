"""Migrations change tables without losing a row, an index or a constraint, whole or not at all."""

from __future__ import annotations

import asyncio
import importlib
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.exceptions import ConfigurationError, IntegrityError
from tortoise.transactions import in_transaction

from models.backends.migrating import MigrationFailed, make_migration, migrate, pending_migrations
from models.backends.opening import open_database
from tests.models.backends.conftest import SHOP, WriteMigrations
from tests.models.backends.shop import Basket, Customer, Item

pytestmark = pytest.mark.anyio


def _quiet(line: str) -> None:
    """Nobody is watching."""


def _file(package: str, name: str) -> Path:
    found = importlib.import_module(package).__file__
    assert found is not None
    return Path(found).with_name(f"{name}.py")


class Shop:
    """A database that is migrated step by step, and what is in it."""

    def __init__(self, url: str, package: str, write: WriteMigrations) -> None:
        self.url = url
        self.package = package
        self.write = write
        self.said: list[str] = []

    async def migrate(self, **steps: str) -> list[str]:
        self.write(**steps)
        return await migrate(self.url, self.said.append, modules=SHOP, migrations=self.package)

    async def rows(self, sql: str) -> list[dict[str, Any]]:
        async with open_database(self.url, modules=SHOP, migrations=self.package):
            return await get_connection("default").execute_query_dict(sql)

    async def names(self, table: str) -> set[str]:
        async with (
            open_database(self.url, modules=SHOP, migrations=self.package),
            in_transaction() as client,
        ):
            names: set[str] = await client.schema_editor(client).names_in_database(table)  # type: ignore[attr-defined]
            return {name for name in names if not name.startswith("sqlite_autoindex")}


@pytest.fixture
async def stocked(url: str, shop_migrations: str, migrations: WriteMigrations) -> Shop:
    """Two customers with a basket of three items each, every third a gift with the first."""
    shop = Shop(url, shop_migrations, migrations)
    await shop.migrate()
    async with open_database(url, modules=SHOP, migrations=shop_migrations):
        for name in ("Ada", "Bob"):
            customer = await Customer.create(name=name)
            basket = await Basket.create(customer=customer, label=name)
            first = await Item.create(customer=customer, basket=basket, position=1)
            await Item.create(customer=customer, basket=basket, position=2)
            await Item.create(customer=customer, basket=basket, position=3, gift_with=first)
    return shop


COUNTS = (
    "SELECT (SELECT count(*) FROM customer) AS customers, (SELECT count(*) FROM basket) AS baskets, "
    "(SELECT count(*) FROM item) AS items, (SELECT count(gift_with_id) FROM item) AS gifts"
)
ALL = [{"customers": 2, "baskets": 2, "items": 6, "gifts": 2}]


async def _assert_constraints_hold(shop: Shop) -> None:
    """What each table refused before, it still refuses."""
    async with open_database(shop.url, modules=SHOP, migrations=shop.package):
        db = get_connection("default")
        for refused in (
            "INSERT INTO basket (id, customer_id, label, notes) SELECT 1000, id, name, '{}' FROM customer",
            "UPDATE basket SET label = '12345678901234567890'",
            "UPDATE item SET basket_id = -1",
            "UPDATE item SET customer_id = (SELECT min(id) FROM customer)",
            "UPDATE item SET position = 1",
            "UPDATE item SET price_cents = -1",
            "DELETE FROM customer",
        ):
            with pytest.raises(IntegrityError):
                await db.execute_query(refused)


ALTERATIONS = {
    "a column is widened": """ops.AlterField("Basket", "label", fields.TextField(default="")),""",
    "a column may be null": """ops.AlterField("Basket", "label", fields.CharField(40, null=True)),""",
    "a column is added": """ops.AddField("Basket", "colour", fields.CharField(10, default="red")),""",
    "a nullable column is added": """ops.AddField("Basket", "colour", fields.CharField(10, null=True)),""",
    "a column is removed": """ops.RemoveField("Basket", "notes"),""",
    "a check is added": (
        """ops.AddConstraint("Basket", CheckConstraint("label <> 'x'", name="basket_no_x")),"""
    ),
    "a relation is added": (
        """ops.AddField("Basket", "copy_of", fields.ForeignKeyField("models.Basket", "copies", null=True,
            on_delete=fields.RESTRICT)),"""
    ),
    "a default is kept by the database": (
        """ops.AlterField("Item", "price_cents", fields.BigIntField(db_default=7, db_index=True)),"""
    ),
    "a relation changes what a deletion does": (
        """ops.AlterField("Item", "basket", fields.ForeignKeyField("models.Basket", "items",
            on_delete=fields.RESTRICT)),"""
    ),
}


@pytest.mark.parametrize("operation", ALTERATIONS.values(), ids=ALTERATIONS)
async def test_a_change_loses_no_row_no_index_and_no_constraint(stocked: Shop, operation: str) -> None:
    before = {table: await stocked.names(table) for table in ("customer", "basket", "item", "voucher")}

    assert await stocked.migrate(_0002_change=operation) == ["0002_change"]

    assert await stocked.rows(COUNTS) == ALL
    for table, names in before.items():
        assert names <= await stocked.names(table)
    if "notes" not in operation and "null=True)" not in operation:
        await _assert_constraints_hold(stocked)


async def test_an_added_column_is_filled_with_its_default(stocked: Shop) -> None:
    await stocked.migrate(
        _0002_colour="""ops.AddField("Basket", "colour", fields.CharField(10, default="l'or")),"""
    )
    assert await stocked.rows("SELECT DISTINCT colour FROM basket") == [{"colour": "l'or"}]


async def test_a_column_that_may_no_longer_be_null_is_filled_with_its_default(stocked: Shop) -> None:
    nullable = """ops.AddField("Basket", "rank", fields.IntField(null=True)),"""
    await stocked.migrate(_0002_rank=nullable)
    await stocked.migrate(_0003_rank="""ops.AlterField("Basket", "rank", fields.IntField(default=4)),""")
    assert await stocked.rows("SELECT DISTINCT rank FROM basket") == [{"rank": 4}]
    assert await stocked.rows(COUNTS) == ALL


async def test_a_relation_added_later_stays_with_one_customer(stocked: Shop) -> None:
    await stocked.migrate(_0002_copies=ALTERATIONS["a relation is added"])
    rows = await stocked.rows("SELECT id FROM basket ORDER BY customer_id")
    with pytest.raises(IntegrityError):
        await stocked.rows(
            f"UPDATE basket SET copy_of_id = {rows[0]['id']} WHERE id = {rows[1]['id']} RETURNING id"
        )
    await stocked.rows(
        f"UPDATE basket SET copy_of_id = {rows[0]['id']} WHERE id = {rows[0]['id']} RETURNING id"
    )


async def test_a_renamed_field_takes_its_index_along(
    url: str, shop_migrations: str, migrations: WriteMigrations
) -> None:
    first = _file(shop_migrations, "0001_initial")
    first.write_text(first.read_text().replace("price_cents", "cost_cents"))
    shop = Shop(url, shop_migrations, migrations)
    await shop.migrate()
    before = await shop.names("item")

    written = await make_migration("new names", modules=SHOP, migrations=shop_migrations)

    assert written == _file(shop_migrations, "0002_new_names")
    assert await make_migration("again", modules=SHOP, migrations=shop_migrations) is None
    assert await shop.migrate() == ["0002_new_names"]
    assert len(await shop.names("item") - before) == 1
    async with open_database(url, modules=SHOP):
        customer = await Customer.create(name="Ada")
        basket = await Basket.create(customer=customer)
        await Item.create(customer=customer, basket=basket, price_cents=2)
        with pytest.raises(IntegrityError):
            await Item.filter(basket=basket).update(price_cents=-1)


async def test_a_renamed_relation_keeps_what_it_held(stocked: Shop) -> None:
    relation = """fields.ForeignKeyField("models.Item", "gifts", source_field="present_with_id", null=True,
        on_delete=fields.NO_ACTION)"""
    await stocked.migrate(
        _0002_present=f"""ops.RenameField("Item", "gift_with", "present_with"),
        ops.AlterField("Item", "present_with", {relation}),"""
    )
    assert await stocked.rows("SELECT count(present_with_id) AS gifts FROM item") == [{"gifts": 2}]
    with pytest.raises(IntegrityError):
        await stocked.rows("UPDATE item SET present_with_id = -1 RETURNING id")


async def test_a_change_of_a_renamed_field_that_a_check_still_names_is_refused(stocked: Shop) -> None:
    with pytest.raises(MigrationFailed, match="0002_names"):
        await stocked.migrate(
            _0002_names="""ops.RemoveConstraint("Item", name="item_price_not_negative"),
            ops.RenameField("Item", "price_cents", "amount_cents"),
            ops.AddConstraint("Item", CheckConstraint("price_cents >= 0", name="item_price_not_negative")),"""
        )
    assert await stocked.rows(COUNTS) == ALL


async def test_indexes_and_unique_keys_come_and_go_by_themselves(stocked: Shop) -> None:
    added = """
        ops.AddIndex("Item", Index(fields=("customer", "price_cents"))),
        ops.AddIndex("Item", Index(fields=("position",), name="item_positions")),
        ops.AddConstraint("Item", UniqueConstraint(("customer", "id", "position"), name="item_once")),
        ops.AddConstraint(
            "Item", UniqueConstraint(("customer", "basket"), condition="position = 1", name="item_one")
        ),
    """
    before = await stocked.names("item")
    await stocked.migrate(_0002_more=added)
    more = await stocked.names("item")
    assert {"item_positions", "item_once", "item_one"} < more - before
    assert len(more - before) == 4

    renamed = """
        ops.RenameIndex("Item", new_name="item_places", old_name="item_positions"),
        ops.RenameConstraint("Item", "item_once", "item_only_once"),
        ops.RenameConstraint("Item", "item_one", "item_only_one"),
        ops.RenameConstraint("Item", "item_price_not_negative", "item_price_positive"),
    """
    await stocked.migrate(_0003_names=renamed)
    assert {"item_places", "item_only_once", "item_only_one", "item_price_positive"} < await stocked.names(
        "item"
    )

    removed = """
        ops.RemoveIndex("Item", name="item_places"),
        ops.RemoveIndex("Item", fields=["customer", "price_cents"]),
        ops.RemoveConstraint("Item", name="item_only_once"),
        ops.RemoveConstraint("Item", name="item_only_one"),
        ops.RemoveConstraint("Item", name="item_price_positive"),
        ops.RemoveConstraint("Item", fields=["customer", "basket", "position"]),
    """
    await stocked.migrate(_0004_less=removed)
    left = await stocked.names("item")
    assert left < before
    assert len(before - left) == 2
    assert await stocked.rows(COUNTS) == ALL


async def test_what_is_made_by_hand_outlives_a_rebuilt_table(stocked: Shop) -> None:
    by_hand = """ops.RunSQL("CREATE INDEX by_hand ON basket (label, id)"),"""
    await stocked.migrate(_0002_hand=by_hand, _0003_change=ALTERATIONS["a check is added"])
    assert {"by_hand", "basket_no_x"} <= await stocked.names("basket")


async def test_sqlite_triggers_outlive_a_rebuilt_table(
    sqlite_url: str, shop_migrations: str, migrations: WriteMigrations
) -> None:
    shop = Shop(sqlite_url, shop_migrations, migrations)
    trigger = "CREATE TRIGGER calm AFTER INSERT ON basket BEGIN SELECT 1; SELECT 2; END"
    await shop.migrate(
        _0002_trigger=f'ops.RunSQL("{trigger}"),', _0003_change=ALTERATIONS["a check is added"]
    )
    rows = await shop.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    assert rows == [{"name": "calm"}]


async def test_a_new_table_and_its_removal(stocked: Shop) -> None:
    created = """
        ops.CreateModel("Note", fields=[
            ("id", fields.BigIntField(primary_key=True, generated=False, default=next_id)),
            ("customer", fields.ForeignKeyField("models.Customer", "notes", on_delete=fields.RESTRICT)),
            ("basket", fields.ForeignKeyField("models.Basket", "said", null=True, on_delete=fields.RESTRICT)),
        ], options={"table": "note", "table_description": "A word; or two"}),
    """
    await stocked.migrate(_0002_note=created)
    with pytest.raises(IntegrityError):
        await stocked.rows(
            "INSERT INTO note (id, customer_id, basket_id) SELECT 1, id, -1 FROM customer RETURNING id"
        )
    assert await stocked.migrate(_0003_gone="""ops.DeleteModel("Note"),""") == ["0003_gone"]


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
    await _assert_constraints_hold(stocked)
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
    path = str(_file(shop_migrations, "").parent.parent)
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
    assert await make_migration("more", modules=SHOP, migrations=shop_migrations) is None


async def test_a_rebuild_outside_migrate_is_refused(sqlite_url: str, shop_migrations: str) -> None:
    await migrate(sqlite_url, _quiet, modules=SHOP, migrations=shop_migrations)
    async with open_database(sqlite_url, modules=SHOP), in_transaction() as client:
        editor: Any = client.schema_editor(client)  # type: ignore[attr-defined]
        table = editor.describe(Basket)
        with pytest.raises(ConfigurationError, match="foreign_keys=ON"):
            await editor.change(table.without("basket_label_short"), table)


@pytest.mark.parametrize(
    "operation",
    [
        """ops.AddField("Country", "customer", fields.ForeignKeyField("models.Customer", "lands")),""",
        """ops.RemoveField("Item", "customer"),""",
    ],
)
async def test_a_table_cannot_change_hands(stocked: Shop, operation: str) -> None:
    with pytest.raises(MigrationFailed, match="cannot change hands"):
        await stocked.migrate(_0002_hands=operation)
