"""Bearer tokens in the `Authorization` header (RFC 6750, 2.1 and 3.1; RFC 9110, 11.6.2)."""

from __future__ import annotations

from starlette.datastructures import Headers

from engine.errors import Code, Refusal

INVALID_TOKEN = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
INVALID_REQUEST = {"WWW-Authenticate": 'Bearer error="invalid_request"'}


def bearer_token(headers: Headers) -> str | None:
    """The token of a request, None for one without. What could be read in two ways is refused."""
    given = headers.getlist("authorization")
    if not given:
        return None
    if len(given) > 1:
        raise Refusal("Send one Authorization header", Code.BAD_REQUEST, headers=INVALID_REQUEST)
    scheme, _, token = given[0].partition(" ")
    if scheme.lower() != "bearer":
        raise Refusal("Authorization must be a bearer token", Code.UNAUTHENTICATED)
    return token.strip(" ")


def insufficient_scope(scope: str) -> dict[str, str]:
    """The header that names the scope a token lacks."""
    return {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'}
