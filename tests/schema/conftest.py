"""A database for each module, and the helper that asks the application."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette

from gateways import Gateways
from gateways.settings import Settings
from server import create_app
from tests.kept import database, database_url, kept_url
from tests.schema.asking import Asker

__all__ = ["database", "database_url", "kept_url"]


@pytest.fixture(scope="session")
def application(tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    """The application in development; its lifespan does not run, each test has neighbours of its own."""
    folder = tmp_path_factory.mktemp("application")
    # Between two tests the loop stands still, which is no load.
    return create_app(Settings(data_directory=folder, lag_milliseconds_max=60_000))


@pytest.fixture
def ask(database: str, application: Starlette, gateways: Gateways) -> Asker:
    return Asker(application, gateways)
