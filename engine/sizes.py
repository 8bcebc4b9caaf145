"""How many nodes the pages of one operation may hold, known before it runs.

Pages are nested by multiplying: a hundred authors with a hundred books each are ten thousand nodes. A
deadline cannot interrupt the building of such an answer, so it is refused beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from engine.limits import Limits

SLICING = ("first", "last")


def nodes_of(
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
    limits: Limits,
) -> int:
    """The most nodes that all pages together can hold. Fragments must be free of cycles: validate first.

    A field named `nodes` or `edges` lies in a page; the field above it says by `first` or `last` how long the
    page is, the default where it says nothing and the maximum where it asks for more.
    """
    defaults = {
        definition.variable.name.value: int(definition.default_value.value)
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, IntValueNode)
    }
    sizes = _Sizes(fragments, {**defaults, **variables}, limits)
    return sizes.of(operation.selection_set, limits.page_default)


class _Sizes:
    def __init__(
        self, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any], limits: Limits
    ) -> None:
        self._fragments = fragments
        self._variables = variables
        self._limits = limits

    def of(self, selections: SelectionSetNode | None, page: int) -> int:
        """Nodes below one occurrence of a selection set whose parent has pages of that length."""
        total = 0
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                total += self._of_field(selection, page)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments.get(selection.name.value)
                total += self.of(fragment.selection_set, page) if fragment else 0
            else:
                total += self.of(getattr(selection, "selection_set", None), page)
        return total

    def _of_field(self, field: FieldNode, page: int) -> int:
        if field.name.value in ("nodes", "edges"):
            return page * (1 + self.of(field.selection_set, self._limits.page_default))
        return self.of(field.selection_set, self._length(field))

    def _length(self, field: FieldNode) -> int:
        for argument in field.arguments or ():
            if argument.name.value in SLICING:
                value = argument.value
                if isinstance(value, IntValueNode):
                    return self._bounded(int(value.value))
                given = self._variables.get(value.name.value) if isinstance(value, VariableNode) else None
                if isinstance(given, int):
                    return self._bounded(given)
        return self._limits.page_default

    def _bounded(self, length: int) -> int:
        # A longer page is refused by the field that is asked for it, in its own words.
        return min(max(0, length), self._limits.page_max)
