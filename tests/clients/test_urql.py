"""urql: its core, the cache by documents, the cache by objects."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.conftest import Drive, on_both
from tests.clients.sample import are_the_newest, bare, by_label, contract_labels
from tests.journeys.browser import Browser

pytestmark = pytest.mark.anyio

SCRIPT = "urql.js"
ADDRESS = {"lines": ["3 rue du Port"], "postalCode": "29200", "city": "Brest"}


def shown(answer: dict[str, Any]) -> list[dict[str, Any]]:
    assert "error" not in answer
    customer = bare(answer["data"]["customer"])
    assert customer["firstNames"] == "Camille"
    return by_label(customer["contracts"])


@on_both
async def test_queries_go_by_get_and_are_asked_once(drive: Drive, url: str, demo: Browser) -> None:
    seen = await drive(SCRIPT, "documents", url=url, cookie=demo.cookie)

    assert shown(seen["first"]) == contract_labels()
    assert seen["again"] == seen["first"]
    assert [one["label"] for one in shown(seen["cards"])] == ["Compte carte Sérénité"]
    assert seen["methods"] == ["GET", "GET"]


async def test_queries_may_go_by_post(drive: Drive, url: str, demo: Browser) -> None:
    seen = await drive(SCRIPT, "posted", url=url, cookie=demo.cookie)

    assert shown(seen) == contract_labels()
    assert seen["methods"] == ["POST"]


async def test_a_mutation_is_posted_and_its_refusal_is_data(drive: Drive, url: str, demo: Browser) -> None:
    seen = await drive(SCRIPT, "mutation", url=url, cookie=demo.cookie, version=1_000, address=ADDRESS)

    assert "error" not in seen
    assert seen["data"]["changed"] == {
        "__typename": "VersionConflict",
        "code": "VERSION_CONFLICT",
        "message": "These details changed in the meantime. Read them again before changing them.",
    }
    assert seen["methods"] == ["GET", "POST"]


async def test_its_cache_by_objects_joins_two_pages(drive: Drive, url: str, demo: Browser) -> None:
    seen = await drive(SCRIPT, "pages", url=url, cookie=demo.cookie, first=7)

    assert (len(seen["first"]), len(seen["both"])) == (7, 14)
    assert seen["both"][:7] == seen["first"]
    assert are_the_newest(bare(seen["both"]))


async def test_errors_come_with_their_codes(drive: Drive, url: str, demo: Browser) -> None:
    seen = await drive(SCRIPT, "errors", url=url, cookie=demo.cookie)

    invalid = {"class": "CombinedError", "status": 400, "codes": ["GRAPHQL_VALIDATION_FAILED"]}
    assert seen["unknownField"] == {"error": invalid}
    page = seen["pageTooLarge"]
    assert page["error"] == {"class": "CombinedError", "status": 200, "codes": ["BAD_USER_INPUT"]}
    assert bare(page["data"]) == {"contact": {"phone": "30 26"}, "operations": None}
