"""`portal documents`: the web client's operations, as the manifest of what customers may ask.

Each operation is printed with the fragments it uses in the form that graphql-codegen's client preset gives it
(`persistedDocuments`, SHA-256, with `addTypenameSelectionDocumentTransform`): `__typename` wherever a cache
looks for it, sorted by name, white space reduced. So the ids that codegen puts into a client are these ids.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    Source,
    StringValueNode,
    Visitor,
    parse,
    print_ast,
    separate_operations,
    visit,
)

from engine.documents.costs import Costs
from engine.documents.trusted import APOLLO_FORMAT, APOLLO_VERSION, TrustedDocuments, documents_of
from engine.documents.valid import Documents
from engine.limits import Limits
from schema.root import build_schema

WEB = Path(__file__).parent.parent / "web"
MANIFEST = "trusted-documents.json"
ELSEWHERE = {"node_modules", "dist"}
TYPENAME = FieldNode(name=NameNode(value="__typename"))

Definition = OperationDefinitionNode | FragmentDefinitionNode
Directed = TypeVar("Directed", FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode)
Node = TypeVar("Node", OperationDefinitionNode, FragmentDefinitionNode, FieldNode, InlineFragmentNode)


class DocumentsWrong(Exception):
    """The operations cannot be collected: a sentence that says where and why."""


def collect(folder: Path) -> str:
    """The manifest of a folder, all of it served. Raises `DocumentsWrong` or `ManifestError`."""
    manifest = manifest_of(folder)
    schema, limits = build_schema(), Limits()
    documents = Documents(schema, limits, introspection=False, suggestions=True)
    trusted = TrustedDocuments(documents_of(manifest.encode(), str(folder)))
    for _ in trusted.check(documents.prepare, Costs(schema, limits)):
        pass
    return manifest


def manifest_of(folder: Path) -> str:
    """The manifest of all operations below a folder, in Apollo's form. Raises `DocumentsWrong`."""
    definitions = list(_definitions(folder))
    if not definitions:
        raise DocumentsWrong(f"{folder}: no operation is there")
    fragments = {_name(definition) for definition in definitions if not _is_operation(definition)}
    for definition in definitions:
        for spread in re.findall(r"\.\.\.(?!on\b)(\w+)", print_ast(definition)):
            if spread not in fragments:
                raise DocumentsWrong(f"{_name(definition)}: no file has the fragment {spread}")
    separated = separate_operations(DocumentNode(definitions=tuple(definitions)))
    operations = [_entry(name, separated[name]) for name in sorted(separated)]
    manifest = {"format": APOLLO_FORMAT, "version": APOLLO_VERSION, "operations": operations}
    return f"{json.dumps(manifest, indent=2, ensure_ascii=False)}\n"


def canonical(document: DocumentNode) -> str:
    """One operation and its fragments in the printed form that graphql-codegen hashes."""
    definitions = [_canonical_definition(definition) for definition in document.definitions]
    definitions.sort(key=lambda definition: (_is_operation(definition), _name(definition)))
    return _reduced(print_ast(DocumentNode(definitions=tuple(definitions))))


def _definitions(folder: Path) -> Iterator[Definition]:
    """Those of all files, each named once."""
    places: dict[str, Path] = {}
    for path in sorted(folder.rglob("*.graphql")):
        if ELSEWHERE & set(path.relative_to(folder).parts):
            continue
        try:
            document = parse(Source(path.read_text("utf-8"), str(path)), no_location=True)
        except (GraphQLError, UnicodeDecodeError) as error:
            raise DocumentsWrong(f"{path}: {error}") from None
        for definition in document.definitions:
            if not isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
                raise DocumentsWrong(f"{path}: holds something that is no operation and no fragment")
            if definition.name is None:
                raise DocumentsWrong(f"{path}: an operation has no name")
            try:
                visit(definition, _Literals())
            except ValueError as error:
                raise DocumentsWrong(f"{path}: {definition.name.value}: {error}") from None
            if definition.name.value in places:
                first = places[definition.name.value]
                raise DocumentsWrong(f"{path}: {definition.name.value} is the name of something in {first}")
            places[definition.name.value] = path
            yield definition


class _Literals(Visitor):
    """Refuses what printers print in several ways, or what reducing white space would change."""

    def enter_object_value(self, *_args: object) -> None:
        raise ValueError("give an input object by a variable: printers write it in several ways")

    def enter_string_value(self, node: StringValueNode, *_args: object) -> None:
        if _reduced(node.value) != node.value or node.block:
            raise ValueError("give a text by a variable: its white space would not be kept")


def _entry(name: str, document: DocumentNode) -> dict[str, str]:
    body = canonical(document)
    (operation,) = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    id = hashlib.sha256(body.encode()).hexdigest()
    return {"id": id, "name": name, "type": operation.operation.value, "body": body}


def _canonical_definition(definition: Any) -> Any:
    if isinstance(definition, OperationDefinitionNode):
        variables = sorted(definition.variable_definitions or (), key=lambda it: it.variable.name.value)
        definition = replace(definition, variable_definitions=tuple(variables))
        # The fields of a mutation run in the order they are written; a subscription has one field.
        is_mutation = definition.operation is OperationType.MUTATION
        is_subscription = definition.operation is OperationType.SUBSCRIPTION
        return _within(definition, is_ordered=is_mutation, has_typename=not is_subscription)
    return _with_sorted_directives(_within(definition))


def _within(node: Node, *, is_ordered: bool = False, has_typename: bool = True) -> Node:
    """A node whose selections are complete and, unless their order matters, sorted, at every depth."""
    if node.selection_set is None:
        return node
    typed = [_typed(selection) for selection in node.selection_set.selections]
    if has_typename and not any(_is_typename(selection) for selection in typed):
        typed.insert(0, TYPENAME)
    sorted_ = typed if is_ordered else _sorted(typed)
    below = [_below(selection, is_ordered=is_ordered) for selection in sorted_]
    return replace(node, selection_set=SelectionSetNode(selections=tuple(below)))


def _below(selection: SelectionNode, *, is_ordered: bool) -> SelectionNode:
    if isinstance(selection, FieldNode):
        return _within(selection)
    if isinstance(selection, InlineFragmentNode):
        selection = _within(selection, is_ordered=is_ordered)
        return selection if is_ordered else _with_sorted_directives(selection)
    assert isinstance(selection, FragmentSpreadNode)
    return _with_sorted_directives(selection)


def _with_sorted_directives(node: Directed) -> Directed:
    return replace(node, directives=tuple(sorted(node.directives or (), key=lambda it: it.name.value)))


def _typed(selection: SelectionNode) -> SelectionNode:
    """A selection with `__typename` in all that is below it, which the order of fragments is made from."""
    if not isinstance(selection, FieldNode | InlineFragmentNode) or selection.selection_set is None:
        return selection
    below = [_typed(inner) for inner in selection.selection_set.selections]
    if not any(_is_typename(inner) for inner in below):
        below.insert(0, TYPENAME)
    return replace(selection, selection_set=SelectionSetNode(selections=tuple(below)))


def _sorted(selections: Iterable[SelectionNode]) -> list[SelectionNode]:
    """Fields by name, then fragments that are spread by name, then those written in place by their text."""
    return sorted(selections, key=_key)


def _key(selection: SelectionNode) -> tuple[int, str]:
    if isinstance(selection, FieldNode):
        return 0, selection.name.value
    if isinstance(selection, FragmentSpreadNode):
        return 1, selection.name.value
    assert isinstance(selection, InlineFragmentNode)
    on = selection.type_condition.name.value if selection.type_condition else ""
    return 2, on + _reduced(" ".join(map(print_ast, _sorted(selection.selection_set.selections))))


def _is_typename(selection: SelectionNode) -> bool:
    return isinstance(selection, FieldNode) and selection.name.value == "__typename"


def _is_operation(definition: Any) -> bool:
    return isinstance(definition, OperationDefinitionNode)


def _name(definition: Any) -> str:
    return definition.name.value if definition.name else ""


def _reduced(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
