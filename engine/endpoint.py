"""The ASGI application that serves one Strawberry schema over HTTP."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send
from strawberry import Schema

from engine.answering import Answering, Asked, GetContext, Transport
from engine.bodies import ClientGone, check_content_type, read_body
from engine.disconnects import CancelWhenGone
from engine.documents import Documents
from engine.errors import Code, Masking, Refusal, log_error, translate_nothing
from engine.graphiql.page import GraphiQL
from engine.limits import Limits
from engine.negotiation import accept
from engine.operations import Operations, Result
from engine.origins import ALLOW, METHODS, Origins, check_get
from engine.requests import GraphQLRequest, from_body, from_query_string
from engine.responses import Reply, refuse, reply_failure, reply_result

# Said when the application's server cancels a request: it was told to stop, and waits no longer.
STOPPED = Refusal("The server is stopping, try again", Code.SERVICE_UNAVAILABLE, retry_after_seconds=2)


class Endpoint:
    """GraphQL over HTTP (draft of August 2026) for one schema.

    `get_context` receives the connection and a response whose headers and cookies go out with the answer.
    `translate` gives words to exceptions of the application; any other is masked and handed to `on_error`
    with the request id, which is `scope["state"]["request_id"]` where a middleware has set one.
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
        translate: Callable[[BaseException], Refusal | None] = translate_nothing,
        on_error: Callable[[BaseException, str], None] = log_error,
        draft_statuses: bool = False,
    ) -> None:
        self.limits = limits or Limits()
        self.masking = Masking(translate, on_error)
        self.documents = Documents(schema, self.limits, introspection=introspection, suggestions=suggestions)
        self.operations = Operations(schema, self.masking, suggestions=suggestions)
        self.origins = Origins(frozenset(allowed_origins))
        self.answering = Answering(get_context, self.documents, self.operations, self.masking, self.limits)
        self._graphiql = GraphiQL(graphiql_intro) if graphiql else None
        self._draft_statuses = draft_statuses

    def routes(self, path: str = "/graphql") -> list[BaseRoute]:
        """Routes to add to a Starlette application: the endpoint, and in development GraphiQL's files."""
        routes: list[BaseRoute] = [Route(path, self, name="graphql")]
        if self._graphiql is not None:
            routes.append(Route(f"{path}/assets/{{name}}", self._graphiql.asset, name="graphiql"))
        return routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request. A WebSocket is turned away."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000, "reason": "No subscriptions here"})
            return
        headers = Headers(scope=scope)
        exchange = Exchange(self, scope, headers)
        try:
            reply = await exchange.reply(receive)
        except ClientGone:
            return
        except asyncio.CancelledError:
            await refuse(STOPPED, exchange.media_type).send(send, self.origins.cors_headers(headers))
            raise
        except Exception as error:
            reply = refuse(self.masking.mask(error, exchange.request_id), exchange.media_type)
        await reply.send(send, self.origins.cors_headers(headers))

    async def answer(self, exchange: Exchange, request: GraphQLRequest) -> Reply:
        """From a well-formed request to the reply under the negotiated media type."""
        assert exchange.media_type is not None
        carrier = Response()
        transport = Transport[exchange.method]
        asked = Asked(request, transport, Request(exchange.scope), carrier, exchange.request_id)
        try:
            result = await self.answering.answer(asked)
        except Exception as error:
            failure = self.answering.told(error, exchange.request_id)
            reply = reply_failure(failure, exchange.media_type, draft_statuses=self._draft_statuses)
        else:
            assert isinstance(result, Result), "no stream comes by GET or POST"
            reply = reply_result(result, exchange.media_type, draft_statuses=self._draft_statuses)
        return replace(reply, raw_headers=_carried(carrier))

    def page(self, path: str) -> Reply | None:
        """GraphiQL for a browser that opens the endpoint, where it is served."""
        return self._graphiql.page(path) if self._graphiql is not None else None


class Exchange:
    """One request on its way to its reply."""

    def __init__(self, endpoint: Endpoint, scope: Scope, headers: Headers) -> None:
        self.endpoint = endpoint
        self.scope = scope
        self.headers = headers
        self.method: str = scope["method"]
        self.media_type: str | None = None
        self.request_id: str = scope.get("state", {}).get("request_id") or secrets.token_hex(8)

    async def reply(self, receive: Receive) -> Reply:
        """The checks in their order: method, origin, media types, body, and then the operation.

        GraphiQL's page holds nothing of anyone, so a link from another site may open it.
        """
        accepted = accept(", ".join(self.headers.getlist("accept")) or None)
        self.media_type = accepted.json_type
        if self.method not in METHODS:
            raise Refusal("Use GET or POST", Code.METHOD_NOT_ALLOWED, headers={"Allow": ALLOW})
        if self.method == "GET" and accepted.wants_html:
            page = self.endpoint.page(self.scope["path"])
            if page is not None:
                return page
        self.endpoint.origins.check(self.scope.get("scheme", "http"), self.headers)
        if self.method == "OPTIONS":
            return Reply(204, headers=self.endpoint.origins.preflight_headers(self.headers))
        if self.media_type is None:
            raise Refusal(
                "Accept must allow application/graphql-response+json or application/json", Code.NOT_ACCEPTABLE
            )
        request = await self._read(receive)
        async with CancelWhenGone(receive):
            return await self.endpoint.answer(self, request)

    async def _read(self, receive: Receive) -> GraphQLRequest:
        limits = self.endpoint.limits
        if self.method == "GET":
            check_get(self.headers)
            return from_query_string(self.scope["query_string"], limits)
        check_content_type(self.headers)
        return from_body(await read_body(self.headers, receive, limits), limits)


def _carried(carrier: Response) -> list[tuple[bytes, bytes]]:
    """The headers that the application set on its response."""
    return [(name, value) for name, value in carrier.raw_headers if name != b"content-length"]
