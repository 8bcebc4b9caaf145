"""Documents sent by their ids, where any may be asked and where only those of manifests may."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.conftest import NODE, Drive
from tests.clients.sample import by_label, contract_labels, contracts
from tests.journeys.browser import Browser
from tests.journeys.conftest import servers
from tests.journeys.portal import Portal
from tests.node import ROOT, run

pytestmark = pytest.mark.anyio

MANIFEST = ROOT / "web" / "trusted-documents.json"
JSON = "application/graphql-response+json; charset=utf-8"


@pytest.mark.parametrize(("script", "method"), [("apollo.js", "POST"), ("urql.js", "GET")])
async def test_a_hash_that_is_not_known_is_followed_by_the_text(
    drive: Drive, url: str, demo: Browser, script: str, method: str
) -> None:
    seen = await drive(script, "hashed", url=url, cookie=demo.cookie)

    customer = seen["customer"] if script == "apollo.js" else seen["data"]["customer"]
    shown = [{name: one[name] for name in ("label", "outstandingPrincipal")} for one in customer["contracts"]]
    assert by_label(shown) == contract_labels()
    assert [(one["query"], one["status"], one["type"]) for one in seen["exchanges"]] == [
        (False, 404, JSON),
        (True, 200, JSON),
    ]
    assert seen["exchanges"][0]["method"] == method


@pytest.fixture(scope="module")
async def relay_documents(node_packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Relay's compiler makes with `persistConfig`: artifacts with ids, and its manifest."""
    folder = shutil.copytree(NODE / "relay", tmp_path_factory.mktemp("relay") / "documents")
    shutil.copyfile(ROOT / "schema" / "portal.graphql", folder / "portal.graphql")
    (folder / "__generated__").mkdir()
    config = json.loads((folder / "relay.config.json").read_text(encoding="utf-8"))
    config["persistConfig"] = {"file": "./persisted.json"}
    (folder / "relay.config.json").write_text(json.dumps(config))
    (folder / "persisted.json").write_text("{}")
    compiler = str(node_packages / "node_modules/.bin/relay-compiler")
    status, output, errors = await run(compiler, cwd=folder)
    assert status == 0, output + errors
    return folder


@pytest.fixture(scope="module")
def strict_url(
    portal: Portal, relay_documents: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The same database, served to nobody but by the ids of the web client's operations and of Relay's."""
    given = {"free_documents": "nobody", "trusted_documents": relay_documents / "persisted.json"}
    settings = {**portal.settings, "port": 0, **given}
    with servers() as start:
        yield f"{start(tmp_path_factory.mktemp('strict'), **settings).url}/graphql"


async def test_apollo_sends_the_ids_of_our_manifest(drive: Drive, strict_url: str, demo: Browser) -> None:
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    operations = [one for one in manifest["operations"] if one["name"] in ("Contact", "Home")]
    given = {"manifest": manifest, "operations": operations}
    seen = await drive("apollo.js", "listed", url=strict_url, cookie=demo.cookie, **given)

    assert seen["told"]["Contact"]["contact"]["phone"] == "30 26"
    assert seen["told"]["Home"]["customer"]["firstNames"] == "Camille"
    assert seen["free"] == {"class": "CombinedGraphQLErrors", "codes": ["PERSISTED_QUERY_NOT_FOUND"]}
    asked = [(one["query"], one["status"]) for one in seen["exchanges"]]
    assert asked == [(False, 200), (False, 200), (True, 404)]


async def test_relay_sends_the_ids_of_its_own_manifest(
    drive: Drive, strict_url: str, demo: Browser, relay_documents: Path
) -> None:
    artifacts = str(relay_documents / "__generated__")
    seen = await drive("relay.js", "query", url=strict_url, cookie=demo.cookie, artifacts=artifacts)

    labels = sorted(one["label"] for one in seen["contracts"])
    assert seen["firstNames"] == "Camille"
    assert labels == [one["label"] for one in contracts()]
