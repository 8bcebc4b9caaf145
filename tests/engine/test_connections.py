"""Connections that are slow, long, many or unclear, over real sockets: what they read, and that they end."""

from __future__ import annotations

import pickle
import select
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from engine.connections.admission import ConnectionLimits
from engine.connections.gate import Gate
from tests.engine.serving import BUFFER_BYTES, GET, GUARD, Answer, Client, Served, eventually, served

POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
SHORT = 0.3
WEBSOCKET = (
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    """One server with the usual limits, for the many tests that leave it as it was."""
    with served() as server:
        yield server


@pytest.fixture
def usual(shared: Served) -> Served:
    shared.asked.clear()
    shared.ended.clear()
    return shared


def refused(server: Served, data: bytes) -> tuple[int, str]:
    """What answers these bytes, after which the connection must end."""
    client = server.client().send(data)
    answer = client.answer()
    assert answer.headers["connection"] == "close"
    assert answer.headers[GUARD[0]] == GUARD[1]
    assert client.is_closed()
    client.close()
    return answer.status, answer.code


def test_an_honest_client_asks_again_and_again_on_one_connection(usual: Served) -> None:
    client = usual.client()
    first = client.send(GET).answer()
    second = client.send(POST + b"Content-Length: 3\r\n\r\nabc").answer()
    third = client.send(CHUNKED + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n").answer()
    fourth = client.send(GET).answer()
    client.close()
    assert [answer.status for answer in (first, second, third, fourth)] == [200] * 4
    assert [seen["body"] for seen in usual.asked] == ["", "abc", "abc", ""]
    assert first.json["headers"] == [["host", "x"]]


def test_a_head_that_came_before_is_taken_as_it_was_the_first_time(usual: Served) -> None:
    heads = [POST + b"X-Number: %d\r\nContent-Length: 3\r\n\r\n" % number for number in range(6)]
    client = usual.client()
    for body in (b"abc", b"def", b"ghi"):
        for head in (heads[0], *heads):  # more of them than are remembered
            assert client.send(head + body).answer().status == 200
        assert client.send(CHUNKED + b"3\r\nxyz\r\n0\r\n\r\n").answer().json["body"] == "xyz"
        assert client.send(GET).answer().json["body"] == ""
    client.close()
    told = [(seen["body"], seen["headers"][1][1]) for seen in usual.asked if len(seen["headers"]) == 3]
    numbers = "0012345"
    assert told == [(body, number) for body in ("abc", "def", "ghi") for number in numbers]


def test_a_head_that_came_before_may_come_in_parts_and_with_others_behind_it(usual: Served) -> None:
    head = POST + b"Content-Length: 3\r\n\r\n"
    client = usual.client()
    answers = [client.send(head + b"abc").answer(), client.send(head + b"abc").answer()]
    for part in (head[:9], head[9:], b"d", b"ef"):
        client.send(part)
    answers.append(client.answer())
    client.send((head + b"ghi") * 3 + b"\r\n" + head + b"jk")
    answers += [client.answer() for _ in range(3)]
    answers.append(client.send(b"l").answer())
    client.close()
    assert [answer.json["body"] for answer in answers] == ["abc", "abc", "def", "ghi", "ghi", "ghi", "jkl"]


def test_what_follows_a_head_that_came_before_is_read_as_strictly(usual: Served) -> None:
    good = POST + b"Content-Length: 3\r\n\r\nabc"
    client = usual.client()
    assert [client.send(good).answer().status for _ in range(2)] == [200, 200]
    client.send(good + POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc")
    assert [client.answer().status for _ in range(2)] == [200, 400]
    assert client.is_closed()
    client.close()


def test_a_connection_ends_once_nothing_was_asked_for_long() -> None:
    with served(idle_seconds_max=1) as server:
        client = server.client()
        for _ in range(3):
            assert client.send(GET).answer().status == 200
        assert client.is_closed()
        client.close()


@pytest.mark.parametrize("begun", [b"G", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ", GET[:-2] + b"X-B: c\r\n"])
def test_headers_that_are_not_whole_in_time_are_answered_408(begun: bytes) -> None:
    with served(header_seconds_max=SHORT) as server:
        slow = server.client().send(begun)
        assert server.ask().status == 200
        answer = slow.answer()
        assert (answer.status, answer.code) == (408, "REQUEST_TIMEOUT")
        assert slow.is_closed()
        slow.close()
    assert len(server.asked) == 1


def test_headers_that_trickle_end_like_those_that_stand_still() -> None:
    with served(header_seconds_max=SHORT) as server:
        slow = server.client().send(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ")
        while server.gate.connections:
            with suppress(ConnectionError):
                slow.send(b"a")
        slow.close()
    assert server.asked == []


def test_a_connection_without_a_word_ends_without_one() -> None:
    with served(header_seconds_max=SHORT) as server:
        for said in (b"", b"\r\n"):
            client = server.client().send(said)
            assert client.is_closed()
            client.close()


def test_the_next_request_of_a_connection_must_be_whole_in_time_too() -> None:
    with served(header_seconds_max=SHORT) as server:
        client = server.client()
        assert client.send(b"\r\n" + GET).answer().status == 200
        answer = client.send(GET[:-2]).answer()
        assert (answer.status, answer.code) == (408, "REQUEST_TIMEOUT")
        assert client.is_closed()
        client.close()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"GET /" + b"a" * 200 + b" HTTP/1.1\r\nHost: x\r\n\r\n", (414, "URI_TOO_LONG")),
        (b"GET /" + b"a" * 200, (414, "URI_TOO_LONG")),
        (GET[:-2] + b"X-A: " + b"a" * 500 + b"\r\n\r\n", (431, "HEADERS_TOO_LARGE")),
        (GET[:-2] + b"X-A: " + b"a" * 500, (431, "HEADERS_TOO_LARGE")),
        (GET[:-2] + b"a:\r\n" * 10 + b"\r\n", (431, "HEADERS_TOO_LARGE")),
        (GET[:-2] + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n", (431, "HEADERS_TOO_LARGE")),
    ],
)
def test_what_is_too_long_is_refused_before_it_is_parsed(data: bytes, expected: tuple[int, str]) -> None:
    with served(target_bytes_max=100, header_bytes_max=500, header_lines_max=10) as server:
        assert refused(server, data) == expected
        assert server.ask().status == 200
    assert len(server.asked) == 1


def test_what_is_just_as_long_as_it_may_be_is_served() -> None:
    with served(target_bytes_max=100, header_bytes_max=500, header_lines_max=10) as server:
        target = b"GET /" + b"a" * 86 + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        assert server.ask(target).status == 200
        head = GET[:-2] + b"X-A: " + b"a" * (500 - len(GET) - 7) + b"\r\n\r\n"
        assert (len(head), server.ask(head).status) == (500, 200)
        assert server.ask(GET[:-2] + b"a:\r\n" * 9 + b"\r\n").status == 200


@pytest.mark.parametrize(
    "data",
    [
        POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        POST + b"Content-Length: 3, 3\r\n\r\nabc",
        POST + b"Content-Length: +3\r\n\r\nabc",
        POST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\nabc",
        POST + b"Content-Length:\r\n\r\n",
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: identity\r\n\r\nabc",
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: b\0c\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: b\rc\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
        b"GET /\r\n\r\n",
        b"NOTHING / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"get / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://[x/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://u@x/ HTTP/1.1\r\nHost: u@x\r\n\r\n",
        b"GET http://u@x/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http:/// HTTP/1.1\r\nHost:\r\n\r\n",
        b"GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /#y HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /?a=b#y HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://x#y HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00" * 20,
        b"\r\n" * 1_000,
        b"\r" * 100,
        b"ceci n'est pas une requete",
        WEBSOCKET[:-2] + b"Content-Length: 3\r\n\r\nabc",
    ],
)
def test_what_could_be_read_in_two_ways_or_in_none_is_answered_400(usual: Served, data: bytes) -> None:
    assert refused(usual, data) == (400, "BAD_REQUEST")
    assert usual.asked == []


@pytest.mark.parametrize("more", [b"\r\n", b"Content-Length: 3\r\n\r\nabc" + GET, WEBSOCKET[16:]])
def test_a_tunnel_is_answered_405(usual: Served, more: bytes) -> None:
    for target in (b"/", b"evil.example:443"):
        client = usual.client().send(b"CONNECT " + target + b" HTTP/1.1\r\nHost: x\r\n" + more)
        answer = client.answer()
        assert (answer.status, answer.code) == (405, "METHOD_NOT_ALLOWED")
        assert (answer.headers["allow"], answer.headers["connection"]) == ("GET, POST, OPTIONS", "close")
        assert client.is_closed()
        client.close()
    assert usual.asked == []


@pytest.mark.parametrize(
    ("opening", "expected"),
    [
        (WEBSOCKET.replace(b"Key: d", b"Key: "), (400, "BAD_REQUEST")),
        (WEBSOCKET.replace(b"Sec-WebSocket-Key", b"X-Key"), (400, "BAD_REQUEST")),
        (WEBSOCKET.replace(b"Version: 13", b"Version: 8"), (400, "BAD_REQUEST")),
        (WEBSOCKET[:-2] + b"Sec-WebSocket-Extensions: ;;\r\n\r\n", (400, "BAD_REQUEST")),
        (WEBSOCKET[:-2] + b"X-A: " + b"a" * 10_000 + b"\r\n\r\n", (431, "HEADERS_TOO_LARGE")),
        (WEBSOCKET.replace(b"GET /", b"GET /" + b"a" * 8_180), (414, "URI_TOO_LONG")),
        (WEBSOCKET.replace(b"GET /", b"GET /closed"), (403, "FORBIDDEN")),
    ],
)
def test_an_opening_that_is_none_is_refused_like_everything_else(
    usual: Served, opening: bytes, expected: tuple[int, str]
) -> None:
    assert refused(usual, opening) == expected
    assert eventually(lambda: usual.gate.connections == 0)


@pytest.mark.parametrize(
    "rest",
    [b"z\r\nabc\r\n", b"3\nabc\n0\n\n", b"3\r\nabcd\r\n", b"1;" + b"e" * 20_000, b"FFFFFFFFFFFFFFFFF\r\n"],
)
def test_chunks_that_are_malformed_or_carry_too_little_are_answered_400(usual: Served, rest: bytes) -> None:
    assert refused(usual, CHUNKED + rest) == (400, "BAD_REQUEST")
    assert eventually(lambda: usual.ended == ["/"])
    assert usual.asked == []


def test_a_body_of_many_small_chunks_is_taken(usual: Served) -> None:
    assert usual.ask(CHUNKED + b"1\r\na\r\n" * 9_000 + b"0\r\n\r\n").status == 200
    assert usual.asked[0]["body"] == "a" * 9_000


def test_a_trailer_does_not_become_a_header(usual: Served) -> None:
    assert usual.ask(CHUNKED + b"1\r\na\r\n0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n").status == 200
    assert [name for name, _ in usual.asked[0]["headers"]] == ["host", "transfer-encoding"]


def test_an_upgrade_to_http2_is_ignored_and_the_body_kept(usual: Served) -> None:
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"
    assert usual.ask(POST + upgrade + b"Content-Length: 3\r\n\r\nabc").status == 200
    assert usual.asked[0]["body"] == "abc"
    assert "upgrade" not in dict(usual.asked[0]["headers"])


def test_a_whole_address_as_target_is_taken_if_it_is_that_of_the_host(usual: Served) -> None:
    for target in (b"http://X/path", b"HTTP://x", b"https://x?a=b"):
        assert usual.ask(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n").status == 200
    assert [seen["path"] for seen in usual.asked] == ["/path", "/", "/"]


def test_a_whole_address_opens_a_websocket_as_well(usual: Served) -> None:
    client = usual.client().send(WEBSOCKET.replace(b"GET /", b"GET http://x/"))
    assert client.answer().status == 101
    client.close()


def test_requests_sent_ahead_are_answered_in_their_order(usual: Served) -> None:
    client = usual.client().send(GET + POST + b"Content-Length: 3\r\n\r\nabc" + GET)
    assert [client.answer().json["body"] for _ in range(3)] == ["", "abc", ""]
    client.close()


def test_after_a_request_that_is_sent_ahead_and_refused_the_first_is_still_answered(usual: Served) -> None:
    client = usual.client().send(GET + b"garbage\r\n\r\n")
    assert client.answer().status == 200
    answer = client.answer()
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")
    assert client.is_closed()
    client.close()


@pytest.mark.parametrize("reads", [True, False])
def test_however_many_requests_are_sent_ahead_little_of_them_is_held(reads: bool) -> None:
    with served(write_seconds_max=SHORT) as server:
        client = _small(server)
        sent, answered = _flood(client, reads)
        client.close()
    # Most of it lies with the system, as requests and as answers; we hold a head and one read.
    assert sent - answered * len(GET) < 4_000_000


def _small(server: Served) -> Client:
    client = server.client()
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        client.socket.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
    client.socket.setblocking(False)
    return client


def _flood(client: Client, reads: bool) -> tuple[int, int]:
    """Send as much as is taken, until the server ends it or has answered much; the bytes, and the answers."""
    sent = answered = 0
    with suppress(ConnectionError):
        while answered < 2_000:
            readable, writable, _ = select.select([client.socket] if reads else [], [client.socket], [])
            if writable:
                sent += client.socket.send(GET * 1_000)
            if readable:
                answered += client.socket.recv(BUFFER_BYTES).count(b"HTTP/1.1 200 ")
    return sent, answered


def test_a_websocket_opens_behind_many_requests_that_were_sent_ahead(usual: Served) -> None:
    client = usual.client().send(GET * 1_000 + WEBSOCKET)
    assert {client.answer().status for _ in range(1_000)} == {200}
    assert client.answer().status == 101
    client.send(b"\x81\x82\0\0\0\0hi")
    assert client.file.read(4) == b"\x81\x02hi"
    client.close()


def test_a_request_within_the_last_chunk_of_another_is_dropped_with_the_connection(usual: Served) -> None:
    client = usual.client().send(CHUNKED + b"1\r\na\r\n0\r\n\r\n" + GET)
    answer = client.answer()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert client.is_closed()
    client.close()
    assert [seen["body"] for seen in usual.asked] == ["a"]


def test_there_is_room_for_so_many_connections_and_again_once_one_leaves() -> None:
    with served(connections_max=2) as server:
        first, second = server.client(), server.client()
        assert first.send(GET).answer().status == second.send(GET).answer().status == 200
        answer = _turned_away(server)
        assert answer.headers["retry-after"] == "5"
        assert answer.json["errors"][0]["extensions"]["retryAfterSeconds"] == 5
        assert first.send(GET).answer().status == 200
        first.close()
        assert eventually(lambda: server.gate.connections == 1)
        assert server.ask().status == 200
        second.close()


def test_one_address_has_so_many_connections_unless_it_is_not_counted() -> None:
    for key, status in (("home", 503), (None, 200)):
        with served(lambda _address, key=key: key, connections_of_address_max=1) as server:  # type: ignore[misc]
            first = server.client()
            assert first.send(GET).answer().status == 200
            assert server.ask().status == status
            first.close()
            assert eventually(lambda gate=server.gate: gate.connections == 0)  # type: ignore[misc]
            assert server.ask().status == 200


def _turned_away(server: Served) -> Answer:
    client = server.client()
    answer = client.answer()
    assert (answer.status, answer.code, answer.headers["connection"]) == (503, "SERVICE_UNAVAILABLE", "close")
    client.close()
    return answer


def test_a_websocket_keeps_its_place_until_it_ends() -> None:
    with served(connections_max=1, header_seconds_max=SHORT) as server:
        client = server.client()
        assert client.send(GET).answer().status == 200
        assert client.send(WEBSOCKET).answer().status == 101
        assert _turned_away(server).status == 503
        assert server.gate.connections == 1
        client.send(b"\x81\x82\0\0\0\0hi")
        assert client.file.read(4) == b"\x81\x02hi"
        client.close()
        assert eventually(lambda: server.ask().status == 200)


def test_a_body_that_nobody_reads_is_cut_once_it_is_too_long() -> None:
    with served(linger_bytes_max=100_000) as server:
        client = server.client().send(
            b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n"
        )
        assert client.answer().status == 200
        with suppress(ConnectionError):
            while True:
                client.send(b"a" * 10_000)
        client.close()


@pytest.mark.parametrize("path", [b"/unread", b"/unread?close"])
def test_a_body_that_nobody_reads_is_cut_once_it_takes_too_long(path: bytes) -> None:
    with served(linger_seconds_max=SHORT) as server:
        client = server.client().send(
            b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\na"
        )
        assert client.answer().status == 200
        assert client.is_closed()
        client.close()


def test_a_short_body_that_nobody_reads_does_not_end_the_connection(usual: Served) -> None:
    client = usual.client().send(b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na")
    assert client.answer().status == 200
    assert client.send(b"bc" + GET).answer().status == 200
    client.close()


def test_who_still_sends_can_read_the_answer_that_ends_the_connection(usual: Served) -> None:
    client = usual.client()
    client.send(b"POST /unread?close HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n")
    client.send(b"a" * 200_000)
    assert client.answer().status == 200
    assert client.is_closed()
    client.close()


def test_a_client_is_told_to_go_on_and_one_whose_body_is_not_wanted_is_left(usual: Served) -> None:
    waiting = b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    client = usual.client().send(POST + waiting)
    assert client.answer().status == 100
    assert client.send(b"abc").answer().json["body"] == "abc"
    client.close()
    client = usual.client().send(b"POST /unread HTTP/1.1\r\nHost: x\r\n" + waiting)
    assert client.answer().status == 200
    assert client.is_closed()
    client.close()


@pytest.mark.parametrize("path", [b"/big", b"/big?close"])
def test_an_answer_that_nobody_reads_is_given_up(path: bytes) -> None:
    with served(write_seconds_max=SHORT, report_seconds=0.0) as server:
        client = server.client().send(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert eventually(lambda: server.reports == [{"ANSWER_NOT_READ": 1}])
        assert eventually(lambda: server.gate.connections == 0 and server.ended == ["/big"])
        client.close()


def test_an_answer_that_is_read_slowly_is_not() -> None:
    with served(write_seconds_max=SHORT) as server:
        client = server.client().send(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        assert len(client.answer().body) == 30_000_000
        client.close()


def test_a_client_that_closes_its_half_gives_its_place_back(usual: Served) -> None:
    client = usual.client().send(GET[:-2])
    client.socket.shutdown(socket.SHUT_WR)
    assert client.is_closed()
    client.close()


def test_what_was_refused_is_told_together() -> None:
    with served(report_seconds=SHORT) as server:
        for _ in range(3):
            refused(server, b"garbage")
        refused(server, b"GET /" + b"a" * 9_000)
        assert eventually(lambda: sum(sum(told.values()) for told in server.reports) == 4)
    assert len(server.reports) <= 2


def test_a_server_that_is_told_to_stop_waits_for_no_head() -> None:
    with served() as server:
        slow = server.client().send(GET[:-2])
        assert server.ask().status == 200  # so the slow one is known
        server.server.should_exit = True
        assert slow.is_closed()
        slow.close()


def test_a_door_goes_to_processes_of_its_own() -> None:
    gate = pickle.loads(pickle.dumps(Gate(ConnectionLimits(connections_max=7), headers=[(b"a", b"b")])))
    assert (gate.limits.connections_max, gate.headers, gate.connections) == (7, [(b"a", b"b")], 0)
