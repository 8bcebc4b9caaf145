"""Relay: its compiler over our schema, then its runtime against the server."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import NODE, Drive
from tests.clients.sample import (
    are_the_newest,
    bare,
    by_label,
    contracts,
    operations,
    statements,
)
from tests.journeys.browser import Browser
from tests.node import ROOT, run

pytestmark = pytest.mark.anyio

SCRIPT = "relay.js"
ARTIFACTS = [
    "ChangeAddressMutation",
    "ContractCardRefetchQuery",
    "ContractCard_contract",
    "DashboardQuery",
    "LogInMutation",
    "OperationsListPaginationQuery",
    "OperationsList_customer",
    "StatementsListQuery",
]
CARD_ACCOUNT = {"label": "Compte carte Sérénité"}
ADDRESS = {"lines": ["3 rue du Port"], "postalCode": "29200", "city": "Brest"}


@pytest.fixture(scope="session")
async def artifacts(node_packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the compiler makes of the documents in relay/ with our schema file."""
    folder = shutil.copytree(NODE / "relay", tmp_path_factory.mktemp("relay") / "documents")
    shutil.copyfile(ROOT / "schema" / "portal.graphql", folder / "portal.graphql")
    made = folder / "__generated__"
    made.mkdir()
    status, output, errors = await run(str(node_packages / "node_modules/.bin/relay-compiler"), cwd=folder)
    assert status == 0, output + errors
    return made


@pytest.fixture
def given(url: str, demo: Browser, artifacts: Path) -> dict[str, Any]:
    return {"url": url, "cookie": demo.cookie, "artifacts": str(artifacts)}


async def test_the_compiler_takes_the_schema_and_finds_its_connections(artifacts: Path) -> None:
    assert sorted(file.name.removesuffix(".graphql.js") for file in artifacts.iterdir()) == ARTIFACTS
    pagination = (artifacts / "OperationsListPaginationQuery.graphql.js").read_text(encoding="utf-8")
    assert "node(id: $id)" in pagination
    assert "pageInfo {\\n      endCursor\\n      hasNextPage\\n" in pagination


async def test_a_query_is_read_through_its_fragments(drive: Drive, given: dict[str, Any]) -> None:
    seen = await drive(SCRIPT, "query", **given)

    assert (seen["firstNames"], seen["isMasked"]) == ("Camille", True)
    shown = [
        {**bare(one, "cards"), "kind": kind}
        for one in seen["contracts"]
        for kind in [contract["kind"] for contract in contracts() if contract["label"] == one["label"]][:1]
    ]
    assert by_label(shown) == contracts()
    assert len(seen["operations"]) == 7
    assert are_the_newest(bare(seen["operations"], "contract"))


async def test_a_connection_grows_by_the_next_page(drive: Drive, given: dict[str, Any]) -> None:
    seen = await drive(SCRIPT, "pages", **given)

    assert seen["path"] == ["node"]
    assert seen["both"][:7] == seen["first"]
    assert len({node["id"] for node in seen["both"]}) == len(seen["both"]) == 12
    assert are_the_newest(bare(seen["both"], "contract"))
    assert (seen["totalCount"], seen["hasNextPage"]) == (len(operations()), True)


async def test_a_connection_grows_backward_over_a_root_field(drive: Drive, given: dict[str, Any]) -> None:
    year = date.today().year - 1
    oldest = statements(year)[-6:]
    seen = await drive(SCRIPT, "backward", **given, year=year)

    assert len(oldest) == 6
    assert seen["both"][3:] == seen["page"]
    assert sorted(map(str, bare(seen["both"]))) == sorted(map(str, oldest))


async def test_a_fragment_on_an_interface_is_refetched_by_node(drive: Drive, given: dict[str, Any]) -> None:
    seen = await drive(SCRIPT, "refetch", **given)

    assert (seen["isSame"], seen["none"]) == (True, None)
    assert seen["card"]["__typename"] == "CardAccount"
    assert seen["card"]["label"] == "Compte carte Sérénité"
    assert len(seen["card"]["cards"]) == 2


async def test_a_refusal_of_a_mutation_is_data(drive: Drive, given: dict[str, Any]) -> None:
    seen = await drive(SCRIPT, "mutation", **given, version=1_000, address=ADDRESS)

    assert seen["errors"] is None
    changed = seen["data"]["changeAddress"]
    assert (changed["__typename"], changed["code"]) == ("VersionConflict", "VERSION_CONFLICT")
    assert changed["currentVersion"] < 1_000
