"""The same refusal in the same words, by whichever transport it is asked for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from engine.limits import Limits
from tests.engine.small_schema import NEW_TYPE, SECRET
from tests.engine.streaming import Served, served

pytestmark = pytest.mark.anyio

DEEP = "{ " + "shelf { " * 20 + "label" + " }" * 21
ALIASES = "{ " + " ".join(f"a{number}: hello" for number in range(40)) + " }"
Refused = tuple[str, str]

FAILURES: list[tuple[str, dict[str, Any], Refused]] = [
    ("syntax", {"query": "{"}, ("GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found <EOF>.")),
    (
        "unknown field",
        {"query": "{ helo }"},
        ("GRAPHQL_VALIDATION_FAILED", "Cannot query field 'helo' on type 'Query'."),
    ),
    (
        "introspection",
        {"query": '{ __type(name: "Query") { name } }'},
        (
            "GRAPHQL_VALIDATION_FAILED",
            "GraphQL introspection has been disabled, but the requested query contained the field '__type'.",
        ),
    ),
    (
        "depth",
        {"query": DEEP},
        ("GRAPHQL_VALIDATION_FAILED", "Document has too many levels of depth: 21 found, 15 allowed."),
    ),
    (
        "aliases",
        {"query": ALIASES},
        ("GRAPHQL_VALIDATION_FAILED", "Document has too many aliases: 40 found, 30 allowed."),
    ),
    (
        "variables",
        {"query": "query ($n: String!) { hello(name: $n) }", "variables": {}},
        (
            "BAD_USER_INPUT",
            "Variable '$n' has invalid value: Expected a value of non-null type 'String!' to be provided.",
        ),
    ),
    (
        "operation name",
        {"query": "query A { hello }", "operationName": "B"},
        ("OPERATION_RESOLUTION_FAILURE", "Document has no operation with the name that operationName gives."),
    ),
    (
        "several operations",
        {"query": "query A { hello } query B { hello }"},
        ("OPERATION_RESOLUTION_FAILURE", "Document has several operations: operationName must name one."),
    ),
    (
        "too many values",
        {"query": "query ($n: [Int!]!) { total(numbers: $n) }", "variables": {"n": [1] * 20}},
        ("PAYLOAD_TOO_LARGE", "The variables hold more than 10 values"),
    ),
    ("unknown document", {"documentId": "0" * 64}, ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")),
    ("refused by a resolver", {"query": "{ refused }"}, ("TOO_EARLY", "Only at noon")),
    ("guarded by a permission", {"query": "{ guarded }"}, ("UNAUTHENTICATED", "Sign in first")),
    ("unavailable", {"query": "{ unavailable }"}, ("SERVICE_UNAVAILABLE", "Back soon")),
    ("bug", {"query": "{ broken }"}, ("INTERNAL_SERVER_ERROR", "Internal error")),
]


@asynccontextmanager
async def _strict(**limits: Any) -> AsyncIterator[Served]:
    async with served(limits=Limits(variable_values_max=10, **limits)) as server:
        yield server


@pytest.mark.parametrize(("_case", "parameters", "refused"), FAILURES)
async def test_an_operation_fails_alike_everywhere(
    _case: str, parameters: dict[str, Any], refused: Refused
) -> None:
    async with _strict() as server:
        told = await _told(server, parameters)
    assert {transport: _refused(errors) for transport, errors in told.items()} == dict.fromkeys(told, refused)
    assert SECRET not in str(told)


async def test_an_operation_that_takes_too_long_is_stopped_everywhere() -> None:
    refused = ("DEADLINE_EXCEEDED", "The operation was stopped after 0.2 seconds")
    async with _strict(operation_seconds_max=0.2) as server:
        told = await _told(server, {"query": "{ endless }"})
        assert [_refused(errors) for errors in told.values()] == [refused] * 4
        assert server.stage.stopped == ["endless"] * 4


async def test_all_that_is_told_of_a_failure_is_the_same() -> None:
    async with _strict() as server:
        for query in ("{ refused }", "{ unavailable }", "{ helo wrold }"):
            told = await _told(server, {"query": query})
            assert told["GET"] == told["POST"] == told["SSE"] == told["WebSocket"]


@pytest.mark.parametrize("query", ["{ hello }", "subscription { ticks }"])
async def test_who_is_refused_by_the_context_is_refused_everywhere(query: str) -> None:
    async with _strict() as server:
        found = {}
        async with server.socket() as speaker, server.http() as http:
            server.stage.failure = LookupError(SECRET)
            found["POST"] = (await http.post(server.url, json={"query": query})).json()["errors"]
            found["SSE"] = (await server.events(query))[0][1]["errors"]
            found["WebSocket"] = (await speaker.ask(query))[0]["payload"]
        masked = ("INTERNAL_SERVER_ERROR", "Internal error")
        assert {transport: _refused(errors) for transport, errors in found.items()} == dict.fromkeys(
            found, masked
        )
        ids = [errors[0]["extensions"]["requestId"] for errors in found.values()]
        assert ids == [request_id for _, request_id in server.stage.reported]
        assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("_case", "parameters", "message"),
    [
        ("no query", {}, "Parameter 'query' or 'documentId' must be given"),
        ("empty query", {"query": ""}, "Parameter 'query' must be a non-empty string"),
        ("variables", {"query": "{ hello }", "variables": [1]}, "Parameter 'variables' must be an object"),
        (
            "two documents",
            {"documentId": "a", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "b"}}},
            "'documentId' and 'extensions.persistedQuery' name two documents",
        ),
    ],
)
async def test_what_is_no_request_is_refused_in_the_same_words(
    _case: str, parameters: dict[str, Any], message: str
) -> None:
    async with _strict() as server, server.http() as http:
        url = server.url
        by_get = await http.get(url, params=_in_url(parameters))
        by_post = await http.post(url, json=parameters)
        by_events = await http.post(url, json=parameters, headers={"Accept": "text/event-stream"})
        async with server.socket() as speaker:
            await speaker.say(id="1", type="subscribe", payload=parameters)
            closed = await speaker.closed()
    answers = (by_get, by_post, by_events) if parameters.get("query") != "" else (by_post, by_events)
    for response in answers:
        assert (response.status_code, _refused(response.json()["errors"])) == (400, ("BAD_REQUEST", message))
    assert closed == (4400, message)


async def test_another_origin_is_refused_everywhere() -> None:
    evil = {"Origin": "https://evil.example"}
    async with _strict() as server, server.http() as http:
        by_get = await http.get(server.url, params={"query": "{ hello }"}, headers=evil)
        by_post = await http.post(server.url, json={"query": "{ hello }"}, headers=evil)
        by_events = await http.post(
            server.url, json={"query": "{ hello }"}, headers={**evil, "Accept": "text/event-stream"}
        )
        with pytest.raises(InvalidStatus) as upgrade:
            async with server.raw(additional_headers=evil):
                pass
    refused = ("FORBIDDEN", "This origin may not use the endpoint")
    for response in (by_get, by_post, by_events):
        assert (response.status_code, _refused(response.json()["errors"])) == (403, refused)
    by_upgrade = upgrade.value.response
    assert (by_upgrade.status_code, _refused(json.loads(by_upgrade.body)["errors"])) == (403, refused)


@pytest.mark.parametrize(
    ("query", "allowed"),
    [
        ("{ hello }", {"GET", "POST", "SSE", "WebSocket"}),
        ("mutation { signIn }", {"POST", "SSE"}),
        ("subscription { ticks }", {"SSE", "WebSocket"}),
    ],
)
async def test_each_transport_carries_what_it_can(query: str, allowed: set[str]) -> None:
    async with _strict() as server:
        told = await _told(server, {"query": query})
    assert {transport for transport, errors in told.items() if not errors} == allowed
    assert {_refused(errors)[0] for errors in told.values() if errors} <= {
        "BAD_REQUEST",
        "METHOD_NOT_ALLOWED",
    }


async def _told(server: Served, parameters: dict[str, Any]) -> dict[str, list[Any]]:
    """The errors of one request by each transport."""
    async with server.http() as http:
        by_get = await http.get(server.url, params=_in_url(parameters), headers=NEW_TYPE)
        by_post = await http.post(server.url, json=parameters, headers=NEW_TYPE)
    async with server.socket() as speaker:
        await speaker.say(id="1", type="subscribe", payload=parameters)
        first = await speaker.hear()
    payload = first["payload"]
    query = parameters.get("query", "")
    rest = {name: value for name, value in parameters.items() if name != "query"}
    by_events = await _events(server, query, rest)
    return {
        "GET": by_get.json().get("errors", []),
        "POST": by_post.json().get("errors", []),
        "SSE": by_events,
        "WebSocket": payload if first["type"] == "error" else payload.get("errors", []),
    }


async def _events(server: Served, query: str, rest: dict[str, Any]) -> list[Any]:
    """Errors by event stream: an event, or an answer in JSON where there is no operation yet."""
    parameters = {**rest, "query": query} if query else rest
    async with server.http() as http:
        response = await http.post(server.url, json=parameters, headers={"Accept": "text/event-stream"})
    if response.headers["content-type"].startswith("application/json"):
        assert response.status_code >= 400
        body = response.json()
    else:
        data = [line for line in response.text.splitlines() if line.startswith("data: ")]
        body = json.loads(data[0].removeprefix("data: "))
    errors: list[Any] = body.get("errors", [])
    return errors


def _in_url(parameters: dict[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()
    }


def _refused(errors: list[Any]) -> Refused:
    return errors[0]["extensions"]["code"], errors[0]["message"]
