"""Cross-site requests: who may ask with a customer's cookie, and CORS for the origins that may."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers

from engine.errors import Code, Refusal

METHODS = ("GET", "POST", "OPTIONS")
ALLOW = ", ".join(METHODS)
PREFLIGHT_FORCING_HEADERS = ("graphql-require-preflight", "apollo-require-preflight", "x-requested-with")
ALLOWED_HEADERS = ("Authorization", "Content-Type", "GraphQL-Require-Preflight", "X-Requested-With")
EXPOSED_HEADERS = ("Retry-After", "X-Request-Id")
PREFLIGHT_SECONDS = 7_200
DEFAULT_PORTS = {"http": 80, "https": 443}


class Origins:
    """The same-origin rule and its listed exceptions, for every transport."""

    def __init__(self, allowed: frozenset[str] = frozenset()) -> None:
        self.allowed = frozenset(origin.rstrip("/").lower() for origin in allowed)

    def check(self, scheme: str, headers: Headers) -> None:
        """Refuse what a browser says comes from elsewhere. Programs send neither header and pass."""
        origin = headers.get("origin")
        if self.is_listed(origin):
            return
        if origin is not None and not _same_origin(origin, scheme, headers.get("host", "")):
            raise Refusal("This origin may not use the endpoint", Code.FORBIDDEN)
        if headers.get("sec-fetch-site", "none").lower() not in ("none", "same-origin"):
            raise Refusal("Cross-site requests are refused", Code.FORBIDDEN)

    def is_listed(self, origin: str | None) -> bool:
        """Whether an origin is one of those named in the settings."""
        return origin is not None and origin.lower() in self.allowed

    def cors_headers(self, headers: Headers) -> dict[str, str]:
        """What lets a listed origin read the answer, cookies included (Fetch standard, CORS protocol)."""
        origin = headers.get("origin")
        if origin is None or not self.is_listed(origin):
            return {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Expose-Headers": ", ".join(EXPOSED_HEADERS),
        }

    def preflight_headers(self, headers: Headers) -> dict[str, str]:
        """The answer to OPTIONS, once `check` has passed. A browser heeds it beside `cors_headers` only."""
        if "access-control-request-method" not in headers:
            return {"Allow": ALLOW}
        return {
            "Allow": ALLOW,
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": ", ".join(ALLOWED_HEADERS),
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }


def check_get(headers: Headers) -> None:
    """A GET that carries credentials a browser adds by itself must be one that no other site can make.

    It carries a header that forces a preflight, or the browser says that a page of ours made it: no page can
    write `Sec-Fetch-Site` (Fetch Metadata, 2.3). Without such credentials a forged GET reads nothing that its
    forger could not read alone, so plain GETs (the optional part of the draft) stay open to programs.
    """
    if not _has_ambient_credentials(headers):
        return
    if any(name in headers for name in PREFLIGHT_FORCING_HEADERS):
        return
    if headers.get("sec-fetch-site", "").lower() == "same-origin":
        return
    if headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        return
    raise Refusal("A GET with credentials needs the header GraphQL-Require-Preflight: 1", Code.FORBIDDEN)


def _has_ambient_credentials(headers: Headers) -> bool:
    authorization = headers.get("authorization", "bearer")
    return "cookie" in headers or not authorization.lower().startswith("bearer")


def _same_origin(origin: str, scheme: str, host: str) -> bool:
    """Same host and port. A page over http may not ask over https; behind a proxy the scheme reads http."""
    try:
        theirs = urlsplit(origin.lower())
        port = theirs.port or DEFAULT_PORTS[theirs.scheme]
        ours = urlsplit(f"//{host.lower()}")
        our_port = ours.port or DEFAULT_PORTS[theirs.scheme]
    except (ValueError, KeyError):
        return False
    if scheme == "https" and theirs.scheme != "https":
        return False
    return theirs.hostname is not None and (theirs.hostname, port) == (ours.hostname, our_port)
