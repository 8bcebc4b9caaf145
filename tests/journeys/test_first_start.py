"""From nothing to a running server with believable customers, and what the README promises of it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from graphql import parse

from engine.documents.valid import Documents
from engine.limits import Limits
from schema.root import build_schema
from tests.journeys.conftest import Serve
from tests.journeys.databases import Filled
from tests.journeys.portal import PORTAL, Portal, environment

README = Path(__file__).parents[2] / "README.md"
DEMO_NUMBER, DEMO_CODE = "30601020304050600", "274916"


def test_the_first_start_migrates_invents_customers_and_prints_the_login(filled: Filled) -> None:
    said = filled.first.stdout
    assert re.search(r"^0001_first_tables applied in \d+\.\d s$", said, re.M)
    assert "Inventing about sixty customers" in said
    assert re.search(r"^ +GraphQL +http://localhost:\d+/graphql$", said, re.M)
    assert re.search(rf"^ +Demo number +{DEMO_NUMBER}$", said, re.M)
    assert re.search(rf"^ +Demo code +{DEMO_CODE}$", said, re.M)
    assert re.search(
        r"^ +Demo SMS +printed here, for a browser that signs in for the first time$", said, re.M
    )
    assert (filled.first.exit_code, filled.first.stderr) == (0, "")


def test_the_second_start_changes_nothing_and_prints_the_login_again(filled: Filled) -> None:
    second = filled.second
    assert "applied" not in second.stdout
    assert "Inventing" not in second.stdout
    assert DEMO_NUMBER in second.stdout
    assert (second.exit_code, second.stderr) == (0, "")


def start_of_the_readme(language: str) -> list[str]:
    """The fences of its first section."""
    text = README.read_text(encoding="utf-8").partition("\n## Start\n")[2].partition("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


def graphql_of_the_readme() -> list[str]:
    """The documents in its fences of GraphQL, and those that its shell commands send."""
    text = README.read_text(encoding="utf-8")
    fences = re.findall(r"```graphql\n(.*?)```", text, re.S)
    documents = [part for fence in fences for part in re.split(r"\n\n+", fence.strip())]
    told = re.findall(r"^`(\{.*\})`", text, re.M)
    sent = [json.loads(body)["query"] for body in re.findall(r"-d '(\{.*?)'", text, re.S)]
    asked = re.findall(r"^ask '(.*?)'$|^ask \"(.*?[^\\])\"$", text, re.S | re.M)
    filled = [re.sub(r"\$\w+", "1", (one or other).replace('\\"', '"')) for one, other in asked]
    return documents + told + sent + filled


def test_every_document_of_the_readme_is_valid() -> None:
    documents = Documents(build_schema(), Limits(), introspection=False, suggestions=False)
    found = graphql_of_the_readme()
    assert len(found) == 11
    for text in found:
        assert parse(text)
        documents.prepare(text)  # raises what is wrong with it


def test_the_shell_commands_of_the_readme_answer_as_written(
    sqlite_copy: dict[str, Any], serve: Serve
) -> None:
    portal = serve(**sqlite_copy)
    first, walk = (fence for fence in start_of_the_readme("sh") if "curl" in fence)
    (written,) = start_of_the_readme("json")

    contact, customer = _answers(portal, first)
    keypad, *walked = _answers(portal, walk)
    known = _answers(portal, walk.partition("\nreference=")[0])

    assert contact["data"]["contact"]["phone"] == "30 26"
    assert customer["data"]["customer"]["firstNames"] == "Camille"
    contracts = customer["data"]["customer"]["contracts"]
    assert len(contracts) == 4
    assert all(re.fullmatch(r"\d+\.\d\d", contract["outstandingPrincipal"]) for contract in contracts)
    assert sorted(key["label"] for key in keypad["data"]["logIn"]["keypad"]["keys"]) == list("0123456789")
    told = [json.loads(line) for line in written.splitlines()]
    assert [_without_chance(answer) for answer in walked] == [_without_chance(answer) for answer in told]
    assert known[1] == {"data": {"enterCode": {"__typename": "SignedIn"}}}


def _answers(portal: Portal, commands: str) -> list[Any]:
    """What a fence of the README prints, run by the shell in the folder above the data."""
    commands = commands.replace("localhost:8000", portal.url.removeprefix("http://"))
    commands = commands.replace(".venv/bin/portal", str(PORTAL)).replace("curl -s", "echo; curl -sS")
    done = subprocess.run(
        ["sh", "-euc", commands],
        cwd=portal.data.parent,
        env=environment(portal.settings),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines() if line]


def _without_chance(answer: Any) -> str:
    """An answer without the reference of an SMS and the time of day."""
    return re.sub(r'("smsReference"|"warnAt"): "[^"]+"', r"\1", json.dumps(answer))
