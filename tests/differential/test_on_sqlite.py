"""On SQLite, what is compiled answers as graphql-core does."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from gateways import Gateways
from models.backends.opening import open_database
from tests.differential.comparing import MARKS, compare
from tests.differential.damages import DAMAGES

pytestmark = MARKS


@pytest.fixture(scope="module")
async def database(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    file = tmp_path_factory.mktemp("lawless") / "portal.sqlite3"
    shutil.copyfile(sqlite_template, file)
    async with open_database(f"sqlite://{file}"):
        yield f"sqlite://{file}"


@pytest.mark.parametrize("damage", DAMAGES)
async def test_both_ways_answer_alike(
    damage: str, database: str, application: Starlette, gateways: Gateways
) -> None:
    await compare(damage, database, application, gateways)
