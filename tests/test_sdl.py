"""The printed schema under review is the schema that runs."""

from __future__ import annotations

from pathlib import Path

from graphql import build_schema as read_sdl
from graphql import find_breaking_changes, lexicographic_sort_schema

from schema.root import build_schema, print_schema

PRINTED = Path(__file__).parents[1] / "schema" / "portal.graphql"


def test_the_printed_schema_is_up_to_date() -> None:
    assert PRINTED.read_text(encoding="utf-8") == print_schema(), "run `make sdl`"


def test_the_printed_schema_can_be_read_back() -> None:
    printed = read_sdl(PRINTED.read_text(encoding="utf-8"))
    running = build_schema()._schema
    assert find_breaking_changes(lexicographic_sort_schema(printed), running) == []
    assert find_breaking_changes(running, printed) == []
