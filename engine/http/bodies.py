"""Reading a request's body: counted, timed, strict UTF-8 and strict JSON."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.types import Receive

from engine.errors import Code, Refusal
from engine.http.negotiation import JSON, split_parameters
from engine.limits import Limits

KEY_END = re.compile(rb'"\s*:')
CLOSE = {"Connection": "close"}


class ClientGone(Exception):
    """The client closed the connection, so nobody reads an answer."""


def check_content_type(headers: Headers) -> None:
    """Only `application/json` in UTF-8 without coding: nothing a form can send across origins."""
    values = headers.getlist("content-type")
    media_type, parameters = split_parameters(values[0]) if len(values) == 1 else ("", {})
    if media_type != JSON:
        raise Refusal("Content-Type must be application/json", Code.UNSUPPORTED_MEDIA_TYPE)
    if parameters.get("charset", "utf-8") not in ("utf-8", "utf8"):
        raise Refusal("The charset must be utf-8", Code.UNSUPPORTED_MEDIA_TYPE)
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refusal(
            "The body must be sent without a content coding",
            Code.UNSUPPORTED_MEDIA_TYPE,
            headers={"Accept-Encoding": "identity"},
        )


async def read_body(headers: Headers, receive: Receive, limits: Limits) -> bytes:
    """The whole body, or a refusal as soon as it is too long or too slow, whatever Content-Length says."""
    announced = headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 18 or int(announced) > limits.body_bytes_max):
        raise _too_large(limits)
    try:
        async with asyncio.timeout(limits.body_seconds_max):
            return await _read(receive, limits)
    except TimeoutError:
        raise Refusal("The body took too long to arrive", Code.REQUEST_TIMEOUT, headers=CLOSE) from None


async def _read(receive: Receive, limits: Limits) -> bytes:
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limits.body_bytes_max:
            raise _too_large(limits)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def _too_large(limits: Limits) -> Refusal:
    message = f"The body is larger than {limits.body_bytes_max} bytes"
    return Refusal(message, Code.PAYLOAD_TOO_LARGE, headers=CLOSE)


def parse_json(text: bytes | str) -> Any:
    """One JSON text (RFC 8259) without repeated keys, lone surrogates or numbers beyond a double."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refusal(f"Invalid JSON: {error.msg}", Code.BAD_REQUEST) from None
    body = text if isinstance(text, bytes) else text.encode()
    if len(KEY_END.findall(body)) != _count_keys(value):
        _refuse_repeated_keys(body)
    return value


def _count_keys(value: Any) -> int:
    """Keys of all objects. A text holds at least as many key ends, and just as many when none repeats."""
    count = 0
    pending = [value]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            count += len(node)
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return count


def _refuse_repeated_keys(body: bytes) -> None:
    """The slow, exact look, for texts whose strings hold `":` or whose keys repeat."""
    try:
        json.loads(body, object_pairs_hook=_unique_pairs)
    except (ValueError, RecursionError):
        raise Refusal("Invalid JSON: nested too deeply", Code.BAD_REQUEST) from None


def _unique_pairs(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise Refusal("Invalid JSON: a key is given twice", Code.BAD_REQUEST)
