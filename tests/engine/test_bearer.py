"""The Authorization header: one bearer token, or none."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from engine.errors import Refusal
from engine.http.bearer import bearer_token, insufficient_scope


def read(*values: str) -> str | None:
    return bearer_token(Headers(raw=[(b"authorization", value.encode("latin-1")) for value in values]))


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("Bearer a.b.c", "a.b.c"),
        ("bearer a.b.c", "a.b.c"),
        ("BEARER   a.b.c ", "a.b.c"),
        ("Bearer", ""),
        ("Bearer ", ""),
        ("Bearer a b", "a b"),
    ],
)
def test_the_token_is_what_follows_the_scheme(value: str, token: str) -> None:
    assert read(value) == token


def test_without_the_header_there_is_none() -> None:
    assert read() is None


@pytest.mark.parametrize(
    "value", ["", "Basic dTpw", "Digest x", "Bearer\ta", "Bearera b", "a.b.c", "Bearer,x", "é"]
)
def test_another_scheme_is_refused(value: str) -> None:
    with pytest.raises(Refusal, match="^Authorization must be a bearer token$") as caught:
        read(value)
    assert (caught.value.status, caught.value.all_headers()) == (401, {"WWW-Authenticate": "Bearer"})


@pytest.mark.parametrize("second", ["Bearer a", "Bearer b", "Basic dTpw", ""])
def test_two_headers_are_refused(second: str) -> None:
    with pytest.raises(Refusal, match="^Send one Authorization header$") as caught:
        read("Bearer a", second)
    assert caught.value.status == 400
    assert caught.value.all_headers() == {"WWW-Authenticate": 'Bearer error="invalid_request"'}


def test_a_scope_that_lacks_is_named() -> None:
    header = {"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="unlock"'}
    assert insufficient_scope("unlock") == header
