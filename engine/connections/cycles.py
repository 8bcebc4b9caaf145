"""One request of a connection, as uvicorn has it, with an answer that may be sent in one piece."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

# An ASGI extension of ours: in place of `http.response.start` and one `http.response.body` comes a message of
# this type with `body` and `head`, the lines of the headers as they go over the wire. The application answers
# for their being right: uvicorn looks at each name and value of the others each time.
WHOLE = "http.response.whole"
OFFERED: dict[str, dict[str, Any]] = {WHOLE: {}}
HEAD_BYTES_MAX = 2_048  # four of them are kept for each connection

Header = tuple[bytes, bytes]


def written(headers: list[Header]) -> bytes:
    """Headers as they go over the wire."""
    return b"".join([b"%s: %s\r\n" % header for header in headers])


class Cycle(RequestResponseCycle):
    """A request that is all here."""

    async def send(self, message: Any) -> None:
        """Send a part of the answer, or all of it."""
        if message["type"] != WHOLE:
            await super().send(message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if self.response_started:
            raise RuntimeError("The response has begun already")
        self.response_started = self.response_complete = True
        close = b"" if self.keep_alive else b"connection: close\r\n"
        head = STATUS_LINE[message["status"]] + written(self.default_headers) + message["head"] + close
        self.transport.write(head + b"\r\n" + message["body"])
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


class Seen:
    """A head that the connection sent before, and what the parser found in it.

    A client sends the same one for each request of an operation. What is the same, byte by byte, is not read
    again.
    """

    __slots__ = ("_headers", "_scope", "body_bytes")

    def __init__(self, scope: dict[str, Any], body_bytes: int) -> None:
        self.body_bytes = body_bytes
        self._headers = tuple(scope["headers"])
        self._scope = dict(scope, extensions=OFFERED)

    def cycle(self, protocol: HttpToolsProtocol, body: bytes) -> Cycle:
        """A request with this head, and a body."""
        scope = self._scope.copy()
        scope["headers"] = list(self._headers)
        scope["state"] = protocol.app_state.copy()
        made = Cycle(
            scope=cast(Any, scope),
            transport=protocol.transport,
            flow=protocol.flow,
            logger=protocol.logger,
            access_logger=protocol.access_logger,
            access_log=False,
            default_headers=protocol.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=True,
            on_response=cast("Callable[..., None]", protocol.on_response_complete),
        )
        made.body += body
        made.more_body = False
        made.message_event.set()
        return made


def seen(protocol: HttpToolsProtocol, text: bytes, body_bytes: int) -> Seen | None:
    """What is to be remembered of the head that was just parsed; None where each must be parsed."""
    is_usual = (
        len(text) <= HEAD_BYTES_MAX
        and protocol.cycle.keep_alive
        and not protocol.access_log
        and protocol.limit_concurrency is None
        and protocol.scope["http_version"] == "1.1"
    )
    return Seen(cast("dict[str, Any]", protocol.scope), body_bytes) if is_usual else None
