"""Fields of which one operation may ask for one only: those that try a secret, say.

Otherwise one request could try many, and every limit on requests would be worth little.
"""

from __future__ import annotations

from typing import Any

import strawberry
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from graphql.validation import ValidationRule
from strawberry.schema_directive import Location


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="An operation may have one such field, once; aliases and fragments count. More are refused "
    "with code GRAPHQL_VALIDATION_FAILED, and nothing is run",
)
class Sensitive:
    pass


SENSITIVE = Sensitive()


class OneSensitiveField(ValidationRule):
    """At most one field that is declared `@sensitive` at the root of an operation, through its fragments."""

    def enter_operation_definition(self, node: OperationDefinitionNode, *_args: Any) -> None:
        root = self.context.schema.get_root_type(node.operation)
        if root is None:
            return
        found: list[FieldNode] = []
        self._look(node.selection_set, root, found, set())
        if len(found) > 1:
            names = ", ".join(field.name.value for field in found)
            message = f"An operation may have one of these fields, once: {names}."
            self.report_error(GraphQLError(message, found))

    def _look(
        self, selections: SelectionSetNode, root: GraphQLObjectType, found: list[FieldNode], spread: set[str]
    ) -> None:
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                if is_sensitive(root, selection.name.value):
                    found.append(selection)
            elif isinstance(selection, InlineFragmentNode):
                self._look(selection.selection_set, root, found, spread)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in spread:
                spread.add(selection.name.value)
                fragment = self.context.get_fragment(selection.name.value)
                if fragment is not None:
                    self._look(fragment.selection_set, root, found, spread)


def is_sensitive(kind: GraphQLObjectType, name: str) -> bool:
    """Whether a field of a type is declared `@sensitive`."""
    field = kind.fields.get(name)
    definition = field.extensions.get("strawberry-definition") if field else None
    return any(isinstance(one, Sensitive) for one in getattr(definition, "directives", None) or ())
