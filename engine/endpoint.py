"""The ASGI application that serves one Strawberry schema: HTTP, event streams, WebSockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from strawberry import Schema

from engine.documents.costs import Costs
from engine.documents.trusted import TrustedDocuments
from engine.documents.valid import Documents
from engine.errors import Code, Masking, Refusal, log_error, translate_nothing
from engine.execution.answering import Answering, Asked, GetContext, Rules
from engine.execution.operations import Operations, Result
from engine.graphiql.page import GraphiQL
from engine.http.bodies import ClientGone
from engine.http.disconnects import CancelWhenGone
from engine.http.exchanges import Exchange
from engine.http.origins import Origins
from engine.http.responses import Reply, refuse, reply_failure, reply_result
from engine.limits import Limits
from engine.planning.gates import Gate
from engine.sharing.overload import Overload
from engine.streams.event_streams import EventStreams
from engine.streams.open_streams import OpenStreams
from engine.streams.websockets import WebSockets

# Said when the application's server cancels a request: it was told to stop, and waits no longer.
STOPPED = Refusal("The server is stopping, try again", Code.SERVICE_UNAVAILABLE, retry_after_seconds=2)


def begin_nothing(_request_id: str) -> None:
    """Default `begin`: nothing is bound to an operation."""


class Endpoint:
    """GraphQL over HTTP (draft of August 2026) for one schema.

    `get_context` receives the connection and a response whose headers and cookies go out with the answer.
    `translate` gives words to exceptions of the application; any other is masked and handed to `on_error`
    with the request id, which is `scope["state"]["request_id"]` where a middleware has set one. `begin` is
    called with the id of each operation of a WebSocket, in its task. Whoever stops the server calls
    `open_streams.stop` first.
    """

    def __init__(
        self,
        schema: Schema,
        get_context: GetContext,
        *,
        graphiql: bool = False,
        graphiql_intro: str = "",
        introspection: bool = False,
        suggestions: bool = False,
        allowed_origins: Iterable[str] = (),
        limits: Limits | None = None,
        rules: Rules | None = None,
        trusted: TrustedDocuments | None = None,
        compiled: bool = True,
        gate: Gate | None = None,
        translate: Callable[[BaseException], Refusal | None] = translate_nothing,
        on_error: Callable[[BaseException, str], None] = log_error,
        begin: Callable[[str], None] = begin_nothing,
        draft_statuses: bool = False,
    ) -> None:
        self.limits = limits or Limits()
        self.masking = Masking(translate, on_error)
        self.documents = Documents(schema, self.limits, introspection=introspection, suggestions=suggestions)
        self.operations = Operations(
            schema, self.masking, suggestions=suggestions, compiled=compiled, gate=gate
        )
        self.origins = Origins(frozenset(allowed_origins))
        self.answering = Answering(
            get_context,
            rules or Rules(),
            trusted or TrustedDocuments(),
            self.documents,
            Costs(schema, self.limits),
            self.operations,
            self.masking,
            self.limits,
            Overload(self.limits.overload),
        )
        self.open_streams = OpenStreams()
        self._event_streams = EventStreams(self.answering, self.limits.streams, self.open_streams)
        self._sockets = WebSockets(self.answering, self.origins, self.limits, self.open_streams, begin)
        self._graphiql = GraphiQL(graphiql_intro) if graphiql else None
        self._draft_statuses = draft_statuses

    def routes(self, path: str = "/graphql") -> list[BaseRoute]:
        """Routes to add to a Starlette application: the endpoint, and in development GraphiQL's files."""
        routes: list[BaseRoute] = [Route(path, self, name="graphql"), WebSocketRoute(path, self)]
        if self._graphiql is not None:
            routes.append(Route(f"{path}/assets/{{name}}", self._graphiql.asset, name="graphiql"))
        return routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request, or serve one WebSocket."""
        if scope["type"] == "websocket":
            await self._sockets.serve(scope, receive, send)
            return
        headers = Headers(scope=scope)
        exchange = Exchange(scope, headers)
        try:
            reply = await self._answer(exchange, receive, send)
        except ClientGone:
            return
        except asyncio.CancelledError:
            if not exchange.has_begun:
                reply = refuse(STOPPED, exchange.accepted.json_type)
                await reply.send(send, self.origins.cors_headers(headers))
            raise
        except Exception as error:
            reply = refuse(self.masking.mask(error, exchange.request_id), exchange.accepted.json_type)
        if reply is not None:
            await reply.send(send, self.origins.cors_headers(headers))

    async def _answer(self, exchange: Exchange, receive: Receive, send: Send) -> Reply | None:
        """The reply, or None where all has been sent as a stream."""
        connection = Request(exchange.scope)
        self.answering.check(connection)
        try:
            request = await exchange.request(receive, self.origins, self.limits, self._page)
        except Refusal:
            self.answering.note_refused(connection)
            raise
        if isinstance(request, Reply):
            return request
        asked = Asked(request, exchange.transport, connection, Response(), exchange.request_id)
        async with CancelWhenGone(receive):
            if exchange.accepted.wants_events:
                await self._stream(exchange, asked, send)
                return None
            assert exchange.accepted.json_type is not None
            return await self._reply(asked, exchange.accepted.json_type)

    async def _reply(self, asked: Asked, media_type: str) -> Reply:
        """From a well-formed request to the reply under the negotiated media type."""
        outcome: object
        try:
            outcome = await self.answering.answer(asked)
        except Exception as error:
            outcome = error
        assert isinstance(outcome, Result | Exception), "no stream comes by GET or POST"
        reply = self.reply(outcome, asked.request_id, media_type)
        return replace(reply, raw_headers=_carried(asked.carrier))

    def reply(self, outcome: Result | Exception, request_id: str, media_type: str) -> Reply:
        """What is answered to a well-formed request, of which came a result, or a failure."""
        if isinstance(outcome, Result):
            return reply_result(outcome, media_type, draft_statuses=self._draft_statuses)
        failure = self.answering.told(outcome, request_id)
        return reply_failure(failure, media_type, draft_statuses=self._draft_statuses)

    async def _stream(self, exchange: Exchange, asked: Asked, send: Send) -> None:
        """From a well-formed request to the end of its stream."""
        outcome = await self.answering.outcome(asked)
        exchange.has_begun = True
        cors_headers = self.origins.cors_headers(exchange.headers)
        await self._event_streams.send(outcome, asked.request_id, send, cors_headers, _carried(asked.carrier))

    def _page(self, path: str) -> Reply | None:
        """GraphiQL for a browser that opens the endpoint, where it is served."""
        return self._graphiql.page(path) if self._graphiql is not None else None


def _carried(carrier: Response) -> list[tuple[bytes, bytes]]:
    """The headers that the application set on its response."""
    return [(name, value) for name, value in carrier.raw_headers if name != b"content-length"]
