"""The door of `portal serve`: headers of every answer, and what hostile connections are told."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from engine.connections.security_headers import ALWAYS, OVER_HTTPS
from tests.engine.serving import Answer, Client, eventually
from tests.journeys.browser import FAST
from tests.journeys.conftest import Serve, on_sqlite
from tests.journeys.portal import Portal


def connected(portal: Portal) -> Client:
    return Client(int(portal.url.rpartition(":")[2]))


def refusal(portal: Portal, data: bytes) -> Answer:
    """What answers these bytes; the connection must end with it."""
    client = connected(portal).send(data)
    answer = client.answer()
    assert client.is_closed()
    client.close()
    return answer


@on_sqlite
def test_every_answer_of_production_has_the_headers_that_guard_it(
    copy: dict[str, Any], production: dict[str, Any], serve: Serve
) -> None:
    portal = serve(**{**copy, **production, "allowed_origins": "https://shop.example"})
    guarding = {name.lower(): value for name, value in (ALWAYS | OVER_HTTPS).items()}
    query = {"query": "{ contact { phone } }"}
    shop, evil = ({"Origin": f"https://{name}.example"} for name in ("shop", "evil"))
    answers = [
        httpx.get(f"{portal.url}/health/live", **FAST),
        httpx.get(f"{portal.url}/health/ready", **FAST),
        httpx.get(f"{portal.url}/nothing", **FAST),
        httpx.put(f"{portal.url}/graphql", **FAST),
        httpx.post(f"{portal.url}/graphql", json=query, headers=shop, **FAST),
        httpx.post(f"{portal.url}/graphql", json=query, headers=evil, **FAST),
    ]
    seen = [(answer.status_code, dict(answer.headers)) for answer in answers]
    upgrade = b"HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    key = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    for data in (
        b"garbage",
        b"GET /" + b"a" * 9_000,
        b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000,
        b"CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /graphql " + upgrade + b"\r\n",
        b"GET /health/live " + upgrade + key + b"\r\n",
    ):
        refused = refusal(portal, data)
        assert refused.headers["content-type"] == "application/json; charset=utf-8"
        seen.append((refused.status, refused.headers))
    expected = [200, 200, 404, 405, seen[4][0], 403, 400, 414, 431, 405, 400, 403]
    assert [status for status, _ in seen] == expected
    for status, headers in seen:
        assert {name: headers.get(name) for name in guarding} == guarding, status
        assert "server" not in headers
    assert seen[4][1]["access-control-allow-origin"] == "https://shop.example"


@on_sqlite
@pytest.mark.parametrize("workers", [1, 2])
def test_slow_many_and_malformed_connections_end_while_others_are_served(
    workers: int, copy: dict[str, Any], serve: Serve
) -> None:
    portal = serve(**copy, workers=workers, header_seconds_max=1, connections_of_address_max=40)
    slow = [connected(portal).send(b"GET /health/live HTTP/1.1\r\nHost: x\r\n") for _ in range(20)]
    assert httpx.get(f"{portal.url}/health/live", **FAST).status_code == 200
    answers = [client.answer() for client in slow]
    assert {(answer.status, answer.code) for answer in answers} == {(408, "REQUEST_TIMEOUT")}
    assert all(client.is_closed() for client in slow)

    # So many that no process has room for the last of them, however they are spread.
    many = [connected(portal) for _ in range(40 * workers + 20)]
    told = [client.answer() if client.file.peek(1) else None for client in many]
    refused = [answer for answer in told if answer is not None]
    assert len(refused) >= 20
    assert {(answer.status, answer.code) for answer in refused} == {(503, "SERVICE_UNAVAILABLE")}
    for client in (*slow, *many):
        client.close()
    assert eventually(lambda: _lives(portal))
    assert "Traceback" not in portal.stderr


@on_sqlite
def test_what_was_refused_is_one_line_of_the_log(copy: dict[str, Any], serve: Serve) -> None:
    portal = serve(**copy, log_format="json")
    for _ in range(5):
        assert refusal(portal, b"garbage").code == "BAD_REQUEST"
    assert eventually(lambda: "connections refused or cut" in portal.stderr)
    lines = [json.loads(line) for line in portal.stderr.splitlines() if "refused or cut" in line]
    assert [(line["level"], line["count"], line["reason"]) for line in lines] == [
        ("warning", 5, "BAD_REQUEST 5")
    ]


def _lives(portal: Portal) -> bool:
    try:
        return httpx.get(f"{portal.url}/health/live", **FAST).status_code == 200
    except httpx.TransportError:
        return False
