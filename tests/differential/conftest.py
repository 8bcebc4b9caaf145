"""The application, over databases that take every damage."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette

from gateways.settings import Settings
from server import create_app


@pytest.fixture
def database_url(database: str) -> str:
    return database


@pytest.fixture(autouse=True)
def dropped_coroutines() -> Iterator[None]:
    """What graphql-core dropped is collected here, and not in the tests that follow."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def application(tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    """The application in development; its lifespan does not run, each test has neighbours of its own."""
    folder = tmp_path_factory.mktemp("application")
    return create_app(Settings(data_directory=folder, lag_milliseconds_max=60_000, operation_seconds_max=100))
