"""A uvicorn on a free port, in a thread, behind the limits under test, and clients that are plain sockets."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.connections.admission import ConnectionLimits
from engine.connections.gate import Gate
from engine.streams.socket_protocol import GuardedWebSocket

WAIT_SECONDS = 20
BUFFER_BYTES = 65_536  # of the system, each way, so that what it holds is known
GUARD = ("x-guard", "here")  # a header of every refusal
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Answer(NamedTuple):
    """One response as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of a refusal in our shape."""
        assert self.headers["content-type"] == "application/json; charset=utf-8"
        return str(self.json["errors"][0]["extensions"]["code"])


class Client:
    """A connection that is written and read by hand."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS)
        self.file = self.socket.makefile("rb")

    def send(self, data: bytes) -> Client:
        self.socket.sendall(data)
        return self

    def answer(self) -> Answer:
        """The next response; its body must say how long it is."""
        status = int(self.file.readline().split()[1])
        lines = iter(self.file.readline, b"\r\n")
        headers = {n.decode(): v.decode().strip() for n, _, v in (line.partition(b":") for line in lines)}
        return Answer(status, headers, self.file.read(int(headers.get("content-length", "0"))))

    def is_closed(self) -> bool:
        """Whether nothing more comes; waits for the server to close."""
        return self.file.read() == b""

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class Served(NamedTuple):
    """A server under test: its door, what its application was asked, what was reported."""

    port: int
    gate: Gate
    asked: list[dict[str, Any]]
    ended: list[str]
    reports: list[dict[str, int]]
    server: uvicorn.Server

    def client(self) -> Client:
        return Client(self.port)

    def ask(self, data: bytes = GET) -> Answer:
        """One request on a connection of its own."""
        client = self.client()
        try:
            return client.send(data).answer()
        finally:
            client.close()


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it comes true in the end."""
    limit = time.monotonic() + WAIT_SECONDS
    while not holds() and time.monotonic() < limit:
        time.sleep(0.005)
    return holds()


@contextmanager
def served(
    key_of: Callable[[str], str | None] | None = None,
    application: ASGIApp | None = None,
    idle_seconds_max: int = 5,
    **limits: Any,
) -> Iterator[Served]:
    """Serve a small application, or this one, behind these limits. In the end every place must have been
    given back.
    """
    asked: list[dict[str, Any]] = []
    ended: list[str] = []
    reports: list[dict[str, int]] = []

    def report(cuts: Mapping[str, int]) -> None:
        reports.append(dict(cuts))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if application is not None:
                await application(scope, receive, send)
            else:
                await _answer(scope, receive, send, asked)
        finally:
            ended.append(scope["path"])

    gate = Gate(
        ConnectionLimits(**limits),
        headers=[(GUARD[0].encode(), GUARD[1].encode())],
        key_of=key_of or (lambda address: address),
        report=report,
    )
    config = uvicorn.Config(
        app,
        ws=GuardedWebSocket,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_keep_alive=idle_seconds_max,
    )
    config.http = gate  # type: ignore[assignment]
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        listening.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield Served(listening.getsockname()[1], gate, asked, ended, reports, server)
        assert eventually(lambda: (gate.connections, gate.lingering) == (0, 0))
    finally:
        server.should_exit = True
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive()


async def _answer(scope: Scope, receive: Receive, send: Send, asked: list[dict[str, Any]]) -> None:
    if scope["type"] == "websocket":
        await receive()
        if scope["path"] == "/closed":
            await send({"type": "websocket.close"})
            return
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": message["text"]})
        return
    body = b""
    if scope["path"] != "/unread":
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            more = message["more_body"]
    headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]]
    seen = {"method": scope["method"], "path": scope["path"], "headers": headers, "body": body.decode()}
    asked.append(seen)
    content = b"x" * 30_000_000 if scope["path"] == "/big" else json.dumps(seen).encode()
    length = [(b"content-length", str(len(content)).encode())]
    close = [(b"connection", b"close")] if scope["query_string"] == b"close" else []
    await send({"type": "http.response.start", "status": 200, "headers": length + close})
    await send({"type": "http.response.body", "body": content[:1], "more_body": True})
    await send({"type": "http.response.body", "body": content[1:]})
