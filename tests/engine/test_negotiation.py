"""`Accept` in, media type and status out."""

from __future__ import annotations

import pytest

from engine.http.negotiation import GRAPHQL_RESPONSE, JSON, Accepted, accept
from tests.engine.small_schema import ask, client, codes

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("_case", "header", "json_type"),
    [
        ("absent", None, JSON),
        ("empty", "", JSON),
        ("anything", "*/*", JSON),
        ("any application type", "application/*", JSON),
        ("legacy", "application/json", JSON),
        ("new", "application/graphql-response+json", GRAPHQL_RESPONSE),
        ("case is ignored", "Application/GraphQL-Response+JSON", GRAPHQL_RESPONSE),
        ("both alike", "application/json, application/graphql-response+json", GRAPHQL_RESPONSE),
        ("legacy preferred", "application/graphql-response+json;q=0.5, application/json;q=0.9", JSON),
        ("new preferred", "application/json;q=0.9, application/graphql-response+json", GRAPHQL_RESPONSE),
        ("new under a wildcard", "*/*;q=0.1, application/graphql-response+json;q=0.2", GRAPHQL_RESPONSE),
        ("one type shut out of a wildcard", "*/*, application/json;q=0", GRAPHQL_RESPONSE),
        ("both shut out", "*/*;q=0", None),
        ("charset utf-8", "application/graphql-response+json; charset=UTF-8", GRAPHQL_RESPONSE),
        ("charset that is not spoken", "application/json; charset=latin-1", None),
        ("another type", "text/plain", None),
        ("a longer name", "application/jsonx", None),
        ("weight above one", "application/json;q=7", None),
        ("weight that is no number", "application/json;q=nan", None),
        ("noise beside a type", ";;;,q=,application/json", JSON),
        ("thousands of ranges", "a/b," * 5_000 + "application/json", None),
    ],
)
def test_chooses_the_media_type(_case: str, header: str | None, json_type: str | None) -> None:
    assert accept(header).json_type == json_type


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("text/html", True),
        ("*/*", False),
        ("application/json, text/html", False),
        ("application/json, text/html;q=0.9", False),
    ],
)
def test_a_page_is_for_those_who_want_it_more_than_json(header: str, wanted: bool) -> None:
    assert accept(header).wants_html is wanted


def test_a_browser_still_accepts_json_where_no_page_is_served() -> None:
    assert accept("text/html,*/*;q=0.8") == Accepted(JSON, wants_html=True)


async def test_answers_406_in_json_when_no_type_fits() -> None:
    response = await ask("{ hello }", headers={"Accept": "text/plain"})
    assert response.status_code == 406
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert codes(response) == ["NOT_ACCEPTABLE"]


@pytest.mark.parametrize(
    ("_case", "query", "variables", "code"),
    [
        ("syntax", "{", {}, "GRAPHQL_PARSE_FAILED"),
        ("validation", "{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("variable", "query ($n: String!) { hello(name: $n) }", {"n": None}, "BAD_USER_INPUT"),
        ("no operation", "fragment F on Query { hello }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("two operations", "query A { hello } query B { hello }", {}, "OPERATION_RESOLUTION_FAILURE"),
        ("subscription", "subscription { ticks }", {}, "BAD_REQUEST"),
    ],
)
async def test_request_errors_are_400_under_the_new_type_and_200_under_the_old(
    _case: str, query: str, variables: dict[str, str | None], code: str
) -> None:
    new = await ask(query, variables)
    old = await ask(query, variables, headers={"Accept": "application/json"})

    assert (new.status_code, old.status_code) == (400, 200)
    assert new.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
    assert old.headers["content-type"] == "application/json; charset=utf-8"
    assert codes(new) == codes(old) == [code]
    assert "data" not in new.json()


async def test_the_draft_statuses_are_a_setting() -> None:
    invalid = await ask("{ nothing }", draft_statuses=True)
    syntax = await ask("{", draft_statuses=True)
    partial = await ask("{ hello broken }", draft_statuses=True)
    whole = await ask("{ hello }", draft_statuses=True)
    assert [r.status_code for r in (invalid, syntax, partial, whole)] == [422, 400, 294, 200]


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT", "DELETE", "HEAD", "PATCH"])
async def test_every_answer_says_no_store_and_nosniff(method: str) -> None:
    async with client() as http:
        response = await http.request(method, "/graphql")
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["vary"] == "Accept, Origin"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "TRACE", "MADEUP"])
async def test_other_methods_are_405_with_allow(method: str) -> None:
    async with client() as http:
        response = await http.request(method, "/graphql")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST, OPTIONS")
