"""Documents that are too much, and the memory of those that are not."""

from __future__ import annotations

import pytest
import strawberry
from graphql import get_introspection_query, parse

from engine.documents.valid import Documents, RequestError
from engine.limits import Limits, check_document
from engine.sharing.callers import Callers
from tests.engine.small_schema import ask, codes, schema

pytestmark = pytest.mark.anyio

SOMEBODY = Callers().of("somebody")
WIDE_OPEN = Limits(
    aliases_max=10**6,
    root_fields_max=10**6,
    directives_max=10**6,
    fragments_max=10**6,
    fields_max=10**9,
    depth_max=10**6,
)


def _documents(limits: Limits | None = None, *, introspection: bool = True) -> Documents:
    return Documents(schema, limits or Limits(), introspection=introspection, suggestions=False)


def _chain(length: int, spreads: int) -> str:
    """Fragments each of which spreads the next one several times under aliases."""
    body = " ".join(f"a{i}: shelf {{ ...F%d }}" for i in range(spreads))
    links = [f"fragment F{i} on Shelf {{ {body} }}".replace("%d", str(i + 1)) for i in range(length)]
    return "{ shelf { ...F0 } } " + " ".join(links) + f" fragment F{length} on Shelf {{ label }}"


@pytest.mark.parametrize(
    ("_case", "document", "code", "words"),
    [
        ("tokens", "{ shelf { " + "label " * 2_000 + "} }", "GRAPHQL_PARSE_FAILED", "1000 tokens"),
        ("a megabyte of tokens", "{" * 1_000_000, "GRAPHQL_PARSE_FAILED", "50000"),
        ("comments", "#\n" * 300 + "{ hello }", "GRAPHQL_PARSE_FAILED", "200 comments"),
        ("length", "{ hello }" + " " * 60_000, "GRAPHQL_PARSE_FAILED", "50000"),
        ("brackets", "{ total(numbers: " + "[" * 400 + "]" * 400 + ") }", "GRAPHQL_PARSE_FAILED", "nested"),
        ("depth", "{ " + "shelf { " * 20 + "label" + " }" * 21, "GRAPHQL_VALIDATION_FAILED", "depth: 21"),
        (
            "aliases",
            "{ " + " ".join(f"a{i}: hello" for i in range(31)) + " }",
            "GRAPHQL_VALIDATION_FAILED",
            "aliases: 31",
        ),
        ("root fields", "{ " + "hello " * 21 + "}", "GRAPHQL_VALIDATION_FAILED", "root fields: 21"),
        (
            "root fields in a fragment",
            "{ ...F ... { hello } } fragment F on Query { " + "hello " * 20 + "}",
            "GRAPHQL_VALIDATION_FAILED",
            "root fields: 21",
        ),
        (
            "directives",
            "{ hello " + "@skip(if: false) " * 51 + "}",
            "GRAPHQL_VALIDATION_FAILED",
            "directives: 51",
        ),
        (
            "fragments",
            "{ "
            + "".join(f"...F{i} " for i in range(51))
            + "}"
            + "".join(f"fragment F{i} on Query {{ hello }} " for i in range(51)),
            "GRAPHQL_VALIDATION_FAILED",
            "fragments: 51",
        ),
        ("fields that double", _chain(11, 2), "GRAPHQL_VALIDATION_FAILED", "fields: "),
        (
            "one field 300 times",
            "{ shelf { " + "label " * 300 + "} }",
            "GRAPHQL_VALIDATION_FAILED",
            "Validation aborted",
        ),
        (
            "a fragment of itself",
            "{ ...F } fragment F on Query { hello ...F }",
            "GRAPHQL_VALIDATION_FAILED",
            "Cannot spread",
        ),
        (
            "introspection in circles",
            "{ __schema { types { " + "fields { type { " * 4 + "name" + " } }" * 4 + " } } }",
            "GRAPHQL_VALIDATION_FAILED",
            "introspection depth",
        ),
    ],
)
async def test_a_document_over_a_limit_is_refused(_case: str, document: str, code: str, words: str) -> None:
    documents = _documents()
    with pytest.raises(RequestError) as caught:
        await documents.get(document, SOMEBODY)
    assert caught.value.code == code
    assert words in caught.value.formatted[0]["message"]


async def test_a_document_at_its_limits_is_accepted() -> None:
    documents = _documents()
    await documents.get("{ " + " ".join(f"a{i}: hello" for i in range(20)) + " }", SOMEBODY)
    await documents.get("{ " + "shelf { " * 14 + "label" + " }" * 15, SOMEBODY)


async def test_introspection_is_not_deep_whatever_the_depth_allowed() -> None:
    await _documents(Limits(depth_max=2)).get(get_introspection_query(input_value_deprecation=True), SOMEBODY)


@pytest.mark.parametrize(
    "document",
    [
        "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }",
        "{ ...Nowhere }",
        "type Query { hello: String }",
        "fragment F on Query { ...F }",
    ],
)
def test_counting_survives_documents_that_are_not_valid(document: str) -> None:
    assert check_document(parse(document), Limits()) is None


def test_fragments_that_spread_each_other_are_counted_once_each() -> None:
    mesh = "{ ...F0 } " + " ".join(
        f"fragment F{i} on Query {{ ...F{i + 1} ... {{ ...F{i + 1} }} }}" for i in range(40)
    )
    error = check_document(parse(mesh + " fragment F40 on Query { hello }"), WIDE_OPEN)
    assert error is not None
    assert str(2**40) in error.message


async def test_introspection_and_suggestions_are_settings() -> None:
    shown = await ask("{ __schema { queryType { name } } }", introspection=True)
    hidden = await ask("{ __schema { queryType { name } } }")
    typename = await ask("{ __typename }")
    helped = await ask("{ helo }", suggestions=True)
    silent = await ask("{ helo }")
    silent_variable = await ask("query ($c: Choice!) { choose(choice: $c) }", {"c": {"wrd": "a"}})

    assert shown.json()["data"] == {"__schema": {"queryType": {"name": "Query"}}}
    assert set(codes(hidden)) == {"GRAPHQL_VALIDATION_FAILED"}
    assert typename.json() == {"data": {"__typename": "Query"}}
    assert "Did you mean 'hello'" in helped.text
    assert "Did you mean" not in silent.text + silent_variable.text


async def test_a_valid_document_is_remembered_and_an_invalid_one_is_not() -> None:
    documents = _documents()
    first = await documents.get("{ hello }", SOMEBODY)
    assert await documents.get("{ hello }", SOMEBODY) is first
    with pytest.raises(RequestError):
        await documents.get("{ nothing }", SOMEBODY)
    assert len(documents) == 1


async def test_the_least_recently_used_document_is_forgotten() -> None:
    documents = _documents(Limits(documents_cached_max=2))
    first = await documents.get("{ a: hello }", SOMEBODY)
    second = await documents.get("{ b: hello }", SOMEBODY)
    assert await documents.get("{ a: hello }", SOMEBODY) is first
    await documents.get("{ c: hello }", SOMEBODY)
    assert len(documents) == 2
    assert await documents.get("{ a: hello }", SOMEBODY) is first
    assert await documents.get("{ b: hello }", SOMEBODY) is not second


async def test_the_memory_is_bounded_in_characters_too() -> None:
    documents = _documents(Limits(documents_cached_characters_max=1_000))
    for i in range(10):
        await documents.get(f"{{ a{i}: hello }}" + " " * 290, SOMEBODY)
    assert len(documents) == 3
    await documents.get("{ big: hello }" + " " * 1_000, SOMEBODY)
    assert len(documents) == 0


async def test_two_schemas_do_not_share_documents() -> None:
    @strawberry.type
    class Query:
        other: str = "x"

    other = Documents(strawberry.Schema(Query), Limits(), introspection=True, suggestions=False)
    await _documents().get("{ hello }", SOMEBODY)
    with pytest.raises(RequestError):
        await other.get("{ hello }", SOMEBODY)
