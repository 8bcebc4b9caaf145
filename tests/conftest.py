"""Both databases, stopped clocks and a small cast for every test that needs them."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest

from gateways import Gateways
from gateways.budgets import MemoryBudgets
from gateways.local_staff_tokens import LocalStaffTokens
from gateways.messages import MemoryMessages
from gateways.peppers import Pepper
from gateways.rate_limits import MemoryRateLimits
from gateways.settings import Settings
from gateways.vault import Vault
from models.backends.migrating import migrate
from models.backends.opening import open_database
from resolvers.context import Context
from tests.servers import database_on_server

NOON = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)  # a Monday, noon in Paris
BROWSER = "b" * 43  # the device cookie of the cast, who trust it


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, copied for each test."""
    file = tmp_path_factory.mktemp("template") / "portal.sqlite3"
    asyncio.run(migrate(f"sqlite://{file}", lambda _line: None))
    return file


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[str]:
    """A migrated database on the test server, emptied by each test that uses it."""
    with database_on_server() as url:
        asyncio.run(migrate(url, lambda _line: None))
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    file = tmp_path / "portal.sqlite3"
    shutil.copyfile(sqlite_template, file)
    return f"sqlite://{file}"


@pytest.fixture
def postgres_url(postgres_database: str) -> str:
    asyncio.run(_empty(postgres_database))
    return postgres_database


async def _empty(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
        tables = [row["name"] for row in rows if row["name"] != "tortoise_migrations"]
        await connection.execute("SET session_replication_role = replica")  # in any order
        await connection.execute(";".join(f'DELETE FROM "{table}"' for table in tables))
    finally:
        await connection.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database: every test that asks for it runs on both kinds."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[str]:
    """The models work while the test runs."""
    async with open_database(database_url):
        yield database_url


class Clock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Development settings on the test's database, with digests too cheap for anything but tests."""
    return Settings(
        data_directory=tmp_path,
        database_url=database_url,
        digest_memory_kib=8,
        digest_passes=1,
        log_level="error",
        lag_milliseconds_max=60_000,  # between two tests the loop stands still
    )


@pytest.fixture
def messages() -> MemoryMessages:
    return MemoryMessages()


@pytest.fixture
def gateways(settings: Settings, messages: MemoryMessages, clock: Clock) -> Gateways:
    return Gateways(
        settings=settings,
        messages=messages,
        vault=Vault([Pepper("test", b"p" * 32)], memory_kib=8, passes=1),
        rate_limits=MemoryRateLimits(seconds=lambda: clock.now.timestamp()),
        budgets=MemoryBudgets(seconds=lambda: clock.now.timestamp()),
        staff_tokens=LocalStaffTokens(settings.data_directory, audience="portal", clock=clock),
        clock=clock,
        random=random.Random(7),
    )


@pytest.fixture
def context(database: str, gateways: Gateways) -> Context:
    """A stranger's operation."""
    return Context(gateways=gateways, address="192.0.2.1", device_token=BROWSER)
