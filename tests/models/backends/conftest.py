"""Databases of their own for these tests: a SQLite file, and a PostgreSQL database that is dropped after."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from secrets import token_hex

import pytest
from tortoise.context import TortoiseContext

from models.backends.migrating import make_migration, migrate
from models.backends.opening import open_database
from tests.models.backends.shop import Basket, Customer, Item
from tests.models.backends.stepping import SHOP, Shop, WriteMigrations, quiet
from tests.servers import database_on_server


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite://{tmp_path}/shop.sqlite3"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    with database_on_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def migrations(tmp_path: Path) -> Iterator[WriteMigrations]:
    """Writes a package of migrations, `name="operations"`, and returns what it is imported as."""
    package = tmp_path / f"steps_{token_hex(6)}"
    package.mkdir()
    package.joinpath("__init__.py").touch()
    sys.path.insert(0, str(tmp_path))

    def write(**steps: str) -> str:
        for name, operations in steps.items():
            package.joinpath(f"{name[1:]}.py").write_text(MIGRATION.format(operations, _last(package)))
        return package.name

    yield write
    sys.path.remove(str(tmp_path))


def _last(package: Path) -> str:
    written = sorted(step.stem for step in package.glob("0*.py"))
    return f'("models", "{written[-1]}")' if written else ""


MIGRATION = """
from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from tests.models.backends.shop import next_id

class Migration(migrations.Migration):
    dependencies = [{1}]
    operations = [{0}]
"""


@pytest.fixture
async def shop_migrations(migrations: WriteMigrations) -> str:
    """The shop's first migration, as `make migration` writes it."""
    package = migrations()
    written = await make_migration("initial", modules=SHOP, migrations=package)
    assert written is not None
    return package


@pytest.fixture
async def shop(url: str, shop_migrations: str) -> AsyncIterator[TortoiseContext]:
    """The shop's empty tables, open."""
    await migrate(url, quiet, modules=SHOP, migrations=shop_migrations)
    async with open_database(url, pool_max=5, modules=SHOP, migrations=shop_migrations) as context:
        yield context


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
