"""GET requests, and the parameters of both methods."""

from __future__ import annotations

import json

import pytest

from engine.limits import Limits
from tests.engine.small_schema import NEW_TYPE, Stage, ask, client, codes

pytestmark = pytest.mark.anyio


async def test_a_query_by_get() -> None:
    parameters = {
        "query": "query A { total(numbers: 1) } query B($n: String!) { hello(name: $n) }",
        "operationName": "B",
        "variables": json.dumps({"n": "été & co"}),
    }
    async with client() as http:
        response = await http.get("/graphql", params=parameters, headers=NEW_TYPE)
    assert response.json() == {"data": {"hello": "hello été & co"}}


async def test_a_mutation_by_get_is_405_and_changes_nothing() -> None:
    stage = Stage()
    async with client(stage) as http:
        response = await http.get("/graphql", params={"query": "mutation { signIn }"})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert (codes(response), stage.changes) == (["METHOD_NOT_ALLOWED"], [])


@pytest.mark.parametrize(
    ("_case", "query_string"),
    [
        ("nothing", ""),
        ("empty query", "query="),
        ("given twice", "query={hello}&query={broken}"),
        ("variables that are no JSON", "query={hello}&variables={"),
        ("variables that are a list", "query={hello}&variables=[]"),
        ("variables with a repeated key", 'query={hello}&variables={"a":1,"a":2}'),
        ("bytes that are no UTF-8", "query=%ff"),
        ("too many parameters", "&".join(f"p{i}=" for i in range(50))),
    ],
)
async def test_a_malformed_query_string_is_400(_case: str, query_string: str) -> None:
    async with client() as http:
        response = await http.get(f"/graphql?{query_string}")
    assert (response.status_code, codes(response)) == (400, ["BAD_REQUEST"])


async def test_a_long_query_string_is_413() -> None:
    async with client(limits=Limits(query_string_bytes_max=50)) as http:
        response = await http.get("/graphql", params={"query": "{ hello }" + " " * 50})
    assert (response.status_code, codes(response)) == (413, ["PAYLOAD_TOO_LARGE"])


@pytest.mark.parametrize(
    ("_case", "headers", "status"),
    [
        ("no credentials", {}, 200),
        ("cookie", {"Cookie": "session=x"}, 403),
        ("basic credentials", {"Authorization": "Basic eDp5"}, 403),
        ("bearer token, never sent by a browser alone", {"Authorization": "Bearer x"}, 200),
        ("cookie and preflight", {"Cookie": "session=x", "GraphQL-Require-Preflight": "1"}, 200),
        ("cookie and a page of ours", {"Cookie": "session=x", "Sec-Fetch-Site": "same-origin"}, 200),
        ("cookie and an address typed in", {"Cookie": "session=x", "Sec-Fetch-Site": "none"}, 403),
        ("cookie and Apollo's header", {"Cookie": "session=x", "Apollo-Require-Preflight": "1"}, 200),
        ("cookie and a JSON type", {"Cookie": "session=x", "Content-Type": "application/json"}, 200),
        ("cookie and a form's type", {"Cookie": "session=x", "Content-Type": "text/plain"}, 403),
    ],
)
async def test_a_get_with_a_browsers_credentials_must_force_a_preflight(
    _case: str, headers: dict[str, str], status: int
) -> None:
    async with client() as http:
        response = await http.get("/graphql", params={"query": "{ hello }"}, headers=headers)
    assert response.status_code == status


async def test_variables_are_counted_before_they_are_read() -> None:
    query = "query ($n: [Int!]!) { total(numbers: $n) }"
    limits = Limits(variable_values_max=11)
    fits = await ask(query, {"n": list(range(10))}, limits=limits)
    too_many = await ask(query, {"n": list(range(11))}, limits=limits)
    assert fits.json() == {"data": {"total": 45}}
    assert (too_many.status_code, codes(too_many)) == (413, ["PAYLOAD_TOO_LARGE"])
