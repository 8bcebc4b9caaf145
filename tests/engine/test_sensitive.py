"""One sensitive field in an operation, however it is written."""

from __future__ import annotations

import pytest
import strawberry
from graphql import build_schema, parse, validate

from engine.documents.sensitive import SENSITIVE, OneSensitiveField


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Try a code", directives=[SENSITIVE])  # type: ignore[untyped-decorator]
    def enter(self, code: int = 0) -> str:
        return ""

    @strawberry.mutation(description="Choose a code", directives=[SENSITIVE])  # type: ignore[untyped-decorator]
    def choose(self, code: int = 0) -> str:
        return ""

    @strawberry.mutation
    def leave(self) -> str:
        return ""


@strawberry.type
class Query:
    hello: str = ""
    enter: str = strawberry.field(default="", description="No secret")


schema = strawberry.Schema(Query, Mutation)._schema


def refused(text: str) -> list[str]:
    """The words of the rule."""
    return [error.message for error in validate(schema, parse(text), [OneSensitiveField])]


@pytest.mark.parametrize(
    "text",
    [
        "mutation { enter }",
        "mutation { a: enter(code: 1) leave b: leave c: leave }",
        "mutation { ...F ...F } fragment F on Mutation { enter }",
        "mutation A { enter } mutation B { choose }",
        "query { a: enter b: enter hello }",
        "mutation { ...F } fragment F on Mutation { ...F enter }",
        "mutation { ...Nowhere nothing { below } enter }",
        "subscription { enter choose }",
    ],
)
def test_one_is_let_through(text: str) -> None:
    assert refused(text) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("mutation { a: enter(code: 1) b: enter(code: 2) }", "enter, enter"),
        ("mutation { enter enter }", "enter, enter"),
        ("mutation { enter leave choose }", "enter, choose"),
        ("mutation { enter ... { choose } }", "enter, choose"),
        ("mutation { enter ... on Mutation @include(if: false) { a: enter } }", "enter, enter"),
        ("mutation { ...F enter } fragment F on Mutation { a: enter }", "enter, enter"),
        (
            "mutation { ...F ...G } fragment F on Mutation { ...H } "
            "fragment G on Mutation { choose } fragment H on Mutation { ... { enter } }",
            "enter, choose",
        ),
        ("mutation A { leave } mutation B { enter choose }", "enter, choose"),
    ],
)
def test_two_are_refused_by_name(text: str, names: str) -> None:
    assert refused(text) == [f"An operation may have one of these fields, once: {names}."]


def test_a_schema_that_declares_nothing_refuses_nothing() -> None:
    plain = build_schema("type Query { enter: String }")

    assert validate(plain, parse("{ a: enter b: enter }"), [OneSensitiveField]) == []


def test_fragments_that_spread_each_other_are_looked_at_once() -> None:
    mesh = "mutation { ...F0 } " + " ".join(
        f"fragment F{i} on Mutation {{ ...F{i + 1} ... {{ ...F{i + 1} }} }}" for i in range(45)
    )
    assert refused(mesh + " fragment F45 on Mutation { enter }") == []
    assert len(refused(mesh + " fragment F45 on Mutation { enter choose }")) == 1
