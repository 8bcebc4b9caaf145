"""Servers of their own for these tests, each on a free port of 127.0.0.1, and the databases they run on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import RedisError

from gateways.vault import OWASP_MEMORY_KIB, OWASP_PASSES
from tests.gateways.conftest import Service, service
from tests.journeys.databases import Filled, copied, empty_redis, fill
from tests.journeys.personal import spilled_by
from tests.journeys.portal import PRODUCTION, Portal
from tests.servers import database_on_server

__all__ = ["service"]

REDIS = os.environ.get("PORTAL_TEST_REDIS_URL", "redis://127.0.0.1:6379")

Serve = Callable[..., Portal]
# For what is the same on both databases.
on_sqlite = pytest.mark.parametrize("filled", ["sqlite"], indirect=True)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def sqlite_filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    return fill(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    try:
        url = empty_redis(REDIS)
    except RedisError as error:
        pytest.skip(f"no Redis at PORTAL_TEST_REDIS_URL: {error}")
    if url is None:
        pytest.skip("no Redis database is empty at PORTAL_TEST_REDIS_URL")
    yield url
    with Redis.from_url(url) as redis:
        redis.flushdb()


@pytest.fixture(scope="session")
def postgres_filled(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Filled]:
    with database_on_server() as url:
        yield fill(tmp_path_factory.mktemp("postgres"), database_url=url, redis_url=redis_url)


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def filled(request: pytest.FixtureRequest) -> Filled:
    """What runs on both databases asks for this."""
    filled: Filled = request.getfixturevalue(f"{request.param}_filled")
    return filled


@pytest.fixture(scope="session")
def shared_portal(filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """One server on a copy for all tests that leave it as it was, or change a customer of their own."""
    folder = tmp_path_factory.mktemp("shared")
    with copied(filled, folder) as settings, servers() as start:
        yield start(folder, **settings, log_format="json")


@contextmanager
def servers() -> Iterator[Serve]:
    """Starts servers. In the end each must stop when told to, with exit code 0 and without a traceback.

    Neither its log nor the errors that browsers were given may say anything of anybody.
    """
    started: list[Portal] = []

    def start(folder: Path, **settings: Any) -> Portal:
        started.append(Portal(folder, **settings))
        return started[-1].wait_until_it_listens()

    try:
        yield start
        for portal in started:
            assert portal.stop() == 0, portal.stdout + portal.stderr
            assert "Traceback" not in portal.stderr, portal.stderr
            assert spilled_by(portal) == []
    finally:
        for portal in started:
            portal.kill()


@pytest.fixture
def copy(filled: Filled, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Settings of a filled database that the test may spoil, on both kinds."""
    with copied(filled, tmp_path / "copy") as settings:
        yield settings


@pytest.fixture
def sqlite_copy(sqlite_filled: Filled, tmp_path: Path) -> Iterator[dict[str, Any]]:
    with copied(sqlite_filled, tmp_path / "copy") as settings:
        yield settings


@pytest.fixture
def postgres_copy(postgres_filled: Filled, tmp_path: Path) -> Iterator[dict[str, Any]]:
    with copied(postgres_filled, tmp_path / "copy") as settings:
        yield settings


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a server that listens when this returns, and is stopped, well, after the test."""
    with servers() as start:
        yield lambda **settings: start(tmp_path / f"server{len(list(tmp_path.glob('server*')))}", **settings)


@pytest.fixture
def production(service: Service, filled: Filled) -> dict[str, Any]:
    """What production needs, to lay over a copy's settings; `service` takes its SMS and e-mails.

    The pepper is the one the sample's codes were made with, so that its customers can sign in.
    """
    kept = json.loads((filled.data / "development-secrets.json").read_text())["peppers"]
    strong = {"digest_memory_kib": OWASP_MEMORY_KIB, "digest_passes": OWASP_PASSES}
    return {**PRODUCTION, **strong, "peppers": kept, "sms_url": service.url, "email_url": service.url}
