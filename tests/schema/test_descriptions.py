"""Every member of the schema says what it is."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
)

from schema.root import build_schema

# Made by the library, with its own words.
SCALARS_OF_STRAWBERRY = {"Date", "DateTime"}


def members() -> Iterator[tuple[str, str | None]]:
    """Every named thing of the schema, and its description."""
    schema = build_schema()._schema
    for kind in schema.type_map.values():
        if is_introspection_type(kind) or is_specified_scalar_type(kind):
            continue
        yield kind.name, kind.description
        yield from _within(kind)
    for directive in schema.directives:
        if not is_specified_directive(directive):
            yield f"@{directive.name}", directive.description


def _within(kind: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    if isinstance(kind, GraphQLEnumType):
        for value, meaning in kind.values.items():
            yield f"{kind.name}.{value}", meaning.description
    elif isinstance(kind, GraphQLInputObjectType):
        for name, given in kind.fields.items():
            yield f"{kind.name}.{name}", given.description
    elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in kind.fields.items():
            yield f"{kind.name}.{name}", field.description
            for argument, taken in field.args.items():
                yield f"{kind.name}.{name}({argument})", taken.description


def test_every_member_has_a_description() -> None:
    assert [name for name, description in members() if not (description or "").strip()] == []


def test_the_walk_meets_every_sort_of_member() -> None:
    names = {name for name, _ in members()}
    assert names > {
        "Money",
        "Problem",
        "AccessResult",
        "OperationOrder.NEWEST_FIRST",
        "DateRange.from",
        "Query.node(id)",
        "RevolvingCredit.operations(filter)",
    }
    assert len(names) > 400


def test_a_description_begins_like_a_sentence_and_is_tidy() -> None:
    untidy = [
        name
        for name, description in members()
        if name not in SCALARS_OF_STRAWBERRY
        and description
        and (description != " ".join(description.split()) or description[0].islower())
    ]
    assert untidy == []


def test_nothing_is_a_float() -> None:
    assert "Float" not in build_schema()._schema.type_map
