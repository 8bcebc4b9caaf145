"""The small schema behind a real server in this loop, and clients that read streams and speak to sockets."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from engine.connections.admission import ConnectionLimits
from engine.connections.gate import Gate
from engine.connections.observing import Observed, Seen, SeenSocket
from engine.endpoint import Endpoint
from engine.streams.socket_protocol import GuardedWebSocket
from tests.engine.small_schema import Stage, endpoint

PROTOCOL = "graphql-transport-ws"
WAIT_SECONDS = 10
EVENTS = {"Accept": "text/event-stream"}


@dataclass
class Served:
    """A running server, and what its endpoint and its middleware noted."""

    port: int
    stage: Stage
    endpoint: Endpoint
    server: uvicorn.Server
    requests: list[Seen] = field(default_factory=list)
    sockets: list[SeenSocket] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    @asynccontextmanager
    async def http(self) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(timeout=WAIT_SECONDS) as client:
            yield client

    async def events(
        self, query: str, *, headers: dict[str, str] | None = None, **parameters: Any
    ) -> list[tuple[str, Any]]:
        """All events of one request."""
        async with self.stream(query, headers=headers, **parameters) as stream:
            return [event async for event in stream]

    @asynccontextmanager
    async def stream(
        self, query: str, *, headers: dict[str, str] | None = None, **parameters: Any
    ) -> AsyncIterator[EventReader]:
        async with self.http() as http:
            body = {"query": query, **parameters}
            async with http.stream("POST", self.url, json=body, headers={**EVENTS, **(headers or {})}) as got:
                yield EventReader(got)

    @asynccontextmanager
    async def raw(self, protocols: Sequence[str] = (PROTOCOL,), **options: Any) -> AsyncIterator[Speaker]:
        """A socket that has said nothing yet."""
        url = self.url.replace("http", "ws")
        offered = [Subprotocol(protocol) for protocol in protocols] or None
        async with connect(url, subprotocols=offered, compression=None, proxy=None, **options) as opened:
            yield Speaker(opened)

    @asynccontextmanager
    async def socket(self, payload: dict[str, Any] | None = None, **options: Any) -> AsyncIterator[Speaker]:
        """A socket that may subscribe."""
        async with self.raw(**options) as speaker:
            await speaker.say(type="connection_init", **({"payload": payload} if payload else {}))
            assert await speaker.hear() == {"type": "connection_ack"}
            yield speaker

    async def is_quiet(self) -> bool:
        """Whether nothing runs any more for a client; waits until it is so."""
        return await eventually(lambda: not self.server.server_state.tasks and not self.endpoint.open_streams)


class EventReader:
    """The events of a response, as a browser would read them; comments are kept beside."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.comments = 0
        self._events = self._read()

    def __aiter__(self) -> AsyncIterator[tuple[str, Any]]:
        return self._events

    async def next(self) -> tuple[str, Any]:
        async with asyncio.timeout(WAIT_SECONDS):
            return await anext(self._events)

    async def _read(self) -> AsyncIterator[tuple[str, Any]]:
        name, data = "message", []
        async for line in self.response.aiter_lines():
            if line.startswith(":"):
                self.comments += 1
            elif line:
                field_name, _, value = line.partition(":")
                if field_name == "event":
                    name = value.removeprefix(" ")
                elif field_name == "data":
                    data.append(value.removeprefix(" "))
            elif data:
                text = "\n".join(data)
                yield name, json.loads(text) if text else None
                name, data = "message", []


class Speaker:
    """The client's end of a socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def subscribe(self, id: str, query: str, **parameters: Any) -> None:
        await self.say(id=id, type="subscribe", payload={"query": query, **parameters})

    async def hear(self) -> Any:
        async with asyncio.timeout(WAIT_SECONDS):
            return json.loads(await self.connection.recv())

    async def hear_all(self) -> list[Any]:
        """The messages until the socket is closed."""
        heard = []
        try:
            while True:
                heard.append(await self.hear())
        except ConnectionClosed:
            return heard

    async def closed(self) -> tuple[int, str]:
        """The code and the reason with which the server closes it."""
        await self.hear_all()
        assert self.connection.close_code is not None
        return self.connection.close_code, self.connection.close_reason or ""

    async def ask(self, query: str, **parameters: Any) -> list[Any]:
        """All that is told of one operation."""
        await self.subscribe("1", query, **parameters)
        heard = [await self.hear()]
        while heard[-1]["type"] == "next":
            heard.append(await self.hear())
        return heard


async def eventually(holds: Any) -> bool:
    """Whether it comes true in the end."""
    limit = asyncio.get_running_loop().time() + WAIT_SECONDS
    while not holds() and asyncio.get_running_loop().time() < limit:
        await asyncio.sleep(0.005)
    return bool(holds())


@asynccontextmanager
async def served(
    stage: Stage | None = None, *, connections: ConnectionLimits | None = None, **options: Any
) -> AsyncIterator[Served]:
    """Serve the small schema. In the end nothing may be left that runs for a client."""
    stage = stage or Stage()
    graphql = endpoint(stage, **options)
    requests: list[Seen] = []
    sockets: list[SeenSocket] = []

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        yield {"stop_streams": graphql.open_streams.stop}

    observed = Middleware(
        Observed, begin=lambda _id: None, report=requests.append, report_socket=sockets.append
    )
    app = Starlette(routes=graphql.routes(), middleware=[observed], lifespan=lifespan)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws=GuardedWebSocket,
        ws_max_size=graphql.limits.body_bytes_max,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=WAIT_SECONDS,
    )
    config.http = Gate(connections or ConnectionLimits())  # type: ignore[assignment]
    server = uvicorn.Server(config)
    before = asyncio.all_tasks()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.005)
        try:
            yield Served(listener.getsockname()[1], stage, graphql, server, requests, sockets)
        finally:
            server.should_exit = True
            await serving
    assert await eventually(lambda: asyncio.all_tasks() <= before)
