"""A database for each module, and the scene of the tests of tables."""

from __future__ import annotations

import pytest

from gateways import Gateways
from tests.kept import database, database_url, kept_url
from tests.models.scene import Scene

__all__ = ["database", "database_url", "kept_url"]


@pytest.fixture
async def scene(database: str, gateways: Gateways) -> Scene:
    return await Scene.set(gateways)
