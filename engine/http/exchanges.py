"""One HTTP request on its way to its operation: method, origin, media types, body."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from engine.errors import Code, Refusal
from engine.execution.answering import Transport
from engine.http.bodies import check_content_type, read_body
from engine.http.negotiation import accept
from engine.http.origins import ALLOW, METHODS, Origins, check_get
from engine.http.requests import GraphQLRequest, from_body, from_query_string
from engine.http.responses import Reply
from engine.limits import Limits

# The page for a browser that opens a path, where there is one.
Page = Callable[[str], Reply | None]


class Exchange:
    """One request, and what is known of how it is to be answered."""

    def __init__(self, scope: Scope, headers: Headers) -> None:
        self.scope = scope
        self.headers = headers
        self.method: str = scope["method"]
        self.accepted = accept(", ".join(headers.getlist("accept")) or None)
        self.request_id: str = scope.get("state", {}).get("request_id") or secrets.token_hex(8)
        self.has_begun = False  # to be answered as a stream, beside which nothing can be said

    @property
    def transport(self) -> Transport:
        """How the operation came."""
        if self.accepted.wants_events:
            return Transport.EVENT_STREAM_BY_GET if self.method == "GET" else Transport.EVENT_STREAM
        return Transport[self.method]

    async def request(
        self, receive: Receive, origins: Origins, limits: Limits, page: Page
    ) -> GraphQLRequest | Reply:
        """The checks in their order, and then the request, or the reply where no operation is asked for.

        GraphiQL's page holds nothing of anyone, so a link from another site may open it.
        """
        if self.method not in METHODS:
            raise Refusal("Use GET or POST", Code.METHOD_NOT_ALLOWED, headers={"Allow": ALLOW})
        if self.method == "GET" and self.accepted.wants_html:
            opened = page(self.scope["path"])
            if opened is not None:
                return opened
        origins.check(self.scope.get("scheme", "http"), self.headers)
        if self.method == "OPTIONS":
            return Reply(204, headers=origins.preflight_headers(self.headers))
        if self.accepted.json_type is None and not self.accepted.wants_events:
            message = "Accept must allow application/graphql-response+json, application/json"
            raise Refusal(f"{message} or text/event-stream", Code.NOT_ACCEPTABLE)
        return await self._read(receive, limits)

    async def _read(self, receive: Receive, limits: Limits) -> GraphQLRequest:
        if self.method == "GET":
            check_get(self.headers)
            return from_query_string(self.scope["query_string"], limits)
        check_content_type(self.headers)
        return from_body(await read_body(self.headers, receive, limits), limits)
