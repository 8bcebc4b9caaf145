"""On PostgreSQL, what is compiled answers as graphql-core does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from starlette.applications import Starlette

from gateways import Gateways
from models.backends.migrating import migrate
from models.backends.opening import open_database
from tests.differential.comparing import MARKS, compare
from tests.differential.damages import DAMAGES, lift_constraints, untyped
from tests.servers import database_on_server

pytestmark = MARKS


@pytest.fixture(scope="module")
def lawless_url() -> Iterator[str]:
    """A migrated database without constraints."""
    with database_on_server() as url:
        asyncio.run(migrate(url, lambda _line: None))
        asyncio.run(lift_constraints(url))
        yield f"{url}?synchronous_commit=off"


@pytest.fixture(scope="module")
async def database(lawless_url: str) -> AsyncIterator[str]:
    async with open_database(lawless_url):
        yield lawless_url


@pytest.mark.parametrize("damage", [name for name, damage in DAMAGES.items() if damage is not untyped])
async def test_both_ways_answer_alike(
    damage: str, database: str, application: Starlette, gateways: Gateways
) -> None:
    await compare(damage, database, application, gateways)
