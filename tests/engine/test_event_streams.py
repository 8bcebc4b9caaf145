"""GraphQL over server-sent events, against a real server."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import pytest

from engine.connections.admission import ConnectionLimits
from engine.http.negotiation import accept
from engine.limits import Limits, StreamLimits
from tests.engine.small_schema import SECRET, Stage, codes
from tests.engine.streaming import EVENTS, eventually, served

pytestmark = pytest.mark.anyio

COMPLETE = ("complete", None)


@pytest.mark.parametrize(
    ("_case", "header", "wanted"),
    [
        ("alone", "text/event-stream", True),
        ("before all others", "text/event-stream, */*", True),
        ("as urql asks for subscriptions", "text/event-stream, multipart/mixed", True),
        ("preferred by weight", "application/json;q=0.9, text/event-stream", True),
        (
            "as urql asks for queries",
            "application/graphql-response+json, application/graphql+json, application/json, "
            "text/event-stream, multipart/mixed",
            False,
        ),
        ("liked as much as JSON", "text/event-stream, application/json", False),
        ("liked less", "text/event-stream;q=0.5, application/json", False),
        ("not named", "text/*, */*", False),
        ("shut out", "text/event-stream;q=0", False),
    ],
)
def test_events_are_for_those_who_want_them_more_than_json(_case: str, header: str, wanted: bool) -> None:
    assert accept(header).wants_events is wanted


@pytest.mark.parametrize(
    ("_case", "query", "events"),
    [
        ("query", "{ hello }", [("next", {"data": {"hello": "hello you"}}), COMPLETE]),
        ("mutation", "mutation { signIn }", [("next", {"data": {"signIn": "welcome"}}), COMPLETE]),
        (
            "subscription",
            "subscription { ticks(count: 2) }",
            [("next", {"data": {"ticks": 1}}), ("next", {"data": {"ticks": 2}}), COMPLETE],
        ),
    ],
)
async def test_every_operation_is_answered_in_events(_case: str, query: str, events: list[Any]) -> None:
    async with served() as server:
        assert await server.events(query) == events


async def test_the_headers_keep_proxies_from_holding_the_stream_and_carry_the_cookies() -> None:
    async with served() as server, server.stream("mutation { signIn }") as stream:
        headers = stream.response.headers
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert headers["cache-control"] == "no-store"
        assert headers["x-accel-buffering"] == "no"
        assert headers["set-cookie"].startswith("session=token;")


async def test_a_stream_begins_at_once_and_beats_while_nothing_happens() -> None:
    limits = Limits(streams=StreamLimits(heartbeat_seconds=0.02))
    async with served(limits=limits) as server, server.stream("subscription { happenings }") as stream:
        reading = asyncio.create_task(stream.next())
        assert await eventually(lambda: stream.comments >= 3)
        server.stage.happenings.put_nowait("rain")
        assert await reading == ("next", {"data": {"happenings": "rain"}})


async def test_programs_may_ask_by_get_but_not_for_mutations() -> None:
    async with served() as server, server.http() as http:
        answers = [
            await http.get(server.url, params={"query": query}, headers=EVENTS)
            for query in ("{ hello }", "subscription { ticks }", "mutation { signIn }")
        ]
        refused = json.loads(answers[2].text.splitlines()[1].removeprefix("data: "))
        assert (
            answers[0].text
            == 'event: next\ndata: {"data":{"hello":"hello you"}}\n\nevent: complete\ndata:\n\n'
        )
        assert answers[1].text == ':\n\nevent: next\ndata: {"data":{"ticks":1}}\n\nevent: complete\ndata:\n\n'
        assert refused["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"
        assert server.stage.changes == []


async def test_a_get_with_a_cookie_needs_a_header_that_forces_a_preflight() -> None:
    async with served() as server, server.http() as http:
        parameters = {"query": "subscription { ticks }"}
        forged = await http.get(server.url, params=parameters, headers={**EVENTS, "Cookie": "session=token"})
        assert (forged.status_code, codes(forged)) == (403, ["FORBIDDEN"])


async def test_what_a_source_raises_is_masked_and_ends_the_stream() -> None:
    async with served() as server:
        events = await server.events("subscription { breaking }")
        error = events[1][1]["errors"][0]
        assert (events[0], events[2:]) == (("next", {"data": {"breaking": 1}}), [COMPLETE])
        assert error["message"] == "Internal error"
        assert SECRET not in str(events)
        ((_, request_id),) = server.stage.reported
        assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}


async def test_a_source_that_never_waits_leaves_the_loop_to_others() -> None:
    async with served() as server, server.stream("subscription { torrent }") as stream:
        assert (await stream.next())[0] == "next"
        assert await server.events("{ hello }") == [("next", {"data": {"hello": "hello you"}}), COMPLETE]


async def test_a_session_that_ends_is_told_and_ends_the_stream() -> None:
    async with served() as server, server.stream("subscription { expiring }") as stream:
        assert await stream.next() == ("next", {"data": {"expiring": 1}})
        server.stage.happenings.put_nowait("signed out")
        _, body = await stream.next()
        assert body == {"errors": [{"message": "Sign in first", "extensions": {"code": "UNAUTHENTICATED"}}]}
        assert await stream.next() == COMPLETE


async def test_a_client_that_leaves_ends_the_source_at_once() -> None:
    async with served() as server:
        async with server.stream("subscription { happenings }"):
            await server.stage.entered.wait()
        assert await server.is_quiet()
        assert server.stage.stopped == ["happenings"]


async def test_a_client_that_reads_nothing_is_cut_and_holds_back_little() -> None:
    limits = Limits(streams=StreamLimits(send_seconds_max=0.2))
    connections = ConnectionLimits(write_seconds_max=0.2)
    async with served(limits=limits, connections=connections) as server:
        with _unread(server.port, "subscription { torrent }"):
            assert await eventually(lambda: server.stage.stopped == ["torrent"])
            assert await server.is_quiet()
        # What the buffers of both ends take: more would be memory that one client has us hold.
        assert server.stage.poured < 2_000


async def test_a_stream_ends_after_its_time_without_complete_so_that_clients_begin_another() -> None:
    limits = Limits(streams=StreamLimits(open_seconds_max=0.05))
    async with served(limits=limits) as server:
        assert await server.events("subscription { happenings }") == []
        assert server.stage.stopped == ["happenings"]


async def test_a_server_that_stops_does_not_wait_for_open_streams() -> None:
    async with served() as server, server.stream("subscription { happenings }") as stream:
        await server.stage.entered.wait()
        server.server.should_exit = True
        assert [event async for event in stream] == []
        assert server.stage.stopped == ["happenings"]


async def test_a_server_that_stops_finishes_a_mutation_first() -> None:
    async with served() as server:
        server.endpoint.open_streams.stop()
        assert await server.events("mutation { signIn }") == [
            ("next", {"data": {"signIn": "welcome"}}),
            COMPLETE,
        ]
        assert await server.events("subscription { happenings }") == []


async def test_another_origin_is_refused_before_there_is_a_stream() -> None:
    async with served() as server, server.http() as http:
        headers = {**EVENTS, "Origin": "https://evil.example"}
        response = await http.post(server.url, json={"query": "subscription { ticks }"}, headers=headers)
        assert (response.status_code, codes(response)) == (403, ["FORBIDDEN"])
        assert response.headers["content-type"] == "application/json; charset=utf-8"


async def test_a_listed_origin_may_read_the_stream() -> None:
    headers = {"Origin": "https://app.example"}
    listed = ["https://app.example"]
    async with served(allowed_origins=listed) as server, server.stream("{ hello }", headers=headers) as got:
        assert got.response.headers["access-control-allow-origin"] == "https://app.example"


async def test_introspection_and_suggestions_are_off_over_events_too() -> None:
    async with served() as server:
        (_, introspected), _ = await server.events("{ __schema { types { name } } }")
        (_, unknown), _ = await server.events("subscription { tick }")
        assert introspected["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert unknown["errors"][0]["message"] == "Cannot query field 'tick' on type 'Subscription'."


async def test_ten_streams_that_come_and_go_leave_nothing_behind() -> None:
    stage = Stage()
    async with served(stage) as server:

        async def visit() -> None:
            async with server.stream("subscription { happenings }") as stream:
                await stream.response.aiter_raw().__anext__()

        await asyncio.gather(*(visit() for _ in range(10)))
        assert await server.is_quiet()
        assert stage.stopped == ["happenings"] * 10
        assert len(server.endpoint.open_streams) == 0


def _unread(port: int, query: str) -> socket.socket:
    """A request whose answer is never read."""
    body = json.dumps({"query": query}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nContent-Length: {len(body)}\r\n"
    )
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n" + body)
    return client
