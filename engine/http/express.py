"""The express lane: plain requests for known operations, answered with nothing around their execution.

It lies around the whole application and takes a POST whose head is plain in every way, whose body is there at
once, and whose operation is a query of a document that is ready. All else goes the ordinary way, as if nobody
had looked at it: so every refusal of a request has one author. What is answered here is the same, byte by
byte, under the same limits and rules; `tests/engine/test_express.py` compares both ways.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.connections.cycles import WHOLE
from engine.connections.observing import Seen
from engine.connections.request_ids import new_request_id
from engine.connections.security_headers import RawHeaders
from engine.endpoint import STOPPED, Endpoint
from engine.errors import Refusal
from engine.execution.answering import Known
from engine.execution.operations import Result
from engine.http.beginnings import Begun
from engine.http.manners import Manner, Manners, is_plain
from engine.http.memos import Memo
from engine.http.plain import Carrier, PlainConnection
from engine.http.requests import from_body
from engine.http.responses import Reply, refuse

BODIES_KEPT_MAX = 500
BODY_KEPT_BYTES_MAX = 4_096
BODY_BYTES_MAX = 8_192


class Express:
    """ASGI middleware around all others, for one path of one endpoint.

    `added` are the headers of every answer of the application, `begin` and `report` those of `Observed`;
    without `report` nobody is told of requests. Whatever `around` holds off is held off here as well.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        endpoint: Endpoint,
        path: str = "/graphql",
        added: RawHeaders = [],  # noqa: B006 -- nobody changes it
        begin: Callable[[str], None] = lambda _request_id: None,
        report: Callable[[Seen], None] | None = None,
        around: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self.answered = 0
        self._app = app
        self._endpoint = endpoint
        self._answering = endpoint.answering
        self._limits = endpoint.limits
        self._path = path
        self._begin = begin
        self._report = report
        self._around = around
        self._manners = Manners(endpoint.origins, added)
        self._known: Memo[bytes, Known] = Memo(BODIES_KEPT_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a plain request, or hand it on untouched."""
        if not is_plain(scope, self._path) or self._answering.is_late:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        manner = self._manners.of(scope, headers, self._limits.body_bytes_max)
        if manner is None:
            await self._app(scope, receive, send)
            return
        begun = Begun(receive)
        known = self._known_of(begun.message, int(headers[b"content-length"]))
        if known is None or not await self._is_answered(scope, headers, manner, known, send):
            await self._app(scope, begun, send)

    def _known_of(self, message: Message | None, announced: int) -> Known | None:
        """What is known of the request in a body that is all here, None where it is none of ours."""
        if message is None or message["type"] != "http.request":
            return None
        body = message.get("body", b"")
        if message.get("more_body", False) and len(body) != announced:
            return None
        known = self._known.get(body)
        if known is not None and self._answering.is_still(known):
            return known
        if len(body) > BODY_BYTES_MAX:  # it would be read twice where the ordinary way must look at it
            return None
        try:
            known = self._answering.known(from_body(body, self._limits))
        except Refusal:
            return None
        # Others leave with their document, whose memory has bounds of its own.
        if known is not None and known.is_trusted and len(body) <= BODY_KEPT_BYTES_MAX:
            self._known.keep(body, known)
        return known

    async def _is_answered(
        self, scope: Scope, headers: dict[bytes, bytes], manner: Manner, known: Known, send: Send
    ) -> bool:
        """Run the operation and send what comes of it; False where it must go the ordinary way after all."""
        started, status, request_id = time.perf_counter(), 500, new_request_id()
        scope.setdefault("state", {})["request_id"] = request_id
        self._begin(request_id)
        connection, carrier = PlainConnection(scope, headers), Carrier()
        with self._around():
            outcome = await self._outcome(known, connection, carrier, request_id)
            if outcome is None:
                return False
            try:
                reply = self._reply(outcome, manner, request_id)
                status = 200 if isinstance(reply, bytes) else reply.status
                in_one_piece = WHOLE in scope.get("extensions", ())
                cookies = carrier.raw_headers
                await _send(reply, manner, cookies, request_id, send, in_one_piece=in_one_piece)
                self.answered += 1
            finally:
                if self._report is not None:
                    duration_ms = round((time.perf_counter() - started) * 1000, 1)
                    self._report(Seen("POST", self._path, status, duration_ms))
            if isinstance(outcome, asyncio.CancelledError):
                raise outcome
            return True

    async def _outcome(
        self, known: Known, connection: PlainConnection, carrier: Carrier, request_id: str
    ) -> Result | BaseException | None:
        """The answer, what was raised in its place, or None where the ordinary way must look for one."""
        try:
            return await self._answering.answer_swiftly(known, connection, carrier, request_id)
        except (Exception, asyncio.CancelledError) as error:
            return error

    def _reply(self, outcome: Result | BaseException, manner: Manner, request_id: str) -> bytes | Reply:
        """The body of an answer with data alone, or any other answer as the ordinary way gives it."""
        if isinstance(outcome, asyncio.CancelledError):
            return refuse(STOPPED, manner.media_type)
        assert isinstance(outcome, Result | Exception)
        try:
            if isinstance(outcome, Result) and "errors" not in outcome.body:
                return orjson.dumps(outcome.body)
            return self._endpoint.reply(outcome, request_id, manner.media_type)
        except TypeError as error:  # of a scalar that gives what JSON does not have
            return self._endpoint.reply(error, request_id, manner.media_type)


async def _send(
    reply: bytes | Reply,
    manner: Manner,
    cookies: RawHeaders,
    request_id: str,
    send: Send,
    *,
    in_one_piece: bool,
) -> None:
    """Send an answer, with its headers as the ordinary way gives them."""
    if isinstance(reply, bytes):
        if in_one_piece and not cookies:
            head = manner.head(len(reply), request_id)
            await send({"type": WHOLE, "status": 200, "head": head, "body": reply})
            return
        headers, status, body = manner.headers(len(reply), cookies, request_id), 200, reply
    else:
        headers, status, body = manner.headers_of(reply, cookies, request_id), reply.status, reply.body
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
