"""Staff of a lender with its provider: customers unlocked, keys rotated while all runs, the provider down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from feed.sample.cast import Access
from feed.sample.demo import DEMO_CODE, DEMO_NUMBER
from gateways import utc_now
from gateways.letters import access_unlocked
from tests.gateways.provider import Provider, key, listening
from tests.journeys.browser import FAST, Browser, identifier
from tests.journeys.conftest import Serve, on_sqlite
from tests.journeys.databases import query
from tests.journeys.personal import the_cast
from tests.journeys.portal import Portal, run

WHO = "{ staff { subject scopes } customer { firstNames } }"
UNLOCK = """
mutation($given: Identifier!, $reason: String!) { unlockAccess(identifier: $given, reason: $reason) {
  __typename ... on AccessUnlocked { failuresCleared } ... on Problem { code } } }
"""
REASON = "Pièce d'identité vue"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with listening(utc_now, "/realms/staff") as provider:
        yield provider


async def asked(portal: Portal, token: str, document: str, **variables: Any) -> httpx.Response:
    """One request of a member of staff, with a token that must be found nowhere else."""
    portal.held |= {token, *token.split(".")}
    async with httpx.AsyncClient(base_url=portal.url, timeout=30, **FAST) as http:
        body, headers = {"query": document, "variables": variables}, {"Authorization": f"Bearer {token}"}
        return await http.post("/graphql", json=body, headers=headers)


async def is_believed(portal: Portal, token: str) -> bool:
    answer = await asked(portal, token, WHO)
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        return False
    assert answer.json() == {
        "data": {"staff": {"subject": "adviser-7", "scopes": ["UNLOCK"]}, "customer": None}
    }
    return True


async def test_a_locked_customer_calls_and_is_let_in_again(
    copy: dict[str, Any], serve: Serve, provider: Provider
) -> None:
    portal = serve(**copy, staff_issuer=provider.issuer)
    locked = next(one for one in the_cast() if one.role.access is Access.LOCKED_OUT and one.row.phone)
    number = locked.sign_in_numbers[0]
    async with Browser(portal) as browser:
        assert (await browser.sign_in(number, DEMO_CODE))["__typename"] == "AccountLocked"
    others = provider.token(scope="adviser analytics")
    given = {"given": identifier(number), "reason": REASON}

    refused = (await asked(portal, others, UNLOCK, **given)).json()["data"]["unlockAccess"]
    unlocked = (await asked(portal, provider.token(), UNLOCK, **given)).json()["data"]["unlockAccess"]

    assert refused == {"__typename": "ScopeMissing", "code": "FORBIDDEN"}
    assert unlocked == {"__typename": "AccessUnlocked", "failuresCleared": 100}
    async with Browser(portal) as browser:
        assert (await browser.sign_in(number, DEMO_CODE))["__typename"] == "SignedIn"
    # A server that stops has sent what waits.
    assert portal.stop() == 0
    letters = {access_unlocked(locale).body for locale in ("FR_FR", "EN_GB")}
    told = [sent["to"] for sent in portal.messages() if sent["body"] in letters]
    assert sorted(told) == sorted(filter(None, (locked.row.phone, locked.row.email)))
    (written,) = query(
        copy["database_url"],
        "SELECT count(*) AS found FROM audit_event WHERE kind = 'ACCESS_UNLOCKED'",
    )
    assert written == {"found": 1}


async def test_keys_change_and_the_provider_goes_down_while_staff_work(
    sqlite_copy: dict[str, Any], serve: Serve, provider: Provider
) -> None:
    portal = serve(**sqlite_copy, staff_issuer=provider.issuer, log_format="json")
    assert provider.asked == []
    first = provider.token()
    assert await is_believed(portal, first)

    fresh = provider.rotate("two", 2)
    second = provider.token({"kid": "two"}, fresh)
    assert await is_believed(portal, second)
    assert not await is_believed(portal, first)
    assert not await is_believed(portal, provider.token({"kid": "two"}, key("ES256", 3)))
    assert provider.fetched == 2

    provider.down()
    assert await is_believed(portal, second)
    assert not await is_believed(portal, first)
    async with Browser(portal) as browser:
        assert (await browser.sign_in(DEMO_NUMBER, DEMO_CODE))["__typename"] == "SignedIn"


async def test_a_server_that_never_had_keys_says_so_and_serves_customers(
    sqlite_copy: dict[str, Any], serve: Serve, provider: Provider
) -> None:
    provider.down()
    portal = serve(**sqlite_copy, staff_issuer=provider.issuer)

    answer = await asked(portal, provider.token(), WHO)

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (
        503,
        "SERVICE_UNAVAILABLE",
    )
    assert answer.headers["Retry-After"] == "2"
    async with Browser(portal) as browser:
        assert (await browser.sign_in(DEMO_NUMBER, DEMO_CODE))["__typename"] == "SignedIn"


@on_sqlite
async def test_a_developers_token_is_believed_on_a_developers_machine_alone(
    copy: dict[str, Any], production: dict[str, Any], serve: Serve, provider: Provider
) -> None:
    portal = serve(**copy)
    words = ("token", "--scope", "unlock", "--subject", "adviser-7")
    done = run(*words, cwd=portal.folder, **portal.settings)
    assert (done.returncode, done.stderr) == (0, "")
    token = done.stdout.strip()

    assert await is_believed(portal, token)
    assert portal.stop() == 0
    for live in ({}, {"staff_issuer": provider.issuer, "env": "development"}):
        other = serve(**{**copy, **production, **live})
        assert not await is_believed(other, token)
        assert other.stop() == 0
