"""What operations cost: each rule by itself, and never less than what is answered."""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import strawberry
from graphql import (
    FragmentDefinitionNode,
    OperationDefinitionNode,
    get_introspection_query,
    parse,
    validate,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.documents.cost_directives import Cost, ListSize, cost, describe_arguments, list_size
from engine.documents.costs import POINTS_MAX, Costs
from engine.documents.valid import RequestError
from engine.limits import Limits
from tests.engine.library import library

COSTS = Costs(library, Limits())


def points(text: str, variables: dict[str, Any] | None = None, costs: Costs = COSTS) -> int:
    """Points of the first operation of a document."""
    operation, *others = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    fragments = {other.name.value: other for other in others if isinstance(other, FragmentDefinitionNode)}
    return costs.of(operation, fragments, variables)


# A shelf of a page is 1 and its label 0.1; the page itself 1.
PAGES = [
    pytest.param("{label}", {}, 1, id="at least one point"),
    pytest.param("{item {label}}", {}, 5, id="no page: the dearest item and a leaf"),
    pytest.param("{shelves(first: 3) {nodes {label}}}", {}, 5, id="one page: 1 + 3 x 1.1"),
    pytest.param("{shelves {nodes {label}}}", {}, 5, id="a page without a length has the default's"),
    pytest.param(
        "{shelves(first: 3) {nodes {shelves(last: 5) {nodes {label}}}}}", {}, 24, id="a page in a page"
    ),
    pytest.param("query($n: Int) {shelves(first: $n) {nodes {label}}}", {"n": 5}, 7, id="a variable"),
    pytest.param("query($n: Int) {shelves(first: $n) {nodes {label}}}", {}, 5, id="a variable not given"),
    pytest.param("query($n: Int) {shelves(first: $n) {nodes {label}}}", {"n": None}, 5, id="a null"),
    pytest.param("{shelves(first: null) {nodes {label}}}", {}, 5, id="a literal null"),
    pytest.param("query($n: Int = 6) {shelves(first: $n) {nodes {label}}}", {}, 8, id="a variable's default"),
    pytest.param(
        "query($n: Int = 6) {shelves(first: $n) {nodes {label}}}", {"n": 2}, 4, id="given over the default"
    ),
    pytest.param(
        "query($n: Int = 6) {shelves(first: $n) {nodes {label}}}", {"n": None}, 5, id="null over the default"
    ),
    pytest.param("{shelves(first: 0) {nodes {label}}}", {}, 1, id="an empty page"),
    pytest.param("{shelves(first: -4) {nodes {label}}}", {}, 1, id="a negative length holds nothing"),
    pytest.param("{shelves(first: 7) {nodes {label}}}", {}, 8, id="a longer page holds no more than it may"),
    pytest.param("{shelves(last: 101) {nodes {label}}}", {}, 8, id="nor does one from the end"),
    pytest.param(f"{{shelves(first: {'9' * 6_000}) {{nodes {{label}}}}}}", {}, 8, id="6,000 digits"),
    pytest.param(
        f"{{shelves(first: -{'9' * 6_000}) {{nodes {{label}}}}}}", {}, 1, id="6,000 negative digits"
    ),
    pytest.param("{shelves(first: 2, last: 4) {nodes {label}}}", {}, 6, id="both: the longer one"),
    pytest.param("{items(first: 4) {nodes {label} edges {cursor node {label}}}}", {}, 39, id="both lists"),
    pytest.param(
        "{shelves(first: 4) {a: nodes {label} b: nodes {label}}}", {}, 10, id="a list under aliases"
    ),
    pytest.param("{items(first: 4) {within {nodes {label}}}}", {}, 412, id="a page that no field sizes"),
]
FRAGMENTS = [
    pytest.param(
        "{shelves(first: 2) {nodes {...F}}}"
        " fragment F on Shelf {shelves(first: 3) {...G}} fragment G on ShelfPage {nodes {label}}",
        12,
        id="through fragments: 1 + 2 x (1 + 1 + 3 x 1.1)",
    ),
    pytest.param("{shelves(first: 2) {... {nodes {label}}}}", 4, id="through an inline fragment"),
    pytest.param(
        "{x: shelves(first: 2) {nodes {label}} y: shelves(first: 3) {nodes {label}}}", 8, id="aliases"
    ),
    pytest.param(
        "{shelves {nodes {label}} shelves {nodes {label}}}",
        5,
        id="merged fields and all below them are one",
    ),
    pytest.param("{shelves(first: 3) {__typename}}", 4, id="a page of which no row is selected"),
    pytest.param("{...F ...F} fragment F on Query {item {label}}", 5, id="a fragment twice in one place"),
    pytest.param(
        "{...F ...G} fragment F on Query {item {label}} fragment G on Query {item {label}}",
        5,
        id="two alike",
    ),
    pytest.param("{item {... on Book {summary} ... on Map {label}}}", 10, id="the dearest type, not the sum"),
    pytest.param("{item {label ... on Item {name: label}}}", 5, id="a fragment on the type itself"),
    pytest.param("{anything {... on Owner {name} ... on Item {label}}}", 5, id="a union"),
    pytest.param("{item {...F}} fragment F on Map {islands {label}}", 13, id="a list of a type"),
    pytest.param("{...F} fragment F on Query {...G} fragment G on Query {...F label}", 1, id="a circle"),
    pytest.param("{...Nowhere nothing {below}}", 1, id="what is not there"),
]
DIRECTIVES = [
    pytest.param("{item {summary: label @skip(if: true)}}", {}, 4, id="skipped"),
    pytest.param("{item @include(if: false) {label} label}", {}, 1, id="not included"),
    pytest.param("query($b: Boolean!) {item @skip(if: $b) {label}}", {"b": True}, 1, id="by a variable"),
    pytest.param("query($b: Boolean!) {item @skip(if: $b) {label}}", {"b": False}, 5, id="not by a variable"),
    pytest.param("query($b: Boolean!) {item @skip(if: $b) {label}}", {"b": "yes"}, 5, id="not by a string"),
    pytest.param("query($b: Boolean!) {item @skip(if: $b) {label}}", {"b": 1}, 5, id="nor by a number"),
    pytest.param("query($b: Boolean = true) {item @skip(if: $b) {label}}", {}, 1, id="by a default"),
    pytest.param("query($b: Boolean!) {item @include(if: $b) {label}}", {}, 5, id="a variable not given"),
    pytest.param("{... @skip(if: true) {item {label}}}", {}, 1, id="an inline fragment"),
    pytest.param("{...F @include(if: false)} fragment F on Query {item {label}}", {}, 1, id="a spread"),
    pytest.param("{item @include(if: true) @skip(if: true) {label}}", {}, 1, id="one of two"),
]
WEIGHTS = [
    pytest.param("{item {... on Book {summary}}}", {}, 10, id="a field: 4 + 5 + 0.1"),
    pytest.param("{find {name}}", {}, 2, id="an object"),
    pytest.param("{find {tags}}", {}, 2, id="a list of leaves: 1 + 4 x 0.1"),
    pytest.param("{unsaid {name}}", {}, 110, id="a list that says nothing is long"),
    pytest.param("{find(again: 1) {name}}", {}, 9, id="an argument"),
    pytest.param("query($a: Int!) {find(again: $a) {name}}", {"a": 0}, 9, id="an argument by variable"),
    pytest.param("query($a: Int!) {find(again: $a) {name}}", {}, 2, id="an argument that is not given"),
    pytest.param('{find(wish: {words: "x"}) {name}}', {}, 5, id="an input field"),
    pytest.param("{find(wish: {words: null, year: 3}) {name}}", {}, 2, id="an input field that is null"),
    pytest.param('{find(wish: {words: "x", near: {words: "y"}}) {name}}', {}, 8, id="a nested input"),
    pytest.param(
        'query($w: Wish) {find(wish: {allOf: [{words: "x"}, {words: "y"}, $w]}) {name}}',
        {"w": {"words": "z"}},
        11,
        id="a list of inputs and a variable in it",
    ),
    pytest.param(
        "query($w: Wish) {find(wish: $w) {name}}", {"w": {"allOf": [{"words": ""}] * 3}}, 11, id="JSON"
    ),
    pytest.param("query($w: Wish) {find(wish: $w) {name}}", {"w": 3}, 2, id="JSON of another shape"),
    pytest.param("query($w: Wish) {find(wish: $w) {name}}", {"w": [{"words": 1}]}, 5, id="a list for one"),
    pytest.param('query($w: Wish = {words: "x"}) {find(wish: $w) {name}}', {}, 5, id="a default"),
]


@pytest.mark.parametrize(("text", "variables", "expected"), [*PAGES, *DIRECTIVES, *WEIGHTS])
def test_points(text: str, variables: dict[str, Any], expected: int) -> None:
    assert points(text, variables) == expected


@pytest.mark.parametrize(("text", "expected"), FRAGMENTS)
def test_points_of_fragments(text: str, expected: int) -> None:
    assert points(text) == expected


@pytest.mark.parametrize(
    "value",
    ["3", "", True, [3], {"n": 3}, float("nan"), float("inf"), -float("inf"), 10**400, -(10**400), 2.0],
)
def test_a_value_that_is_no_length_costs_the_longest_page_at_most(value: object) -> None:
    assert 1 <= points("query($n: Int) {shelves(first: $n) {nodes {label}}}", {"n": value}) <= 8


def test_fragments_that_double_are_counted_at_once_and_saturate() -> None:
    chain = " ".join(
        f"fragment F{i} on Shelf {{ a: shelves {{ nodes {{ ...F{i + 1} }} }} "
        f"b: shelves {{ nodes {{ ...F{i + 1} }} }} }}"
        for i in range(50)
    )
    assert (
        points(f"{{ shelves {{ nodes {{ ...F0 }} }} }} {chain} fragment F50 on Shelf {{ label }}")
        == POINTS_MAX
    )


def test_nesting_deeper_than_the_interpreter_goes_saturates() -> None:
    inner = "label"
    for _ in range(12):
        inner = f"... {{ {inner} }}"
    fragments = "".join(
        f"fragment F{i} on Query {{ {inner.replace('label', f'...F{i + 1}')} }} " for i in range(200)
    )
    assert points(f"{{ ...F0 }} {fragments} fragment F200 on Query {{ label }}") == POINTS_MAX


def test_an_operation_the_schema_has_no_root_for_costs_a_point() -> None:
    assert points("mutation { anything }") == points("subscription { anything }") == 1


def test_too_many_points_are_refused_with_both_numbers() -> None:
    operation = parse("{shelves(first: 6) {nodes {shelves(first: 6) {nodes {label}}}}}").definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    assert points("{shelves(first: 6) {nodes {shelves(first: 6) {nodes {label}}}}}") == 53

    assert Costs(library, Limits(cost_max=53)).check(operation, {}, {}) == 53
    with pytest.raises(RequestError) as caught:
        Costs(library, Limits(cost_max=52)).check(operation, {}, {})

    assert caught.value.code == "COST_TOO_HIGH"
    assert caught.value.formatted == [
        {
            "message": "The operation costs 53 points, 52 are allowed: ask for shorter pages",
            "extensions": {"code": "COST_TOO_HIGH", "cost": {"requested": 53, "limit": 52}},
        }
    ]


def test_introspection_is_counted_by_what_the_schema_holds() -> None:
    every = {name: True for name in inspect.signature(get_introspection_query).parameters}
    whole = points(get_introspection_query(**every))

    assert points("{ __schema { queryType { name } } }") == 1
    assert points("{ __schema { types { name } } }") == 7
    assert 100 < whole < 500
    many = " ".join(
        f"a{n}: __schema {{ types {{ fields {{ type {{ fields {{ name }} }} }} }} }}" for n in range(30)
    )
    assert points(f"{{ {many} }}") > 1_000
    assert points('{ __type(name: "Query") { fields { name } } }') == 4


# Declarations that are mistakes are told at the start.


def _schema(directive: Cost | ListSize) -> strawberry.Schema:
    @strawberry.type
    class Query:
        @strawberry.field(description="Names", directives=[directive])  # type: ignore[untyped-decorator]
        def names(self, first: int = 7) -> list[str]:
            return []

    return strawberry.Schema(Query)


@pytest.mark.parametrize(
    ("directive", "words"),
    [
        (Cost(weight="dear"), "could not convert"),
        (cost(-1), "no number of points"),
        (Cost(weight="inf"), "no number of points"),
        (ListSize(slicing_arguments=["last"]), r"arguments that are not there: \['last'\]"),
        (ListSize(assumed_size=3, sized_fields=["nodes"]), r"String has not: \['nodes'\]"),
        (ListSize(), "says no size"),
    ],
)
def test_a_declaration_that_cannot_be_is_told_at_the_start(directive: Cost | ListSize, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Costs(_schema(directive), Limits())


def test_the_default_of_a_slicing_argument_is_the_usual_size() -> None:
    costs = Costs(_schema(ListSize(assumed_size=1_000, slicing_arguments=["first"])), Limits())

    assert [
        points(text, {}, costs) for text in ("{names}", "{names(first: 90)}", "{names(first: 9000)}")
    ] == [
        1,
        9,
        100,
    ]


def test_the_directives_are_printed_with_their_arguments_described() -> None:
    schema = _schema(list_size(3))
    describe_arguments(schema)
    text = schema.as_str()

    assert '"""Arguments that say how many items are asked for"""' in text
    assert "@listSize(assumedSize: 3, requireOneSlicingArgument: false)" in text


# Whatever is asked, the answer is not more than was counted.

COMPOSITE: dict[str, dict[str, str]] = {
    "Query": {
        "items": "ItemPage",
        "shelves": "ShelfPage",
        "item": "Item",
        "anything": "Anything",
        "find": "Owner",
    },
    "Shelf": {"items": "ItemPage", "shelves": "ShelfPage"},
    "ShelfPage": {"nodes": "Shelf"},
    "ItemPage": {"nodes": "Item", "edges": "ItemEdge", "within": "ItemPage"},
    "ItemEdge": {"node": "Item"},
    "Item": {"owner": "Owner"},
    "Book": {"owner": "Owner"},
    "Map": {"owner": "Owner", "islands": "Item"},
    "Owner": {},
    "Anything": {},
}
LEAVES = {
    "Query": ["label"],
    "Shelf": ["label"],
    "ItemEdge": ["cursor"],
    "Item": ["label"],
    "Book": ["label", "pages", "summary"],
    "Map": ["label"],
    "Owner": ["name", "tags"],
}
CONDITIONS = {
    "Item": ["Item", "Book", "Map"],
    "Anything": ["Book", "Map", "Owner", "Item"],
    "Book": ["Item", "Book"],
    "Map": ["Item", "Map"],
}
LENGTHS = ["", "(first: 6)", "(first: $n)", "(last: $m)", "(first: 1, last: 4)", "(first: 0)", "(last: 9)"]
SWITCHES = ["", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @skip(if: false)"]


@dataclass
class Writer:
    """Writes a valid document by the choices of a generator."""

    choose: random.Random
    names: int = 0
    fragments: list[str] = field(default_factory=list)
    open: dict[str, list[str]] = field(default_factory=dict)

    def selections(self, kind: str, depth: int) -> str:
        picks = self.choose.randint(1, 3)
        return "{ __typename " + " ".join(self.selection(kind, depth) for _ in range(picks)) + " }"

    def selection(self, kind: str, depth: int) -> str:
        below, leaves = COMPOSITE[kind], LEAVES.get(kind, ["__typename"])
        sort = self.choose.choice(["leaf", "field", "field", "field", "inline", "spread"])
        switch = self.choose.choice(SWITCHES)
        if sort == "field" and below and depth:
            name = self.choose.choice(list(below))
            length = self.choose.choice(LENGTHS) if name in ("items", "shelves") else ""
            return f"{self.alias()}: {name}{length}{switch} {self.selections(below[name], depth - 1)}"
        if sort in ("inline", "spread") and depth:
            condition = self.choose.choice(CONDITIONS.get(kind, [kind]))
            if sort == "inline":
                return f"... on {condition}{switch} {self.selections(condition, depth - 1)}"
            return f"...{self.fragment(condition, depth - 1)}{switch}"
        return f"{self.alias()}: {self.choose.choice(leaves)}{switch}"

    def fragment(self, kind: str, depth: int) -> str:
        known = self.open.setdefault(kind, [])
        if known and self.choose.random() < 0.5:
            return self.choose.choice(known)
        inside = self.selections(kind, depth)
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {kind} {inside}")
        known.append(name)
        return name

    def alias(self) -> str:
        self.names += 1
        return f"a{self.names}"

    def document(self) -> str:
        operation = self.selections("Query", 5)
        head = "query($n: Int, $m: Int = 5, $yes: Boolean! = true)"
        return f"{head} {operation} {' '.join(self.fragments)}"


def weigh(value: Any) -> Iterator[float]:
    """What the rules of the directives say of an answer, without the weights of fields."""
    if isinstance(value, dict):
        yield 4.0 if value.get("__typename") == "Map" else 1.0
        for one in value.values():
            yield from weigh(one)
    elif isinstance(value, list):
        for one in value:
            yield from weigh(one)
    else:
        yield 0.1


VARIABLES = st.fixed_dictionaries(
    {},
    optional={
        "n": st.one_of(st.none(), st.integers(-1, 8)),
        "m": st.one_of(st.none(), st.integers(-1, 8)),
        "yes": st.booleans(),
    },
)


@settings(max_examples=150, deadline=None)
@given(choose=st.randoms(use_true_random=False), variables=VARIABLES)
def test_an_answer_is_never_more_than_was_counted(choose: random.Random, variables: dict[str, Any]) -> None:
    text = Writer(choose).document()
    node = parse(text)
    unused = "is never used"
    assert [e.message for e in validate(library._schema, node) if unused not in e.message] == []

    counted = points(text, variables)
    if counted > 20_000:
        return
    result = library.execute_sync(text, variables)

    answered = sum(weigh(result.data)) - 1 if result.data else 0.0  # the root is no value of a field
    assert answered <= counted + 1e-6


def test_the_bound_is_reached() -> None:
    """Full pages of the dearest type cost what they were counted for."""
    inner = "__typename label shelves { __typename nodes { label } }"
    text = f"{{ shelves(first: 6) {{ __typename nodes {{ {inner} }} }} }}"
    result = library.execute_sync(text)

    assert points(text) == 35
    assert 34 < sum(weigh(result.data)) - 1 <= 35
