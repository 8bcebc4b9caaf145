"""GraphQL over WebSockets: the protocol `graphql-transport-ws`, and no other."""

from __future__ import annotations

from contextlib import suppress

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from engine.errors import Refusal
from engine.execution.answering import Answering
from engine.http.origins import Origins
from engine.http.responses import refuse
from engine.limits import Limits
from engine.streams.open_streams import OpenStreams
from engine.streams.sockets import Begin, Socket


class WebSockets:
    """Serves sockets. `begin` is called in the task of each operation, with the id of its own."""

    def __init__(
        self,
        answering: Answering,
        origins: Origins,
        limits: Limits,
        open_streams: OpenStreams,
        begin: Begin,
    ) -> None:
        self._answering = answering
        self._limits = limits
        self._begin = begin
        self._origins = origins
        self._open_streams = open_streams

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket until it is closed. Another origin's is refused over HTTP, before it opens."""
        headers = Headers(scope=scope)
        try:
            self._origins.check(scope.get("scheme", "ws").replace("ws", "http"), headers)
        except Refusal as refusal:
            with suppress(OSError):
                await _refuse(refusal, scope, send)
            return
        if (await receive())["type"] != "websocket.connect":
            return
        socket = Socket(self._answering, self._limits, self._begin, scope, receive, send)
        with self._open_streams.opened(socket.stop):
            await socket.run()


async def _refuse(refusal: Refusal, scope: Scope, send: Send) -> None:
    """Answer the upgrade with an HTTP response, where the server can; else it says 403 by itself."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})
        return

    async def send_http(message: Message) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    await refuse(refusal, None).send(send_http, {})
