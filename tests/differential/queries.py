"""Random valid queries of a schema, with values that mean something to the rows of a world.

Made here and not by hypothesis-graphql, which knows types and nothing else: of its ids and cursors none names
a row, it merges nothing on purpose, writes no `@skip`, and its variables are literals. What finds mistakes is
what the rows make of a query.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.pyutils import Undefined

import models
from engine.planning.connections import cursor
from engine.planning.keysets import Key, Order
from schema import ids
from schema.enums import Sorting
from tests.differential.both_ways import Asked
from tests.differential.worlds import World

FIELDS_MAX = 45
ALIASES_MAX = 24
DEPTH_MAX = 9
ROOTS = {
    "customer": 8,
    "contracts": 6,
    "operations": 5,
    "statements": 5,
    "node": 3,
    "session": 1,
    "contact": 1,
    "budget": 1,
    "staff": 1,
}
COUNTS = [0, 1, 1, 2, 2, 3, 3, 4, 5, 7, 20]
ODD_COUNTS = [100, 101, -1, 2**31 - 1]
TEXTS = [
    "achat",
    "É",
    "100 %",
    "_",
    "'",
    "\\",
    '"; DROP TABLE "card"; --',
    "",
    "zzz",
    "\u0000",
    "🦊",
    "$1",
    "?1",
]
KINDS = {
    ids.Kind.CONTRACT: models.Contract,
    ids.Kind.CARD: models.Card,
    ids.Kind.INSTALMENT: models.Instalment,
    ids.Kind.STATEMENT: models.Statement,
    ids.Kind.OPERATION: models.Operation,
    ids.Kind.EVENT: models.AuditEvent,
}
ORDERS = {
    models.Statement: [Order("closed_on")],
    models.AuditEvent: [Order("number")],
    models.Operation: [one.value for one in Sorting],
}


class Word(str):
    """The name of an enum's value, or of a variable: it is written without quotes."""


@dataclass
class Scope:
    """What an answer's object holds already, by response key: what was asked, and what is below it."""

    keys: dict[str, tuple[str, str, Scope]] = field(default_factory=dict)


class Queries:
    """Makes one query after the other, for customers of a world."""

    def __init__(self, schema: GraphQLSchema, world: World, seed: object) -> None:
        self._schema = schema
        self._world = world
        self._chance = Random(f"queries {seed}")

    def next(self) -> tuple[str, list[dict[str, Any]], int]:
        """A document, some sets of variables for it, and for which customer its values were chosen."""
        chance = self._chance
        place = chance.choices(range(5), weights=[8, 2, 1, 2, 2])[0]
        return _Query(self._schema, self._world, chance, place).made()

    def asked(self) -> list[Asked]:
        """The requests of one query: with other variables, and in another session."""
        text, inputs, place = self.next()
        return [Asked(text, variables, self._token(place)) for variables in inputs]

    def _token(self, place: int) -> str | None:
        chance, world = self._chance, self._world
        luck = chance.random()
        if luck < 0.02:
            return None
        if luck < 0.03:
            return f"{world.customers[place].id}.garbage"
        if luck < 0.04:
            place = chance.randrange(len(world.customers))
        tokens = world.tokens[place]
        return chance.choices(tokens, weights=[60, 25, 10, 2, 1, 1])[0]


class _Query:
    """One query in the making."""

    def __init__(self, schema: GraphQLSchema, world: World, chance: Random, place: int) -> None:
        self._schema = schema
        self._world = world
        self._chance = chance
        self._place = place
        self._owner = world.customers[place].id
        self._left = chance.choice([6, 12, 25, FIELDS_MAX])
        self._by_variable = chance.choice([0.1, 0.35, 0.9])  # how much of all values
        self._aliases = 0
        self._variables: dict[str, tuple[str, Any, Callable[[], Any]]] = {}
        self._fragments: dict[str, tuple[str, str]] = {}

    def made(self) -> tuple[str, list[dict[str, Any]], int]:
        root = self._schema.query_type
        assert root is not None
        selection = self._selection(root, 0, Scope())
        declared = [
            f"${name}: {kind}" + ("" if default is Undefined else f" = {_literal(default)}")
            for name, (kind, default, _) in self._variables.items()
        ]
        head = f"query({', '.join(declared)}) " if declared else ""
        fragments = [f"fragment {name} on {kind} {text}" for name, (kind, text) in self._fragments.items()]
        sets = [self._inputs() for _ in range(self._chance.choice([1, 2, 4]) if declared else 1)]
        return "\n".join([head + selection, *fragments]), sets, self._place

    def _inputs(self) -> dict[str, Any]:
        inputs: dict[str, Any] = {}
        for name, (kind, default, value) in self._variables.items():
            if kind.endswith("!") and default is Undefined:
                inputs[name] = _plain(value())
            elif not self._luck(0.2):  # else it is left out
                inputs[name] = None if not kind.endswith("!") and self._luck(0.15) else _plain(value())
        return inputs

    # Selections

    def _selection(self, kind: Any, depth: int, scope: Scope) -> str:
        count = self._chance.choice([1, 2, 3, 4, 6]) if depth else self._chance.choice([1, 1, 2, 3])
        parts = [self._part(kind, depth, scope) for _ in range(count)]
        return "{ " + " ".join(parts) + " }"

    def _part(self, kind: Any, depth: int, scope: Scope) -> str:
        luck = self._chance.random()
        if luck < 0.07:
            alias = self._alias() if self._luck(0.3) else ""
            key = alias or "__typename"
            known = scope.keys.setdefault(key, ("__typename", "String!", Scope()))
            return (
                f"{alias}{': ' if alias else ''}__typename{self._directives()}"
                if known[0] == "__typename"
                else "__typename"
            )
        if luck < 0.17 and self._left > 0 and depth:
            return self._inline(kind, depth, scope)
        if luck < 0.22 and self._left > 0 and depth:
            return self._spread(kind, depth, scope)
        if isinstance(kind, GraphQLInterfaceType) and luck < 0.5 and self._left > 0:
            return self._inline(kind, depth, scope)
        return self._field(kind, depth, scope)

    def _inline(self, kind: Any, depth: int, scope: Scope) -> str:
        name, below = self._narrowed(kind)
        on = f" on {name}" if name != kind.name or self._luck(0.5) else ""
        return f"...{on}{self._directives()} {self._selection(below, depth, scope)}"

    def _spread(self, kind: Any, depth: int, scope: Scope) -> str:
        known = [name for name, (on, _) in self._fragments.items() if on == kind.name]
        if known and self._luck(0.5):
            return f"...{self._chance.choice(known)}{self._directives()}"
        on, below = self._narrowed(kind)
        text = self._selection(below, depth, scope)
        name = f"F{len(self._fragments)}"
        self._fragments[name] = (on, text)
        return f"...{name}{self._directives()}"

    def _narrowed(self, kind: Any) -> tuple[str, Any]:
        """The type itself, one of its interfaces, or one that it may be."""
        options = [kind, *getattr(kind, "interfaces", ())]
        if isinstance(kind, GraphQLInterfaceType):
            options += [*self._schema.get_possible_types(kind)] * 2
            options += self._schema.get_implementations(kind).interfaces
        chosen = self._chance.choice(options)
        return chosen.name, chosen

    def _field(self, kind: Any, depth: int, scope: Scope) -> str:
        chosen = self._merged(kind, scope) if self._luck(0.15) else None
        if chosen is None:
            chosen = self._chosen(kind, depth, scope)
        key, name, arguments, given, inner = chosen
        self._left -= 1
        below = get_named_type(given.type)
        alias = "" if key == name else f"{key}: "
        selection = "" if is_leaf_type(below) else " " + self._selection(below, depth + 1, inner)
        return f"{alias}{name}{arguments}{self._directives()}{selection}"

    def _merged(self, kind: Any, scope: Scope) -> tuple[str, str, str, GraphQLField, Scope] | None:
        """A field that is asked for already, once more."""
        known = [
            (key, name, arguments, inner)
            for key, (asked, shape, inner) in scope.keys.items()
            for name, _, arguments in [asked.partition("(")]
            if name in kind.fields and str(kind.fields[name].type) == shape
        ]
        if not known:
            return None
        key, name, arguments, inner = self._chance.choice(known)
        given = kind.fields[name]
        if not is_leaf_type(get_named_type(given.type)) and self._left < 1:
            return None
        return key, name, f"({arguments}" if arguments else "", given, inner

    def _chosen(self, kind: Any, depth: int, scope: Scope) -> tuple[str, str, str, GraphQLField, Scope]:
        name = self._name(kind, depth)
        given = kind.fields[name]
        arguments = self._arguments(given)
        asked, shape, key = f"{name}{arguments}", str(given.type), name
        if self._luck(0.08):
            key = self._alias() or name
        known = scope.keys.get(key)
        if known is not None and known[:2] != (asked, shape):
            key = self._alias()
            if not key:  # there may be no more aliases: ask for what is asked for already
                name, _, rest = known[0].partition("(")
                if name in kind.fields and str(kind.fields[name].type) == known[1]:
                    return name, name, f"({rest}" if rest else "", kind.fields[name], known[2]
                key = f"z{len(scope.keys)}"
            known = None
        if known is None:
            known = scope.keys[key] = (asked, shape, Scope())
        return key, name, arguments, given, known[2]

    def _name(self, kind: Any, depth: int) -> str:
        fields: list[str] = list(kind.fields)
        if depth == 0:
            return self._chance.choices(list(ROOTS), weights=list(ROOTS.values()))[0]
        leaves = [name for name in fields if is_leaf_type(get_named_type(kind.fields[name].type))]
        if (self._left <= 0 or depth >= DEPTH_MAX) and leaves:
            return self._chance.choice(leaves)
        deeper = [name for name in fields if name not in leaves]
        if deeper and self._luck(0.45):
            return self._chance.choice(deeper)
        return self._chance.choice(leaves or deeper)

    def _alias(self) -> str:
        if self._aliases >= ALIASES_MAX:
            return ""
        self._aliases += 1
        return f"a{self._aliases}"

    def _directives(self) -> str:
        if not self._luck(0.08):
            return ""
        name = self._chance.choice(["skip", "include"])
        value = self._variable("Boolean!", lambda: self._luck(0.5)) if self._luck(0.6) else None
        literal = f"${value}" if value else _literal(self._luck(0.5))
        return f" @{name}(if: {literal})"

    # Values

    def _arguments(self, given: GraphQLField) -> str:
        texts = []
        for name, argument in given.args.items():
            required = is_non_null_type(argument.type) and argument.default_value is Undefined
            if required or self._luck(0.2 if name in ("last", "before", "contractId") else 0.35):
                texts.append(f"{name}: {_literal(self._value(argument.type, name, argument.default_value))}")
        if self._luck(0.9) and any(text.startswith("last") for text in texts):
            texts = [text for text in texts if not text.startswith("first")]
        return f"({', '.join(texts)})" if texts else ""

    def _value(self, kind: Any, name: str, default: Any = Undefined) -> Any:
        if self._luck(self._by_variable):
            text = str(kind)
            if is_non_null_type(kind) and default is not Undefined and self._luck(0.3):
                text = text.removesuffix("!")
            elif not is_non_null_type(kind) and self._luck(0.2):
                text = f"{text}!"
            return Word(f"${self._variable(text, lambda: self._literal_value(kind, name))}")
        return self._literal_value(kind, name, nested=True)

    def _variable(self, kind: str, value: Callable[[], Any]) -> str:
        known = [name for name, (said, _, _) in self._variables.items() if said == kind]
        if known and kind == "Boolean!" and self._luck(0.5):
            return self._chance.choice(known)
        name = f"v{len(self._variables)}"
        default: Any = Undefined
        if self._luck(0.3):
            default = None if not kind.endswith("!") and self._luck(0.2) else value()
        self._variables[name] = (kind, default, value)
        return name

    def _literal_value(self, kind: Any, name: str, *, nested: bool = False) -> Any:
        if is_non_null_type(kind):
            return self._literal_value(kind.of_type, name, nested=nested)
        if nested and self._luck(0.06):
            return None
        if is_list_type(kind):
            if self._luck(0.1):
                return self._literal_value(kind.of_type, name)  # a list of one may be written so
            return [self._literal_value(kind.of_type, name) for _ in range(self._chance.choice([0, 1, 2, 3]))]
        if isinstance(kind, GraphQLInputObjectType):
            chosen = [key for key in kind.fields if self._luck(0.3)]
            make = self._value if nested else self._literal_value
            return {key: make(kind.fields[key].type, key) for key in chosen}
        if isinstance(kind, GraphQLEnumType):
            return Word(self._chance.choice(list(kind.values)))
        return self._leaf(kind.name, name)

    def _leaf(self, kind: str, name: str) -> Any:
        chance = self._chance
        match kind:
            case "Int" if name == "year":
                return chance.choice([2024, 2025, 2025, 2026, 2026, 1900, 2200, 1899])
            case "Int":
                return chance.choice(ODD_COUNTS if self._luck(0.03) else COUNTS)
            case "ID":
                return self._id(name)
            case "Date":
                return (
                    date(2026, 3, 17) + timedelta(days=chance.choice([0, -1, 89, 90, -76, 500]))
                ).isoformat()
            case "DateTime":
                return chance.choice(
                    ["2026-06-15T19:00:00+01:00", "1900-01-01T00:00:00Z", "2100-12-31T23:59:59Z"]
                )
            case "Money":
                return chance.choice(["0.00", "-999.99", "12.50", "0.01", "90071992547409.91", "-5"])
            case "Boolean":
                return self._luck(0.5)
            case "String" if name in ("after", "before"):
                return self._cursor()
            case "String" if name == "categories":
                return chance.choice(["GROCERIES", "TRAVEL", "NONE", "groceries"])
            case _:
                return chance.choice(TEXTS)

    def _id(self, name: str) -> str:
        chance, world = self._chance, self._world
        if self._luck(0.05):
            return chance.choice(["", "x", "Y" * 23, "cmVsYXk6MQ"])
        if self._luck(0.05):
            return ids.encoded(ids.Kind.CUSTOMER, self._owner, self._owner)
        kind = ids.Kind.CONTRACT if name != "id" and self._luck(0.95) else chance.choice(list(KINDS))
        mine = world.of(KINDS[kind], None if self._luck(0.15) else self._owner)
        if not mine:
            return ids.encoded(kind, self._owner, chance.choice([0, 1, 2**62]))
        row = chance.choice(mine)
        owner = self._owner if self._luck(0.9) else row.customer_id
        return ids.encoded(kind, owner, row.id)

    def _cursor(self) -> str:
        chance, world = self._chance, self._world
        if self._luck(0.04):
            return chance.choice(["", "x", "b" * 31, "\u0000"])
        table = chance.choices(list(ORDERS), weights=[3, 1, 6])[0]
        order = chance.choices(ORDERS[table], weights=[6, 1, 1, 1][: len(ORDERS[table])])[0]
        rows = world.of(table, None if self._luck(0.15) else self._owner)
        found = [(getattr(row, order.column), row.id) for row in rows]
        found = [(value, row_id) for value, row_id in found if value is not None]
        if not found:
            return cursor(order, Key(date(2026, 6, 15) if order.column.endswith("_on") else 1, 1))
        value, row_id = chance.choice(found)
        return cursor(order, Key(value, chance.choice([row_id, row_id, row_id, 0, 2**62])))

    def _luck(self, share: float) -> bool:
        return self._chance.random() < share


def _literal(value: Any) -> str:
    match value:
        case Word():
            return str(value)
        case list():
            return f"[{', '.join(_literal(one) for one in value)}]"
        case dict():
            return "{" + ", ".join(f"{key}: {_literal(one)}" for key, one in value.items()) + "}"
        case _:
            return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else json.dumps(value)


def _plain(value: Any) -> Any:
    match value:
        case Word():
            return str(value)
        case list():
            return [_plain(one) for one in value]
        case dict():
            return {key: _plain(one) for key, one in value.items()}
        case _:
            return value
