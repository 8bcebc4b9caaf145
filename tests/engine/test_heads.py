"""What is taken for a head means the same to the parser behind us, whatever bytes come."""

from __future__ import annotations

from typing import Any

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.connections.admission import ConnectionLimits
from engine.connections.heads import Head, check_begun, read_head
from engine.errors import Refusal

LINES = st.sampled_from([
    *(b"Host: x", b"host:x ", b"Content-Length: 3", b"content-length:  0 ", b"Transfer-Encoding: chunked"),
    *(b"Transfer-Encoding : chunked", b"Connection: upgrade", b"Connection: close", b"Upgrade: websocket"),
    *(b"Upgrade: h2c", b"Expect: 100-continue", b" folded", b"X: a\nY: b", b"X: \xff", b"X:\t", b"", b"X"),
])  # fmt: skip
STARTS = st.sampled_from([
    *(b"GET / HTTP/1.1", b"POST /a?b=c HTTP/1.1", b"GET / HTTP/1.0", b"OPTIONS * HTTP/1.1"),
    *(b"GET  / HTTP/1.1", b"GET http://x/ HTTP/1.1", b"CONNECT x:1 HTTP/1.1", b"GET / HTTP/1.11"),
    *(b"CONNECT / HTTP/1.1", b"GET http://x HTTP/1.1", b"FETCH / HTTP/1.1", b"GET /\t HTTP/1.1"),
])  # fmt: skip
HEADS = st.builds(lambda start, lines: b"\r\n".join([start, *lines, b"", b""]), STARTS, st.lists(LINES))


class Seen:
    """What the parser says of the same bytes."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.completed = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.completed += 1


def taken(text: bytes) -> Head | None:
    try:
        return read_head(text)
    except Refusal:
        return None


@given(HEADS | st.binary())
@example(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n")
@example(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\n")
@example(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
def test_the_parser_reads_as_many_bytes_after_a_head_as_we_do(text: bytes) -> None:
    head = taken(text)
    if head is None:
        return
    seen: Any = Seen()
    parser = httptools.HttpRequestParser(seen)
    if head.is_websocket:
        with pytest.raises(httptools.HttpParserUpgrade):
            parser.feed_data(head.text)
        return
    try:
        parser.feed_data(head.text)
    except httptools.HttpParserError:  # a method it does not know: answered 400 as well
        assert b"FETCH" in text
        return
    has_body = head.is_chunked or head.body_bytes > 0
    assert seen.completed == (0 if has_body else 1)
    if has_body:
        parser.feed_data(b"3\r\nabc\r\n0\r\n\r\n" if head.is_chunked else b"a" * head.body_bytes)
        assert (seen.completed, len(seen.body)) == (1, 3 if head.is_chunked else head.body_bytes)


@pytest.mark.parametrize(
    "text",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Empty:\r\nX-Latin: \xe9\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"M-SEARCH / HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n",
    ],
)
def test_what_is_unusual_and_clear_is_taken(text: bytes) -> None:
    assert taken(text) == Head(
        text, body_bytes=0, is_chunked=False, is_websocket=False, expects_continue=False
    )


@pytest.mark.parametrize("host", [b"", b"x", b"x.example:80", b"a_b", b"127.0.0.1:", b"[::1]", b"%c3%a9.fr"])
def test_a_host_is_a_name_or_an_address_with_or_without_a_port(host: bytes) -> None:
    assert taken(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n") is not None


@pytest.mark.parametrize(
    "host",
    [
        *(
            b"a b",
            b"a, b",
            b"a,b",
            b"a/b?c",
            b"a?b",
            b"a#b",
            b"u@a",
            b"\xff\xfe",
            b"\xc3\xa9.fr",
            b"a:b",
            b"a:1:2",
        ),
        *(b":80", b"::1", b"[::1", b"[x]", b"[::1]x", b"a%zz", b"http://a", b'"a"', b"a\\b", b"a" * 256),
    ],
)
def test_any_other_host_is_refused(host: bytes) -> None:
    with pytest.raises(Refusal, match="The Host header is malformed"):
        read_head(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")


def test_an_upgrade_is_recognised_whatever_its_case_and_company() -> None:
    head = taken(
        b"GET / HTTP/1.1\r\nHost: x\r\nconnection: keep-alive\r\nConnection: a , UPGRADE\r\n"
        b"Upgrade: WebSocket\r\n\r\n"
    )
    assert head is not None
    assert head.is_websocket


@pytest.mark.parametrize(
    "begun", [b"G", b"GET", b"GET /", b"GET / HTTP/1.1\r", b"GET / HTTP/1.1\r\nHost: x\r\n"]
)
def test_the_beginning_of_a_head_is_waited_for(begun: bytes) -> None:
    check_begun(bytearray(begun), 0, ConnectionLimits())


@pytest.mark.parametrize("begun", [b"\x16\x03", b" GET", b"get /", b"A" * 33, b"GET /\n", b"\0"])
def test_what_can_become_no_head_is_not(begun: bytes) -> None:
    with pytest.raises(Refusal, match="This is no HTTP/1.1 request"):
        check_begun(bytearray(begun), 0, ConnectionLimits())
