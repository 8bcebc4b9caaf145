"""The protocol `graphql-transport-ws`, against a real server."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from engine.errors import Code, Refusal
from engine.limits import Limits, StreamLimits
from engine.streams.socket_messages import Close, Over, read_message
from tests.engine.small_schema import SECRET, Stage, endpoint
from tests.engine.streaming import eventually, served

pytestmark = pytest.mark.anyio


def quick(**limits: Any) -> Limits:
    return Limits(streams=StreamLimits(**limits))


# What a client may ask.


async def test_a_query_is_answered_and_completed() -> None:
    async with served() as server, server.socket() as speaker:
        assert await speaker.ask("query Q($n: String!) { hello(name: $n) }", variables={"n": "Ada"}) == [
            {"id": "1", "type": "next", "payload": {"data": {"hello": "hello Ada"}}},
            {"id": "1", "type": "complete"},
        ]


async def test_a_subscription_tells_each_event_and_its_end() -> None:
    async with served() as server, server.socket() as speaker:
        assert await speaker.ask("subscription { ticks(count: 2) }") == [
            {"id": "1", "type": "next", "payload": {"data": {"ticks": 1}}},
            {"id": "1", "type": "next", "payload": {"data": {"ticks": 2}}},
            {"id": "1", "type": "complete"},
        ]


async def test_a_mutation_is_refused_as_it_is_by_get() -> None:
    async with served() as server, server.socket() as speaker:
        refused = {"message": "A mutation must be sent by POST", "extensions": {"code": "METHOD_NOT_ALLOWED"}}
        assert await speaker.ask("mutation { signIn }") == [
            {"id": "1", "type": "error", "payload": [refused]}
        ]
        assert server.stage.changes == []


@pytest.mark.parametrize("query", ["{", "{ nothing }", "subscription { closed }", "{ hello }{ hello }"])
async def test_an_operation_that_fails_leaves_the_socket_open(query: str) -> None:
    async with served() as server, server.socket() as speaker:
        (failed,) = await speaker.ask(query)
        assert failed["type"] == "error"
        assert (await speaker.ask("{ hello }"))[-1] == {"id": "1", "type": "complete"}


async def test_a_long_message_in_parts_is_one_message() -> None:
    async with served() as server, server.socket() as speaker:
        comment = "# " + "x" * 40_000
        message = {"id": "1", "type": "subscribe", "payload": {"query": comment + "\n{ hello }"}}
        text = json.dumps(message)
        await speaker.connection.send(text[at : at + 1_000] for at in range(0, len(text), 1_000))
        assert (await speaker.hear())["payload"] == {"data": {"hello": "hello you"}}


async def test_operations_run_beside_each_other() -> None:
    async with served() as server, server.socket() as speaker:
        await speaker.subscribe("waits", "subscription { happenings }")
        await server.stage.entered.wait()
        assert len(await speaker.ask("{ hello }")) == 2
        server.stage.happenings.put_nowait("rain")
        assert await speaker.hear() == {
            "id": "waits",
            "type": "next",
            "payload": {"data": {"happenings": "rain"}},
        }


async def test_completing_ends_the_source_and_frees_the_id() -> None:
    async with served() as server, server.socket() as speaker:
        await speaker.subscribe("1", "subscription { happenings }")
        await server.stage.entered.wait()
        await speaker.say(id="1", type="complete")
        assert await eventually(lambda: server.stage.stopped == ["happenings"])
        assert len(await speaker.ask("{ hello }")) == 2


async def test_completing_what_is_unknown_is_ignored() -> None:
    async with served() as server, server.socket() as speaker:
        await speaker.say(id="other", type="complete")
        assert len(await speaker.ask("{ hello }")) == 2


async def test_pings_are_answered_and_pongs_are_not() -> None:
    deep: Any = []
    for _ in range(900):
        deep = [deep]
    async with served() as server, server.raw() as speaker:
        await speaker.say(type="ping")
        await speaker.say(type="pong", payload={"at": 7})
        await speaker.say(type="ping", payload={"at": deep})
        await speaker.say(type="connection_init")
        told = [await speaker.hear() for _ in range(3)]
        assert told == [{"type": "pong"}, {"type": "pong"}, {"type": "connection_ack"}]


async def test_an_id_for_each_operation_ties_masked_errors_to_the_log() -> None:
    begun: list[str] = []
    async with served(begin=begun.append) as server, server.socket() as speaker:
        socket_id = speaker.connection.response.headers["x-request-id"]  # type: ignore[union-attr]
        await speaker.ask("{ hello }")
        (told, _) = await speaker.ask("{ broken }")
        assert begun == [f"{socket_id}-1", f"{socket_id}-2"]
        assert told["payload"]["errors"][0]["extensions"]["requestId"] == begun[1]
        assert [request_id for _, request_id in server.stage.reported] == [begun[1]]


async def test_a_bearer_token_may_come_with_the_first_message() -> None:
    async with served() as server, server.socket({"Authorization": "Bearer t0k3n"}) as speaker:
        await speaker.ask("{ hello }")
        given = [connection.headers.getlist("authorization") for connection in server.stage.seen]
        assert given == [["Bearer t0k3n"], ["Bearer t0k3n"]]


async def test_a_token_beside_one_in_the_headers_is_not_preferred() -> None:
    async with served() as server:
        options = {"additional_headers": {"Authorization": "Bearer one"}}
        async with server.socket({"authorization": "Bearer two"}, **options):
            assert server.stage.seen[0].headers.getlist("authorization") == ["Bearer one", "Bearer two"]


# How a socket begins.


@pytest.mark.parametrize("offered", [(), ("graphql-ws",), ("graphql-transport-ws2", "soap")])
async def test_another_subprotocol_is_4406(offered: tuple[str, ...]) -> None:
    async with served() as server, server.raw(offered) as speaker:
        assert speaker.connection.subprotocol is None
        assert await speaker.closed() == (4406, "The subprotocol must be graphql-transport-ws")


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"Origin": "https://evil.example"}, "This origin may not use the endpoint"),
        ({"Origin": "null"}, "This origin may not use the endpoint"),
        ({"Sec-Fetch-Site": "cross-site"}, "Cross-site requests are refused"),
    ],
)
async def test_another_origin_is_403_before_the_socket_opens(headers: dict[str, str], message: str) -> None:
    async with served() as server:
        with pytest.raises(InvalidStatus) as refused:
            async with server.raw(additional_headers=headers):
                pass
        response = refused.value.response
        assert response.status_code == 403
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        assert json.loads(response.body or b"") == {
            "errors": [{"message": message, "extensions": {"code": "FORBIDDEN"}}]
        }


async def test_the_own_origin_and_a_listed_one_may_open_a_socket() -> None:
    async with served(allowed_origins=["https://app.example"]) as server:
        for origin in (f"http://127.0.0.1:{server.port}", "https://app.example"):
            async with server.socket(origin=origin) as speaker:
                assert len(await speaker.ask("{ hello }")) == 2


async def test_a_server_that_cannot_answer_an_upgrade_still_refuses_other_origins() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    headers = [(b"origin", b"https://evil.example"), (b"host", b"portal.test")]
    await endpoint()({"type": "websocket", "path": "/graphql", "headers": headers}, receive, send)
    assert sent == [{"type": "websocket.close"}]


async def test_silence_is_4408() -> None:
    async with served(limits=quick(init_seconds_max=0.05)) as server, server.raw() as speaker:
        assert await speaker.closed() == (4408, "Connection initialisation timeout")


async def test_a_ping_is_no_beginning() -> None:
    async with served(limits=quick(init_seconds_max=0.2)) as server, server.raw() as speaker:
        await speaker.say(type="ping")
        assert (await speaker.closed())[0] == 4408


async def test_beginning_twice_is_4429() -> None:
    async with served() as server, server.socket() as speaker:
        await speaker.say(type="connection_init")
        assert await speaker.closed() == (4429, "Too many initialisation requests")


async def test_subscribing_first_is_4401() -> None:
    async with served() as server, server.raw() as speaker:
        await speaker.subscribe("1", "{ hello }")
        assert (await speaker.closed())[0] == 4401


@pytest.mark.parametrize(
    ("failure", "closed"),
    [
        (Refusal("Sign in first", Code.UNAUTHENTICATED), (4401, "Sign in first")),
        (Refusal("Not here", Code.FORBIDDEN), (4403, "Not here")),
        (Refusal("Back soon", Code.SERVICE_UNAVAILABLE), (1013, "Back soon")),
        (Refusal("Send one Authorization header", Code.BAD_REQUEST), (4400, "Send one Authorization header")),
        (RuntimeError(SECRET), (4500, "Internal error")),
    ],
)
async def test_who_may_not_come_in_is_told_at_once(failure: Exception, closed: tuple[int, str]) -> None:
    async with served(Stage(failure=failure)) as server, server.raw() as speaker:
        await speaker.say(type="connection_init")
        assert await speaker.closed() == closed


# What is no message.


INVALID: list[tuple[str, str | bytes]] = [
    ("not JSON", "hello"),
    ("nothing", ""),
    ("null", "null"),
    ("list", "[1,2]"),
    ("string", '"ping"'),
    ("no type", "{}"),
    ("type that is no string", '{"type":{"a":1}}'),
    ("unknown type", '{"type":"start","id":"1"}'),
    ("type of a server", '{"type":"next","id":"1","payload":{}}'),
    ("id that is no string", '{"type":"subscribe","id":{},"payload":{"query":"{ hello }"}}'),
    ("empty id", '{"type":"subscribe","id":"","payload":{"query":"{ hello }"}}'),
    ("long id", json.dumps({"type": "complete", "id": "x" * 129})),
    ("no id", '{"type":"subscribe","payload":{"query":"{ hello }"}}'),
    ("complete without id", '{"type":"complete"}'),
    ("no payload", '{"type":"subscribe","id":"1"}'),
    ("payload that is no object", '{"type":"subscribe","id":"1","payload":["{ hello }"]}'),
    ("payload of a ping", '{"type":"ping","payload":"now"}'),
    ("no query", '{"type":"subscribe","id":"1","payload":{}}'),
    ("query that is no string", '{"type":"subscribe","id":"1","payload":{"query":{}}}'),
    (
        "variables that are no object",
        '{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}',
    ),
    ("token that is no string", '{"type":"connection_init","payload":{"Authorization":7}}'),
    ("token with a line break", '{"type":"connection_init","payload":{"Authorization":"a\\r\\nb"}}'),
    ("repeated key", '{"type":"ping","type":"pong"}'),
    ("deep", "[" * 100_000),
    ("deep and whole", '{"type":"ping","payload":{"a":' + "[" * 100_000 + "]" * 100_000 + "}}"),
    ("number of 5,000 digits", '{"type":"ping","payload":{"a":' + "9" * 5_000 + "}}"),
    ("binary", b'{"type":"ping"}'),
    (
        "long reason",
        json.dumps({"type": "subscribe", "id": "1", "payload": {"query": "{a}", "é" * 200: 1}})[:-2],
    ),
]


async def test_what_is_no_message_is_4400_with_a_reason() -> None:
    found = {}
    async with served() as server:
        for case, message in INVALID:
            async with server.raw() as speaker:
                await speaker.connection.send(message)
                code, reason = await speaker.closed()
                found[case] = (int(code), 0 < len(reason.encode()) <= 123)
        assert found == {case: (4400, True) for case, _ in INVALID}
        assert server.stage.reported == []


async def test_an_id_that_is_in_use_is_4409() -> None:
    async with served() as server, server.socket() as speaker:
        await speaker.subscribe("mine", "subscription { happenings }")
        await speaker.subscribe("mine", "{ hello }")
        assert await speaker.closed() == (4409, "Subscriber for mine already exists")
        assert await server.is_quiet()


async def test_a_message_over_the_cap_is_1009() -> None:
    async with served(limits=Limits(body_bytes_max=1_000)) as server, server.socket() as speaker:
        await speaker.say(type="ping", payload={"long": "x" * 1_000})
        assert (await speaker.closed())[0] == 1009


words = st.sampled_from(
    ["connection_init", "ping", "pong", "subscribe", "complete", "next", "id", "query", ""]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | words,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(words | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
shaped = st.fixed_dictionaries({}, optional={"type": words | anything, "id": anything, "payload": anything})


@given(st.one_of(anything, shaped).map(json.dumps) | st.text() | st.binary())
@settings(max_examples=500, deadline=None)
def test_reading_any_frame_gives_a_message_or_a_reason(frame: str | bytes) -> None:
    key = "bytes" if isinstance(frame, bytes) else "text"
    told: tuple[Close | None, str] = (Close.BAD_REQUEST, "well read")
    try:
        read_message({"type": "websocket.receive", key: frame}, Limits())
    except Over as over:
        told = (over.code, over.reason)
    assert told[0] == Close.BAD_REQUEST
    assert 0 < len(told[1].encode()) <= 123


frames = st.one_of(shaped, anything).map(json.dumps) | st.text(max_size=20) | st.binary(max_size=9)


@given(st.lists(st.lists(frames, max_size=8), min_size=5, max_size=20))
@settings(max_examples=8, deadline=None)
async def test_a_server_survives_any_messages(conversations: list[list[str | bytes]]) -> None:
    async with served() as server:
        for messages in conversations:
            async with server.socket() as speaker:
                with suppress(ConnectionClosed):
                    for message in messages:
                        await speaker.connection.send(message)
        assert await server.is_quiet()
        assert server.stage.reported == []
        async with server.socket() as speaker:
            assert len(await speaker.ask("{ hello }")) == 2


# What a client may take.


async def test_too_many_operations_are_refused_one_by_one() -> None:
    async with served(limits=quick(operations_max=2)) as server, server.socket() as speaker:
        for id in ("1", "2", "3"):
            await speaker.subscribe(id, "subscription { happenings }")
        refused = {
            "message": "Too many operations at once on this socket",
            "extensions": {"code": "TOO_MANY_REQUESTS"},
        }
        assert await speaker.hear() == {"id": "3", "type": "error", "payload": [refused]}
        server.stage.happenings.put_nowait("rain")
        assert (await speaker.hear())["payload"] == {"data": {"happenings": "rain"}}


@pytest.mark.parametrize(
    "flood",
    [
        [{"type": "ping"}],
        [{"type": "pong"}],
        [
            {"type": "subscribe", "id": "1", "payload": {"query": "subscription { happenings }"}},
            {"type": "complete", "id": "1"},
        ],
    ],
)
async def test_a_flood_of_messages_is_1008(flood: list[dict[str, Any]]) -> None:
    limits = quick(messages_at_once_max=20, messages_per_second_max=1)
    async with served(limits=limits) as server, server.socket() as speaker:
        for number in range(40):
            await speaker.say(**flood[number % len(flood)])
        assert await speaker.closed() == (1008, "Too many messages")
        assert await server.is_quiet()


async def test_who_goes_on_after_the_close_is_cut_off() -> None:
    async with served() as server, server.socket() as speaker:
        await speaker.say(type="nonsense")
        with suppress(ConnectionClosed):
            while True:
                await speaker.connection.send("x" * 10_000)
        assert await server.is_quiet()
        assert [seen.status for seen in server.sockets] == [4400]


async def test_long_messages_count_as_several() -> None:
    async with served() as server, server.socket() as speaker:
        for _ in range(10):
            await speaker.say(type="pong", payload={"long": "x" * 200_000})
        assert await speaker.closed() == (1008, "Too many messages")


async def test_a_flood_of_bare_frames_is_1008() -> None:
    async with served() as server, server.socket() as speaker:
        for _ in range(1_000):
            await speaker.connection.ping()
        # What the client sent beyond may reset the connection before it has read why.
        assert (await speaker.closed())[0] in (1008, 1006)
        assert await server.is_quiet()
        assert [seen.status for seen in server.sockets] == [1008]
        assert server.stage.reported == []


async def test_a_flood_of_empty_fragments_is_1008() -> None:
    async with served() as server, server.socket() as speaker:

        async def fragments() -> Any:
            for _ in range(1_000):
                yield ""

        with suppress(ConnectionClosed):
            await speaker.connection.send(fragments())
        assert await server.is_quiet()
        assert [seen.status for seen in server.sockets] == [1008]


async def test_a_client_that_reads_nothing_is_cut_and_holds_back_little() -> None:
    async with served(limits=quick(send_seconds_max=0.2)) as server:
        client = await asyncio.to_thread(_deaf, server.port, "subscription { torrent }")
        with client:
            assert await eventually(lambda: server.stage.stopped == ["torrent"])
            assert await server.is_quiet()
            assert [seen.status for seen in server.sockets] == [1013]
        assert server.stage.poured < 2_000


async def test_a_source_that_never_waits_leaves_the_loop_to_others() -> None:
    async with served() as server, server.socket() as one, server.socket() as other:
        await one.subscribe("1", "subscription { torrent }")
        assert (await one.hear())["type"] == "next"
        assert len(await other.ask("{ hello }")) == 2
        one.connection.transport.abort()  # rather than read on until a close could be agreed


# What time does.


async def test_a_socket_without_anything_to_do_is_closed() -> None:
    async with served(limits=quick(idle_seconds_max=0.05)) as server, server.socket() as speaker:
        assert await speaker.closed() == (1000, "The socket had nothing to do")


async def test_a_socket_that_follows_something_is_not_idle() -> None:
    limits = quick(idle_seconds_max=0.05, heartbeat_seconds=0.02)
    async with served(limits=limits) as server, server.socket() as speaker:
        await speaker.subscribe("1", "subscription { happenings }")
        for _ in range(10):
            assert await speaker.hear() == {"type": "ping"}
            await speaker.say(type="pong")


async def test_a_ping_that_nobody_answers_closes_the_socket() -> None:
    limits = quick(heartbeat_seconds=0.05, pong_seconds_max=0.05)
    async with served(limits=limits) as server, server.socket() as speaker:
        assert await speaker.hear() == {"type": "ping"}
        assert await speaker.closed() == (1013, "No pong came in time")


async def test_a_socket_ends_after_its_time() -> None:
    async with served(limits=quick(open_seconds_max=0.1)) as server, server.socket() as speaker:
        await speaker.subscribe("1", "subscription { happenings }")
        assert await speaker.closed() == (1001, "The socket was open for long: open another")
        assert server.stage.stopped == ["happenings"]


async def test_a_server_that_stops_closes_its_sockets_at_once() -> None:
    async with served() as server, server.socket() as speaker:
        await speaker.subscribe("1", "subscription { happenings }")
        await server.stage.entered.wait()
        server.server.should_exit = True
        assert (await speaker.closed())[0] == 1012
        assert await eventually(lambda: server.stage.stopped == ["happenings"])


async def test_an_operation_is_stopped_at_its_deadline() -> None:
    async with served(limits=Limits(operation_seconds_max=0.05)) as server, server.socket() as speaker:
        (told,) = await speaker.ask("{ endless }")
        assert told["payload"][0]["extensions"]["code"] == "DEADLINE_EXCEEDED"
        assert server.stage.stopped == ["endless"]


# How it ends.


async def test_a_session_that_ends_is_told_and_closes_the_socket_for_good() -> None:
    async with served() as server, server.socket() as speaker:
        await speaker.subscribe("other", "subscription { happenings }")
        await speaker.subscribe("1", "subscription { expiring }")
        assert (await speaker.hear())["payload"] == {"data": {"expiring": 1}}
        await server.stage.entered.wait()
        server.stage.happenings.put_nowait("first")
        server.stage.happenings.put_nowait("second")
        *_, told = await speaker.hear_all()
        over = {"message": "Sign in first", "extensions": {"code": "UNAUTHENTICATED"}}
        assert told == {"id": "1", "type": "error", "payload": [over]}
        assert (speaker.connection.close_code, speaker.connection.close_reason) == (4401, "Sign in first")
        assert await eventually(lambda: server.stage.stopped == ["happenings"])


async def test_a_client_that_leaves_ends_everything_at_once() -> None:
    async with served() as server:
        async with server.socket() as speaker:
            for id, query in (("1", "subscription { happenings }"), ("2", "{ endless }")):
                server.stage.entered.clear()
                await speaker.subscribe(id, query)
                await server.stage.entered.wait()
        assert await server.is_quiet()
        assert sorted(server.stage.stopped) == ["endless", "happenings"]


async def test_a_line_tells_of_each_socket_that_ended() -> None:
    async with served() as server:
        async with server.socket() as speaker:
            await speaker.ask("{ hello }")
            await speaker.ask("{ hello }")
        async with server.raw(("soap",)) as speaker:
            await speaker.closed()
        assert await server.is_quiet()
        seen = [(line.route, line.status, line.operations) for line in server.sockets]
        assert seen == [("/graphql", 1000, 2), ("/graphql", 4406, 0)]


async def test_introspection_and_suggestions_are_off_over_sockets_too() -> None:
    async with served() as server, server.socket() as speaker:
        (introspected,) = await speaker.ask("{ __schema { types { name } } }")
        (unknown,) = await speaker.ask("subscription { tick }")
        assert introspected["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert unknown["payload"][0]["message"] == "Cannot query field 'tick' on type 'Subscription'."


def _deaf(port: int, query: str) -> socket.socket:
    """A client that subscribes and never reads."""
    protocol = ClientProtocol(
        parse_uri(f"ws://127.0.0.1:{port}/graphql"), subprotocols=[Subprotocol("graphql-transport-ws")]
    )
    client = socket.create_connection(("127.0.0.1", port))
    protocol.send_request(protocol.connect())
    client.sendall(b"".join(protocol.data_to_send()))
    while not protocol.events_received():
        protocol.receive_data(client.recv(4_096))
    init = {"type": "connection_init"}
    subscribe = {"type": "subscribe", "id": "1", "payload": {"query": query}}
    for message in (init, subscribe):
        protocol.send_text(json.dumps(message).encode())
    client.sendall(b"".join(protocol.data_to_send()))
    return client
