"""The printed schema under review is the schema that runs, and breaks no client without a word of it."""

from __future__ import annotations

import re
import shutil
from importlib import metadata
from pathlib import Path

import pytest
from graphql import FieldDefinitionNode, Visitor, find_breaking_changes, lexicographic_sort_schema
from graphql import build_schema as read_sdl
from graphql import parse as parse_sdl
from graphql import print_ast as print_sdl
from graphql import visit as visit_sdl

from commands.sdl import Outcome, SchemaFiles, check, release, write
from schema.changes import as_released, has_section, version_of
from schema.root import build_schema, print_schema

ROOT = Path(__file__).parents[1]
VERSION = metadata.version("credit-portal")
TINY = "type Query {\n  a: Int\n  b: Int\n}\n"


@pytest.fixture(scope="module")
def sdl() -> str:
    return print_schema()


@pytest.fixture
def copied(tmp_path: Path) -> SchemaFiles:
    """The true files, to be changed."""
    (tmp_path / "schema").mkdir()
    for name in ("CHANGELOG.md", "pyproject.toml", "schema/portal.graphql", "schema/released.graphql"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    return SchemaFiles.of(tmp_path)


@pytest.fixture
def tiny(tmp_path: Path) -> SchemaFiles:
    """A project of a few lines, released as 1.0.0."""
    (tmp_path / "schema").mkdir()
    (tmp_path / "pyproject.toml").touch()
    files = SchemaFiles.of(tmp_path)
    files.printed.write_text(TINY, encoding="utf-8")
    files.released.write_text(as_released(TINY, "1.0.0"), encoding="utf-8")
    tell(files, "## 1.0.0\n\nThe first.\n")
    return files


def tell(files: SchemaFiles, sections: str) -> None:
    assert files.changelog is not None
    files.changelog.write_text(f"# Changelog\n\n{sections}", encoding="utf-8")


def without(sdl: str, field_name: str) -> str:
    """The schema without a field of that name, wherever there is one."""

    class Removing(Visitor):
        def enter_field_definition(self, node: FieldDefinitionNode, *_: object) -> object:
            return self.REMOVE if node.name.value == field_name else None

    return f"{print_sdl(visit_sdl(parse_sdl(sdl), Removing()))}\n"


def checked(files: SchemaFiles, sdl: str, version: str) -> Outcome:
    """The check once the schema is printed."""
    write(files, sdl)
    return check(files, sdl, version)


def test_the_printed_schema_is_up_to_date(sdl: str) -> None:
    assert SchemaFiles.of(ROOT).printed.read_text(encoding="utf-8") == sdl, "run `make sdl`"


def test_the_printed_schema_can_be_read_back(sdl: str) -> None:
    printed, running = read_sdl(sdl), build_schema()._schema
    assert find_breaking_changes(lexicographic_sort_schema(printed), running) == []
    assert find_breaking_changes(running, printed) == []


def test_all_that_breaks_since_the_last_release_is_said(sdl: str) -> None:
    assert check(SchemaFiles.of(ROOT), sdl, VERSION).mistakes == []


def test_the_released_schema_is_of_a_release_the_changelog_has() -> None:
    files = SchemaFiles.of(ROOT)
    released = files.released.read_text(encoding="utf-8")
    assert version_of(released) == VERSION
    assert files.changelog is not None
    assert has_section(files.changelog.read_text(encoding="utf-8"), VERSION)
    assert '"""' not in released


def test_a_field_of_the_true_schema_goes_only_when_the_changelog_says_so(
    sdl: str, copied: SchemaFiles
) -> None:
    poorer = without(sdl, "category")

    refused = checked(copied, poorer, VERSION).mistakes

    assert refused == [
        f"Breaking since {VERSION}: Field Operation.category was removed. Undo it, or name "
        f"`Operation.category` in a paragraph `Breaking:` of CHANGELOG.md above ## {VERSION}"
    ]
    assert copied.changelog is not None
    changelog = copied.changelog.read_text(encoding="utf-8")
    said = f"\nBreaking: `Operation.category` is gone.\n\n## {VERSION}\n"
    copied.changelog.write_text(changelog.replace(f"\n## {VERSION}\n", said), encoding="utf-8")
    assert checked(copied, poorer, VERSION).mistakes == []


def test_a_surer_session_for_a_field_of_the_true_schema_is_breaking(sdl: str, copied: SchemaFiles) -> None:
    rule = re.compile(r"(  customer: Customer .*@access\(assurance: )STRONG\)")
    harder, times = rule.subn(r"\1STRONG_RECENT)", sdl)
    assert times == 1
    (told,) = checked(copied, harder, VERSION).mistakes
    assert "Query.customer asks for assurance STRONG_RECENT now, and did for STRONG." in told


def test_a_file_that_is_not_printed_anew_is_told_first(tiny: SchemaFiles) -> None:
    assert check(tiny, without(TINY, "b"), "1.0.0").mistakes == [
        "schema/portal.graphql is out of date: run `portal sdl`"
    ]
    tiny.printed.unlink()
    assert check(tiny, TINY, "1.0.0").mistakes == ["schema/portal.graphql is out of date: run `portal sdl`"]


def test_every_change_that_is_not_said_is_told(tiny: SchemaFiles) -> None:
    tell(tiny, "## Unreleased\n\nBreaking: `Query.a` is text.\n\n## 1.0.0\n")
    changed = "type Query {\n  a: String\n}\n"
    (told,) = checked(tiny, changed, "1.0.0").mistakes
    assert "Field Query.b was removed." in told


def test_what_is_only_dangerous_is_told_and_passes(tiny: SchemaFiles) -> None:
    grown = TINY.replace("a: Int", "a(from: Int): Int")
    assert checked(tiny, grown, "1.0.0") == Outcome(
        [], ["Dangerous since 1.0.0: An optional argument Query.a(from:) was added."]
    )


def test_an_undated_deprecation_is_a_mistake(tiny: SchemaFiles) -> None:
    (told,) = checked(tiny, TINY.replace("b: Int", "b: Int @deprecated"), "1.0.0").mistakes
    assert told.startswith("Query.b is deprecated, and its reason does not read")


def test_a_changelog_without_the_released_version_is_a_mistake(tiny: SchemaFiles) -> None:
    tell(tiny, "## Unreleased\n\nBreaking: `Query.b`.\n")
    assert checked(tiny, TINY, "1.0.0").mistakes == [
        "CHANGELOG.md has no section ## 1.0.0, which schema/released.graphql is of"
    ]


def test_a_version_that_was_raised_wants_its_schema_kept(tiny: SchemaFiles) -> None:
    assert check(tiny, TINY, "1.1.0").mistakes == [
        "The version is 1.1.0, schema/released.graphql is of 1.0.0: run `portal sdl --release`"
    ]


def test_away_from_the_checkout_there_is_no_changelog_to_ask(tmp_path: Path, tiny: SchemaFiles) -> None:
    (tmp_path / "pyproject.toml").unlink()
    installed = SchemaFiles.of(tmp_path)
    assert installed.changelog is None
    assert checked(installed, without(TINY, "b"), "1.0.0").mistakes == []


def test_a_release_keeps_the_schema_that_later_ones_are_compared_with(tiny: SchemaFiles) -> None:
    poorer = without(TINY, "b")
    tell(tiny, "## 1.1.0\n\nBreaking: `Query.b` is gone.\n\n## 1.0.0\n")

    assert release(tiny, poorer, "1.1.0") == []

    assert tiny.released.read_text(encoding="utf-8") == as_released(poorer, "1.1.0")
    assert check(tiny, poorer, "1.1.0") == Outcome([], [])


@pytest.mark.parametrize(
    ("version", "sections", "told"),
    [
        ("1.0.0", "## 1.0.0\n", "schema/released.graphql is of 1.0.0 already: raise the version"),
        (
            "1.1.0",
            "## Unreleased\n\nBreaking: `Query.b`.\n\n## 1.0.0\n",
            "CHANGELOG.md has no section ## 1.1.0",
        ),
        ("1.1.0", "## 1.1.0\n\n## 1.0.0\n", "Breaking since 1.0.0: Field Query.b was removed."),
    ],
)
def test_a_release_is_refused_and_nothing_is_written(
    tiny: SchemaFiles, version: str, sections: str, told: str
) -> None:
    before = tiny.released.read_bytes(), tiny.printed.read_bytes()
    tell(tiny, sections)

    (mistake,) = release(tiny, without(TINY, "b"), version)

    assert mistake.startswith(told)
    assert (tiny.released.read_bytes(), tiny.printed.read_bytes()) == before
