"""What the README tells is so: settings, codes, commands, words, rooms."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import parse, validate

from domain.access import AccessPurpose, AccessStage, next_stage
from domain.assurance import Assurance
from engine.errors import Code
from gateways.settings import settings_table
from schema import words
from schema.access_rules import STEP_UP_REQUIRED
from schema.root import build_schema
from tests.test_architecture import ROOMS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GLOSSARY = (
    "customer",
    "card or credit number",
    "file number",
    "secret code",
    "keypad",
    "provisional code",
    "confirmation code",
    "statement",
    "operation",
    "instalment",
    "direct debit",
    "revolving credit",
    "personal loan",
    "debt consolidation",
    "card account",
    "APR",
    "borrowing rate",
    "outstanding principal",
    "available credit",
    "credit limit",
    "overdue",
    "payment insurance",
    "adviser",
    "trusted device",
    "strong authentication",
    "step-up",
    "access log",
)


def section(title: str) -> str:
    """The text under a heading, up to the next one."""
    _, _, rest = README.partition(f"\n## {title}\n")
    assert rest, f"the README has no section {title}"
    return rest.partition("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    """The cells of the tables of a section, without their heads."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if not set("".join(row)) <= {"-", " "}][1:]


def test_the_settings_are_the_ones_that_are_read() -> None:
    told = [(name.strip("`"), default.strip("`"), meaning) for name, default, meaning in rows("Settings")]
    assert told == settings_table()


def test_every_code_of_an_error_is_told() -> None:
    told = {code for codes, _ in rows("Errors") for code in re.findall(r"`([A-Z_]+)`", codes)}
    assert told == {*Code, "NOT_FOUND", STEP_UP_REQUIRED}


def test_every_word_of_the_glossary_is_there() -> None:
    glossary = section("Glossary")
    assert [word for word in GLOSSARY if word not in glossary] == []


def test_every_room_is_on_the_map() -> None:
    told = {name.strip("`").rstrip("/").removesuffix(".py"): may for name, _, may in rows("Map")}
    assert set(told) == set(ROOMS) | {"tests", "web"}
    for room, may in told.items():
        if "all" not in may and "none" not in may and room != "domain":
            assert set(may.split(", ")) == ROOMS[room], room


def test_the_ways_in_are_the_machines_own() -> None:
    ways = rows("Getting in")
    ways = ways[: ways.index(["assurance", "when", "enough for"])]
    told = {
        (purpose, browser): [name for name in re.findall(r"`([A-Z_]+)`", steps) if name in [*AccessStage]]
        for purposes, browser, steps in ways
        for purpose in re.findall(r"`([A-Z_]+)`", purposes)
    }
    assert {purpose for purpose, _ in told} == {*AccessPurpose}
    for (purpose, browser), steps in told.items():
        assert steps == walked(AccessPurpose(purpose), browser), (purpose, browser)


def walked(purpose: AccessPurpose, browser: str) -> list[str]:
    """The steps of a walk on a browser, whoever takes it giving every proof."""
    steps: list[str] = []
    while True:
        proofs = {"code": "KEYPAD" in steps, "sms": "SMS_CODE" in steps}
        risk = {"trusted": browser == "trusted", "wary": "under attack" in browser}
        match next_stage(purpose, **proofs, **risk):
            case AccessStage.DONE:
                return steps
            case AccessStage.NEW_CODE:
                return [*steps, "NEW_CODE"]
            case AccessStage.PHONE:
                steps += ["PHONE", "SMS_CODE"]
            case stage:
                steps.append(stage)


def test_every_assurance_is_told_from_the_least_to_the_most() -> None:
    ways = rows("Getting in")
    told = [name.strip("`") for name, *_ in ways[ways.index(["assurance", "when", "enough for"]) + 1 :]]
    assert told == [*Assurance]


@pytest.mark.parametrize("command", ["make serve", "make test", "make serve PORT=9000", ".ci/run"])
def test_the_commands_are_named(command: str) -> None:
    assert command in README


def test_every_target_of_make_is_named_and_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    (told,) = re.findall(r"`make` has `([a-z ]+)`", README)
    assert sorted(told.split()) == sorted(phony.split())


def test_links_lead_somewhere() -> None:
    linked = [target for target in re.findall(r"\]\(([^)]+)\)", README) if "://" not in target]
    assert linked
    assert [target for target in linked if not (ROOT / target.partition("#")[0]).exists()] == []


def test_files_that_are_named_are_there() -> None:
    named = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|graphql|md))`", README))
    assert len(named) > 10
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def documents() -> list[str]:
    """Every GraphQL document of the README: the blocks, the ones curl sends, the one told in full."""
    blocks = "\n\n".join(re.findall(r"```graphql\n(.*?)```", README, re.DOTALL))
    sent = re.findall(r"'\{\"query\": \"(.*?)\"\}'", README)
    told = re.findall(r"^`(\{ customer .*\})` with", README, re.MULTILINE)
    return [*(part for part in blocks.split("\n\n") if part.strip()), *sent, *told]


def test_the_documents_fit_the_schema() -> None:
    found = documents()
    assert len(found) >= 5
    schema = build_schema()._schema
    for document in found:
        assert validate(schema, parse(document)) == [], document


def test_the_number_of_a_problem_is_not_one_of_an_error() -> None:
    """A client that looks at `code` must not take one for the other, save where they mean the same."""
    assert {*Code} & set(words.PROBLEMS) == {"UNAUTHENTICATED", "FORBIDDEN", "BAD_USER_INPUT"}
