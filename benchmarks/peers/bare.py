"""The floor: a bare ASGI app, held connections with prepared statements, PostgreSQL builds the JSON.

No GraphQL, no framework, no sign-in: the path says which of the fixed questions is asked, the header
`x-customer` who asks. `uvicorn --factory benchmarks.peers.bare:app`, the database in DATABASE_URL, the
connections of each process in POOL.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from benchmarks.peers import bare_sql

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
STATEMENTS = ("DASHBOARD", "PROFILE", "FIRST_PAGE", "DEEP_PAGE", "PLACE")
JSON = (b"content-type", b"application/json")


class Held:
    """A connection with every statement prepared, lent to one request at a time."""

    def __init__(self, prepared: Mapping[str, Any]) -> None:
        self.prepared = prepared

    @classmethod
    async def open(cls, url: str) -> Held:
        """Connect, and prepare."""
        connection = await asyncpg.connect(url, server_settings={"jit": "off"})
        return cls({name: await connection.prepare(getattr(bare_sql, name)) for name in STATEMENTS})


class Bare:
    """The app: a path is a question."""

    def __init__(self, url: str, connections: int) -> None:
        self._url, self._count = url, connections
        self._free: asyncio.LifoQueue[Held] = asyncio.LifoQueue()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        customer = next(int(value) for name, value in scope["headers"] if name == b"x-customer")
        match scope["path"]:
            case "/dashboard":
                question, given = "DASHBOARD", (customer,)
            case "/profile":
                question, given = "PROFILE", (customer,)
            case _:
                question, given = _page(customer, await _body(receive))
        held = await self._free.get()
        try:
            answer: bytes = (await held.prepared[question].fetchval(*given)).encode()
        finally:
            self._free.put_nowait(held)
        headers = [JSON, (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        for _ in range(self._count):
            self._free.put_nowait(await Held.open(self._url))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def _body(receive: Receive) -> Any:
    return json.loads((await receive())["body"])


def _page(customer: int, asked: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
    if "to" in asked:
        return "PLACE", (customer, date.fromisoformat(asked["to"]))
    filtered = customer, asked["kinds"], asked["amountMinCents"]
    if asked["after"] is None:
        return "FIRST_PAGE", filtered
    day, _, row_id = asked["after"].partition("_")
    return "DEEP_PAGE", (*filtered, date.fromisoformat(day), int(row_id))


def app() -> Bare:
    """The app of the environment."""
    return Bare(os.environ["DATABASE_URL"], int(os.environ["POOL"]))
