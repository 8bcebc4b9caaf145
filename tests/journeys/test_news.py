"""News as a web client follows them, by event stream and by WebSocket, from the first to the last."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from feed.sample.demo import DEMO_CODE, DEMO_NUMBER
from tests.feed.feeds import row, write
from tests.journeys.browser import FAST, Browser
from tests.journeys.conftest import Serve
from tests.journeys.databases import query
from tests.journeys.portal import Portal, run

pytestmark = pytest.mark.anyio

NEWS = "subscription { news { __typename ... on NewOperation { operation { label } } } }"
SIGN_OUT = "mutation { signOut { __typename } }"
CONTRACT = """
    SELECT u.reference, c.file_number FROM contract AS c
    JOIN identifier AS i ON i.customer_id = c.customer_id JOIN customer AS u ON u.id = c.customer_id
    WHERE i.number = '{number}' AND c.kind = 'REVOLVING_CREDIT' ORDER BY c.id LIMIT 1
"""
BEGUN = {"data": {"news": {"__typename": "NewsBegun"}}}
BAKER = "CB BOULANGERIE DU PORT"
CAME = {"data": {"news": {"__typename": "NewOperation", "operation": {"label": BAKER}}}}
SECONDS_MAX = 20


@asynccontextmanager
async def events(browser: Browser) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
    """The events of `NEWS` for whoever is signed in."""
    headers = {"Accept": "text/event-stream", "Cookie": browser.cookie}
    async with (
        httpx.AsyncClient(base_url=browser.portal.url, timeout=SECONDS_MAX, **FAST) as http,
        http.stream("POST", "/graphql", json={"query": NEWS}, headers=headers) as response,
    ):
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield _read(response)


async def _read(response: httpx.Response) -> AsyncIterator[tuple[str, Any]]:
    name = ""
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data:"):
            text = line.removeprefix("data:").strip()
            yield name, json.loads(text) if text else None


@asynccontextmanager
async def follower(browser: Browser) -> AsyncIterator[ClientConnection]:
    """A socket that follows `NEWS`, begun."""
    url = f"{browser.portal.url}/graphql".replace("http", "ws")
    protocols, headers = [Subprotocol("graphql-transport-ws")], {"Cookie": browser.cookie}
    async with connect(url, subprotocols=protocols, additional_headers=headers, proxy=None) as socket:
        await socket.send('{"type":"connection_init"}')
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": NEWS}}))
        assert await heard(socket) == {"id": "1", "type": "next", "payload": BEGUN}
        yield socket


async def heard(socket: ClientConnection) -> Any:
    """The next message that is no ping."""
    async with asyncio.timeout(SECONDS_MAX):
        while (message := json.loads(await socket.recv())) == {"type": "ping"}:
            await socket.send('{"type":"pong"}')
    return message


def load_an_operation(portal: Portal, settings: dict[str, Any], folder: Path) -> None:
    """The lender's own process tells of a purchase of the demo customer."""
    (found,) = query(settings["database_url"], CONTRACT.format(number=DEMO_NUMBER))
    cells = {"customer": found["reference"], "contract": found["file_number"], "operation": "NEW-1"}
    plain = {"statement": "", "card": "", "occurred_on": date.today(), "booked_on": date.today()}
    feed = write(folder / "feed", {"operations": [row("operations", **cells, **plain, label=BAKER)]})
    loaded = run("load", str(feed), cwd=folder, **settings)
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr


async def test_what_another_process_loads_arrives_by_both_transports(
    copy: dict[str, Any], serve: Serve, tmp_path: Path
) -> None:
    portal = serve(**copy, news_pause_seconds=1)
    async with Browser(portal) as browser:
        await browser.sign_in(DEMO_NUMBER, DEMO_CODE)
        async with events(browser) as stream, follower(browser) as socket, asyncio.timeout(SECONDS_MAX):
            assert await anext(stream) == ("next", BEGUN)
            await asyncio.to_thread(load_an_operation, portal, copy, tmp_path)
            assert await anext(stream) == ("next", CAME)
            assert await heard(socket) == {"id": "1", "type": "next", "payload": CAME}


async def test_signing_out_ends_the_stream_and_closes_the_socket_for_good(
    copy: dict[str, Any], serve: Serve
) -> None:
    portal = serve(**copy, news_pause_seconds=1, log_format="json")
    async with Browser(portal) as browser:
        await browser.sign_in(DEMO_NUMBER, DEMO_CODE)
        async with events(browser) as stream, follower(browser) as socket, asyncio.timeout(SECONDS_MAX):
            assert await anext(stream) == ("next", BEGUN)
            await browser.ask(SIGN_OUT)
            told, complete = [event async for event in stream]
            assert told[1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
            assert complete == ("complete", None)
            assert (await heard(socket))["type"] == "error"
            with pytest.raises(ConnectionClosed):
                await heard(socket)
            assert socket.close_code == 4401
    assert portal.stop() == 0
    logged = [json.loads(line) for line in portal.stderr.splitlines()]
    (line,) = (line for line in logged if line["event"] == "socket closed")
    assert (line["route"], line["status"], line["count"]) == ("/graphql", 4401, 1)


async def test_a_stranger_follows_nothing(copy: dict[str, Any], serve: Serve) -> None:
    portal = serve(**copy)
    async with Browser(portal) as browser:
        async with events(browser) as stream:
            told, complete = [event async for event in stream]
        assert told[1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert complete == ("complete", None)


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_server_that_is_told_to_stop_does_not_wait_for_followers(
    copy: dict[str, Any], serve: Serve, workers: int
) -> None:
    portal = serve(**copy, shutdown_seconds_max=60, workers=workers)
    async with Browser(portal) as browser:
        await browser.sign_in(DEMO_NUMBER, DEMO_CODE)
        async with events(browser) as stream, follower(browser) as socket:
            assert await anext(stream) == ("next", BEGUN)
            # It would wait for a minute, and `ended` does not.
            assert await asyncio.to_thread(portal.stop) == 0
            assert [event async for event in stream] == []
            with pytest.raises(ConnectionClosed):
                await heard(socket)
            assert socket.close_code == 1012
