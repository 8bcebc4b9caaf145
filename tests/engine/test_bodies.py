"""Bodies that no well-meaning client sends: each ends in a clean refusal."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from engine.errors import Refusal
from engine.http.bodies import parse_json
from engine.limits import Limits
from tests.engine.small_schema import client, codes, endpoint

pytestmark = pytest.mark.anyio

JSON_TYPE = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("_case", "body"),
    [
        ("empty", b""),
        ("null", b"null"),
        ("string", b'"{ hello }"'),
        ("number", b"1"),
        ("true", b"true"),
        ("list", b"[]"),
        ("batch", b'[{"query": "{ hello }"}]'),
        ("empty object", b"{}"),
        ("cut short", b'{"query": "{ hel'),
        ("two texts", b'{"query": "{ hello }"}{}'),
        ("invalid UTF-8", b'{"query": "\xff"}'),
        ("overlong UTF-8", b'{"query": "\xc0\x80"}'),
        ("surrogate in UTF-8", b'{"query": "\xed\xa0\x80"}'),
        ("UTF-16", '{"query": "{ hello }"}'.encode("utf-16")),
        ("byte order mark", b'\xef\xbb\xbf{"query": "{ hello }"}'),
        ("gzip bytes", gzip.compress(b'{"query": "{ hello }"}', mtime=0)),
        ("100,000 open brackets", b"[" * 100_000),
        (
            "100,000 nested lists",
            b'{"query":"{ hello }","variables":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        ),
        ("integer of 5,000 digits", b'{"query":"{ hello }","variables":{"n":' + b"9" * 5_000 + b"}}"),
        ("float beyond a double", b'{"query":"{ hello }","variables":{"n":1e400}}'),
        ("lone high surrogate", rb'{"query":"{ hello }","variables":{"n":"\ud800"}}'),
        ("lone low surrogate", rb'{"query":"{ hello }","variables":{"n":"\udc00x"}}'),
        ("surrogate as a key", rb'{"query":"{ hello }","variables":{"\ud800":1}}'),
        ("NaN", b'{"query":"{ hello }","variables":{"n":NaN}}'),
        ("Infinity", b'{"query":"{ hello }","variables":{"n":-Infinity}}'),
        ("control character", b'{"query":"{ hello }\x01"}'),
        ("repeated key", b'{"query":"{ hello }","query":"{ broken }"}'),
        ("repeated key in variables", b'{"query":"{ hello }","variables":{"a":{"b":1,"b":2}}}'),
        ("repeated key, one escaped", rb'{"query":"{ hello }","qu\u0065ry":"{ broken }"}'),
        ("repeated key behind a colon in a string", rb'{"query":"{ hello }","variables":{"a":"\":","a":1}}'),
        ("single quotes", b"{'query': '{ hello }'}"),
        ("query is a number", b'{"query":1}'),
        ("query is empty", b'{"query":""}'),
        ("operationName is a list", b'{"query":"{ hello }","operationName":[]}'),
        ("variables are a list", b'{"query":"{ hello }","variables":[]}'),
        ("extensions are a string", b'{"query":"{ hello }","extensions":"x"}'),
    ],
)
async def test_a_malformed_body_is_a_400_with_a_code(_case: str, body: bytes) -> None:
    async with client() as http:
        response = await http.post("/graphql", content=body, headers=JSON_TYPE)
    assert (response.status_code, codes(response)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize(
    ("_case", "body"),
    [
        ("spaces", b' {"query" : "{ hello }"} '),
        ("colons in strings", rb'{"query":"{ hello(name: \"a\") }","variables":{"a":"\":\":"}}'),
        ("same key in two objects", b'{"query":"{ hello }","variables":{"a":{"b":1},"c":{"b":1}}}'),
        ("paired surrogates", rb'{"query":"{ hello }","variables":{"a":"\ud83d\ude00"}}'),
        ("unknown parameters", b'{"query":"{ hello }","id":7}'),
        ("nulls", b'{"query":"{ hello }","operationName":null,"variables":null,"extensions":null}'),
    ],
)
async def test_a_well_formed_body_is_answered(_case: str, body: bytes) -> None:
    async with client() as http:
        response = await http.post("/graphql", content=body, headers=JSON_TYPE)
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    ("_case", "headers"),
    [
        ("none", {}),
        ("form", {"Content-Type": "application/x-www-form-urlencoded"}),
        ("multipart", {"Content-Type": "multipart/form-data; boundary=x"}),
        ("text", {"Content-Type": "text/plain"}),
        ("a longer name", {"Content-Type": "application/jsonx"}),
        ("another charset", {"Content-Type": "application/json; charset=utf-16"}),
        ("a coding", {"Content-Type": "application/json", "Content-Encoding": "gzip"}),
        ("the response's type", {"Content-Type": "application/graphql-response+json"}),
    ],
)
async def test_another_content_type_is_415(_case: str, headers: dict[str, str]) -> None:
    async with client() as http:
        response = await http.post("/graphql", content=b'{"query":"{ hello }"}', headers=headers)
    assert (response.status_code, codes(response)) == (415, ["UNSUPPORTED_MEDIA_TYPE"])


async def test_two_content_types_are_415() -> None:
    headers = [("Content-Type", "application/json"), ("Content-Type", "text/plain")]
    async with client() as http:
        response = await http.post("/graphql", content=b"{}", headers=headers)
    assert response.status_code == 415


async def _pieces() -> AsyncIterator[bytes]:
    for _ in range(20):
        yield b" " * 100


async def test_a_body_over_the_cap_is_413_when_announced_and_when_not() -> None:
    async with client(limits=Limits(body_bytes_max=1_000)) as http:
        announced = await http.post("/graphql", content=b" " * 1_001, headers=JSON_TYPE)
        chunked = await http.post("/graphql", content=_pieces(), headers=JSON_TYPE)
        lying = await http.post("/graphql", content=_pieces(), headers={**JSON_TYPE, "Content-Length": "5"})
        absurd = await http.post(
            "/graphql", content=b"", headers={**JSON_TYPE, "Content-Length": "9" * 6_000}
        )
    for response in (announced, chunked, lying, absurd):
        assert (response.status_code, codes(response)) == (413, ["PAYLOAD_TOO_LARGE"])
        assert response.headers["connection"] == "close"


async def test_a_body_at_the_cap_is_read() -> None:
    body = json.dumps({"query": "{ hello }"}).encode().ljust(1_000)
    async with client(limits=Limits(body_bytes_max=1_000)) as http:
        response = await http.post("/graphql", content=body, headers=JSON_TYPE)
    assert response.json() == {"data": {"hello": "hello you"}}


async def test_reading_stops_at_the_cap() -> None:
    asked = 0

    async def receive() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": b" " * 400, "more_body": True}

    sent = await _call(receive, limits=Limits(body_bytes_max=1_000))
    assert (asked, sent[0]["status"]) == (3, 413)


async def test_a_body_that_never_ends_is_408() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": True}

    sent = await _call(_patient(receive), limits=Limits(body_seconds_max=0.01))
    assert sent[0]["status"] == 408


async def test_a_client_that_leaves_while_sending_gets_no_answer() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    assert await _call(receive) == []


def _patient(receive: Any) -> Any:
    async def wait_and_receive() -> Any:
        await anyio.sleep(0.001)
        return await receive()

    return wait_and_receive


async def _call(receive: Any, **options: Any) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"portal.test"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    await endpoint(**options)(scope, receive, send)
    return sent


def test_an_exact_look_follows_a_doubtful_count() -> None:
    assert parse_json(rb'{"a":"\":","b":{"a":1}}') == {"a": '":', "b": {"a": 1}}
    with pytest.raises(Refusal, match="given twice"):
        parse_json(rb'{"a":"\":","a":{"b":1}}')
    with pytest.raises(Refusal, match="given twice"):
        parse_json('{"a": 1, "a" : 2}')
