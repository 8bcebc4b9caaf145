"""Names of the members of a schema, as the specification writes them (GraphQL, section Schema Coordinates).

`Operation`, `Operation.amount`, `Query.node(id:)`, `OperationKind.FEE`, `@access`, `@access(scope:)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from graphql import (
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumValueDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
)

MemberNode: TypeAlias = (
    TypeDefinitionNode | FieldDefinitionNode | InputValueDefinitionNode | EnumValueDefinitionNode
)


def members(document: DocumentNode) -> Iterator[tuple[str, MemberNode]]:
    """Every type of a schema and all that is inside, by its coordinate; its directives are apart."""
    for definition in document.definitions:
        if isinstance(definition, TypeDefinitionNode):
            yield definition.name.value, definition
            yield from _within(definition)


def directive_definitions(
    document: DocumentNode,
) -> Iterator[tuple[str, DirectiveDefinitionNode | InputValueDefinitionNode]]:
    """Every directive that a schema defines, and its arguments."""
    for definition in document.definitions:
        if isinstance(definition, DirectiveDefinitionNode):
            name = f"@{definition.name.value}"
            yield name, definition
            for argument in definition.arguments or ():
                yield f"{name}({argument.name.value}:)", argument


def _within(kind: TypeDefinitionNode) -> Iterator[tuple[str, MemberNode]]:
    name = kind.name.value
    if isinstance(kind, EnumTypeDefinitionNode):
        for value in kind.values or ():
            yield f"{name}.{value.name.value}", value
    elif isinstance(kind, InputObjectTypeDefinitionNode):
        for given in kind.fields or ():
            yield f"{name}.{given.name.value}", given
    elif isinstance(kind, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        for field in kind.fields or ():
            yield f"{name}.{field.name.value}", field
            for argument in field.arguments or ():
                yield f"{name}.{field.name.value}({argument.name.value}:)", argument
