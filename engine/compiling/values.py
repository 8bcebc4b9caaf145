"""Completing values that are not columns: what resolvers and functions of columns give (spec 6.4.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable, iscoroutine
from typing import Any, cast

from graphql import (
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import VariableValues, get_argument_values
from graphql.pyutils import Path, Undefined
from strawberry.types.field import StrawberryField

from engine.planning.fields import ColumnField
from engine.planning.tree import TYPENAME

AWAITED_MAX = 250  # more than that is long work, which graphql-core does turn by turn

_SOMETHING = (str, int, float, bool, "str", "int", "float", "bool")

Complete = Callable[[Any, "Run"], Any]
Place = Callable[[Any, "Run", dict[str, Any]], None]


class Miss(Exception):
    """The answer is not the plain one: graphql-core runs the operation."""


class Run:
    """One run of a compiled operation: what resolvers need, and what is still awaited."""

    def __init__(self, make_info: Callable[..., GraphQLResolveInfo[Any]], variables: VariableValues):
        self.make_info = make_info
        self.variables = variables
        self._pending: list[tuple[Awaitable[Any], dict[str, Any], str, Complete]] = []

    def put(self, result: Any, out: dict[str, Any], key: str, complete: Complete) -> None:
        """Put what a field gave in its place, at once or once it is there."""
        if isawaitable(result):
            self.later(result, out, key, complete)
        else:
            out[key] = complete(result, self)

    def later(self, awaited: Awaitable[Any], out: dict[str, Any], key: str, complete: Complete) -> None:
        """Put what is awaited in its place once it is there."""
        out[key] = None  # keeps the place among the other keys
        self._pending.append((awaited, out, key, complete))
        if len(self._pending) > AWAITED_MAX:
            raise Miss("much is awaited")

    async def finish(self) -> None:
        """Await all, also what comes of it, all of a round together, so that batches are whole."""
        try:
            while self._pending:
                pending, self._pending = self._pending, []
                results = await _all([awaited for awaited, _, _, _ in pending])
                for result, (_, out, key, complete) in zip(results, pending, strict=True):
                    if isinstance(result, BaseException):
                        raise result
                    out[key] = complete(result, self)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Nobody waits for what is left."""
        for awaited, _, _, _ in self._pending:
            if iscoroutine(awaited):
                awaited.close()
        self._pending.clear()


async def _all(awaited: list[Awaitable[Any]]) -> list[Any]:
    if len(awaited) == 1:
        return [await awaited[0]]
    return await asyncio.gather(*awaited, return_exceptions=True)


class Values:
    """Makes functions that complete values of a schema's types, for one operation."""

    def __init__(
        self,
        schema: GraphQLSchema,
        types: Mapping[type, GraphQLObjectType],
        below: Callable[[GraphQLObjectType, FieldDetailsList], Mapping[str, FieldDetailsList]],
    ) -> None:
        self._schema = schema
        self._below = below
        self._types = types

    def of(self, kind: GraphQLOutputType, details: FieldDetailsList) -> Complete:
        """A function of a value and the run that gives what the answer holds of it, or misses."""
        if is_non_null_type(kind):
            assert isinstance(kind, GraphQLNonNull)
            return _required(self._of_nullable(kind.of_type, details))
        return _optional(self._of_nullable(kind, details))

    def _of_nullable(self, kind: Any, details: FieldDetailsList) -> Complete:
        if is_list_type(kind):
            return _listed(self.of(kind.of_type, details))
        if is_leaf_type(kind):
            coerce = leaf(kind)
            return lambda value, _run: coerce(value)
        if is_abstract_type(kind):
            possible = self._schema.get_possible_types(kind)
            return self._by_class({one: self._object(one, details) for one in possible})
        return self._by_class({kind: self._object(kind, details)})

    def _by_class(self, completes: Mapping[GraphQLObjectType, Complete]) -> Complete:
        """Of instances of Strawberry types, each by its class; what is something else is not judged here."""
        by_class = {origin: completes[kind] for origin, kind in self._types.items() if kind in completes}

        def complete(value: Any, run: Run) -> Any:
            known = by_class.get(type(value))
            if known is None:
                raise Miss("a value of no known class")
            return known(value, run)

        return complete

    def _object(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Complete:
        places = [self.field(kind, key, fields) for key, fields in self._below(kind, details).items()]

        def complete(value: Any, run: Run) -> dict[str, Any]:
            out: dict[str, Any] = {}
            for place in places:
                place(value, run, out)
            return out

        return complete

    def field(self, kind: GraphQLObjectType, key: str, details: FieldDetailsList) -> Place:
        """A function that puts a field of a value into an object of the answer."""
        name = details[0].node.name.value
        if name == TYPENAME:
            return _constant(key, kind.name)
        given = kind.fields.get(name)
        if given is None:
            raise Miss("introspection")
        complete, definition = self.of(given.type, details), given.extensions.get("strawberry-definition")
        if isinstance(definition, ColumnField):
            return _read(key, lambda value: definition.get_result(value, None, [], {}), complete)
        if type(definition) is StrawberryField and definition.is_basic_field:
            attribute = definition.python_name
            return _read(key, lambda value: getattr(value, attribute), complete)
        return self.resolved(kind, key, given, details, complete)

    def resolved(
        self,
        kind: GraphQLObjectType,
        key: str,
        given: GraphQLField,
        details: FieldDetailsList,
        complete: Complete | None = None,
    ) -> Place:
        """A function that has a field resolved, and completes what comes of it."""
        complete = complete or self.of(given.type, details)
        resolve, nodes = given.resolve, [one.node for one in details]
        if resolve is None:
            raise Miss("a field without a resolver")
        takes_arguments, path = bool(given.args), Path(None, key, kind.name)

        def place(value: Any, run: Run, out: dict[str, Any]) -> None:
            arguments = get_argument_values(given, nodes[0], run.variables) if takes_arguments else {}
            run.put(resolve(value, run.make_info(given, nodes, kind, path), **arguments), out, key, complete)

        return place


def leaf(kind: Any) -> Callable[[Any], Any]:
    """The serializer of a scalar or an enum, which misses where it gives nothing.

    One that says that it returns a text or a number does so.
    """
    coerce = kind.coerce_output_value
    if getattr(coerce, "__annotations__", {}).get("return") in _SOMETHING:
        return cast("Callable[[Any], Any]", coerce)

    def coerced(value: Any) -> Any:
        made = coerce(value)
        if made is None or made is Undefined:
            raise Miss("a value that is nothing")
        return made

    return coerced


def is_plain_leaf(kind: GraphQLOutputType) -> bool:
    """Whether a type is a scalar or an enum, in no list."""
    return is_leaf_type(get_nullable_type(kind))


def _required(complete: Complete) -> Complete:
    def required(value: Any, run: Run) -> Any:
        if value is None or value is Undefined:
            raise Miss("null where none may be")
        return complete(value, run)

    return required


def _optional(complete: Complete) -> Complete:
    return lambda value, run: None if value is None or value is Undefined else complete(value, run)


def _listed(complete: Complete) -> Complete:
    def listed(value: Any, run: Run) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise Miss("a list that is none")
        return [complete(one, run) for one in value]

    return listed


def _constant(key: str, name: str) -> Place:
    def place(_value: Any, _run: Run, out: dict[str, Any]) -> None:
        out[key] = name

    return place


def _read(key: str, read: Callable[[Any], Any], complete: Complete) -> Place:
    def place(value: Any, run: Run, out: dict[str, Any]) -> None:
        run.put(read(value), out, key, complete)

    return place
