"""One open socket of `graphql-transport-ws`, the protocol of the graphql-ws package.

One task reads messages, one watches the clock, and each operation has its own. Whoever raises `Over` closes
the socket, and with it everything that runs for it. All write one by one, and wait while the client does not
read, so nothing is held back for it but one result of each operation.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Mapping
from contextlib import aclosing, suppress
from typing import Any

import orjson
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from engine.documents.valid import RequestError
from engine.errors import MASKED_MESSAGE, Code, Refusal
from engine.execution.answering import Answering, Asked, Transport
from engine.execution.operations import Result
from engine.limits import Limits
from engine.sharing.buckets import Bucket
from engine.streams.socket_messages import (
    PROTOCOL,
    Close,
    Complete,
    Init,
    Over,
    Ping,
    Pong,
    Subscribe,
    read_message,
)
from engine.tasks import end_tasks

AUTHORIZATION = b"authorization"
MESSAGE_CHARACTERS = 8_192  # a longer message counts as several
BUSY = Refusal("Too many operations at once on this socket", Code.TOO_MANY_REQUESTS)
CLOSES_BY_CODE: Mapping[str, Close] = {
    Code.UNAUTHENTICATED: Close.UNAUTHORIZED,
    Code.FORBIDDEN: Close.FORBIDDEN,
    Code.INTERNAL_SERVER_ERROR: Close.INTERNAL_ERROR,
    Code.SERVICE_UNAVAILABLE: Close.TRY_AGAIN_LATER,
    Code.TOO_MANY_REQUESTS: Close.TRY_AGAIN_LATER,
    Code.DEADLINE_EXCEEDED: Close.TRY_AGAIN_LATER,
}

Begin = Callable[[str], None]


class Socket:
    """One open socket and what runs for it."""

    def __init__(
        self, answering: Answering, limits: Limits, begin: Begin, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._answering = answering
        self._limits = limits
        self._streams = limits.streams
        self._begin = begin
        self._scope = scope
        self._state: dict[str, Any] = scope.setdefault("state", {})
        self._id: str = self._state.get("request_id") or secrets.token_hex(8)
        self._receive = receive
        self._asgi_send = send
        loop = asyncio.get_running_loop()
        self._clock = loop.time
        self._over: asyncio.Future[Over] = loop.create_future()
        self._sending = asyncio.Lock()
        self._is_ready = asyncio.Event()
        self._has_init = False
        self._heard_at = self._busy_at = self._clock()
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._running: set[asyncio.Task[None]] = set()  # and those that are ending
        self._count = 0
        self._bucket = Bucket(
            self._streams.messages_at_once_max, self._streams.messages_per_second_max, self._clock
        )

    def stop(self) -> None:
        """The server stops."""
        self._end(Over(Close.RESTARTING, "The server is stopping"))

    async def run(self) -> None:
        """Serve it. However it ends, all that ran for it has ended when this returns."""
        offered = self._scope.get("subprotocols", [])
        is_spoken = PROTOCOL in offered
        try:
            await self._asgi_send(
                {"type": "websocket.accept", "subprotocol": PROTOCOL if is_spoken else None, "headers": []}
            )
        except OSError:
            return
        if not is_spoken:
            # Only in an open socket can a client read the code.
            await self._close(Over(Close.SUBPROTOCOL_NOT_ACCEPTABLE, f"The subprotocol must be {PROTOCOL}"))
            return
        tasks = [asyncio.create_task(self._guard(work)) for work in (self._read(), self._watch())]
        try:
            over = await self._over
        finally:
            await end_tasks(*tasks)
            await end_tasks(*self._running)
        await self._close(over)

    def _end(self, over: Over) -> None:
        if not self._over.done():
            self._over.set_result(Over(over.code, over.reason))  # without the frames it was raised through

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something for the socket, and close it if need be. A bug of ours is reported."""
        try:
            await work
        except Over as over:
            self._end(over)
        except Exception as error:
            self._answering.told(error, self._id)
            self._end(Over(Close.INTERNAL_ERROR, MASKED_MESSAGE))

    async def _close(self, over: Over) -> None:
        if over.code is None:
            return
        message = {"type": "websocket.close", "code": int(over.code), "reason": over.reason}
        with suppress(OSError):  # nobody reads any more, or it takes too long
            async with asyncio.timeout(self._streams.send_seconds_max):
                await self._asgi_send(message)

    # What the client sends.

    async def _read(self) -> None:
        while True:
            frame = await self._receive()
            if frame["type"] == "websocket.disconnect":
                raise Over(None)  # it has closed the socket
            self._heard_at = self._clock()
            if not self._bucket.take(1 + len(frame.get("text") or "") // MESSAGE_CHARACTERS):
                raise Over(Close.POLICY_VIOLATION, "Too many messages")
            await self._take(frame)
            await asyncio.sleep(0)  # many may be here already: others come in between

    async def _take(self, frame: Message) -> None:
        match read_message(dict(frame), self._limits):
            case Init(payload):
                await self._init(payload)
            case Ping():
                await self._send({"type": "pong"})
            case Pong():
                pass
            case Subscribe() as subscribe:
                await self._subscribe(subscribe)
            case Complete(id):
                operation = self._operations.pop(id, None)
                if operation is not None:
                    operation.cancel()

    async def _init(self, payload: dict[str, Any]) -> None:
        if self._has_init:
            raise Over(Close.TOO_MANY_INITS, "Too many initialisation requests")
        self._has_init = True
        self._add_credentials(payload)
        try:
            await self._answering.admit(HTTPConnection(self._scope))
        except Exception as error:
            raise _not_admitted(self._answering.told(error, self._id)) from error
        await self._send({"type": "connection_ack"})
        self._is_ready.set()

    def _add_credentials(self, payload: dict[str, Any]) -> None:
        """`Authorization` in the payload counts as the header that a browser's WebSocket cannot send."""
        given = [value for name, value in payload.items() if name.lower().encode() == AUTHORIZATION]
        for value in given:
            if not isinstance(value, str) or not value.isascii() or not value.isprintable():
                raise Over(Close.BAD_REQUEST, "'Authorization' must be a printable string")
        added = [(AUTHORIZATION, value.encode()) for value in given]
        self._scope = {**self._scope, "headers": [*self._scope["headers"], *added]}

    async def _subscribe(self, subscribe: Subscribe) -> None:
        if not self._is_ready.is_set():
            raise Over(Close.UNAUTHORIZED, "Unauthorized: send connection_init first")
        if subscribe.id in self._operations:
            raise Over(Close.SUBSCRIBER_EXISTS, f"Subscriber for {subscribe.id} already exists")
        request = subscribe.request
        if len(self._running) >= self._streams.operations_max:
            request = BUSY
        if isinstance(request, Refusal):
            await self._send({"id": subscribe.id, "type": "error", "payload": [request.formatted()]})
            return
        self._count += 1
        self._state["operations"] = self._count
        asked = Asked(
            request, Transport.SOCKET, HTTPConnection(self._scope), Response(), f"{self._id}-{self._count}"
        )
        operation = asyncio.create_task(self._guard(self._operate(subscribe.id, asked)))
        self._operations[subscribe.id] = operation
        self._running.add(operation)
        operation.add_done_callback(self._running.discard)

    # What the client is sent.

    async def _operate(self, id: str, asked: Asked) -> None:
        """Run one operation to its end. What fails is told under its id, and the socket stays.

        Save where the session is over: the cookies of a socket never change, so nothing more can come of it.
        """
        self._begin(asked.request_id)
        try:
            errors = await self._tell(id, asked)
        finally:
            if self._operations.get(id) is asyncio.current_task():
                del self._operations[id]
        if not errors:
            await self._send({"id": id, "type": "complete"})
            return
        await self._send({"id": id, "type": "error", "payload": errors})
        if errors[0]["extensions"]["code"] == Code.UNAUTHENTICATED:
            raise Over(Close.UNAUTHORIZED, errors[0]["message"])

    async def _tell(self, id: str, asked: Asked) -> list[dict[str, Any]]:
        """Send the results, and return the errors that ended them, if any did."""
        outcome = await self._answering.outcome(asked)
        if isinstance(outcome, Result):
            return await self._tell_next(id, outcome, asked)
        async with aclosing(outcome):
            async for result in outcome:
                errors = await self._tell_next(id, result, asked)
                if errors:
                    return errors
                await asyncio.sleep(0)  # neither source nor client may ever have to be waited for
        return []

    async def _tell_next(self, id: str, result: Result, asked: Asked) -> list[dict[str, Any]]:
        """Send a result. Of one without data, return the errors."""
        if result.has_data_entry:
            try:
                text = orjson.dumps({"id": id, "type": "next", "payload": result.body})
            except TypeError as error:  # a value that no JSON can hold is a bug
                result = Result.failed(self._answering.told(error, asked.request_id))
            else:
                await self._write(text)
                return []
        errors: list[dict[str, Any]] = result.body["errors"]
        return errors

    async def _send(self, message: dict[str, Any]) -> None:
        await self._write(orjson.dumps(message))

    async def _write(self, text: bytes) -> None:
        """The server waits in `send` while the client does not read, and raises once it is gone."""
        try:
            async with asyncio.timeout(self._streams.send_seconds_max), self._sending:
                await self._asgi_send({"type": "websocket.send", "text": text.decode()})
        except TimeoutError:
            raise Over(Close.TRY_AGAIN_LATER, "The messages are read too slowly") from None
        except OSError:
            raise Over(None) from None

    # What time does.

    async def _watch(self) -> None:
        streams, opened_at = self._streams, self._clock()
        with suppress(TimeoutError):
            async with asyncio.timeout(streams.init_seconds_max):
                await self._is_ready.wait()
        if not self._has_init:
            raise Over(Close.INIT_TIMEOUT, "Connection initialisation timeout")
        pinged_at = None
        while True:
            now = self._clock()
            if self._running:
                self._busy_at = now
            if pinged_at is not None and self._heard_at >= pinged_at:
                pinged_at = None
            due = [opened_at + streams.open_seconds_max, self._busy_at + streams.idle_seconds_max]
            if now >= due[0]:
                raise Over(Close.GOING_AWAY, "The socket was open for long: open another")
            if now >= due[1]:
                raise Over(Close.IDLE, "The socket had nothing to do")
            if pinged_at is None:
                if now >= self._heard_at + streams.heartbeat_seconds:
                    pinged_at = now
                    await self._send({"type": "ping"})
                    continue
                due.append(self._heard_at + streams.heartbeat_seconds)
            elif now >= pinged_at + streams.pong_seconds_max:
                raise Over(Close.TRY_AGAIN_LATER, "No pong came in time")
            else:
                due.append(pinged_at + streams.pong_seconds_max)
            await asyncio.sleep(min(due) - now)


def _not_admitted(error: RequestError | Refusal) -> Over:
    """The close that says why the client may not come in."""
    told = Result.failed(error).body["errors"][0]["message"]
    return Over(CLOSES_BY_CODE.get(error.code, Close.BAD_REQUEST), told)
