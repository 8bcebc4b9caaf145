"""A database for each module, and the helper that asks the application."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette

from gateways import Gateways
from gateways.settings import Settings
from server import create_app
from tests.kept import database, database_url, kept_url
from tests.schema.asking import Asker
from tests.schema.ways import COMPILED, ORDINARY

__all__ = ["database", "database_url", "kept_url"]


@pytest.fixture(scope="session")
def applications(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Starlette]:
    """The application by the way its queries go. No lifespan runs: each test has neighbours of its own."""
    folder = tmp_path_factory.mktemp("application")
    # Between two tests the loop stands still, which is no load.
    settings = Settings(data_directory=folder, lag_milliseconds_max=60_000)
    ordinary = settings.model_copy(update={"compiled_queries": False})
    return {COMPILED: create_app(settings), ORDINARY: create_app(ordinary)}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What is marked `BOTH_WAYS` and asks the application does so each way."""
    if "way" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_ways"):
        metafunc.parametrize("way", [COMPILED, ORDINARY], indirect=True)


@pytest.fixture
def way(request: pytest.FixtureRequest) -> str:
    """How queries go."""
    return str(getattr(request, "param", COMPILED))


@pytest.fixture
def application(applications: dict[str, Starlette], way: str) -> Starlette:
    return applications[way]


@pytest.fixture
def ask(database: str, application: Starlette, gateways: Gateways) -> Asker:
    return Asker(application, gateways)
