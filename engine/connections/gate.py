"""uvicorn's HTTP/1 protocol within limits: no client holds a connection by being slow, long or many.

Heads are whole, and read strictly (`heads.py`), before uvicorn's parser sees them. Requests run one by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from engine.connections import cycles
from engine.connections.admission import Admission
from engine.connections.heads import END, Head, bad, check_begun, check_sizes, read_head, written
from engine.connections.wires import Wire
from engine.errors import Code, Refusal
from engine.streams.socket_protocol import GuardedWebSocket

HEADS_REMEMBERED_MAX = 4  # of each connection
TOO_MANY = Refusal("Too many connections, try again", Code.SERVICE_UNAVAILABLE, retry_after_seconds=5)


class Gate(Admission):
    """Give it to uvicorn as `http`: it makes the protocol of each connection.

    It can be pickled for worker processes as long as its arguments can; each process counts for itself.
    """

    def __call__(self, **of_uvicorn: Any) -> GuardedProtocol:
        """What uvicorn calls for each connection."""
        return GuardedProtocol(self, **of_uvicorn)


class GuardedProtocol(HttpToolsProtocol):
    """One connection: heads are whole and clear before they are parsed, one request runs at a time."""

    def __init__(self, gate: Gate, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._gate = gate
        self._limits = gate.limits
        self._leave: Callable[[], None] | None = None
        self._wire: Wire
        self._held = bytearray()  # came, and is not parsed
        self._searched = 0  # of what is held, looked through for the end of a head
        self._head: Head | None = None  # of the request whose body is not all here
        self._left = 0  # of that body, where its length is known
        self._carried = self._spent = 0  # bytes of a body in chunks, and all it took
        self._is_refused = False
        self._is_over = False  # what follows the running request cannot be read
        self._clock: asyncio.TimerHandle | None = None  # for a head, or the rest of a body that nobody reads
        self._idle_since: float | None = None
        self._idle_clock: asyncio.TimerHandle | None = None
        self._seen: dict[bytes, cycles.Seen] = {}  # heads that came before

    # A connection comes and goes.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, or say that there is none."""
        self._wire = Wire(transport, self._gate, self.loop, self._has_unread)
        super().connection_made(cast(asyncio.Transport, self._wire))
        self._leave = self._gate.enter(self.client[0] if self.client else None)
        if self._leave is None:
            self._refuse(TOO_MANY)
        else:
            self._set_clock(self._limits.header_seconds_max, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._wire.lost()
        self._set_clock(0, None)
        if self._idle_clock is not None:
            self._idle_clock.cancel()
        if self._leave is not None:
            self._leave()
        super().connection_lost(exc)

    def _has_unread(self) -> bool:
        """Whether the client may still be sending what nobody will read."""
        return self._head is not None or self._is_refused or self._is_over or self._is_far_ahead()

    def _is_far_ahead(self) -> bool:
        return len(self._held) > self._limits.header_bytes_max

    def _set_clock(self, seconds: float, then: Callable[[], None] | None) -> None:
        if self._clock is not None:
            self._clock.cancel()
        self._clock = self.loop.call_later(seconds, then) if then is not None else None

    # Bytes come in.

    def data_received(self, data: bytes) -> None:
        """Take what came as far as it may be taken now."""
        if self._wire.is_leaving:
            self._wire.discard(len(data))
            return
        self._unset_keepalive_if_required()
        self._held += data
        try:
            self._proceed()
        except Refusal as refusal:
            self._refuse(refusal)
        except httptools.HttpParserError:
            self._refuse(bad("The request is malformed"))

    def _proceed(self) -> None:
        while self._held and not self._wire.is_leaving:
            if self._head is not None:
                self._take_body(self._head)
            elif self._is_over or self._is_answering() or not self._take_head():
                break
        # Beyond what a head may take, requests that were sent ahead wait outside: a short one answered must
        # not let in many others.
        self._wire.hold(self._is_far_ahead())

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _take_head(self) -> bool:
        """Hand a whole head to the parser. Otherwise it must become whole in time, and not too long."""
        if self._held.startswith(b"\r\n"):  # one empty line is forgiven: RFC 9112, 2.2
            del self._held[:2]
        before = max(self._searched - len(END), 0)
        end = self._held.find(END, before)
        if end >= 0:
            begun = bytes(self._held[: end + len(END)])
            seen = self._seen.get(begun)
            if seen is not None and len(self._held) >= len(begun) + seen.body_bytes:
                self._begin_again(seen, len(begun))
                return True
            check_sizes(begun, self._limits)
            head = read_head(begun)
            del self._held[: len(begun)]
            self._begin(head)
            self._remember(begun, head)
            return True
        self._searched = len(self._held)
        if len(self._held) > 1 or self._held.strip(b"\r"):
            check_begun(self._held, before, self._limits)
        if self._clock is None:
            self._set_clock(self._limits.header_seconds_max, self._head_is_late)
        return False

    def _head_is_late(self) -> None:
        """A browser opens connections before it needs them: without a word they end without one."""
        if self._wire.is_closing():
            return
        if self._held.strip(b"\r\n"):
            self._refuse(Refusal("The headers took too long to arrive", Code.REQUEST_TIMEOUT))
        else:
            self._wire.close()

    def _begin(self, head: Head) -> None:
        self._set_clock(0, None)
        self._searched = self._carried = self._spent = 0
        self._wire.discarded = 0
        self._head, self._left = head, head.body_bytes
        try:
            self.parser.feed_data(head.text)
        except httptools.HttpParserUpgrade:
            self._become_websocket()
        except httptools.HttpParserError:
            self._head = None
            raise

    def _begin_again(self, seen: cycles.Seen, head_bytes: int) -> None:
        """A request that is all here, and whose head came before: the parser need not see any of it."""
        self._set_clock(0, None)
        self._searched = self._wire.discarded = 0
        end = head_bytes + seen.body_bytes
        self.cycle = seen.cycle(self, bytes(self._held[head_bytes:end]))
        self.scope = self.cycle.scope
        del self._held[:end]
        self._start_asgi_task(self.cycle, self.app)

    def _remember(self, begun: bytes, head: Head) -> None:
        if head.is_chunked or head.is_websocket or head.expects_continue or begun in self._seen:
            return
        seen = cycles.seen(self, begun, head.body_bytes)
        if seen is not None:
            if len(self._seen) >= HEADS_REMEMBERED_MAX:
                del self._seen[next(iter(self._seen))]
            self._seen[begun] = seen

    def _take_body(self, head: Head) -> None:
        part = bytes(self._held if head.is_chunked else self._held[: self._left])
        del self._held[: len(part)]
        self._left -= len(part)
        self._spent += len(part)
        if not self._is_answering():
            self._wire.discard(len(part))
        self.parser.feed_data(part)
        limits = self._limits
        allowed = limits.chunk_overhead_bytes_max + limits.chunk_overhead_times_max * self._carried
        if self._spent - self._carried > allowed:
            raise bad("The chunks of the body carry too little")

    # What the parser finds.

    def on_message_begin(self) -> None:
        """Within one read, the bytes of a request that follows a body in chunks cannot be told apart."""
        if self._head is None:
            raise bad("A request must wait for the answer to one with a body in chunks")
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Headers of the head. A trailer after the body is none (RFC 9110, 6.5.1), or it could forge one."""
        if not self._spent:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._carried += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is all here. If it was answered before, the next one may come."""
        super().on_message_complete()
        self._head = None
        if self.cycle is not None and self.cycle.response_complete and not self._wire.is_leaving:
            self._set_clock(0, None)
            self._be_idle()

    def _get_upgrade(self) -> bytes | None:
        return b"websocket" if self._head is not None and self._head.is_websocket else None

    def _become_websocket(self) -> None:
        """uvicorn's WebSocket protocol takes over, in the same place."""
        if self.ws_protocol_class is None:
            raise bad("WebSockets are not served")
        self._wire.lost()
        self._unset_keepalive_if_required()
        self.transport = self._wire.transport
        self.transport.resume_reading()  # it may have been held
        leave, self._leave = self._leave, None
        made = self.ws_protocol_class

        def make(**of_uvicorn: Any) -> asyncio.Protocol:
            protocol = made(**of_uvicorn)
            if isinstance(protocol, GuardedWebSocket):
                protocol.refusal_headers = self._refusal_headers()
            lost = protocol.connection_lost

            def connection_lost(exc: Exception | None) -> None:
                if leave is not None:
                    leave()
                lost(exc)

            protocol.connection_lost = connection_lost  # type: ignore[method-assign]
            return protocol

        self.ws_protocol_class = cast(Any, make)
        self.handle_websocket_upgrade()

    # The answer goes out.

    def on_response_complete(self) -> None:
        """After the answer: the rest of a body that nobody reads, within bounds, or the next request."""
        self.server_state.total_requests += 1
        if self._wire.is_closing():
            return
        self.flow.resume_reading()
        self._be_idle()
        if self._head is None:
            if self._held:
                self.loop.call_soon(self.data_received, b"")
            return
        self._unset_keepalive_if_required()
        if self._head.expects_continue and not self._spent:
            self._wire.close()  # whether the body comes after all is not known
        else:
            self._set_clock(self._limits.linger_seconds_max, self._wire.end)

    def _be_idle(self) -> None:
        """Nothing is asked from here on. One clock looks after many times of this: uvicorn sets one each."""
        self._idle_since = self.loop.time()
        if self._idle_clock is None:
            self._idle_clock = self.loop.call_later(self.timeout_keep_alive, self._look_for_idleness)

    def _look_for_idleness(self) -> None:
        self._idle_clock = None
        if self._idle_since is None:
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._idle_clock = self.loop.call_later(left, self._look_for_idleness)
        else:
            self.timeout_keep_alive_handler()

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = None

    def _refuse(self, refusal: Refusal) -> None:
        """Answer in place of the application, and close. What was asked before is still answered first."""
        self._gate.note(refusal.code)
        if self._wire.is_closing():
            return
        if self._head is None and self._is_answering():
            self._is_over = True
            self.cycle.keep_alive = False
            return
        if self._head is not None:
            if not self._is_answering() or self.cycle.response_started:
                self._wire.end()
                return
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._is_refused = True
        self._wire.write(written(refusal, self._refusal_headers()))
        self._wire.close()

    def _refusal_headers(self) -> list[tuple[bytes, bytes]]:
        return [*self.server_state.default_headers, *self._gate.headers]

    def pause_writing(self) -> None:
        """The client reads slower than the application writes."""
        super().pause_writing()
        self._wire.watch()

    def shutdown(self) -> None:
        """The server stops: what answers without an end is told to end."""
        stop_streams = self.app_state.get("stop_streams")
        if stop_streams is not None:
            stop_streams()
        super().shutdown()
