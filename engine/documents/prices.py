"""What each field of a schema costs, read once at start from its `@cost` and `@listSize`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_introspection_type,
    is_leaf_type,
    is_list_type,
    is_wrapping_type,
)
from graphql.type import SchemaMetaFieldDef, TypeMetaFieldDef, TypeNameMetaFieldDef

from engine.documents.cost_directives import Cost, ListSize

OBJECT_POINTS = 1.0
LEAF_POINTS = 0.1
# The schema's own types, which ask nothing of the application.
INTROSPECTION_OBJECT_POINTS = 0.2
INTROSPECTION_LEAF_POINTS = 0.1
UNSAID_SIZE = 100  # of a list without @listSize
SIZE_MAX = 1_000_000

Abstract = GraphQLInterfaceType | GraphQLUnionType
Fielded = GraphQLObjectType | GraphQLInterfaceType
Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType
D = TypeVar("D", Cost, ListSize)
Lengths = tuple[tuple[str, float], ...]  # of the lists of one value: field and length


@dataclass(frozen=True, slots=True)
class Size:
    """How long a list is: at most `most`, and `usual` where no slicing argument says how long."""

    most: float
    usual: float
    slicing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Input:
    """Points of an argument or input field where it is given, and its type if anything costs below it."""

    points: float
    below: str | None


@dataclass(frozen=True, slots=True)
class Price:
    """Points of one field: `once` each time it is read, `each` for every value of it.

    `sized` are the fields of the type below that have the size in its place, `lengths` other lists of it.
    """

    once: float
    each: float
    below: str | None
    size: Size | None
    sized: tuple[str, ...] = ()
    lengths: Lengths = ()
    inputs: Mapping[str, Input] = field(default_factory=dict)


class Prices:
    """Prices by object type and field, and which object types each type may be."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._introspection = {place: (size, below) for place, size, below in _introspection(schema)}
        kinds = list(schema.type_map.values())
        self.inputs: dict[str, dict[str, Input]] = {}
        self._price_inputs([kind for kind in kinds if isinstance(kind, GraphQLInputObjectType)])
        self.possible = {kind.name: self._possible(kind) for kind in kinds if isinstance(kind, Composite)}
        self.fields = {kind.name: self._priced(kind) for kind in kinds if isinstance(kind, GraphQLObjectType)}

    def _possible(self, kind: Composite) -> frozenset[str]:
        kinds = self._schema.get_possible_types(kind) if isinstance(kind, Abstract) else [kind]
        return frozenset(one.name for one in kinds)

    def _priced(self, kind: GraphQLObjectType) -> dict[str, Price]:
        given: dict[str, GraphQLField] = {"__typename": TypeNameMetaFieldDef}
        if kind is self._schema.query_type:
            given |= {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}
        given |= kind.fields
        return {name: self._of_field(f"{kind.name}.{name}", one) for name, one in given.items()}

    def _of_field(self, place: str, given: GraphQLField) -> Price:
        named, said = get_named_type(given.type), said_of(given, ListSize)
        size, sized = _size_of(said, given, place) if said else None, tuple(said and said.sized_fields or ())
        lengths: Lengths = ()
        if place in self._introspection:
            size, lengths = self._introspection[place]
        elif size is None and is_list_type(get_nullable_type(given.type)):
            size = Size(UNSAID_SIZE, UNSAID_SIZE)
        if unknown := set(sized) - set(getattr(named, "fields", ())):
            raise ValueError(f"@listSize of {place} sizes what {named.name} has not: {sorted(unknown)}")
        return Price(
            once=_points(given, 0.0),
            each=self._of_value(named),
            below=None if is_leaf_type(named) else named.name,
            size=size,
            sized=sized,
            lengths=lengths,
            inputs=self._dear(given.args),
        )

    def _of_value(self, kind: GraphQLNamedType) -> float:
        if isinstance(kind, Abstract):
            return max((self._of_value(one) for one in self._schema.get_possible_types(kind)), default=0.0)
        if is_introspection_type(kind):
            return INTROSPECTION_LEAF_POINTS if is_leaf_type(kind) else INTROSPECTION_OBJECT_POINTS
        return _points(kind, LEAF_POINTS if is_leaf_type(kind) else OBJECT_POINTS)

    def _price_inputs(self, kinds: list[GraphQLInputObjectType]) -> None:
        """Input types below which anything costs: looked for anew until no more are found."""
        found = -1
        while found < len(self.inputs):
            found = len(self.inputs)
            dear = {kind.name: self._dear(kind.fields) for kind in kinds}
            self.inputs = {name: fields for name, fields in dear.items() if fields}

    def _dear(self, given: Mapping[str, GraphQLArgument | GraphQLInputField]) -> dict[str, Input]:
        """Those of some arguments or input fields that cost anything."""
        named = {name: get_named_type(one.type).name for name, one in given.items()}
        priced = {
            name: Input(_points(one, 0.0), named[name] if named[name] in self.inputs else None)
            for name, one in given.items()
        }
        return {name: price for name, price in priced.items() if price.points or price.below}


def said_of(thing: Any, directive: type[D]) -> D | None:
    """The directive of a field, an argument, an input field or a type, as Strawberry was told it."""
    definition = thing.extensions.get("strawberry-definition")
    said = getattr(definition, "directives", None) or ()
    return next((one for one in said if isinstance(one, directive)), None)


def _points(thing: Any, unsaid: float) -> float:
    said = said_of(thing, Cost)
    if said is None:
        return unsaid
    points = float(said.weight)
    if not 0 <= points < math.inf:
        raise ValueError(f"@cost(weight: {said.weight!r}) is no number of points")
    return points


def _size_of(said: ListSize, given: GraphQLField, place: str) -> Size:
    slicing = tuple(said.slicing_arguments or ())
    if unknown := set(slicing) - set(given.args):
        raise ValueError(f"@listSize of {place} names arguments that are not there: {sorted(unknown)}")
    if not said.assumed_size and not slicing:
        raise ValueError(f"@listSize of {place} says no size")
    most = said.assumed_size or SIZE_MAX
    defaults = [given.args[name].default_value for name in slicing]
    sizes = [size for size in [said.slicing_argument_default_value, *defaults] if isinstance(size, int)]
    return Size(most, min(most, max(sizes, default=most)), slicing)


def _introspection(schema: GraphQLSchema) -> Iterator[tuple[str, Size | None, Lengths]]:
    """How long the lists of the introspection types are in this schema, and those of the types below.

    They are as long as they are on average of all that a field leads to, so that `types { fields { type
    { fields } } }` counts what it gives. `__type`, which leads to any one, is taken for the longest.
    """
    kinds = list(schema.type_map.values())
    fields = [one for kind in kinds if isinstance(kind, Fielded) for one in kind.fields.values()]
    arguments = [argument for one in fields for argument in one.args.values()]
    taken = [
        one for kind in kinds if isinstance(kind, GraphQLInputObjectType) for one in kind.fields.values()
    ]
    given = [*arguments, *taken, *(one for directive in schema.directives for one in directive.args.values())]
    led_to: dict[str, Sequence[GraphQLType | None]] = {
        "__Schema.types": kinds,
        "__Schema.queryType": [schema.query_type],
        "__Schema.mutationType": [schema.mutation_type],
        "__Schema.subscriptionType": [schema.subscription_type],
        "__Field.type": [one.type for one in fields],
        "__InputValue.type": [one.type for one in given],
        "__Type.ofType": [one.type for one in [*fields, *given]],
        "__Type.interfaces": [one for kind in kinds if isinstance(kind, Fielded) for one in kind.interfaces],
        "__Type.possibleTypes": [
            one for kind in kinds if isinstance(kind, Abstract) for one in schema.get_possible_types(kind)
        ],
    }
    for name, types in led_to.items():
        yield name, _exactly(len(kinds)) if types is kinds else None, _lengths(schema, types, _mean)
    yield f"{schema.query_type and schema.query_type.name}.__type", None, _lengths(schema, kinds, max)
    yield "__Field.args", _exactly(_mean([len(one.args) for one in fields])), ()
    yield "__Schema.directives", _exactly(len(schema.directives)), ()
    yield "__Directive.args", _exactly(_mean([len(one.args) for one in schema.directives])), ()
    yield "__Directive.locations", _exactly(_mean([len(one.locations) for one in schema.directives])), ()


def _lengths(
    schema: GraphQLSchema, types: Sequence[GraphQLType | None], reckon: Callable[[list[int]], float]
) -> Lengths:
    """How long the lists of `__Type` are for these types, one with another."""
    named = [get_named_type(one) for one in types]
    fields = [len(one.fields) if isinstance(one, Fielded) else 0 for one in named]
    possible = [len(schema.get_possible_types(one)) if isinstance(one, Abstract) else 0 for one in named]
    lengths = {
        "fields": fields,
        "interfaces": [len(one.interfaces) if isinstance(one, Fielded) else 0 for one in named],
        "possibleTypes": possible,
        "enumValues": [len(one.values) if isinstance(one, GraphQLEnumType) else 0 for one in named],
        "inputFields": [len(one.fields) if isinstance(one, GraphQLInputObjectType) else 0 for one in named],
        "ofType": [int(is_wrapping_type(one)) for one in types],
    }
    return tuple((name, reckon(found or [0])) for name, found in lengths.items())


def _mean(lengths: list[int]) -> float:
    return sum(lengths) / max(1, len(lengths))


def _exactly(length: float) -> Size:
    return Size(length, length)
