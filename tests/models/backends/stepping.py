"""A shop that is migrated step by step, what is in it, and steps that change its tables."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from models.backends.migrating import migrate
from models.backends.opening import open_database

SHOP = ("tests.models.backends.shop",)

WriteMigrations = Callable[..., str]


def quiet(line: str) -> None:
    """Nobody is watching."""


def file_of_step(package: str, name: str) -> Path:
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


COUNTS = (
    "SELECT (SELECT count(*) FROM customer) AS customers, (SELECT count(*) FROM basket) AS baskets, "
    "(SELECT count(*) FROM item) AS items, (SELECT count(gift_with_id) FROM item) AS gifts"
)
ALL = [{"customers": 2, "baskets": 2, "items": 6, "gifts": 2}]


async def assert_constraints_hold(shop: Shop) -> None:
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
