"""Production answers customers what is in a manifest, by id or by text, and staff whatever they ask."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from commands.documents import MANIFEST, WEB
from feed.sample.demo import DEMO_CODE, DEMO_NUMBER
from gateways import utc_now
from tests.gateways.conftest import Service
from tests.gateways.provider import Provider, certificate_in, listening
from tests.journeys.browser import FAST, Browser, identifier, manifest, pressed, texts_of
from tests.journeys.conftest import Serve, on_sqlite
from tests.journeys.personal import phones
from tests.journeys.portal import Portal, run

FREE = "{ contact { phone } }"
UNPARSABLE = "this is { no GraphQL"
NEW_TYPE = {"Accept": "application/graphql-response+json"}
NOT_FOUND = [{"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}]
NOT_TRUSTED = [
    {
        "message": "Only trusted documents are answered here: send the id of one.",
        "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"},
    }
]

Operation = dict[str, str]


@pytest.fixture(scope="module")
def operations() -> dict[str, Operation]:
    """The web client's, by name."""
    listed = json.loads((WEB / MANIFEST).read_text("utf-8"))["operations"]
    return {operation["name"]: operation for operation in listed}


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """Over TLS, as production requires, with a certificate that the server believes."""
    certificate = certificate_in(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with listening(utc_now, certificate=certificate) as provider:
        yield provider


async def posted(portal: Portal, body: dict[str, Any], **headers: str) -> tuple[int, Any, Any]:
    """Status, data and errors."""
    async with httpx.AsyncClient(base_url=portal.url, timeout=30, **FAST) as http:
        response = await http.post("/graphql", json=body, headers=headers)
    answer = response.json()
    return response.status_code, answer.get("data"), answer.get("errors")


@on_sqlite
async def test_customers_ask_what_is_in_a_manifest_and_staff_anything(
    copy: dict[str, Any],
    production: dict[str, Any],
    serve: Serve,
    provider: Provider,
    operations: dict[str, Operation],
) -> None:
    portal = serve(**{**copy, **production, "staff_issuer": provider.issuer})
    contact = operations["Contact"]
    hashed = {"persistedQuery": {"version": 1, "sha256Hash": contact["id"]}}
    unknown = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}

    for trusted in (
        {"documentId": f"sha256:{contact['id']}"},
        {"documentId": contact["id"]},
        {"extensions": hashed},
        {"extensions": hashed, "query": contact["body"]},
        {"query": contact["body"]},
    ):
        status, data, errors = await posted(portal, trusted)
        assert (status, data["contact"]["__typename"], errors) == (200, "Contact", None)
    for free in ({"query": FREE}, {"query": UNPARSABLE}, {"query": "{ __schema { types { name } } }"}):
        assert await posted(portal, free) == (200, None, NOT_TRUSTED)
        assert await posted(portal, free, **NEW_TYPE) == (404, None, NOT_TRUSTED)
    for absent in ({"documentId": "0" * 64}, {"extensions": unknown}):
        assert await posted(portal, absent) == (200, None, NOT_FOUND)
        assert await posted(portal, absent, **NEW_TYPE) == (404, None, NOT_FOUND)
    status, _, (mismatch,) = await posted(portal, {"extensions": unknown, "query": contact["body"]})
    assert (status, mismatch["message"]) == (400, "provided sha does not match query")

    token = provider.token()
    portal.held |= {token, *token.split(".")}
    bearer = {"Authorization": f"Bearer {token}"}
    assert await posted(portal, {"query": FREE}, **bearer) == (200, {"contact": {"phone": "30 26"}}, None)
    status, _, (syntax,) = await posted(portal, {"query": UNPARSABLE}, **NEW_TYPE, **bearer)
    assert (status, syntax["extensions"]["code"]) == (400, "GRAPHQL_PARSE_FAILED")
    status, _, hidden = await posted(portal, {"query": "{ __schema { types { name } } }"}, **bearer)
    assert {error["extensions"]["code"] for error in hidden} == {"GRAPHQL_VALIDATION_FAILED"}
    _, _, (misspelt,) = await posted(portal, {"query": "{ custome { id } }"}, **bearer)
    assert "Did you mean" not in misspelt["message"]
    assert await posted(portal, {"documentId": "0" * 64}, **bearer) == (200, None, NOT_FOUND)
    status, _, (disbelieved,) = await posted(portal, {"query": FREE}, Authorization="Bearer no.such.token")
    assert (status, disbelieved["extensions"]["code"]) == (401, "UNAUTHENTICATED")


@on_sqlite
async def test_a_customer_of_the_web_client_signs_in_by_ids_alone(
    copy: dict[str, Any],
    production: dict[str, Any],
    service: Service,
    serve: Serve,
    operations: dict[str, Operation],
) -> None:
    portal = serve(**{**copy, **production})
    async with Browser(portal, texts=texts_of(service)) as browser:

        async def ask(name: str, **variables: Any) -> dict[str, Any]:
            body = {"documentId": f"sha256:{operations[name]['id']}", "variables": variables}
            answer = (await browser.post(body)).json()
            assert "errors" not in answer, answer["errors"]
            data: dict[str, Any] = answer["data"]
            return data

        by_get = await browser.http.get("/graphql", params={"documentId": operations["Contact"]["id"]})
        assert by_get.json()["data"]["contact"]["phone"] == "30 26"
        step = (await ask("LogIn", identifier=identifier(DEMO_NUMBER)))["logIn"]
        browser.portal.held.add(DEMO_CODE)
        browser.phone = phones()[DEMO_NUMBER]
        entry = pressed(step["keypad"], DEMO_CODE)
        step = (await ask("EnterCode", flowId=step["flowId"], entry=entry))["enterCode"]
        code = await browser.sms_code(step)
        signed_in = (await ask("EnterSmsCode", flowId=step["flowId"], code=code))["enterSmsCode"]
        assert (signed_in["__typename"], signed_in["customer"]["firstNames"]) == ("SignedIn", "Camille")

        home = (await ask("Home"))["customer"]
        assert len(home["contracts"]) == 4
        contract = (await ask("Contract", id=home["contracts"][0]["id"]))["contract"]
        assert contract["label"] == home["contracts"][0]["label"]
        page = (await ask("Operations", filter={"text": "e"}, first=2))["operations"]
        assert len(page["nodes"]) == 2
        more = await ask("Operations", filter={"text": "e"}, first=2, after=page["pageInfo"]["endCursor"])
        assert more["operations"]["pageInfo"]["hasPreviousPage"] is True
        for name in ("Profile", "Security", "AccessLog", "Statements", "SessionWatch", "StaySignedIn"):
            assert all((await ask(name)).values()), name
        assert (await ask("SignOut"))["signOut"]["sessionsClosed"] == 1
        refused = (await browser.send("{ customer { firstNames } }")).json()
        assert refused == {"errors": NOT_TRUSTED}


@on_sqlite
async def test_nobody_is_a_policy_too_and_another_clients_manifest_is_read(
    copy: dict[str, Any], serve: Serve, tmp_path: Path
) -> None:
    portal = serve(**{**copy, **manifest(tmp_path, FREE), "free_documents": "nobody"})
    token = run("token", cwd=portal.folder, **portal.settings).stdout.strip()
    portal.held |= {token, *token.split(".")}
    for headers in ({}, {"Authorization": f"Bearer {token}"}):
        assert (await posted(portal, {"query": FREE}, **headers))[1] == {"contact": {"phone": "30 26"}}
        assert await posted(portal, {"query": "{ session { id } }"}, **headers) == (200, None, NOT_TRUSTED)


@on_sqlite
@pytest.mark.parametrize("workers", [1, 2])
def test_a_manifest_that_cannot_be_served_stops_the_start_with_a_sentence(
    workers: int, copy: dict[str, Any], tmp_path: Path
) -> None:
    stale = manifest(tmp_path, "query Old { customer { firstNames age } }")
    done = run("serve", cwd=tmp_path, **{**copy, **stale, "port": 0, "workers": workers})
    assert done.returncode == 1
    assert done.stderr == (
        f"{stale['trusted_documents']}, operation Old: Cannot query field 'age' on type 'Customer'.\n"
    )
    absent = run("serve", cwd=tmp_path, **{**copy, "trusted_documents": "none.json", "port": 0})
    assert (absent.returncode, absent.stderr) == (1, f"{tmp_path}/none.json: No such file or directory\n")
