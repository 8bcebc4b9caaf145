"""What a client reads of a failure, and what the log reads."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
import strawberry
from starlette.applications import Starlette
from strawberry.scalars import JSON

from engine.endpoint import Endpoint
from engine.errors import Refusal, log_error
from tests.engine.small_schema import SECRET, DatabaseDown, Stage, ask, codes, endpoint

pytestmark = pytest.mark.anyio

OLD_TYPE = {"Accept": "application/json"}


async def test_a_bug_is_masked_and_reported_once_with_its_request_id() -> None:
    stage = Stage()
    response = await ask("{ hello broken }", stage=stage)

    [(exception, request_id)] = stage.reported
    assert str(exception) == SECRET
    assert response.status_code == 200
    assert response.json() == {
        "data": {"hello": "hello you", "broken": None},
        "errors": [
            {
                "message": "Internal error",
                "locations": [{"line": 1, "column": 9}],
                "path": ["broken"],
                "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id},
            }
        ],
    }


async def test_rows_that_fail_alike_are_one_report() -> None:
    stage = Stage()
    response = await ask("{ shelves { book } }", stage=stage)
    assert codes(response) == ["INTERNAL_SERVER_ERROR"] * 50
    assert [str(exception) for exception, _ in stage.reported] == [SECRET]


async def test_a_value_of_the_wrong_type_is_a_bug_of_ours() -> None:
    stage = Stage()
    response = await ask("{ hollow }", stage=stage)
    assert (codes(response), len(stage.reported)) == (["INTERNAL_SERVER_ERROR"], 1)
    assert "not a number" not in response.text


async def test_a_refusal_is_shown_and_never_reported() -> None:
    stage = Stage()
    response = await ask("{ refused }", stage=stage)
    [error] = response.json()["errors"]
    assert (error["message"], error["path"]) == ("Only at noon", ["refused"])
    assert error["extensions"] == {"opensAt": "12:00", "code": "TOO_EARLY"}
    assert (response.status_code, stage.reported) == (200, [])


async def test_a_permission_speaks_with_its_code() -> None:
    stage = Stage()
    response = await ask("{ guarded }", stage=stage)
    assert response.json()["errors"][0]["message"] == "Sign in first"
    assert (codes(response), stage.reported) == (["UNAUTHENTICATED"], [])


async def test_an_exception_with_words_becomes_503_when_nothing_else_came_back() -> None:
    stage = Stage()
    new = await ask("{ unavailable }", stage=stage)
    old = await ask("{ unavailable }", stage=stage, headers=OLD_TYPE)
    partial = await ask("{ hello flaky }", stage=stage)
    mixed = await ask("{ unavailable hollow }", stage=Stage())

    assert (new.status_code, new.headers["retry-after"]) == (503, "5")
    assert new.json()["data"] is None
    assert new.json()["errors"][0]["extensions"] == {"code": "SERVICE_UNAVAILABLE", "retryAfterSeconds": 5}
    assert (old.status_code, codes(old)) == (200, ["SERVICE_UNAVAILABLE"])
    assert (partial.status_code, partial.json()["data"]) == (200, {"hello": "hello you", "flaky": None})
    assert codes(partial) == ["SERVICE_UNAVAILABLE"]
    assert (mixed.json()["data"], stage.reported) == (None, [])
    assert SECRET not in new.text + partial.text


@pytest.mark.parametrize("headers", [{}, OLD_TYPE])
@pytest.mark.parametrize(
    ("failure", "status", "code", "reported"),
    [
        (Refusal("Sign in again", "UNAUTHENTICATED"), 401, "UNAUTHENTICATED", 0),
        (Refusal("Not for you", "FORBIDDEN"), 403, "FORBIDDEN", 0),
        (Refusal("Slow down", "TOO_MANY_REQUESTS", retry_after_seconds=9), 429, "TOO_MANY_REQUESTS", 0),
        (Refusal("No", "MADE_UP"), 400, "MADE_UP", 0),
        (DatabaseDown(SECRET), 503, "SERVICE_UNAVAILABLE", 0),
        (TimeoutError(SECRET), 500, "INTERNAL_SERVER_ERROR", 1),
        (KeyError(SECRET), 500, "INTERNAL_SERVER_ERROR", 1),
    ],
)
async def test_a_context_that_cannot_be_made_has_a_status_of_its_own(
    headers: dict[str, str], failure: Exception, status: int, code: str, reported: int
) -> None:
    stage = Stage(failure=failure)
    response = await ask("{ hello }", stage=stage, headers=headers)
    assert (response.status_code, codes(response)) == (status, [code])
    assert len(stage.reported) == reported
    assert SECRET not in response.text
    assert 'session=""' in response.headers["set-cookie"]
    assert response.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)


async def test_the_request_id_of_a_middleware_is_used() -> None:
    stage = Stage()
    inner = Starlette(routes=endpoint(stage).routes())

    async def with_id(scope: Any, receive: Any, send: Any) -> None:
        await inner({**scope, "state": {"request_id": "r-42"}}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(with_id), base_url="http://a.test") as http:
        response = await http.post("/graphql", json={"query": "{ broken }"})
    assert response.json()["errors"][0]["extensions"]["requestId"] == "r-42"
    assert stage.reported[0][1] == "r-42"


async def test_a_value_json_cannot_hold_is_a_masked_500() -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        def odd(self) -> JSON:
            return JSON(object())

    stage = Stage()
    app = Starlette(
        routes=Endpoint(strawberry.Schema(Query), stage.get_context, on_error=stage.on_error).routes()
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://a.test") as http:
        response = await http.post("/graphql", json={"query": "{ odd }"})
    assert (response.status_code, codes(response)) == (500, ["INTERNAL_SERVER_ERROR"])
    assert len(stage.reported) == 1


async def test_long_input_is_not_echoed_whole() -> None:
    variable = await ask("query ($n: Int!) { total(numbers: [$n]) }", {"n": "x" * 100_000})
    literal = await ask('{ total(numbers: "' + "x" * 40_000 + '") }')
    assert (codes(variable), codes(literal)) == (["BAD_USER_INPUT"], ["GRAPHQL_VALIDATION_FAILED"])
    assert max(len(variable.content), len(literal.content)) < 2_000


async def test_a_scalar_speaks_of_bad_values_and_hides_its_own_bugs() -> None:
    stage = Stage()
    document = "query ($c: Crooked!) { straighten(crooked: $c) }"
    wrong = await ask(document, {"c": "wrong"}, stage=stage)
    assert "must be straight" in wrong.text
    assert stage.reported == []
    bug = await ask(document, {"c": "other"}, stage=stage)
    assert (bug.status_code, codes(bug)) == (500, ["INTERNAL_SERVER_ERROR"])
    assert SECRET not in bug.text
    assert [str(exception) for exception, _ in stage.reported] == [SECRET]


def test_the_default_report_is_one_record_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        log_error(RuntimeError(SECRET), "r-1")
    [record] = caplog.records
    assert record.exc_info is not None
    assert "r-1" in record.getMessage()
