"""Makes a document that shows a difference smaller, as long as it still shows one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    validate,
    visit,
)

from tests.differential.both_ways import Asked

TRIES_MAX = 400
Fails = Callable[[Asked], Awaitable[bool]]


async def shrunk(schema: GraphQLSchema, asked: Asked, fails: Fails) -> Asked:
    """The smallest that was found, part after part being left out."""
    tries, at = 0, 0
    while tries < TRIES_MAX:
        candidate = _without(schema, asked, at)
        if candidate is None:
            return asked
        tries += 1
        if candidate.text and await fails(candidate):
            asked = candidate
        else:
            at += 1
    return asked


def _without(schema: GraphQLSchema, asked: Asked, at: int) -> Asked | None:
    """Without one part; empty where that says nothing valid, None where there is no such part."""
    document = parse(asked.text, no_location=True)
    parts = list(_parts(document))
    if at >= len(parts):
        return None
    holder, key, part = parts[at]
    held = getattr(holder, key)
    without = tuple(one for one in held if one is not part) if isinstance(held, tuple | list) else None
    _change(holder, key, without)
    _sweep(document)
    text = print_ast(document)
    try:
        if "{}" in text or validate(schema, parse(text)):
            return replace(asked, text="")
    except GraphQLError:
        return replace(asked, text="")
    names = {variable.variable.name.value for variable in _operation(document).variable_definitions or ()}
    return replace(asked, text=text, variables={k: v for k, v in asked.variables.items() if k in names})


def _parts(document: DocumentNode) -> Iterator[tuple[Node, str, Node]]:
    """What may be left out, each with what holds it, the outermost first."""
    waiting: list[Node] = list(document.definitions)
    while waiting:
        node = waiting.pop(0)
        for key in ("selections", "directives", "arguments", "fields", "values"):
            for part in getattr(node, key, None) or ():
                yield node, key, part
                waiting.append(part)
        for key in ("selection_set", "value"):
            below = getattr(node, key, None)
            if isinstance(below, Node):
                waiting.append(below)
        if isinstance(node, FieldNode) and node.alias is not None:
            yield node, "alias", node.alias
        if isinstance(node, OperationDefinitionNode):
            for variable in node.variable_definitions or ():
                if variable.default_value is not None:
                    yield variable, "default_value", variable.default_value


def _operation(document: DocumentNode) -> OperationDefinitionNode:
    return next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))


def _sweep(document: DocumentNode) -> None:
    """Leave out fragments and variables that nothing names any more."""
    while True:
        named = set(_named(document))
        operation = _operation(document)
        kept = [
            variable
            for variable in operation.variable_definitions or ()
            if variable.variable.name.value in named
        ]
        _change(operation, "variable_definitions", tuple(kept))
        definitions = [
            one
            for one in document.definitions
            if not isinstance(one, FragmentDefinitionNode) or f"...{one.name.value}" in named
        ]
        if len(definitions) == len(document.definitions):
            return
        _change(document, "definitions", tuple(definitions))


def _named(document: DocumentNode) -> list[str]:
    """Names of variables that are used, and of fragments behind their dots."""
    found: list[str] = []

    class Named(Visitor):
        def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
            found.append(f"...{node.name.value}")

        def enter_variable(self, node: VariableNode, _key: object, parent: object, *_: object) -> None:
            if not isinstance(parent, VariableDefinitionNode):
                found.append(node.name.value)

    visit(document, Named())
    return found


def _change(node: Node, key: str, value: object) -> None:
    object.__setattr__(node, key, value)  # nodes are frozen; these are ours alone
