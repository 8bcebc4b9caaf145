"""`portal documents`: what it collects, in which form, and what it refuses."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from graphql import parse

from commands import documents
from commands.documents import DocumentsWrong, canonical, collect, manifest_of
from engine.documents.trusted import ManifestError, TrustedDocuments
from tests.commands.conftest import Type

CONTACT = "query Contact { contact { ...Hours } }"
HOURS = "fragment Hours on Contact { openNow phone }"
PRINTED = (
    "fragment Hours on Contact { __typename openNow phone } "
    "query Contact { __typename contact { __typename ...Hours } }"
)

# Printed and hashed by @graphql-codegen/client-preset 6.2.0 with addTypenameSelectionDocumentTransform.
OF_CODEGEN = [
    (
        """query Q($zed: ID!, $yes: Boolean!, $no: Boolean!) {
             b: customer { zz: id aa: id ...G @skip(if: $no) @include(if: $yes)
               ... @include(if: $yes) { lastName firstNames } firstNames }
             node(id: $zed) { ... on Contract @skip(if: $no) @include(if: $yes) { label id }
               ... on RevolvingCredit { cards { status id } label }
               ... on RevolvingCredit { apr ... on Node { id } } } }
           fragment G on Customer { version ...F id } fragment F on Customer { title }""",
        "fragment F on Customer { __typename title } fragment G on Customer { __typename id version ...F } "
        "query Q($no: Boolean!, $yes: Boolean!, $zed: ID!) { __typename b: customer { __typename firstNames "
        "zz: id aa: id ...G @include(if: $yes) @skip(if: $no) ... @include(if: $yes) "
        "{ __typename firstNames lastName } } node(id: $zed) { __typename ... on Contract @include(if: $yes) "
        "@skip(if: $no) { __typename id label } ... on RevolvingCredit { __typename apr ... on Node "
        "{ __typename id } } ... on RevolvingCredit { __typename cards { __typename id status } label } } }",
    ),
    (
        """mutation Two($a: ID!) { z: signOut { sessionsClosed }
             ... on Mutation { m: closeSession(sessionId: $a) { ... on Problem { message code } __typename }
               b: signOut(everywhere: true) { sessionsClosed } }
             a: signOut { sessionsClosed } ...Q }
           fragment Q on Mutation { y: signOut { sessionsClosed }
             x: closeOtherSessions { ... on SessionsClosed { sessionsClosed } } }""",
        "fragment Q on Mutation { __typename x: closeOtherSessions { __typename ... on SessionsClosed "
        "{ __typename sessionsClosed } } y: signOut { __typename sessionsClosed } } "
        "mutation Two($a: ID!) { __typename z: signOut { __typename sessionsClosed } ... on Mutation "
        "{ __typename m: closeSession(sessionId: $a) { __typename ... on Problem { __typename code message } "
        "} b: signOut(everywhere: true) { __typename sessionsClosed } } a: signOut { __typename "
        "sessionsClosed } ...Q }",
    ),
    (
        "subscription S { ticks { at { b a } } }",
        "subscription S { ticks { __typename at { __typename a b } } }",
    ),
]


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".graphql").write_text(text, "utf-8")
    return folder


def test_each_operation_comes_with_the_fragments_it_uses_and_the_hash_of_its_text(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        a=f"# of no use\n{CONTACT}",
        deep__b=f"{HOURS} query Unrelated {{ session {{ id }} }}",
        node_modules__other__c="query Other { session { id } }",
    )
    manifest = json.loads(manifest_of(folder))
    unrelated = "query Unrelated { __typename session { __typename id } }"
    assert manifest == {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [
            {
                "id": hashlib.sha256(body.encode()).hexdigest(),
                "name": name,
                "type": "query",
                "body": body,
            }
            for name, body in (("Contact", PRINTED), ("Unrelated", unrelated))
        ],
    }


def test_where_a_definition_stands_changes_nothing(tmp_path: Path) -> None:
    together = written(tmp_path / "together", a=f"{HOURS}\n\n{CONTACT}")
    apart = written(tmp_path / "apart", z=HOURS, a=f"# first\n{CONTACT.replace(' ', '  ')}")
    assert manifest_of(together) == manifest_of(apart)


@pytest.mark.parametrize(("text", "printed"), OF_CODEGEN)
def test_the_text_is_the_one_that_graphql_codegen_hashes(text: str, printed: str) -> None:
    assert canonical(parse(text)) == printed
    assert canonical(parse(printed)) == printed


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, ": no operation is there"),
        ({"a": "query A {"}, "Syntax Error: Expected Name, found <EOF>"),
        ({"a": "type A { b: Int }"}, "a.graphql: holds something that is no operation and no fragment"),
        ({"a": "{ session { id } }"}, "a.graphql: an operation has no name"),
        ({"a": HOURS, "b": HOURS + CONTACT}, "b.graphql: Hours is the name of something in "),
        ({"a": CONTACT + CONTACT}, "a.graphql: Contact is the name of something in "),
        ({"a": CONTACT}, "Contact: no file has the fragment Hours"),
        (
            {"a": 'query A { operations(filter: { text: "x" }) { nodes { id } } }'},
            "A: give an input object by",
        ),
        ({"a": 'query A { operations(after: "a  b") { nodes { id } } }'}, "A: give a text by a variable"),
        ({"a": 'query A { operations(after: """a""") { nodes { id } } }'}, "A: give a text by a variable"),
    ],
)
def test_what_cannot_be_collected_is_told(tmp_path: Path, files: dict[str, str], told: str) -> None:
    with pytest.raises(DocumentsWrong) as caught:
        manifest_of(written(tmp_path, **files))
    assert told in str(caught.value)


def test_what_the_schema_does_not_serve_is_told(tmp_path: Path) -> None:
    folder = written(tmp_path, a="query Old { session { id age } }")
    with pytest.raises(ManifestError) as caught:
        collect(folder)
    assert str(caught.value) == f"{folder}, operation Old: Cannot query field 'age' on type 'Session'."


def test_the_manifest_is_up_to_date_and_is_what_the_server_reads(type_: Type) -> None:
    result = type_("documents", "--check")
    assert (result.exit_code, result.output) == (0, "")
    operations = json.loads((documents.WEB / documents.MANIFEST).read_text("utf-8"))["operations"]
    trusted = TrustedDocuments.read([documents.WEB / documents.MANIFEST])
    assert len(trusted) == len(operations) > 30


def test_a_manifest_that_is_out_of_date_is_told_and_written_anew(
    type_: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = written(tmp_path / "web", a=f"{CONTACT} {HOURS}")
    monkeypatch.setattr(documents, "WEB", web)
    told = "web/trusted-documents.json is out of date: run `portal documents`\n"

    absent = type_("documents", "--check")
    assert (absent.exit_code, absent.stdout, absent.stderr) == (1, "", told)
    assert not (web / documents.MANIFEST).exists()

    assert type_("documents").exit_code == 0
    assert type_("documents", "--check").exit_code == 0
    written(web, a=f"{CONTACT} {HOURS.replace('phone', 'nextOpening')}")
    stale = type_("documents", "--check")
    assert (stale.exit_code, stale.stderr) == (1, told)


def test_a_fault_is_a_sentence_and_nothing_is_written(
    type_: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = written(tmp_path / "web", a=CONTACT)
    monkeypatch.setattr(documents, "WEB", web)
    result: Any = type_("documents")
    told = "Contact: no file has the fragment Hours\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", told)
    assert [path.name for path in web.iterdir()] == ["a.graphql"]
