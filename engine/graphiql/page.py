"""GraphiQL's page and files. Nothing is asked of another host, and no inline script runs."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from engine.http.responses import Reply

MEDIA_TYPES = {
    "graphiql.min.js": "text/javascript",
    "graphiql.min.css": "text/css",
    "react.production.min.js": "text/javascript",
    "react-dom.production.min.js": "text/javascript",
    "start.js": "text/javascript",
    "start.css": "text/css",
}

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
PAGE_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


class GraphiQL:
    """The editor, opened on an introduction that the application writes as GraphQL comments."""

    def __init__(self, intro: str) -> None:
        self._intro = intro

    def page(self, path: str) -> Reply:
        """The page for an endpoint served at `path`."""
        html = _read("page.html").decode()
        page = html.replace("{path}", escape(path)).replace("{intro}", escape(self._intro))
        return Reply(200, page.encode(), "text/html", PAGE_HEADERS)

    async def asset(self, request: Request) -> Response:
        """One of the page's files. Any other name is not found."""
        name = request.path_params["name"]
        if name not in MEDIA_TYPES:
            return Response(status_code=404, headers={"Cache-Control": "no-store"})
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        return Response(_read(f"assets/{name}"), media_type=MEDIA_TYPES[name], headers=headers)


@cache
def _read(name: str) -> bytes:
    return files("engine.graphiql").joinpath(name).read_bytes()
