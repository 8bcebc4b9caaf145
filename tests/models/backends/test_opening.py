"""A URL names a database, which then works in every task until it is closed."""

from __future__ import annotations

import asyncio
import contextvars
from pathlib import Path
from typing import Any

import pytest
from tortoise import context as tortoise_context
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.exceptions import ConfigurationError
from tortoise.transactions import in_transaction

from models.backends.errors import DatabaseUnavailable
from models.backends.migrating import migrate
from models.backends.opening import file_of, in_fresh_context, open_database, tortoise_config
from models.backends.postgres import PostgresClient
from models.backends.sqlite import SqliteClient
from tests.models.backends.shop import Customer
from tests.models.backends.stepping import SHOP, quiet

pytestmark = pytest.mark.anyio


def _credentials(url: str, **named: Any) -> dict[str, Any]:
    connection = tortoise_config(url, **named)["connections"]["default"]
    return {"engine": connection["engine"].rpartition(".")[2], **connection["credentials"]}


CONFIGURED = [
    ("sqlite://portal.sqlite3", {"engine": "sqlite", "file_path": "portal.sqlite3"}),
    ("sqlite:///srv/a%20b.sqlite3", {"engine": "sqlite", "file_path": "/srv/a b.sqlite3"}),
    ("sqlite://:memory:", {"engine": "sqlite", "file_path": ":memory:"}),
    ("sqlite://x?busy_timeout=0.5", {"engine": "sqlite", "file_path": "x", "busy_timeout": 0.5}),
    ("postgres://u:p@h/d", {"engine": "postgres", "dsn": "postgresql://u:p@h/d"}),
    (
        "postgresql://u:p%5B@h1:5432,h2:5433/d?target_session_attrs=read-write&pool_max=7&sslmode=require",
        {
            "engine": "postgres",
            "dsn": "postgresql://u:p%5B@h1:5432,h2:5433/d?target_session_attrs=read-write&sslmode=require",
            "maxsize": 7,
        },
    ),
    (
        "postgres://h/d?pool_min=2&pool_timeout=1&connect_timeout=2&command_timeout=0"
        "&read_max=3&statement_cache_size=0",
        {
            "engine": "postgres",
            "dsn": "postgresql://h/d",
            "minsize": 2,
            "pool_timeout": 1.0,
            "timeout": 2.0,
            "command_timeout": 0.0,
            "read_max": 3,
            "statement_cache_size": 0,
        },
    ),
]


@pytest.mark.parametrize(("url", "credentials"), CONFIGURED)
def test_a_url_names_an_engine_and_its_settings(url: str, credentials: dict[str, Any]) -> None:
    assert _credentials(url) == credentials


def test_the_size_of_the_pool_is_the_urls_or_else_the_callers() -> None:
    assert _credentials("postgres://h/d", pool_max=4)["maxsize"] == 4
    assert _credentials("postgres://h/d?pool_max=6", pool_max=4)["maxsize"] == 6
    assert "maxsize" not in _credentials("sqlite://x", pool_max=4)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "portal.sqlite3",
        "mysql://h/d",
        "sqlite://",
        "postgres://",
        "sqlite://x?pool_max=1",
        "postgres://h/d?pool_max=x",
    ],
)
def test_a_url_that_names_no_database_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        tortoise_config(url)


def test_only_a_file_is_a_file() -> None:
    assert file_of("sqlite://a/b") == Path("a/b")
    assert file_of("sqlite://:memory:") is None
    assert file_of("postgres://h/d") is None


async def test_a_file_is_made_with_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_database("sqlite://var/portal/shop.sqlite3", modules=SHOP):
        pass
    assert (tmp_path / "var/portal/shop.sqlite3").exists()


async def test_tasks_that_descend_from_nobody_use_the_database(shop: TortoiseContext) -> None:
    async def count() -> int:
        return await Customer.all().count()

    orphan = asyncio.get_running_loop().create_task(count(), context=contextvars.Context())
    assert await orphan == 0


async def test_a_closed_database_is_forgotten(sqlite_url: str) -> None:
    async with open_database(sqlite_url, modules=SHOP) as context:
        assert tortoise_context.get_current_context() is context
    assert tortoise_context.get_current_context() is None


async def test_an_inner_database_gives_way_to_the_outer_one(shop: TortoiseContext, tmp_path: Path) -> None:
    async with open_database(f"sqlite://{tmp_path}/inner.sqlite3", modules=SHOP) as inner:
        assert tortoise_context.get_current_context() is inner
    assert tortoise_context.get_current_context() is shop


@pytest.mark.parametrize("url", ["postgres://postgres@127.0.0.1:1/postgres"])
async def test_a_database_that_is_down_is_unavailable_and_forgotten(url: str) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with open_database(url, modules=SHOP):
            pass
    with pytest.raises(DatabaseUnavailable):
        await migrate(url, quiet, modules=SHOP)
    assert tortoise_context.get_current_context() is None


async def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    tmp_path.joinpath("letter").touch()
    for place in (tmp_path, tmp_path / "letter" / "shop.sqlite3"):
        with pytest.raises(DatabaseUnavailable):
            async with open_database(f"sqlite://{place}", modules=SHOP):
                pass


async def test_sqlite_then_postgres_then_sqlite_serve_the_same_models_in_one_process(
    sqlite_url: str, postgres_url: str, shop_migrations: str
) -> None:
    for url in (sqlite_url, postgres_url):
        await migrate(url, quiet, modules=SHOP, migrations=shop_migrations)
    for url, engine in (
        (sqlite_url, SqliteClient),
        (postgres_url, PostgresClient),
        (sqlite_url, SqliteClient),
    ):
        async with open_database(url, modules=SHOP):
            assert isinstance(get_connection("default"), engine)
            customer = await Customer.create(name="Ada")
            customer.name = "Bob"
            await customer.save()
            assert [found.name for found in await Customer.filter(name__icontains="bo")] == ["Bob"]
            await customer.delete()


async def test_background_work_inherits_neither_a_transaction_nor_a_request(shop: TortoiseContext) -> None:
    request = contextvars.ContextVar("request", default="none")

    async def work(name: str) -> str:
        await Customer.create(name=name)
        return request.get()

    request.set("mine")
    assert await in_fresh_context(work, "Ada") == "none"
    client: Any = get_connection("default")
    if isinstance(client, PostgresClient):  # SQLite has one writer, who is busy here
        with pytest.raises(ZeroDivisionError):
            await _undone(work)
        assert await Customer.all().count() == 2


async def _undone(work: Any) -> None:
    async with in_transaction():
        await in_fresh_context(work, "kept")
        raise ZeroDivisionError


async def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    async with open_database(f"sqlite://{tmp_path}/shop.sqlite3", modules=SHOP):
        assert tmp_path.joinpath("shop.sqlite3").stat().st_mode & 0o777 == 0o600
