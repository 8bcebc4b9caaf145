"""The introduction of GraphiQL can be followed to the letter."""

from __future__ import annotations

from graphql import parse, validate

from feed.sample.demo import DEMO_CODE, DEMO_NUMBER
from schema import graphiql
from schema.root import build_schema


def test_the_operations_fit_the_schema() -> None:
    assert validate(build_schema()._schema, parse(graphiql.INTRO)) == []


def test_the_demo_login_is_the_sample_s() -> None:
    assert DEMO_NUMBER in graphiql.INTRO
    assert DEMO_CODE in graphiql.INTRO
