"""Clients that go away in the middle of a request, at any moment: the server is as it was before."""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from feed.sample.demo import DEMO_CODE, DEMO_NUMBER
from tests.journeys.browser import Browser
from tests.journeys.conftest import Serve
from tests.journeys.databases import query
from tests.journeys.test_reading import DASHBOARD
from tests.journeys.test_troubles import AUDITED, CHANGE_ADDRESS, LOG_IN, VERSION

CLIENTS = 60
POOL_MAX = 4


async def test_sixty_clients_that_hang_up_leave_every_connection_and_lock_free(
    copy: dict[str, Any], serve: Serve
) -> None:
    portal = serve(**copy, database_pool_max=POOL_MAX)
    async with Browser(portal) as browser:
        await browser.sign_in(DEMO_NUMBER, DEMO_CODE)
        before = await browser.ask(DASHBOARD)
        version = (await browser.ask(VERSION))["customer"]["version"]
        chance = random.Random(60)
        asked = [
            (DASHBOARD, {}),
            (LOG_IN, {}),
            *((CHANGE_ADDRESS, {"version": version + step, "line": "3 rue du Port"}) for step in range(4)),
        ]
        hung_up = [
            _hang_up(portal.url, browser.cookie, *asked[number % len(asked)], chance.uniform(0, 0.06))
            for number in range(CLIENTS)
        ]

        await asyncio.gather(*hung_up)

        # More at once than there are connections: one that leaked would leave some of them waiting.
        answers = await asyncio.wait_for(
            asyncio.gather(*(browser.ask(DASHBOARD) for _ in range(3 * POOL_MAX))), 10
        )
        assert answers == [before] * (3 * POOL_MAX)
        now = (await browser.ask(VERSION))["customer"]["version"]
        changed = await browser.ask(CHANGE_ADDRESS, version=now, line="5 rue du Port")
        assert changed["changed"]["__typename"] == "AddressChanged"
    if "sqlite" not in copy["database_url"]:
        assert _open_transactions(copy["database_url"]) == 0
    assert query(copy["database_url"], AUDITED) == [{"found": now + 1 - version}]
    assert "Traceback" not in portal.stderr
    assert "[error" not in portal.stderr


async def _hang_up(url: str, cookie: str, document: str, variables: dict[str, Any], seconds: float) -> None:
    """Send a request, and close the connection without reading the answer."""
    parts = urlsplit(url)
    body = json.dumps({"query": document, "variables": variables}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: {cookie}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    with suppress(ConnectionError):
        writer.write(head.encode() + body)
        await writer.drain()
        await asyncio.sleep(seconds)
    writer.transport.abort()


def _open_transactions(url: str) -> int:
    counted = query(
        url,
        "SELECT count(*) AS found FROM pg_stat_activity "
        "WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
    )
    return int(counted[0]["found"])
