"""Trusted documents: manifests of every form, ids of every form, and texts of those who may send none."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from engine.documents.costs import Costs
from engine.documents.trusted import ManifestError, TrustedDocuments
from engine.documents.valid import Documents, RequestError
from engine.errors import Refusal
from engine.execution.answering import Rules
from engine.http.requests import from_body, from_query_string
from engine.limits import Limits
from tests.engine.small_schema import NEW_TYPE, Stage, ask, client, codes, endpoint, schema

HELLO = "query Hello($name: String!) { hello(name: $name) }"
HELLO_ID = hashlib.sha256(HELLO.encode()).hexdigest()
TOTAL = "query Total { total(numbers: [1]) }"
TOTAL_MD5 = hashlib.md5(TOTAL.encode()).hexdigest()
FREE = "{ __typename }"
FREE_ID = hashlib.sha256(FREE.encode()).hexdigest()
NOBODY = "0" * 64
HASHED = {"version": 1, "sha256Hash": HELLO_ID}


def apollo(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"format": "apollo-persisted-query-manifest", "version": 1, "operations": list(operations)}


def read(tmp_path: Path, *manifests: Any) -> TrustedDocuments:
    """Those of manifests as files, the last of them named `last.json`."""
    paths = [tmp_path / f"{number}.json" for number in range(len(manifests) - 1)] + [tmp_path / "last.json"]
    for path, manifest in zip(paths, manifests, strict=True):
        path.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest), "utf-8")
    return TrustedDocuments.read(paths)


@pytest.fixture
def trusted(tmp_path: Path) -> TrustedDocuments:
    return read(
        tmp_path,
        apollo({"id": HELLO_ID, "name": "Hello", "type": "query", "body": HELLO}),
        {TOTAL_MD5: TOTAL},
    )


def asked(trusted: TrustedDocuments, free: bool = False, **parameters: Any) -> str:
    """The text that a POST and a GET with these parameters ask for, which are the same."""
    by_post = trusted.text_of(from_body(json.dumps(parameters).encode(), Limits()), free=free)
    words = {name: it if isinstance(it, str) else json.dumps(it) for name, it in parameters.items()}
    query_string = "&".join(f"{name}={word.replace('%', '%25')}" for name, word in words.items())
    assert trusted.text_of(from_query_string(query_string.encode(), Limits()), free=free) == by_post
    return by_post


def refused(trusted: TrustedDocuments, free: bool = False, **parameters: Any) -> tuple[str, str]:
    """Code and message of the only error."""
    with pytest.raises(RequestError) as caught:
        asked(trusted, free, **parameters)
    (error,) = caught.value.formatted
    assert error["extensions"]["code"] == caught.value.code
    return caught.value.code, error["message"]


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"documentId": f"sha256:{HELLO_ID}"}, HELLO),
        ({"documentId": HELLO_ID}, HELLO),
        ({"documentId": TOTAL_MD5}, TOTAL),
        ({"extensions": {"persistedQuery": HASHED}}, HELLO),
        ({"extensions": {"persistedQuery": {**HASHED, "miss": True}}}, HELLO),
        ({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": f"sha256:{HELLO_ID}"}}}, HELLO),
        ({"extensions": {"persistedQuery": HASHED}, "documentId": f"sha256:{HELLO_ID}"}, HELLO),
        ({"query": HELLO}, HELLO),
        ({"query": HELLO, "documentId": f"sha256:{HELLO_ID}"}, HELLO),
        ({"query": HELLO, "extensions": {"persistedQuery": HASHED}}, HELLO),
        ({"query": TOTAL, "documentId": TOTAL_MD5}, TOTAL),
        ({"query": HELLO, "extensions": {"persistedQuery": None}}, HELLO),
    ],
)
def test_a_trusted_document_is_asked_for_by_every_form_of_its_id_and_by_its_text(
    trusted: TrustedDocuments, parameters: dict[str, Any], text: str
) -> None:
    assert asked(trusted, **parameters) == text


@pytest.mark.parametrize("free", [True, False])
@pytest.mark.parametrize(
    "parameters",
    [
        {"documentId": NOBODY},
        {"documentId": f"sha256:{NOBODY}"},
        {"documentId": HELLO_ID.upper()},
        {"documentId": f"md5:{TOTAL_MD5}"},
        {"documentId": f"sha256:{TOTAL_MD5}"},
        {"documentId": "Hello"},
        {"documentId": "sha256:"},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": FREE_ID}}},
    ],
)
def test_an_unknown_id_is_told_in_the_words_that_clients_look_for(
    trusted: TrustedDocuments, parameters: dict[str, Any], free: bool
) -> None:
    assert refused(trusted, free, **parameters) == ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")


def test_another_text_is_for_those_who_may_send_one_and_is_never_kept(trusted: TrustedDocuments) -> None:
    hashed = {"persistedQuery": {"version": 1, "sha256Hash": FREE_ID}}
    for parameters in ({"query": FREE}, {"query": FREE, "extensions": hashed}):
        assert asked(trusted, free=True, **parameters) == FREE
        code, message = refused(trusted, **parameters)
        assert (code, message) == (
            "PERSISTED_QUERY_NOT_FOUND",
            "Only trusted documents are answered here: send the id of one.",
        )
    assert refused(trusted, free=True, extensions=hashed)[1] == "PersistedQueryNotFound"
    assert len(trusted) == 2


def test_what_may_not_be_sent_is_not_parsed(trusted: TrustedDocuments) -> None:
    assert refused(trusted, query="this is { no GraphQL")[0] == "PERSISTED_QUERY_NOT_FOUND"
    assert asked(trusted, free=True, query="this is { no GraphQL") == "this is { no GraphQL"


@pytest.mark.parametrize("free", [True, False])
@pytest.mark.parametrize(
    "parameters",
    [
        {"query": FREE, "documentId": HELLO_ID},
        {"query": HELLO + " ", "extensions": {"persistedQuery": HASHED}},
        {"query": HELLO, "documentId": TOTAL_MD5},
        {"query": HELLO, "documentId": "Hello"},
        {"query": HELLO, "documentId": ""},
        {"query": "", "documentId": HELLO_ID},
        {"query": 5, "documentId": HELLO_ID},
        {"documentId": 5},
        {"documentId": ["x"]},
        {"documentId": TOTAL_MD5, "extensions": {"persistedQuery": HASHED}},
        {"extensions": {"persistedQuery": "x"}},
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": HELLO_ID}}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": 7}}},
        {"extensions": {}},
        {},
    ],
)
def test_what_contradicts_itself_is_a_bad_request(
    trusted: TrustedDocuments, parameters: dict[str, Any], free: bool
) -> None:
    with pytest.raises(Refusal) as caught:
        trusted.text_of(from_body(json.dumps(parameters).encode(), Limits()), free=free)
    assert (caught.value.code, caught.value.status) == ("BAD_REQUEST", 400)


def test_a_hash_that_is_not_the_texts_is_told_in_apollos_words(trusted: TrustedDocuments) -> None:
    with pytest.raises(Refusal, match=r"^provided sha does not match query$"):
        asked(trusted, query=FREE, extensions={"persistedQuery": HASHED})


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("parameters", "statuses", "answer"),
    [
        ({"documentId": HELLO_ID, "variables": {"name": "Ann"}}, (200, 200), "hello Ann"),
        ({"extensions": {"persistedQuery": HASHED}, "variables": {"name": "Ann"}}, (200, 200), "hello Ann"),
        ({"documentId": NOBODY}, (404, 200), "PERSISTED_QUERY_NOT_FOUND"),
        ({"query": "no { GraphQL"}, (404, 200), "PERSISTED_QUERY_NOT_FOUND"),
        ({"query": FREE, "documentId": HELLO_ID}, (400, 400), "BAD_REQUEST"),
        ({"documentId": 5}, (400, 400), "BAD_REQUEST"),
    ],
)
async def test_the_endpoint_answers_the_same_by_post_and_get(
    trusted: TrustedDocuments, parameters: dict[str, Any], statuses: tuple[int, int], answer: str
) -> None:
    """Under the new media type an id nobody knows is 404, under `application/json` 200, as clients expect."""
    words = {name: it if isinstance(it, str) else json.dumps(it) for name, it in parameters.items()}
    async with client(trusted=trusted, rules=Rules(may_ask_freely=lambda _context: False)) as http:
        for headers, status in zip((NEW_TYPE, {"Accept": "application/json"}), statuses, strict=True):
            post = await http.post("/graphql", json=parameters, headers=headers)
            answers = [post]
            if parameters.get("documentId") != 5:  # which is a text in a query string
                answers.append(await http.get("/graphql", params=words, headers=headers))
            for response in answers:
                told = response.json().get("data") or codes(response)
                assert (response.status_code, told) == (
                    status,
                    {"hello": answer} if status == 200 and "hello" in answer else [answer],
                )


@pytest.mark.anyio
async def test_whoever_may_send_any_document_is_said_by_the_application(trusted: TrustedDocuments) -> None:
    stage = Stage()
    rules = Rules(may_ask_freely=lambda context: context is stage)
    answered = await ask(FREE, stage=stage, trusted=trusted, rules=rules)
    refused = await ask(FREE, stage=Stage(), trusted=trusted, rules=rules)
    assert answered.json() == {"data": {"__typename": "Query"}}
    assert codes(refused) == ["PERSISTED_QUERY_NOT_FOUND"]


def test_an_endpoint_is_not_made_with_a_document_it_cannot_serve(tmp_path: Path) -> None:
    old = "query Old { gone }"
    trusted = read(tmp_path, {hashlib.sha256(old.encode()).hexdigest(): old})
    with pytest.raises(ManifestError, match="operation Old: Cannot query field 'gone' on type 'Query'"):
        endpoint(trusted=trusted)


def test_without_a_manifest_only_free_texts_are_there() -> None:
    none = TrustedDocuments()
    assert asked(none, free=True, query=FREE) == FREE
    assert refused(none, query=FREE)[0] == "PERSISTED_QUERY_NOT_FOUND"


def test_manifests_of_graphql_codegen_and_relay_are_maps_and_may_share_documents(tmp_path: Path) -> None:
    trusted = read(tmp_path, {f"sha256:{HELLO_ID}": HELLO}, {HELLO_ID: HELLO, TOTAL_MD5: TOTAL}, apollo())
    assert len(trusted) == 2
    assert asked(trusted, documentId=HELLO_ID) == HELLO


def test_a_document_may_be_listed_twice_in_a_manifest(tmp_path: Path) -> None:
    entry = {"id": HELLO_ID, "body": HELLO}
    trusted = read(tmp_path, apollo(entry, entry))
    assert len(trusted) == 1
    assert asked(trusted, documentId=HELLO_ID) == HELLO


def test_a_wrong_text_of_one_manifest_is_not_hidden_by_the_right_one_of_the_next(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"0\.json, operation Total: its id"):
        read(tmp_path, {HELLO_ID: TOTAL}, {HELLO_ID: HELLO})


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        ({NOBODY: HELLO}, f"operation Hello: its id {NOBODY} is neither the SHA-256 nor the MD5 of its text"),
        ({"a" * 32: TOTAL}, f"operation Total: its id {'a' * 32} is neither the SHA-256 nor the MD5"),
        ({"Hello": HELLO}, "operation Hello: its id Hello is neither"),
        (apollo({"id": HELLO_ID, "body": TOTAL}, {"id": HELLO_ID, "body": HELLO}), "operation Total: its id"),
        (apollo({"id": HELLO_ID, "body": HELLO}, {"id": HELLO_ID, "body": TOTAL}), "operation Total: its id"),
        ({HELLO_ID: TOTAL, f"sha256:{HELLO_ID}": HELLO}, "operation Total: its id"),
        (f'{{"{HELLO_ID}": "{HELLO}", "{HELLO_ID}": "{TOTAL}"}}', "Invalid JSON: a key is given twice"),
        ({HELLO_ID: {"body": HELLO}}, "each operation needs an id and a text"),
        ({HELLO_ID: ""}, "each operation needs an id and a text"),
        (apollo({"id": HELLO_ID, "name": "Hello"}), "each operation needs an id and a text"),
        (apollo("Hello"), "each operation must be an object"),  # type: ignore[arg-type]
        ({**apollo(), "version": 2}, "its format must be apollo-persisted-query-manifest, version 1"),
        ({**apollo(), "operations": {}}, "its format must be"),
        ({"format": HELLO}, "its format must be"),
        ([], "it must be a JSON object"),
        ("{", "Invalid JSON"),
        ("", "Invalid JSON"),
    ],
)
def test_a_manifest_that_is_wrong_is_told_with_its_file(tmp_path: Path, manifest: Any, told: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read(tmp_path, {TOTAL_MD5: TOTAL}, manifest)
    said = str(caught.value)
    assert said.startswith(f"{tmp_path}/last.json")
    assert told in said


def test_a_manifest_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"none\.json: No such file or directory$"):
        TrustedDocuments.read([tmp_path / "none.json"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("query Old { helloo }", "operation Old: Cannot query field 'helloo' on type 'Query'."),
        ("query Bad {", "operation Bad: Syntax Error: Expected Name, found <EOF>."),
        (
            "query Wide { a: hello b: hello c: hello }",
            "operation Wide: Document has too many aliases: 3 found",
        ),
        ("fragment F on Query { hello }", 'Fragment "F" is never used.'),
    ],
)
def test_a_document_that_the_schema_does_not_serve_is_told(tmp_path: Path, text: str, told: str) -> None:
    trusted = read(tmp_path, {HELLO_ID: HELLO, hashlib.sha256(text.encode()).hexdigest(): text})
    documents = Documents(schema, Limits(aliases_max=2), introspection=False, suggestions=False)
    with pytest.raises(ManifestError) as caught:
        list(trusted.check(documents.prepare, Costs(schema, Limits())))
    assert str(caught.value).startswith(f"{tmp_path}/last.json, operation ")
    assert told.replace('"', "'") in str(caught.value).replace('"', "'")


def test_what_is_checked_is_ready_to_run(trusted: TrustedDocuments) -> None:
    documents = Documents(schema, Limits(), introspection=False, suggestions=False)
    ready = dict(trusted.check(documents.prepare, Costs(schema, Limits())))
    assert {text: list(document.operations) for text, document in ready.items()} == {
        HELLO: ["Hello"],
        TOTAL: ["Total"],
    }


INNER = "shelf { shelf { shelf { label } } }"
DEAR = f"query Dear {{ {INNER} }}"
DEAR_POINTS = 4


def checked(tmp_path: Path, text: str, cost_max: int) -> list[str]:
    """The texts that are let through where an operation may cost so many points."""
    limits = Limits(cost_max=cost_max)
    documents = Documents(schema, limits, introspection=False, suggestions=False)
    trusted = read(tmp_path, {hashlib.sha256(text.encode()).hexdigest(): text})
    return [text for text, _ in trusted.check(documents.prepare, Costs(schema, limits))]


@pytest.mark.parametrize(
    "text",
    [
        DEAR,
        "query Dear { shelf { ...Inner } } fragment Inner on Shelf { shelf { shelf { label } } }",
        f"query Cheap {{ hello }} {DEAR}",
        f"query Dear($whole: Boolean! = true) {{ ... @include(if: $whole) {{ {INNER} }} }}",
    ],
)
def test_a_document_that_costs_too_much_without_variables_is_told(tmp_path: Path, text: str) -> None:
    assert checked(tmp_path, text, DEAR_POINTS) == [text]
    with pytest.raises(ManifestError) as caught:
        checked(tmp_path, text, DEAR_POINTS - 1)
    assert str(caught.value) == (
        f"{tmp_path}/last.json, operation Dear: The operation costs {DEAR_POINTS} points, "
        f"{DEAR_POINTS - 1} are allowed: ask for shorter pages"
    )


def test_a_document_that_only_some_variables_make_dear_is_served(tmp_path: Path) -> None:
    text = f"query Cheap($whole: Boolean! = false) {{ hello ... @include(if: $whole) {{ {INNER} }} }}"
    assert checked(tmp_path, text, 1) == [text]


@pytest.mark.anyio
async def test_an_endpoint_is_not_made_with_a_document_that_costs_too_much(tmp_path: Path) -> None:
    trusted = read(tmp_path, {hashlib.sha256(DEAR.encode()).hexdigest(): DEAR})
    with pytest.raises(ManifestError, match="operation Dear: The operation costs 4 points, 3 are allowed"):
        endpoint(trusted=trusted, limits=Limits(cost_max=DEAR_POINTS - 1))
    answer = await ask(DEAR, trusted=trusted, limits=Limits(cost_max=DEAR_POINTS))
    assert answer.json() == {"data": {"shelf": {"shelf": {"shelf": {"label": "A"}}}}}
