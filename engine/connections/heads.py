"""The head of an HTTP/1 request (RFC 9112), read strictly: what could be taken in two ways is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

import orjson

from engine.connections.admission import ConnectionLimits
from engine.errors import Code, Refusal
from engine.http.origins import ALLOW

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
# Possessive, so that no head makes the match go back. Neither bare LF nor CR, nor folded lines, nor a space
# before the colon, nor a fragment, which is for the client alone.
HEAD = re.compile(
    rb"(?P<method>[A-Z-]{1,32}+) (?P<target>[!\"$-~]++) HTTP/1\.(?P<minor>[01])\r\n"
    rb"(?:" + TOKEN + rb"++:[\t\x20-\x7e\x80-\xff]*+\r\n)*+\r\n"
)
# RFC 3986, 3.2.2, without what no name in use has, such as commas, which proxies put between two of them.
AUTHORITY = re.compile(
    rb"(?:\[[0-9A-Fa-f:.]{2,45}\]|(?:[0-9A-Za-z._~-]|%[0-9A-Fa-f]{2}){1,255}+)(?::[0-9]{0,5})?"
)
ADDRESS = re.compile(rb"https?://(?P<authority>[^/?]*+)(?P<path>[^?]*+)(?P<query>.*+)", re.IGNORECASE)
METHOD = re.compile(rb"[A-Z-]{1,32}")
BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")
FRAMING = re.compile(
    rb"\r\n(content-length|transfer-encoding|host|connection|upgrade|expect):([^\r]*+)", re.IGNORECASE
)
UPGRADE_LINE = re.compile(rb"\r\nupgrade:[^\r]*+", re.IGNORECASE)
LENGTH = re.compile(rb"[0-9]{1,18}")
END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Head:
    """A whole head, as the parser may have it, and what it says of the bytes that follow."""

    text: bytes
    body_bytes: int
    is_chunked: bool
    is_websocket: bool
    expects_continue: bool


def bad(message: str) -> Refusal:
    """A refusal of what is not HTTP, or not clear."""
    return Refusal(message, Code.BAD_REQUEST)


def described(refusal: Refusal) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The answer in place of the application's: its own headers, and the body. It ends the connection."""
    body = orjson.dumps({"errors": [refusal.formatted()]})
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **refusal.all_headers(),
    }
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()], body


def written(refusal: Refusal, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The same as it goes over the wire, with these headers too."""
    own, body = described(refusal)
    lines = [b"HTTP/1.1 %d %s" % (refusal.status, HTTPStatus(refusal.status).phrase.encode())]
    lines += [b"%s: %s" % header for header in (*own, *headers)]
    return b"\r\n".join([*lines, b"", body])


def check_sizes(text: bytes | bytearray, limits: ConnectionLimits) -> None:
    """Refuse a head, or what has come of one, that is too long. Raises `Refusal`."""
    line = text.find(b"\r\n", 0, limits.target_bytes_max + 2)
    if line < 0 and len(text) > limits.target_bytes_max:
        raise Refusal(f"The address is longer than {limits.target_bytes_max} bytes", Code.URI_TOO_LONG)
    if len(text) > limits.header_bytes_max:
        message = f"The headers are longer than {limits.header_bytes_max} bytes"
        raise Refusal(message, Code.HEADERS_TOO_LARGE)
    if text.endswith(END) and text.count(b"\r\n") - 2 > limits.header_lines_max:
        message = f"There are more than {limits.header_lines_max} headers"
        raise Refusal(message, Code.HEADERS_TOO_LARGE)


def check_begun(text: bytearray, before: int, limits: ConnectionLimits) -> None:
    """Refuse what can become no head, such as the greeting of TLS, without waiting for the rest of it.

    What lies in front of `before` was looked at. Raises `Refusal`.
    """
    check_sizes(text, limits)
    if METHOD.fullmatch(bytes(text[:33]).partition(b" ")[0]) is None or BARE_LINE_FEED.search(text, before):
        raise bad("This is no HTTP/1.1 request")


def read_head(text: bytes) -> Head:
    """The head that `text`, which ends with an empty line, holds. Raises `Refusal`."""
    found = HEAD.fullmatch(text)
    if found is None:
        raise bad("The request line or a header is malformed")
    fields: dict[bytes, list[bytes]] = {}
    for name, value in FRAMING.findall(text):
        fields.setdefault(name.lower(), []).append(value.strip(b" \t"))
    target = _target(found["method"], found["target"], found["minor"], fields.get(b"host", []))
    text = b"%s %s%s" % (found["method"], target, text[found.end("target") :])
    body_bytes, is_chunked = _framing(fields, found["minor"])
    is_websocket = _is_websocket(fields, found["minor"])
    if is_websocket and (found["method"] != b"GET" or is_chunked or body_bytes):
        raise bad("A WebSocket is opened by a GET without a body")
    if b"upgrade" in fields and not is_websocket:
        # A server may ignore it (RFC 9110, 7.8); the parser would take the body for another protocol.
        text = UPGRADE_LINE.sub(b"", text)
    expects_continue = b"100-continue" in (value.lower() for value in fields.get(b"expect", []))
    return Head(text, body_bytes, is_chunked, is_websocket, expects_continue)


def _target(method: bytes, target: bytes, minor: bytes, hosts: list[bytes]) -> bytes:
    """The path that is asked for, of one clear host (RFC 9112, 3.2)."""
    if method == b"CONNECT":  # the parser would take what follows for another protocol
        raise Refusal("This is no proxy", Code.METHOD_NOT_ALLOWED, headers={"Allow": ALLOW})
    if len(hosts) > 1 or (not hosts and minor == b"1"):
        raise bad("Send one Host header")
    if any(host and AUTHORITY.fullmatch(host) is None for host in hosts):
        raise bad("The Host header is malformed")
    if target.startswith(b"/") or (target == b"*" and method == b"OPTIONS"):
        return target
    address = ADDRESS.fullmatch(target)
    if address is None:
        raise bad("The request target must be a path")
    if AUTHORITY.fullmatch(address["authority"]) is None:
        raise bad("The request target is malformed")
    if hosts and address["authority"].lower() != hosts[0].lower():
        raise bad("The request target and the Host header differ")
    return (address["path"] or b"/") + address["query"]


def _framing(fields: dict[bytes, list[bytes]], minor: bytes) -> tuple[int, bool]:
    """The length of the body, and whether it comes in chunks (RFC 9112, 6.3): said once, in one way."""
    lengths, codings = fields.get(b"content-length", []), fields.get(b"transfer-encoding", [])
    if len(lengths) + len(codings) > 1:
        raise bad("The length of the body is given twice")
    if codings and (minor == b"0" or codings[0].lower() != b"chunked"):
        raise bad("The only Transfer-Encoding is chunked, in HTTP/1.1")
    if lengths and LENGTH.fullmatch(lengths[0]) is None:
        raise bad("Content-Length must be a number")
    return int(lengths[0]) if lengths else 0, bool(codings)


def _is_websocket(fields: dict[bytes, list[bytes]], minor: bytes) -> bool:
    if [value.lower() for value in fields.get(b"upgrade", [])] != [b"websocket"] or minor == b"0":
        return False
    words = b",".join(fields.get(b"connection", [])).lower().split(b",")
    return b"upgrade" in [word.strip(b" \t") for word in words]
