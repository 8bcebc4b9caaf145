"""What the pages of an operation may hold, before it runs."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse

from engine.limits import Limits
from engine.sizes import nodes_of

CASES = [
    pytest.param("{a {b}}", {}, 0, id="no page"),
    pytest.param("{a(first: 3) {nodes {b}}}", {}, 3, id="one page"),
    pytest.param("{a {edges {node {b}}}}", {}, 20, id="a page without a length has the default's"),
    pytest.param("{a(first: 3) {nodes {b(last: 5) {nodes {c}}}}}", {}, 18, id="a page in a page"),
    pytest.param("query($n: Int) {a(first: $n) {nodes {b}}}", {"n": 7}, 7, id="a variable"),
    pytest.param("query($n: Int = 9) {a(first: $n) {nodes {b}}}", {}, 9, id="a variable's default"),
    pytest.param("query($n: Int = 9) {a(first: $n) {nodes {b}}}", {"n": 2}, 2, id="given over the default"),
    pytest.param("{a(first: -4) {nodes {b}}}", {}, 0, id="a negative length holds nothing"),
    pytest.param("{a(first: 101) {nodes {b}}}", {}, 100, id="a longer page is refused, so it holds no more"),
    pytest.param(
        "{a(first: 2) {nodes {...f}}} fragment f on T {b(first: 3) {...g}} fragment g on U {nodes {c}}",
        {},
        8,
        id="through fragments",
    ),
    pytest.param("{a(first: 2) {... {nodes {b}}}}", {}, 2, id="through an inline fragment"),
    pytest.param("{x: a(first: 2) {nodes {b}} y: a(first: 3) {nodes {b}}}", {}, 5, id="aliases add up"),
]


@pytest.mark.parametrize(("text", "variables", "expected"), CASES)
def test_pages_multiply(text: str, variables: dict[str, Any], expected: int) -> None:
    operation, *others = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    fragments = {other.name.value: other for other in others if isinstance(other, FragmentDefinitionNode)}

    assert nodes_of(operation, fragments, variables, Limits(page_default=20)) == expected


def test_the_longest_page_is_a_limit() -> None:
    (operation,) = parse("{a(last: 101) {nodes {b}}}").definitions
    assert isinstance(operation, OperationDefinitionNode)

    assert nodes_of(operation, {}, {}, Limits(page_max=7)) == 7
