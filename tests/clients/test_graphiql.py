"""GraphiQL as a developer opens it, in Chromium."""

from __future__ import annotations

import shutil

import pytest

from tests.clients.conftest import Drive
from tests.clients.sample import by_label, contract_labels
from tests.journeys.browser import Browser
from tests.journeys.portal import Portal

pytestmark = pytest.mark.anyio

QUERY = {
    "name": "Shown",
    "query": """query Shown {
      session { assurance }
      customer { firstNames contracts { label outstandingPrincipal } }
    }""",
    "until": "Camille",
}
SUBSCRIPTION = {
    "name": "Followed",
    "query": "subscription Followed { news { __typename } }",
    "until": "NewsBegun",
}


@pytest.fixture
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("Chromium is needed to open GraphiQL: on Debian, apt install chromium")
    return found


async def test_asks_follows_and_shows_the_schema_and_its_page_complains_of_nothing(
    drive: Drive, portal: Portal, demo: Browser, chromium: str
) -> None:
    url = f"{portal.url}/graphql".replace("127.0.0.1", "localhost")
    given = {"cookie": demo.cookie, "executable": chromium, "query": QUERY, "subscription": SUBSCRIPTION}
    seen = await drive("graphiql.js", "run", url=url, **given)

    assert seen["title"] == "GraphiQL"
    assert "the server's terminal printed" in seen["intro"]
    answer = seen["answer"]["data"]
    assert answer["session"]["assurance"].startswith("STRONG_")
    assert answer["customer"]["firstNames"] == "Camille"
    assert by_label(answer["customer"]["contracts"]) == contract_labels()
    assert seen["told"] == {"data": {"news": {"__typename": "NewsBegun"}}}
    assert {"query: Query", "mutation: Mutation", "RevolvingCredit", "OperationFilter"} <= set(
        seen["docs"].splitlines()
    )
    assert seen["complaints"] == []
    assert seen["hosts"] == [url.split("/")[2]]
