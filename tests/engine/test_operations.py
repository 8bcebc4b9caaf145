"""One operation: which, with what variables, until when, and what goes out with it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import strawberry
from strawberry.extensions import QueryDepthLimiter

from engine.endpoint import Endpoint
from engine.limits import Limits
from tests.engine.small_schema import Stage, ask, codes, endpoint

pytestmark = pytest.mark.anyio

TWO = 'query A { hello(name: "a") } query B { hello(name: "b") }'


@pytest.mark.parametrize(
    ("document", "name", "data"),
    [
        ("{ hello }", None, {"hello": "hello you"}),
        ("query A { hello }", None, {"hello": "hello you"}),
        (TWO, "A", {"hello": "hello a"}),
        (TWO, "B", {"hello": "hello b"}),
    ],
)
async def test_runs_the_operation_that_is_named(document: str, name: str | None, data: Any) -> None:
    response = await ask(document, operation_name=name)
    assert response.json() == {"data": data}


@pytest.mark.parametrize(("document", "name"), [(TWO, None), (TWO, "C"), ("{ hello }", "A"), (TWO, "a")])
async def test_runs_nothing_when_the_operation_is_not_clear(document: str, name: str | None) -> None:
    response = await ask(document, operation_name=name)
    assert (response.status_code, codes(response)) == (400, ["OPERATION_RESOLUTION_FAILURE"])


CHOOSE = "query ($c: Choice!) { choose(choice: $c) }"


@pytest.mark.parametrize(
    ("_case", "document", "variables", "code"),
    [
        ("missing", "query ($n: String!) { hello(name: $n) }", {}, "BAD_USER_INPUT"),
        ("wrong type", "query ($n: String!) { hello(name: $n) }", {"n": 1}, "BAD_USER_INPUT"),
        ("beyond 32 bits", "query ($n: Int!) { total(numbers: [$n]) }", {"n": 2**31}, "BAD_USER_INPUT"),
        ("beyond 64 bits", "query ($n: Int!) { total(numbers: [$n]) }", {"n": 2**70}, "BAD_USER_INPUT"),
        ("null in a list", "query ($n: [Int!]!) { total(numbers: $n) }", {"n": [None]}, "BAD_USER_INPUT"),
        ("unknown key", CHOOSE, {"c": {"colour": "red"}}, "BAD_USER_INPUT"),
        ("two of one", CHOOSE, {"c": {"word": "a", "number": 1}}, "BAD_USER_INPUT"),
        ("none of one", CHOOSE, {"c": {}}, "BAD_USER_INPUT"),
        ("null of one", CHOOSE, {"c": {"word": None}}, "BAD_USER_INPUT"),
        ("literal two of one", '{ choose(choice: {word: "a", number: 1}) }', {}, "GRAPHQL_VALIDATION_FAILED"),
        (
            "one of a variable nobody declared",
            "{ choose(choice: {word: $w}) }",
            {},
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "one of a nullable variable, in a fragment before its operation",
            "fragment F on Query { choose(choice: {word: $w}) } query ($w: String) { ...F }",
            {},
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ],
)
async def test_input_that_does_not_fit_is_the_clients_and_never_reported(
    _case: str, document: str, variables: dict[str, Any], code: str
) -> None:
    stage = Stage()
    response = await ask(document, variables, stage=stage)
    assert response.status_code == 400, response.text
    assert set(codes(response)) == {code}
    assert stage.reported == []


async def test_a_one_of_input_works_in_a_fragment() -> None:
    document = "fragment F on Query { choose(choice: {word: $w}) } query ($w: String!) { ...F }"
    assert (await ask(document, {"w": "yes"})).json() == {"data": {"choose": "yes"}}


async def test_an_argument_that_fails_while_running_is_the_clients() -> None:
    stage = Stage()
    document = "query ($n: Int = 1) { total(numbers: [1, $n]) }"
    response = await ask(document, {"n": None}, stage=stage)
    assert (set(codes(response)), stage.reported) == ({"BAD_USER_INPUT"}, [])


async def test_a_null_where_strawberry_wants_none_is_the_clients() -> None:
    stage = Stage()
    response = await ask("query ($c: Change!) { change(change: $c) }", {"c": {"name": None}}, stage=stage)
    assert (codes(response), stage.reported) == (["BAD_USER_INPUT"], [])


async def test_cookies_of_the_context_go_out_with_the_answer() -> None:
    stage = Stage()
    response = await ask("mutation { signIn }", stage=stage)
    assert response.json() == {"data": {"signIn": "welcome"}}
    assert response.headers["set-cookie"].startswith("session=token; HttpOnly")
    assert response.headers.get_list("content-length") == [str(len(response.content))]


async def test_the_deadline_stops_the_operation() -> None:
    stage = Stage()
    limits = Limits(operation_seconds_max=0.2)
    response = await ask("{ hello endless }", stage=stage, limits=limits)
    assert (response.status_code, codes(response)) == (504, ["DEADLINE_EXCEEDED"])
    assert stage.stopped == ["endless"]
    assert stage.reported == []


async def test_a_client_that_leaves_stops_its_operation() -> None:
    stage = Stage()
    body = json.dumps({"query": "{ endless }"}).encode()
    messages = [{"type": "http.request", "body": body}]
    sent: list[Any] = []

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await stage.entered.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"a.test"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    await endpoint(stage)(scope, receive, send)

    assert (stage.stopped, sent, stage.reported) == (["endless"], [], [])
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_nothing_listens_for_the_client_once_it_is_answered() -> None:
    body = json.dumps({"query": "{ hello }"}).encode()
    messages = [{"type": "http.request", "body": body}]
    listening: list[str] = []

    async def receive() -> Any:
        if messages:
            return messages.pop()
        listening.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            listening.append("ended")

    async def send(message: Any) -> None:
        await asyncio.sleep(0)

    headers = [(b"host", b"a.test"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    before = asyncio.all_tasks()
    await endpoint()(scope, receive, send)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    assert listening in ([], ["begun", "ended"])


async def test_a_server_that_stops_is_not_taken_for_a_client_that_left() -> None:
    stage = Stage()
    request = asyncio.create_task(ask("{ endless }", stage=stage))
    await stage.entered.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert stage.stopped == ["endless"]


def test_schema_extensions_are_refused_rather_than_skipped() -> None:
    @strawberry.type
    class Query:
        word: str = "x"

    limited = strawberry.Schema(Query, extensions=[lambda: QueryDepthLimiter(max_depth=3)])
    with pytest.raises(ValueError, match="schema extensions"):
        Endpoint(limited, Stage().get_context)
