"""Who may ask from a browser: same host, listed origins, nobody else."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from engine.errors import Refusal
from engine.http.origins import Origins
from tests.engine.small_schema import NEW_TYPE, Stage, client, codes

pytestmark = pytest.mark.anyio

LISTED = "https://app.listed.test"


@pytest.mark.parametrize(
    ("_case", "headers", "status"),
    [
        ("a program", {}, 200),
        ("same host", {"Origin": "http://portal.test"}, 200),
        ("same host, default port said", {"Origin": "http://portal.test:80"}, 200),
        ("same host over TLS before us", {"Origin": "https://portal.test"}, 200),
        ("another port", {"Origin": "http://portal.test:8080"}, 403),
        ("a longer host", {"Origin": "http://portal.test.evil.test"}, 403),
        ("a subdomain", {"Origin": "http://www.portal.test"}, 403),
        ("another site", {"Origin": "https://evil.test"}, 403),
        ("a sandboxed frame", {"Origin": "null"}, 403),
        ("an extension", {"Origin": "chrome-extension://abc"}, 403),
        ("rubbish", {"Origin": "http://[::1"}, 403),
        ("a port that is none", {"Origin": "http://portal.test:x"}, 403),
        ("empty", {"Origin": ""}, 403),
        ("listed", {"Origin": LISTED, "Sec-Fetch-Site": "cross-site"}, 200),
        ("same origin, said by the browser", {"Sec-Fetch-Site": "same-origin"}, 200),
        ("typed by the user", {"Sec-Fetch-Site": "none"}, 200),
        ("cross-site", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("same site", {"Sec-Fetch-Site": "same-site"}, 403),
        ("cross-site with our origin", {"Origin": "http://portal.test", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_origin_decides(_case: str, headers: dict[str, str], status: int, method: str) -> None:
    stage = Stage()
    body = {"json": {"query": "{ hello }"}} if method == "POST" else {"params": {"query": "{ hello }"}}
    async with client(stage, allowed_origins=[LISTED]) as http:
        response = await http.request(method, "/graphql", headers={**NEW_TYPE, **headers}, **body)  # type: ignore[arg-type]
    assert response.status_code == status
    if status == 403:
        assert codes(response) == ["FORBIDDEN"]
        assert "access-control-allow-origin" not in response.headers


def test_a_page_over_http_may_not_ask_over_https() -> None:
    headers = Headers({"host": "portal.test", "origin": "http://portal.test"})
    with pytest.raises(Refusal):
        Origins().check("https", headers)


async def test_a_listed_origin_reads_answers_and_refusals_with_credentials() -> None:
    async with client(allowed_origins=[LISTED]) as http:
        answer = await http.post("/graphql", json={"query": "{ hello }"}, headers={"Origin": LISTED})
        refusal = await http.post("/graphql", content=b"", headers={"Origin": LISTED})
    for response in (answer, refusal):
        assert response.headers["access-control-allow-origin"] == LISTED
        assert response.headers["access-control-allow-credentials"] == "true"
    assert (answer.status_code, refusal.status_code) == (200, 415)


async def test_a_preflight_is_granted_to_listed_origins_only() -> None:
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    async with client(allowed_origins=[LISTED + "/"]) as http:
        listed = await http.options("/graphql", headers={"Origin": LISTED, **asks})
        other = await http.options("/graphql", headers={"Origin": "https://evil.test", **asks})
        plain = await http.options("/graphql")
    assert (listed.status_code, listed.content) == (204, b"")
    assert listed.headers["access-control-allow-origin"] == LISTED
    assert listed.headers["access-control-allow-methods"] == "GET, POST"
    assert "Content-Type" in listed.headers["access-control-allow-headers"]
    assert (other.status_code, codes(other)) == (403, ["FORBIDDEN"])
    assert "access-control-allow-origin" not in other.headers
    assert "content-length" not in listed.headers
    assert (plain.status_code, plain.headers["allow"]) == (204, "GET, POST, OPTIONS")
