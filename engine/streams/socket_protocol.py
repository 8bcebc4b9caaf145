"""uvicorn's WebSocket protocol within limits: how a client sends or reads holds neither loop nor memory.

Bytes are taken in small slices, one in each round of the loop, and none while the application or the client
is behind. Frames that carry no message, which the application never sees, are counted.
"""

from __future__ import annotations

import asyncio
from asyncio.transports import BaseTransport
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.datastructures import Headers
from websockets.frames import Frame
from websockets.http11 import Response

from engine.connections.heads import bad, described
from engine.errors import MASKED_MESSAGE, Code, Refusal
from engine.sharing.buckets import Bucket

SLICE_BYTES = 2_048
AFTER_CLOSE_BYTES_MAX = 65_536  # which were on their way; a client that goes on is not listening
IDLE_FRAMES_AT_ONCE_MAX = 200
IDLE_FRAMES_PER_SECOND_MAX = 50
WRITE_SECONDS_MAX = 20.0
CLOSE_SECONDS_MAX = 5.0
POLICY_VIOLATION = 1008

# What the library answers to an opening, by status, in our words.
REFUSALS = {
    403: Refusal("No WebSocket is served here", Code.FORBIDDEN),
    414: Refusal("The address is too long for a WebSocket", Code.URI_TOO_LONG),
    431: Refusal("A header is too long for a WebSocket", Code.HEADERS_TOO_LARGE),
    500: Refusal(MASKED_MESSAGE, Code.INTERNAL_SERVER_ERROR),
}
NO_OPENING = bad("This opens no WebSocket: look at its key, its version and its extensions")

BEHIND = ("application", "client")


class GuardedWebSocket(WebSocketsSansIOProtocol):
    """One connection. Give the class to uvicorn as `ws`."""

    transport: _Valve  # type: ignore[assignment]

    def __init__(self, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._unread = bytearray()
        self._is_scheduled = False
        self._after_close_bytes = 0
        self._idle_frames = Bucket(IDLE_FRAMES_AT_ONCE_MAX, IDLE_FRAMES_PER_SECOND_MAX, self.loop.time)
        self._write_clock: asyncio.TimerHandle | None = None
        self.refusal_headers = list(self.default_headers)  # of every opening that the library refuses
        self.conn.reject = self._refusal  # type: ignore[method-assign]

    def connection_made(self, transport: BaseTransport) -> None:
        """The protocol begins on a transport of ours."""
        valve = _Valve(cast(asyncio.Transport, transport), self.loop, self._schedule)
        super().connection_made(cast(BaseTransport, valve))

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is left to wait for."""
        self._unread.clear()
        self.transport.lost()
        self._stop_write_clock()
        super().connection_lost(exc)

    # Bytes come in.

    def data_received(self, data: bytes) -> None:
        """Take what came, as far as it may be taken now."""
        self._unread += data
        if not self._is_scheduled:
            self._take()

    def _schedule(self) -> None:
        if self._unread and not self._is_scheduled:
            self._is_scheduled = True
            self.loop.call_soon(self._take)

    def _take(self) -> None:
        self._is_scheduled = False
        if self.transport.is_closing():
            self._unread.clear()
            return
        if not self.transport.is_held_by(*BEHIND):
            part = bytes(self._unread[:SLICE_BYTES])
            del self._unread[:SLICE_BYTES]
            if self.close_sent:
                self._after_close_bytes += len(part)
            if self._after_close_bytes > AFTER_CLOSE_BYTES_MAX:
                self.transport.abort()
                return
            if part:
                super().data_received(part)
                self._refuse_unread()
        if not self._unread:
            self.transport.release("slices")
            return
        self.transport.hold("slices")
        if not self.transport.is_held_by(*BEHIND):
            self._schedule()

    def handle_ping(self) -> None:
        """A ping of the client, which is answered."""
        if self._may_go_on():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        """A pong of the client."""
        if self._may_go_on():
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        """A part of a message. It may be empty, so the size of the message does not bound their number."""
        if self._may_go_on():
            super().handle_cont(event)

    def _may_go_on(self) -> bool:
        if self.close_sent:
            return False
        if self._idle_frames.take():
            return True
        self.conn.send_close(POLICY_VIOLATION, "Too many frames")
        self.handle_parser_exception()
        return False

    # An opening that is none.

    def _refusal(self, status: int, text: str) -> Response:
        """In place of the library's answer, which is plain text and may repeat what the client sent."""
        refusal = REFUSALS.get(status, NO_OPENING)
        own, body = described(refusal)
        lines = [*own, *self.refusal_headers]
        headers = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in lines)
        return Response(refusal.status, HTTPStatus(refusal.status).phrase, headers, body)

    def _refuse_unread(self) -> None:
        """A head that the library cannot read. uvicorn would leave the client without a word."""
        if self.handshake_initiated or self.conn.handshake_exc is None:
            return
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        self.transport.write(b"".join(self.conn.data_to_send()) or self._refusal(400, "").serialize())
        self.transport.close()

    # Bytes go out.

    async def send(self, message: ASGISendEvent) -> None:
        """What the application sends after a close it does not know of yet comes too late: nobody's fault."""
        try:
            await super().send(message)
        except RuntimeError:
            if self.close_sent:
                raise ClientDisconnected from None
            raise

    def pause_writing(self) -> None:
        """The client reads slower than it is written to: what it sends waits as well."""
        super().pause_writing()
        self.transport.hold("client")
        self._write_clock = self.loop.call_later(WRITE_SECONDS_MAX, self.transport.abort)

    def resume_writing(self) -> None:
        """It has caught up."""
        super().resume_writing()
        self._stop_write_clock()
        self.transport.release("client")

    def _stop_write_clock(self) -> None:
        if self._write_clock is not None:
            self._write_clock.cancel()
            self._write_clock = None


class _Valve:
    """A transport that is read while nobody holds it, and closes in time, whatever is left to write."""

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, released: Callable[[], None]
    ) -> None:
        self.write = transport.write
        self.abort = transport.abort
        self.is_closing = transport.is_closing
        self.get_extra_info = transport.get_extra_info
        self._transport = transport
        self._loop = loop
        self._released = released
        self._holders: set[str] = set()
        self._close_clock: asyncio.TimerHandle | None = None

    def pause_reading(self) -> None:
        """What uvicorn calls while the application has a message to take."""
        self.hold("application")

    def resume_reading(self) -> None:
        """What uvicorn calls once the application has taken all."""
        self.release("application")

    def is_held_by(self, *holders: str) -> bool:
        """Whether one of these holds it."""
        return not self._holders.isdisjoint(holders)

    def hold(self, holder: str) -> None:
        """Read nothing until it is released."""
        if not self._holders and not self.is_closing():
            self._transport.pause_reading()
        self._holders.add(holder)

    def release(self, holder: str) -> None:
        """Read again, if nobody else holds it."""
        if holder not in self._holders:
            return
        self._holders.remove(holder)
        if not self._holders and not self.is_closing():
            self._transport.resume_reading()
        if holder in BEHIND:
            self._released()

    def close(self) -> None:
        """Close once all is written, or after a while."""
        self._transport.close()
        if self._close_clock is None:
            self._close_clock = self._loop.call_later(CLOSE_SECONDS_MAX, self.abort)

    def lost(self) -> None:
        """The connection is gone."""
        if self._close_clock is not None:
            self._close_clock.cancel()
