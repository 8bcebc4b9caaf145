"""Every member of the schema says what it is, in more than its name, with the unit where there is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

import pytest
from graphql import (
    DirectiveDefinitionNode,
    EnumValueDefinitionNode,
    FieldDefinitionNode,
    InputValueDefinitionNode,
    ListTypeNode,
    NonNullTypeNode,
    ScalarTypeDefinitionNode,
    StringValueNode,
    TypeNode,
    parse,
    print_ast,
)

from schema.coordinates import MemberNode, directive_definitions, members
from schema.root import build_schema, print_schema

Described: TypeAlias = MemberNode | DirectiveDefinitionNode

OF_GRAPHQL_ITSELF = {"@oneOf"}
TINY = """
"What can be asked" type Query {
  "Amount that is owed" balance("Day it is asked for" on: Int): Int
  since: DateTime
}
"How things are sorted" enum Order { "The latest" LAST FIRST }
input Range { "The lower end" from: Int }
scalar DateTime
"What it costs" directive @price("Points of it" points: Int, per: Int) on FIELD_DEFINITION
"""


def described(sdl: str) -> Iterator[tuple[str, Described]]:
    """Every named thing of a printed schema; roots, inputs, values, arguments and directives too."""
    document = parse(sdl)
    yield from members(document)
    for name, definition in directive_definitions(document):
        if name not in OF_GRAPHQL_ITSELF:
            yield name, definition


def undescribed(sdl: str) -> list[str]:
    return [name for name, member in described(sdl) if not words(member).strip()]


def words(member: Described) -> str:
    description = member.description
    return description.value if isinstance(description, StringValueNode) else ""


def type_name(kind: TypeNode) -> str:
    while isinstance(kind, NonNullTypeNode | ListTypeNode):
        kind = kind.type
    return print_ast(kind)


def of_type(sdl: str, *names: str) -> Iterator[tuple[str, str]]:
    """Fields, arguments and inputs of a type, with what they say."""
    for name, member in described(sdl):
        if isinstance(member, FieldDefinitionNode | InputValueDefinitionNode) and (
            type_name(member.type) in names
        ):
            yield name, words(member)


def says_only_its_name(name: str, description: str) -> bool:
    """`firstNames` "First names": whoever reads it knows no more than before."""
    last = re.split(r"[.(@]", name.rstrip(":)"))[-1]
    own = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", last)
    told = re.sub(r"\b(?:the|a|an|of|its)\b", "", description.lower().replace("-", ""))
    return "".join(own).lower() == re.sub(r"\W", "", told)


def test_every_member_has_a_description() -> None:
    assert undescribed(print_schema()) == []


def test_a_member_without_a_description_is_found_wherever_it_is() -> None:
    assert undescribed(TINY) == ["Query.since", "Order.FIRST", "Range", "DateTime", "@price(per:)"]


def test_the_walk_meets_every_sort_of_member() -> None:
    names = {name for name, _ in described(print_schema())}
    assert names > {
        "Query",
        "Money",
        "Problem",
        "AccessResult",
        "OperationOrder.NEWEST_FIRST",
        "DateRange.from",
        "Query.node(id:)",
        "RevolvingCredit.operations(filter:)",
        "@access",
        "@access(scope:)",
    }
    assert len(names) > 500


def test_nothing_that_runs_is_left_out_of_the_printed_schema() -> None:
    running = {name for name in build_schema()._schema.type_map if not name.startswith("__")}
    printed = {name for name, _ in described(print_schema()) if not re.search(r"[.@]", name)}
    assert running - printed == {"String", "Int", "Boolean", "ID"}


def test_a_description_begins_like_a_sentence_and_is_tidy() -> None:
    untidy = [
        name
        for name, member in described(print_schema())
        if words(member) != " ".join(words(member).split())
        or words(member)[:1].islower()
        or words(member).endswith(".")
    ]
    assert untidy == []


@pytest.mark.parametrize(
    ("name", "description", "empty"),
    [
        ("Customer.firstNames", "First names", True),
        ("Customer.email", "The e-mail", True),
        ("Statement.number", "Number of the statement", False),
        ("Query.node(id:)", "An id", True),
        ("OperationStatus.BOOKED", "Booked", True),
        ("OperationStatus.BOOKED", "Booked on the contract", False),
    ],
)
def test_a_name_in_other_letters_is_no_description(name: str, description: str, empty: bool) -> None:
    assert says_only_its_name(name, description) is empty


def test_a_description_says_more_than_the_name() -> None:
    assert [name for name, it in described(print_schema()) if says_only_its_name(name, words(it))] == []


def test_every_instant_says_its_time_zone() -> None:
    told = dict(of_type(print_schema(), "DateTime"))
    given = {name for name in told if name.endswith(":)")}
    assert [name for name in told if name not in given and "(UTC)" not in told[name]] == []
    assert len(told) > 10


UNITS = re.compile(
    r"\b(?:how many|seconds|months|number|positions?|place|day of|digits|tries|year|codes|version|raised|most"
    r"|points|cost|items|size)\b",
    re.IGNORECASE,
)


def test_every_number_says_what_it_counts() -> None:
    told = dict(of_type(print_schema(), "Int", "Float"))
    assert {name: said for name, said in told.items() if not UNITS.search(said)} == {}
    assert len(told) > 15


def test_every_rate_says_that_it_is_a_yearly_fraction() -> None:
    (rate,) = [words(it) for name, it in described(print_schema()) if name == "Rate"]
    assert "Yearly" in rate
    assert "fraction" in rate


def test_every_scalar_says_where_it_is_specified() -> None:
    scalars = [it for _, it in described(print_schema()) if isinstance(it, ScalarTypeDefinitionNode)]
    assert {scalar.name.value for scalar in scalars} == {"Date", "DateTime", "Money", "Rate"}
    for scalar in scalars:
        (directive,) = scalar.directives or ()
        (url,) = directive.arguments or ()
        assert (directive.name.value, url.name.value) == ("specifiedBy", "url")
        assert isinstance(url.value, StringValueNode)
        assert url.value.value.startswith("https://")


def test_a_value_of_an_enumeration_is_a_member_too() -> None:
    values = [name for name, it in described(print_schema()) if isinstance(it, EnumValueDefinitionNode)]
    assert len(values) > 70


def test_nothing_is_a_float() -> None:
    assert "Float" not in build_schema()._schema.type_map
