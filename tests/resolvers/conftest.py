"""A database for each module, and an operation whose cookies and wakings can be looked at."""

from __future__ import annotations

import pytest

from gateways import Gateways
from models import Customer
from resolvers.context import Context
from resolvers.sessions import Cookie
from tests import cast
from tests.cast import BROWSER, Access, camille_with_access
from tests.kept import database, database_url, kept_url

__all__ = [
    "access",
    "camille",
    "context",
    "cookies",
    "database",
    "database_url",
    "hers",
    "kept_url",
    "wakings",
]


@pytest.fixture
def cookies() -> list[Cookie]:
    """What answers did to the session's cookie."""
    return []


@pytest.fixture
def wakings() -> list[None]:
    """One for each time the outbox was told of something."""
    return []


@pytest.fixture
def context(database: str, gateways: Gateways, cookies: list[Cookie], wakings: list[None]) -> Context:
    """A stranger's operation."""
    return Context(
        gateways=gateways,
        address="192.0.2.1",
        device_token=BROWSER,
        set_session=cookies.append,
        wake_outbox=lambda: wakings.append(None),
    )


@pytest.fixture
async def access(database: str, gateways: Gateways) -> Access:
    """Camille, who can sign in."""
    return await camille_with_access(gateways)


@pytest.fixture
async def camille(database: str) -> Customer:
    return await cast.camille()


@pytest.fixture
async def hers(camille: Customer, gateways: Gateways, wakings: list[None]) -> Context:
    """An operation of Camille's."""
    context = await cast.signed_in(gateways, camille)
    context.wake_outbox = lambda: wakings.append(None)
    return context
