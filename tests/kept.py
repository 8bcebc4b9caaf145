"""One database of each kind for a whole module: its tests make their own customers and look at no other.

A folder whose tests work so imports these fixtures in its conftest, where they take the place of the ones
that give every test a database of its own.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from models.backends.opening import open_database
from tests.conftest import _empty

__all__ = ["ON_ONE", "database", "database_url", "kept_url"]

# For what is decided before the database is asked: one kind will do.
ON_ONE = pytest.mark.parametrize("kept_url", ["sqlite"], indirect=True)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def kept_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A migrated, empty database: every test that asks for it runs on both kinds."""
    if request.param == "postgres":
        url = str(request.getfixturevalue("postgres_database"))
        asyncio.run(_empty(url))
        return f"{url}?synchronous_commit=off"  # a crash may lose what tests wrote
    template: Path = request.getfixturevalue("sqlite_template")
    file = tmp_path_factory.mktemp("kept") / "portal.sqlite3"
    shutil.copyfile(template, file)
    return f"sqlite://{file}"


@pytest.fixture(scope="module")
async def database(kept_url: str) -> AsyncIterator[str]:
    """The models work while the module's tests run."""
    async with open_database(kept_url):
        yield kept_url


@pytest.fixture
def database_url(database: str) -> str:
    return database
