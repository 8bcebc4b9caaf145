"""A server as its operator runs it, with the sample customers, and the clients that front ends use."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from feed.sample.demo import DEMO_CODE, DEMO_NUMBER
from tests.journeys.browser import Browser
from tests.journeys.conftest import servers
from tests.journeys.portal import CHEAP, Portal
from tests.node import install, run
from tests.servers import database_on_server

NODE = Path(__file__).parent / "node"

Drive = Callable[..., Awaitable[Any]]
on_both = pytest.mark.parametrize("portal", ["sqlite", "postgres"], indirect=True)


@pytest.fixture(scope="session")
def sqlite_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with servers() as start:
        yield start(tmp_path_factory.mktemp("sqlite"), **CHEAP)


@pytest.fixture(scope="session")
def postgres_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with database_on_server() as url, servers() as start:
        yield start(tmp_path_factory.mktemp("postgres"), **CHEAP, database_url=url)


@pytest.fixture(scope="session", params=["sqlite"])
def portal(request: pytest.FixtureRequest) -> Portal:
    """One server for all clients: what they change is a customer's of their own."""
    portal: Portal = request.getfixturevalue(f"{request.param}_portal")
    return portal


@pytest.fixture(scope="session")
def url(portal: Portal) -> str:
    """Where clients ask."""
    return f"{portal.url}/graphql"


@pytest.fixture(scope="session")
async def demo(portal: Portal) -> AsyncIterator[Browser]:
    """The demonstration customer, signed in by SMS: so all operations may be read."""
    async with Browser(portal) as browser:
        assert (await browser.sign_in(DEMO_NUMBER, DEMO_CODE, surely=True))["__typename"] == "SignedIn"
        yield browser


@pytest.fixture(scope="session")
async def node_packages() -> Path:
    """The folder of the JavaScript clients, installed."""
    await install(NODE)
    return NODE


@pytest.fixture
def drive(node_packages: Path) -> Drive:
    """Run a scenario of a client's script; what it saw."""

    async def drive(script: str, scenario: str, **given: Any) -> Any:
        words = ("node", "scenario.js", f"./{script}", scenario, json.dumps(given))
        status, output, errors = await run(*words, cwd=node_packages)
        assert (status, errors) == (0, "")
        return json.loads(output)

    return drive
