"""The headers of every answer: added where they lack, never in place of what is there."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.connections.security_headers import ALWAYS, OVER_HTTPS, SecurityHeaders, security_headers


async def answer(_request: Request) -> Response:
    return Response(
        "x", headers={"Cache-Control": "no-cache", "Content-Security-Policy": "default-src 'self'"}
    )


async def asked(path: str, *, over_https: bool = False) -> httpx.Response:
    app = Starlette(
        routes=[Route("/", answer)], middleware=[Middleware(SecurityHeaders, over_https=over_https)]
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
        return await http.get(path)


async def test_an_answer_that_has_none_is_given_all() -> None:
    found = await asked("/nothing")
    assert found.status_code == 404
    assert {name: found.headers.get(name) for name in ALWAYS} == ALWAYS
    assert "Strict-Transport-Security" not in found.headers


async def test_what_an_answer_says_itself_stays() -> None:
    found = await asked("/")
    own = {"Cache-Control": "no-cache", "Content-Security-Policy": "default-src 'self'"}
    assert {name: found.headers.get_list(name) for name in ALWAYS} == {
        name: [own.get(name, value)] for name, value in ALWAYS.items()
    }


@pytest.mark.parametrize("over_https", [True, False])
async def test_browsers_are_told_to_stay_with_https_where_there_is_https(over_https: bool) -> None:
    found = await asked("/", over_https=over_https)
    name, value = next(iter(OVER_HTTPS.items()))
    assert found.headers.get(name) == (value if over_https else None)
    assert ((name.lower().encode(), value.encode()) in security_headers(over_https=over_https)) is over_https
