"""One line for each HTTP request, and an id that ties an answer to its lines in the log."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = "X-Request-Id"


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that was answered. `route` is the path of a known route: never what a client made up."""

    method: str
    route: str
    status: int
    duration_ms: float


class Observed:
    """ASGI middleware. `begin` receives the request id before anything else runs, `report` what was seen."""

    def __init__(self, app: ASGIApp, *, begin: Callable[[str], None], report: Callable[[Seen], None]) -> None:
        self._app = app
        self._begin = begin
        self._report = report

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        self._begin(request_id)
        started, status = time.perf_counter(), 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            duration_ms = round((time.perf_counter() - started) * 1000, 1)
            self._report(Seen(scope["method"], _route(scope), status, duration_ms))


def _route(scope: Scope) -> str:
    """Starlette notes the endpoint it chose in the scope; without one the path names no route."""
    return scope["path"] if "endpoint" in scope and not scope.get("path_params") else "other"
