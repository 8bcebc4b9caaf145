"""From nothing to a running server with believable customers, and what the README promises of it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from graphql import parse

from engine.documents import Documents
from engine.limits import Limits
from schema.root import build_schema
from tests.journeys.conftest import on_sqlite
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
    assert (filled.first.exit_code, filled.first.stderr) == (0, "")


def test_the_second_start_changes_nothing_and_prints_the_login_again(filled: Filled) -> None:
    second = filled.second
    assert "applied" not in second.stdout
    assert "Inventing" not in second.stdout
    assert DEMO_NUMBER in second.stdout
    assert (second.exit_code, second.stderr) == (0, "")


def graphql_of_the_readme() -> list[str]:
    """The documents in its fences of GraphQL, and in the bodies of its curl commands."""
    text = README.read_text(encoding="utf-8")
    fences = re.findall(r"```graphql\n(.*?)```", text, re.S)
    documents = [part for fence in fences for part in re.split(r"\n\n+", fence.strip())]
    told = re.findall(r"^`(\{.*\})`", text, re.M)
    return documents + told + [json.loads(body)["query"] for body in re.findall(r"-d '(.*?)'", text, re.S)]


def test_every_document_of_the_readme_is_valid() -> None:
    documents = Documents(build_schema(), Limits(), introspection=False, suggestions=False)
    found = graphql_of_the_readme()
    assert len(found) == 5
    for text in found:
        assert parse(text)
        documents.get(text)  # raises what is wrong with it


@on_sqlite
def test_the_shell_commands_of_the_readme_answer_as_written(shared_portal: Portal) -> None:
    (shell,) = (
        fence for fence in re.findall(r"```sh\n(.*?)```", README.read_text("utf-8"), re.S) if "curl" in fence
    )
    shell = shell.replace("localhost:8000", shared_portal.url.removeprefix("http://"))
    shell = shell.replace(".venv/bin/portal", str(PORTAL)).replace("curl -s", "echo; curl -sS")

    done = subprocess.run(
        ["bash", "-euc", shell],
        env=environment(shared_portal.settings),
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert (done.returncode, done.stderr) == (0, "")
    contact, customer = (json.loads(line)["data"] for line in done.stdout.splitlines() if line)
    assert contact["contact"]["phone"] == "30 26"
    assert customer["customer"]["firstNames"] == "Camille"
    assert len(customer["customer"]["contracts"]) == 4
    assert all(
        re.fullmatch(r"\d+\.\d\d", contract["outstandingPrincipal"])
        for contract in customer["customer"]["contracts"]
    )
