"""A changed table loses no row, no index and no constraint, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from tortoise.exceptions import ConfigurationError, IntegrityError
from tortoise.transactions import in_transaction

from models.backends.migrating import (
    MigrationFailed,
    make_migration,
    migrate,
)
from models.backends.opening import open_database
from tests.models.backends.shop import Basket, Customer, Item
from tests.models.backends.stepping import (
    ALL,
    ALTERATIONS,
    COUNTS,
    SHOP,
    Shop,
    WriteMigrations,
    assert_constraints_hold,
    file_of_step,
    quiet,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("operation", ALTERATIONS.values(), ids=ALTERATIONS)
async def test_a_change_loses_no_row_no_index_and_no_constraint(stocked: Shop, operation: str) -> None:
    before = {table: await stocked.names(table) for table in ("customer", "basket", "item", "voucher")}

    assert await stocked.migrate(_0002_change=operation) == ["0002_change"]

    assert await stocked.rows(COUNTS) == ALL
    for table, names in before.items():
        assert names <= await stocked.names(table)
    if "notes" not in operation and "null=True)" not in operation:
        await assert_constraints_hold(stocked)


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
    first = file_of_step(shop_migrations, "0001_initial")
    first.write_text(first.read_text().replace("price_cents", "cost_cents"))
    shop = Shop(url, shop_migrations, migrations)
    await shop.migrate()
    before = await shop.names("item")

    written = await make_migration("new names", modules=SHOP, migrations=shop_migrations)

    assert written == file_of_step(shop_migrations, "0002_new_names")
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


async def test_a_rebuild_outside_migrate_is_refused(sqlite_url: str, shop_migrations: str) -> None:
    await migrate(sqlite_url, quiet, modules=SHOP, migrations=shop_migrations)
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
