"""Headers that every answer has, whatever made it: a browser may neither guess, frame, embed nor keep it."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# Cross-Origin-Resource-Policy concerns no-cors fetches alone (Fetch standard, 3.7): it keeps answers out of
# foreign pages' <img> and <script>, and does not keep a listed origin from reading by CORS.
ALWAYS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# Without includeSubDomains: what lies under our host is not ours to decide on.
OVER_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}
STARTS = ("http.response.start", "websocket.http.response.start")

RawHeaders = list[tuple[bytes, bytes]]


def security_headers(*, over_https: bool) -> RawHeaders:
    """The headers as they go over the wire. `over_https` has browsers ask by https alone for a year."""
    headers = ALWAYS | OVER_HTTPS if over_https else ALWAYS
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def lacking(given: Iterable[tuple[bytes, bytes]], wanted: RawHeaders) -> RawHeaders:
    """Those of the wanted headers that are not among the given."""
    names = {name.lower() for name, _ in given}
    return [(name, value) for name, value in wanted if name not in names]


class SecurityHeaders:
    """ASGI middleware: adds what a response lacks, and leaves what it has."""

    def __init__(self, app: ASGIApp, *, over_https: bool) -> None:
        self._app = app
        self._headers = security_headers(over_https=over_https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] in STARTS:
                given = list(message.get("headers", ()))
                message = {**message, "headers": given + lacking(given, self._headers)}
            await send(message)

        await self._app(scope, receive, send_with_headers)
