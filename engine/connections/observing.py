"""One line for each HTTP request and each WebSocket, with an id that ties answers to lines in the log."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.connections.request_ids import new_request_id

REQUEST_ID = "X-Request-Id"
NO_STATUS = 1005  # RFC 6455, 7.1.5: closed without a code


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that was answered. `route` is the path of a known route: never what a client made up."""

    method: str
    route: str
    status: int
    duration_ms: float


@dataclass(frozen=True, slots=True)
class SeenSocket:
    """A WebSocket that is over: the status or the code it ended with, and how much was asked over it."""

    route: str
    status: int
    duration_ms: float
    operations: int


class Observed:
    """ASGI middleware. `begin` receives the request id before anything else runs, `report` what was seen."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        begin: Callable[[str], None],
        report: Callable[[Seen], None],
        report_socket: Callable[[SeenSocket], None],
    ) -> None:
        self._app = app
        self._begin = begin
        self._report = report
        self._report_socket = report_socket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = new_request_id()
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        self._begin(request_id)
        is_socket = scope["type"] == "websocket"
        started, status = time.perf_counter(), NO_STATUS if is_socket else 500

        async def receive_noted() -> Message:
            nonlocal status
            message = await receive()
            if message["type"] == "websocket.disconnect" and status == NO_STATUS:
                status = int(message.get("code") or NO_STATUS)
            return message

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            elif message["type"] == "websocket.accept":
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            elif message["type"] == "websocket.close":
                status = message.get("code", 1000)
            await send(message)

        try:
            await self._app(scope, receive_noted if is_socket else receive, send_with_id)
        finally:
            duration_ms = round((time.perf_counter() - started) * 1000, 1)
            if is_socket:
                operations = state.get("operations", 0)
                self._report_socket(SeenSocket(_route(scope), status, duration_ms, operations))
            else:
                self._report(Seen(scope["method"], _route(scope), status, duration_ms))


def _route(scope: Scope) -> str:
    """Starlette notes the endpoint it chose in the scope; without one the path names no route."""
    return scope["path"] if "endpoint" in scope and not scope.get("path_params") else "other"
