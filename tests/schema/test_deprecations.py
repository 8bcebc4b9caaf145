"""A deprecated member says since when, until when, and what to use instead; else a check fails."""

from __future__ import annotations

import pytest

from schema.deprecations import undated
from schema.root import print_schema

GOOD = "Since 2026-11-23, until 2027-05-23: use `Query.new`"


def with_reason(reason: str) -> str:
    return f'type Query {{ new: Int old: Int @deprecated(reason: "{reason}") }}'


def test_every_deprecated_member_of_the_schema_is_dated() -> None:
    assert undated(print_schema()) == []


def test_a_dated_one_is_fine_also_when_its_day_has_come() -> None:
    assert undated(with_reason(GOOD)) == []
    assert undated(with_reason("Since 2001-01-01, until 2001-12-31: use nothing")) == []


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "Old",
        "Use `Query.new`",
        "Since 2026-11-23: use `Query.new`",
        "Until 2027-05-23: use `Query.new`",
        "Since 2026-11-23, until 2027-05-23",
        "Since 2026-11-23, until 2027-05-23: use ",
        "Since 23/11/2026, until 23/05/2027: use `Query.new`",
        "Since 2026-13-23, until 2027-05-23: use `Query.new`",
        "Since 2026-11-23, until 2027-02-30: use `Query.new`",
        "Since 2026-11-23, until 2026-11-23: use `Query.new`",
        "Since 2027-05-23, until 2026-11-23: use `Query.new`",
        "Since soon, until late: use `Query.new`",
    ],
)
def test_any_other_reason_is_told(reason: str) -> None:
    assert undated(with_reason(reason)) == [
        "Query.old is deprecated, and its reason does not read `Since YYYY-MM-DD, until YYYY-MM-DD: use …`"
    ]


@pytest.mark.parametrize("good", [True, False])
def test_every_sort_of_member_is_looked_at(good: bool) -> None:
    deprecated = f'@deprecated(reason: "{GOOD}")' if good else "@deprecated"
    sdl = f"""
        type Query {{ a: Int {deprecated} b(c: Int {deprecated}): Int }}
        interface Node {{ d: Int {deprecated} }}
        input Range {{ e: Int {deprecated} }}
        enum Order {{ F G {deprecated} }}
    """
    names = [sentence.split()[0] for sentence in undated(sdl)]
    assert names == ([] if good else ["Query.a", "Query.b(c:)", "Node.d", "Range.e", "Order.G"])
