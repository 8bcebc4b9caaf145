"""What breaks a client between two schemas, each sort on a schema of a few lines."""

from __future__ import annotations

import pytest
from graphql import build_schema

from schema.changes import as_released, changes, has_section, unsaid, version_of

RELEASED = """
directive @sensitive on FIELD_DEFINITION
directive @access(assurance: Assurance, scope: StaffScope) on FIELD_DEFINITION
directive @price(points: Int, per: Int, of: Int! = 1) repeatable on FIELD_DEFINITION | OBJECT
enum Assurance { CODE_ONLY STRONG STRONG_RECENT }
enum StaffScope { UNLOCK ADVISER }
scalar Day @specifiedBy(url: "https://example.org/day")
scalar Sum
interface Owned { id: ID! }
interface Credit { id: ID! label: String }
type Loan implements Owned & Credit { id: ID! label: String months: Int! }
type Card implements Owned { id: ID! }
union Found = Loan | Card
input Range { from: Day, to: Day, size: Int! = 20 }
input Who { number: Int, file: String }
type Query {
  loan(id: ID, size: Int! = 20): Loan
  find(range: Range): [Found!] @access(assurance: STRONG)
  who(who: Who, sum: Sum): String
  unlock: Boolean @access(scope: UNLOCK)
  open: Assurance
  try(code: String, also: [Int!]! = [1]): Boolean @sensitive
}
"""
OPTIONAL_SUM = "An optional argument Query.open(sum:) was added."


def breaking(old: str, new: str) -> list[tuple[str, ...]]:
    assert old in RELEASED
    return [change.coordinates for change in changes(RELEASED, RELEASED.replace(old, new)).breaking]


@pytest.mark.parametrize(
    ("old", "new", "coordinates"),
    [
        ("  open: Assurance\n", "", ["Query.open"]),
        ("open: Assurance", "open: String", ["Query.open"]),
        ("months: Int!", "months: Int", ["Loan.months"]),
        ("loan(id: ID, ", "loan(", ["Query.loan(id:)"]),
        ("loan(id: ID,", "loan(id: ID!,", ["Query.loan(id:)"]),
        ("loan(id: ID,", "loan(id: ID, year: Int!,", ["Query.loan(year:)"]),
        ("loan(id: ID, size: Int! = 20)", "loan(id: ID, size: Int!)", ["Query.loan(size:)"]),
        ("STRONG STRONG_RECENT", "STRONG", ["Assurance.STRONG_RECENT"]),
        ("Found = Loan | Card", "Found = Loan", ["Card and Found"]),
        ("input Range { from: Day,", "input Range {", ["Range.from"]),
        ("input Range { from: Day,", "input Range { from: Day!,", ["Range.from"]),
        ("size: Int! = 20 }", "size: Int! }", ["Range.size"]),
        ("size: Int! = 20 }", "size: Int! = 20, at: Day! }", ["Range.at"]),
        ("input Who {", "input Who @oneOf {", ["Who"]),
        ("scalar Sum", "enum Sum { A }", ["Sum"]),
        ("example.org/day", "example.org/moment", ["Day"]),
        (' @specifiedBy(url: "https://example.org/day")', "", ["Day"]),
        ("points: Int, per: Int", "points: Int", ["@price(per:)"]),
        ("points: Int,", "points: Int!,", ["@price(points:)"]),
        ("points: Int,", "points: Int, at: Int!,", ["@price(at:)"]),
        ("repeatable on FIELD_DEFINITION | OBJECT", "on FIELD_DEFINITION | OBJECT", ["@price"]),
        ("FIELD_DEFINITION | OBJECT", "FIELD_DEFINITION", ["@price"]),
        (
            "directive @price(points: Int, per: Int, of: Int! = 1) repeatable on FIELD_DEFINITION | OBJECT\n",
            "",
            ["@price"],
        ),
        ("@access(assurance: STRONG)", "@access(assurance: STRONG_RECENT)", ["Query.find"]),
        ("open: Assurance", "open: Assurance @access(assurance: CODE_ONLY)", ["Query.open"]),
        ("@access(scope: UNLOCK)", "@access(scope: ADVISER)", ["Query.unlock"]),
        ("@access(scope: UNLOCK)", "@access(scope: UNLOCK, assurance: STRONG)", ["Query.unlock"]),
        ("open: Assurance", "open: Assurance @sensitive", ["Query.open"]),
        ("also: [Int!]! = [1]", "also: [Int]!", ["Query.try(also:)"]),
        ("of: Int! = 1", "of: Int!", ["@price(of:)"]),
    ],
)
def test_each_sort_of_breaking_change_is_found_under_its_name(
    old: str, new: str, coordinates: list[str]
) -> None:
    assert [" and ".join(names) for names in breaking(old, new)] == coordinates


def test_an_interface_that_is_left_is_named_with_its_type() -> None:
    assert breaking("Loan implements Owned & Credit", "Loan implements Owned") == [("Loan", "Credit")]


def test_a_type_that_is_gone_is_told_with_all_that_led_to_it() -> None:
    gone = RELEASED.replace("type Card implements Owned { id: ID! }", "").replace("Loan | Card", "Loan")
    assert [change.coordinates for change in changes(RELEASED, gone).breaking] == [
        ("Card",),
        ("Card", "Found"),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("open: Assurance", "open: Assurance!"),
        ("open: Assurance", "open: Assurance later: Int"),
        ("loan(id: ID, size: Int! = 20)", "loan(id: ID, size: Int = 20)"),
        ("@access(assurance: STRONG)", "@access(assurance: CODE_ONLY)"),
        ("@access(assurance: STRONG)", ""),
        ("@access(scope: UNLOCK)", ""),
        ("Boolean @sensitive", "Boolean"),
        ("open: Assurance", "open: Assurance later: Int @sensitive"),
        ("scalar Sum", 'scalar Sum @specifiedBy(url: "https://example.org/sum")'),
        ("open: Assurance", 'open: Assurance @deprecated(reason: "Since 2026-11-23")'),
        ("scalar Sum", '"An amount" scalar Sum'),
    ],
)
def test_what_no_client_notices_is_neither_breaking_nor_dangerous(old: str, new: str) -> None:
    assert old in RELEASED
    found = changes(RELEASED, RELEASED.replace(old, new))
    assert (found.breaking, found.dangerous) == ([], [])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("STRONG STRONG_RECENT", "STRONG STRONG_RECENT BEST", "Enum value Assurance.BEST was added."),
        ("type Query", "type Note { id: ID! } type Query", None),
        ("open: Assurance", "open(sum: Sum): Assurance", OPTIONAL_SUM),
        (
            "type Query",
            "type Note implements Owned & Credit { id: ID! label: String } type Query",
            "Note was added, which implements Owned and Credit.",
        ),
        ("size: Int! = 20 }", "size: Int! = 10 }", "Range.size has changed defaultValue from 20 to 10."),
        ("size: Int! = 20)", "size: Int! = 10)", "Query.loan(size:) has changed defaultValue from 20 to 10."),
        (
            "also: [Int!]! = [1]",
            "also: [Int]! = []",
            "Query.try(also:) has changed defaultValue from [1] to [].",
        ),
        ("size: Int! = 20 }", "size: Int = 20, at: Day }", "An optional field Range.at was added."),
    ],
)
def test_a_dangerous_change_is_told_and_breaks_nothing(old: str, new: str, told: str | None) -> None:
    found = changes(RELEASED, RELEASED.replace(old, new))
    assert (found.breaking, found.dangerous) == ([], [told] if told else [])


def test_a_new_member_of_a_union_is_dangerous() -> None:
    grown = RELEASED.replace("Loan | Card", "Loan | Card | Note") + "type Note { id: ID! }"
    assert changes(RELEASED, grown).dangerous == ["Note was added to union type Found."]


def test_a_lost_default_is_told_once() -> None:
    found = changes(RELEASED, RELEASED.replace("size: Int! = 20 }", "size: Int! }"))
    assert [change.sentence for change in found.breaking] == [
        "Range.size has no default any more and must be given."
    ]
    assert found.dangerous == []


def test_a_stronger_access_is_told_with_what_it_was() -> None:
    found = changes(RELEASED, RELEASED.replace("assurance: STRONG)", "assurance: STRONG_RECENT)"))
    assert [change.sentence for change in found.breaking] == [
        "Query.find asks for assurance STRONG_RECENT now, and did for STRONG."
    ]


def test_a_field_that_an_operation_may_have_once_only_is_told_with_what_that_means() -> None:
    found = changes(RELEASED, RELEASED.replace("open: Assurance", "open: Assurance @sensitive"))
    assert [change.sentence for change in found.breaking] == [
        "Query.open is @sensitive now: an operation may have one such field, once."
    ]


ROOTS = "type Query { a: Int } type Mutation { b: Int } type Subscription { c: Int } type Mut { b: Int }\n"
WHOLE = "schema { query: Query mutation: Mutation subscription: Subscription }"
MUTATION, SUBSCRIPTION = (
    f"{name} was the root of each {name.lower()}, nothing is now." for name in ("Mutation", "Subscription")
)


@pytest.mark.parametrize("released", ["", WHOLE])
@pytest.mark.parametrize(
    ("roots", "told"),
    [
        (WHOLE, {}),
        ("schema { query: Query }", {"Mutation": MUTATION, "Subscription": SUBSCRIPTION}),
        ("schema { query: Query mutation: Mutation }", {"Subscription": SUBSCRIPTION}),
        (
            WHOLE.replace(": Mutation", ": Mut"),
            {"Mutation": "Mutation was the root of each mutation, Mut is now."},
        ),
        (WHOLE.replace(": Query", ": Mut"), {"Query": "Query was the root of each query, Mut is now."}),
    ],
)
def test_a_type_that_is_no_root_any_more_is_breaking_though_it_stays(
    released: str, roots: str, told: dict[str, str]
) -> None:
    found = changes(ROOTS + released, ROOTS + roots)
    assert [(change.coordinates, change.sentence) for change in found.breaking] == [
        ((name,), sentence) for name, sentence in told.items()
    ]


def test_a_root_whose_type_is_gone_is_told_once_and_a_new_one_breaks_nothing() -> None:
    less, more = "type Query { a: Int }", "type Query { a: Int } type Mutation { b: Int }"
    assert [change.sentence for change in changes(more, less).breaking] == ["Mutation was removed."]
    assert changes(less, more).breaking == []


def unsaid_after(changelog: str, old: str = "  open: Assurance\n", new: str = "") -> list[str]:
    found = changes(RELEASED, RELEASED.replace(old, new)).breaking
    return [change.coordinates[0] for change in unsaid(found, changelog, "0.2.0")]


@pytest.mark.parametrize(
    "changelog",
    [
        "# Changelog\n\n## Unreleased\n\nBreaking: `Query.open` is gone.\n\n## 0.2.0\n\nWords.\n",
        "# Changelog\n\n## 0.3.0\n\nAll sorts.\n\nBreaking:\n- `Query.open` is gone;\n- more.\n\n## 0.2.0\n",
        "## Unreleased\n\nBreaking: one thing.\n\nBreaking: `Query.loan`, `Query.open`.\n\n## 0.2.0\n",
        "## Unreleased\n\n```graphql\n{ open }\n```\n\nBreaking: `Query.open`.\n\n## 0.2.0\n",
        "## Unreleased\n\n~~~\n## 0.2.0\n```\n~~~\nBreaking: `Query.open`.\n\n## 0.2.0\n",
        "## Unreleased\n\n```no``` fence\n\nBreaking: `Query.open`.\n\n## 0.2.0\n",
    ],
)
def test_a_change_that_a_newer_section_names_is_said(changelog: str) -> None:
    assert unsaid_after(changelog) == []


@pytest.mark.parametrize(
    ("_case", "changelog"),
    [
        ("not at all", "# Changelog\n\n## 0.2.0\n\nWords.\n"),
        ("in an older section", "## Unreleased\n\nWords.\n\n## 0.2.0\n\nBreaking: `Query.open` is gone.\n"),
        ("not as breaking", "## Unreleased\n\n- `Query.open` is gone.\n\n## 0.2.0\n"),
        ("another paragraph", "## Unreleased\n\nBreaking: much.\n\n`Query.open`.\n\n## 0.2.0\n"),
        ("without backticks", "## Unreleased\n\nBreaking: Query.open is gone.\n\n## 0.2.0\n"),
        ("its type alone", "## Unreleased\n\nBreaking: `Query`.\n\n## 0.2.0\n"),
        ("in a code fence", "## Unreleased\n\n```\n\nBreaking: `Query.open`.\n\n```\n\n## 0.2.0\n"),
        ("in a list's fence", "## N\n\n- So:\n\n  ~~~md\n\nBreaking: `Query.open`.\n\n  ~~~\n\n## 0.2.0\n"),
        ("in a longer fence", "## N\n\n````\n```\n\nBreaking: `Query.open`.\n\n```\n````\n\n## 0.2.0\n"),
        ("in a fence left open", "## Unreleased\n\n```\n\nBreaking: `Query.open`.\n\n## 0.2.0\n"),
        ("behind a fence", "## Unreleased\n\nBreaking:\n```\n{ a }\n```\n`Query.open`.\n\n## 0.2.0\n"),
        ("a longer name", "## Unreleased\n\nBreaking: `Query.openly`.\n\n## 0.2.0\n"),
    ],
)
def test_a_change_that_no_newer_section_names_as_breaking_is_unsaid(_case: str, changelog: str) -> None:
    assert unsaid_after(changelog) == ["Query.open"]


def test_the_member_of_an_interface_stands_for_those_of_its_types() -> None:
    changelog = "## Unreleased\n\nBreaking: `{}` is gone.\n\n## 0.2.0\n"
    both = changes(RELEASED, RELEASED.replace("label: String", "name: String")).breaking
    assert [change.coordinates for change in both] == [("Credit.label",), ("Loan.label",)]
    assert unsaid(both, changelog.format("Credit.label"), "0.2.0") == []
    assert unsaid(both, changelog.format("Loan.label"), "0.2.0") == [both[0]]


def test_who_leaves_a_union_is_named_with_it() -> None:
    left = ("Found = Loan | Card", "Found = Loan")
    assert unsaid_after("## N\n\nBreaking: `Found`.\n\n## 0.2.0\n", *left) == ["Card"]
    assert unsaid_after("## N\n\nBreaking: `Card` left `Found`.\n\n## 0.2.0\n", *left) == []


def test_a_standard_scalar_nobody_uses_any_more_is_no_change_of_its_own() -> None:
    assert breaking("months: Int!", "months: String") == [("Loan.months",)]
    old = "type Query { a: Float b: Int }"
    found = changes(old, "type Query { b: Int }").breaking
    assert [change.coordinates for change in found] == [("Query.a",)]


def test_a_released_schema_keeps_all_but_the_descriptions() -> None:
    told = RELEASED.replace("months: Int!", '"In months" months: Int! @access(scope: UNLOCK)')
    kept = as_released(f'"All" {told.strip()}', "1.2.3")
    assert version_of(kept) == "1.2.3"
    assert '"In months"' not in kept
    assert "@access(scope: UNLOCK)" in kept
    assert changes(told, kept) == changes(kept, told)
    assert changes(told, kept).breaking == []
    assert build_schema(kept).type_map.keys() == build_schema(told).type_map.keys()


def test_a_released_schema_without_its_version_is_refused() -> None:
    with pytest.raises(ValueError, match="first line"):
        version_of(RELEASED)


def test_a_section_is_a_heading_of_its_own() -> None:
    assert has_section("# Changelog\n\n## 0.2.0\n", "0.2.0")
    assert not has_section("# Changelog\n\n## 0.2.01\n\nSince ## 0.2.0\n", "0.2.0")
    assert not has_section("# Changelog\n\n```\n## 0.2.0\n```\n", "0.2.0")
