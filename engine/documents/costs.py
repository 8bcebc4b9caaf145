"""What one operation costs, known before it runs: points, from the schema's `@cost` and `@listSize`.

A list multiplies what is below it by the most it can hold with the variables at hand. Fields are collected
and merged as execution does it, and each place of the answer's shape is counted once, so the work follows
the document and not its answer. Of the types an abstract field may have, the dearest counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)
from strawberry import Schema

from engine.documents.prices import SIZE_MAX, Input, Lengths, Price, Prices, Size
from engine.documents.valid import RequestError
from engine.errors import Code, Refusal
from engine.limits import Limits

POINTS_MAX = 2**31 - 1  # the largest Int of GraphQL
DIGITS_MAX = 9

ROW_POINTS = 1.0

Sets = tuple[SelectionSetNode, ...]
Fragments = Mapping[str, FragmentDefinitionNode]


@dataclass(frozen=True, slots=True)
class Charge:
    """What an operation was charged, and what is left of its caller's budget until it is full again."""

    requested: int
    limit: int
    remaining: int
    resets_at: datetime

    def formatted(self) -> dict[str, int | str]:
        """As `extensions.cost` tells it."""
        return {
            "requested": self.requested,
            "limit": self.limit,
            "remaining": self.remaining,
            "resetsAt": self.resets_at.isoformat(),
        }


class Costs:
    """Counts the operations of one schema."""

    def __init__(self, schema: Schema, limits: Limits) -> None:
        self._schema = schema._schema
        self._prices = Prices(self._schema)
        self._cost_max = limits.cost_max

    def of(
        self, operation: OperationDefinitionNode, fragments: Fragments, variables: Mapping[str, Any] | None
    ) -> int:
        """Points of one operation of a valid document: 1 at least, `POINTS_MAX` at most. Raises nothing.

        The variables are as the client sent them: what fits no type costs the most it can.
        """
        root = self._schema.get_root_type(operation.operation)
        if root is None:
            return 1
        count = _Count(self._prices, fragments, _given(operation, variables or {}))
        try:
            points = count.of((operation.selection_set,), root.name)
        except RecursionError:
            return POINTS_MAX
        return max(1, math.ceil(round(min(points, POINTS_MAX), 6)))

    def check(
        self, operation: OperationDefinitionNode, fragments: Fragments, variables: Mapping[str, Any] | None
    ) -> int:
        """Points of one operation. Raises `RequestError` with code COST_TOO_HIGH when they are too many."""
        points = self.of(operation, fragments, variables)
        if points > self._cost_max:
            refusal = Refusal(
                f"The operation costs {points} points, {self._cost_max} are allowed: ask for shorter pages",
                Code.COST_TOO_HIGH,
                extensions={"cost": {"requested": points, "limit": self._cost_max}},
            )
            raise RequestError([refusal.formatted()], refusal.code)
        return points


def _given(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the variables: JSON as it was sent, or the syntax of a default."""
    defaults = {
        definition.variable.name.value: definition.default_value
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }
    return {**defaults, **variables}


class _Count:
    """The count of one operation."""

    def __init__(self, prices: Prices, fragments: Fragments, variables: Mapping[str, Any]) -> None:
        self._prices = prices
        self._fragments = fragments
        self._variables = variables
        self._counted: dict[tuple[tuple[int, ...], str, Lengths], float] = {}
        self._inputs: dict[tuple[str, str], float] = {}

    def of(self, sets: Sets, kind: str, lengths: Lengths = ()) -> float:
        """Points of selection sets on one value of a type; of the types it may have, of the dearest."""
        key = (tuple(id(selections) for selections in sets), kind, lengths)
        if key not in self._counted:
            self._counted[key] = 0.0  # where fragments go in circles, which validation refuses
            kinds = self._prices.possible.get(kind, frozenset())
            points = max((self._of_object(sets, one, dict(lengths)) for one in kinds), default=0.0)
            self._counted[key] = min(points, POINTS_MAX)
        return self._counted[key]

    def _of_object(self, sets: Sets, kind: str, lengths: Mapping[str, float]) -> float:
        fields: dict[str, list[FieldNode]] = {}
        spread = set[str]()
        for selections in sets:
            self._collect(selections, kind, fields, spread)
        prices, total = self._prices.fields[kind], 0.0
        for nodes in fields.values():
            price = prices.get(nodes[0].name.value)
            total += self._of_field(nodes, price, lengths) if price else 0.0
        return total

    def _collect(
        self, selections: SelectionSetNode, kind: str, fields: dict[str, list[FieldNode]], spread: set[str]
    ) -> None:
        """The fields of one type by response name, through fragments (spec 6.3.2, CollectFields)."""
        for selection in selections.selections:
            if selection.directives and self._is_left_out(selection.directives):
                continue
            if isinstance(selection, FieldNode):
                fields.setdefault((selection.alias or selection.name).value, []).append(selection)
                continue
            inside = self._inside_of(selection, kind, spread)
            if inside is not None:
                self._collect(inside, kind, fields, spread)

    def _inside_of(self, selection: object, kind: str, spread: set[str]) -> SelectionSetNode | None:
        """The selection set of a fragment, where it is for the type; of one spread twice, once."""
        fragment: FragmentDefinitionNode | InlineFragmentNode | None
        if isinstance(selection, FragmentSpreadNode):
            name = selection.name.value
            fragment = None if name in spread else self._fragments.get(name)
            spread.add(name)
        else:
            assert isinstance(selection, InlineFragmentNode)
            fragment = selection
        if fragment is None:
            return None
        condition = fragment.type_condition
        is_for_it = condition is None or kind in self._prices.possible.get(condition.name.value, ())
        return fragment.selection_set if is_for_it else None

    def _of_field(self, nodes: Sequence[FieldNode], price: Price, lengths: Mapping[str, float]) -> float:
        """Points of one entry of the answer: fields of one response name are merged (spec 6.3.2)."""
        first, below, rows = nodes[0], price.lengths, 0.0
        times = self._size(first, price.size) if price.size else 1.0
        if price.sized:
            # The rows of a page are read and made whatever is selected of them.
            below, rows, times = tuple((name, times) for name in price.sized), times * ROW_POINTS, 1.0
        elif first.name.value in lengths:
            times = lengths[first.name.value]
        points = price.each
        if price.below:
            sets = tuple(node.selection_set for node in nodes if node.selection_set)
            points += max(rows, self.of(sets, price.below, below))
        total = price.once + times * points
        return total + self._of_arguments(first, price.inputs) if price.inputs else total

    def _size(self, node: FieldNode, size: Size) -> float:
        """The longest that is asked for. A page longer than it may be is refused by its field."""
        asked = [
            self._number(argument.value)
            for argument in node.arguments or ()
            if argument.name.value in size.slicing
        ]
        lengths = [number for number in asked if number is not None]
        return min(size.most, max(0.0, *lengths)) if lengths else size.usual

    def _number(self, value: object) -> float | None:
        """A value as a number: None where there is none, infinite where it is something else."""
        if isinstance(value, VariableNode):
            value = self._variables.get(value.name.value)
        if isinstance(value, IntValueNode):
            text = value.value
            return float(text) if len(text) <= DIGITS_MAX else (0.0 if text[0] == "-" else math.inf)
        if value is None or isinstance(value, NullValueNode):
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return max(0.0, float(min(value, SIZE_MAX))) if value > 0 else 0.0
        return math.inf

    def _is_left_out(self, directives: Sequence[DirectiveNode]) -> bool:
        """Whether `@skip` or `@include` leaves a selection out, with the variables as they are."""
        for directive in directives:
            leaves_out = {"skip": True, "include": False}.get(directive.name.value)
            for argument in directive.arguments or ():
                if leaves_out is not None and self._boolean(argument.value) is leaves_out:
                    return True
        return False

    def _boolean(self, value: object) -> object:
        if isinstance(value, VariableNode):
            value = self._variables.get(value.name.value)
        return value.value if isinstance(value, BooleanValueNode) else value

    def _of_arguments(self, node: FieldNode, prices: Mapping[str, Input]) -> float:
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        return sum(self._of_input(given[name], price) for name, price in prices.items() if name in given)

    def _of_input(self, value: object, price: Input) -> float:
        """Points of an argument or input field with a value of the document, or of the variables."""
        if isinstance(value, VariableNode):
            name = value.name.value
            key = (name, price.below or "")
            if key not in self._inputs:
                self._inputs[key] = self._below(self._variables.get(name), price.below)
            given = self._variables.get(name)
            is_null = given is None or isinstance(given, NullValueNode)
            return 0.0 if is_null else price.points + self._inputs[key]
        if value is None or isinstance(value, NullValueNode):
            return 0.0
        return price.points + self._below(value, price.below)

    def _below(self, value: object, kind: str | None) -> float:
        """Points of what is inside of a value of an input type, or of a list of such values."""
        if kind is None:
            return 0.0
        if isinstance(value, list | ListValueNode):
            values = value if isinstance(value, list) else value.values
            return sum(self._inside(one, kind) for one in values)
        return self._inside(value, kind)

    def _inside(self, value: object, kind: str) -> float:
        if isinstance(value, VariableNode):
            value = self._variables.get(value.name.value)
        if isinstance(value, ObjectValueNode):
            value = {given.name.value: given.value for given in value.fields}
        if not isinstance(value, Mapping):
            return 0.0
        prices = self._prices.inputs[kind]
        return sum(self._of_input(value[name], price) for name, price in prices.items() if name in value)
