"""The web client's operations: all that the schema offers a customer, within the limits of a request."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLNamedType,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    parse,
    visit,
)

from commands.documents import MANIFEST, WEB
from engine.documents.costs import Costs
from engine.documents.trusted import TrustedDocuments
from engine.documents.valid import Document, Documents
from engine.limits import Limits
from schema.root import build_schema

SCHEMA = build_schema()
FILES = sorted(WEB.rglob("*.graphql"))
# Root fields that no screen of a customer needs, and why.
NOT_ASKED = {
    "Query.budget": "for who develops a client; a screen that counts points would spend them",
    "Query.staff": "staff ask by tools of their own, and may send any document",
    "Mutation.unlockAccess": "staff alone may",
}


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    """Every document of the manifest, valid and within limits, by the name of its operation."""
    prepared = Documents(SCHEMA, Limits(), introspection=False, suggestions=False)
    trusted = TrustedDocuments.read([WEB / MANIFEST])
    return {
        str(next(iter(it.operations))): it
        for _, it in trusted.check(prepared.prepare, Costs(SCHEMA, Limits()))
    }


class Asked(Visitor):
    """The fields that a document asks for, as `Type.field`."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types
        self.fields: set[str] = set()

    def enter_field(self, node: FieldNode, *_args: object) -> None:
        parent = self._types.get_parent_type()
        assert isinstance(parent, GraphQLNamedType)
        self.fields.add(f"{parent.name}.{node.name.value}")


def asked(node: DocumentNode) -> set[str]:
    types = TypeInfo(SCHEMA._schema)
    found = Asked(types)
    visit(node, TypeInfoVisitor(types, found))
    return found.fields


def offered() -> set[str]:
    """Every root field of the schema."""
    roots = (SCHEMA._schema.query_type, SCHEMA._schema.mutation_type, SCHEMA._schema.subscription_type)
    return {f"{root.name}.{field}" for root in roots if root is not None for field in root.fields}


def test_every_root_field_is_asked_for_or_left_out_for_a_reason(documents: dict[str, Document]) -> None:
    used = {field for document in documents.values() for field in asked(document.node)}
    assert offered() - used == set(NOT_ASKED)


@pytest.mark.parametrize("variables", [{}, {"first": 100}, {"last": 100, "first": None}])
def test_every_document_is_one_operation_that_is_cheap_enough(
    documents: dict[str, Document], variables: dict[str, int | None]
) -> None:
    costs = Costs(SCHEMA, Limits())
    for document in documents.values():
        (operation,) = document.operations.values()
        costs.check(operation, document.fragments, variables)


def test_a_mutation_does_one_thing(documents: dict[str, Document]) -> None:
    for name, document in documents.items():
        (operation,) = document.operations.values()
        if operation.operation.value == "mutation":
            fields = [it.name.value for it in operation.selection_set.selections if isinstance(it, FieldNode)]
            assert len(fields) == 2, name
            assert fields[0] == "__typename", name


def test_the_watch_over_a_session_asks_nothing_that_prolongs_it(documents: dict[str, Document]) -> None:
    roots = {field for field in asked(documents["SessionWatch"].node) if field.startswith("Query.")}
    assert roots == {"Query.__typename", "Query.session"}


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_operation_and_fragment_has_a_comment(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    definitions = [
        number
        for number, line in enumerate(lines)
        if re.match(r"(query|mutation|subscription|fragment) ", line)
    ]
    assert [lines[number] for number in definitions if not lines[number - 1].startswith("# ")] == []


def test_no_fragment_is_left_over() -> None:
    nodes = [node for path in FILES for node in parse(path.read_text("utf-8")).definitions]
    held = {node.name.value for node in nodes if isinstance(node, FragmentDefinitionNode)}
    text = "\n".join(path.read_text("utf-8") for path in FILES)
    assert {name for name in held if f"...{name}\n" not in text} == set()
    operations = [node for node in nodes if isinstance(node, OperationDefinitionNode)]
    assert len({node.name.value for node in operations if node.name}) == len(operations)
