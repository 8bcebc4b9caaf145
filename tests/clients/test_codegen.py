"""graphql-codegen's client preset over our schema, and an application with it under `tsc --strict`."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.clients.conftest import NODE
from tests.node import ROOT, run

pytestmark = pytest.mark.anyio

# As web/README.md gives it, with other folders.
WEB_CONFIG = """
import { addTypenameSelectionDocumentTransform } from '@graphql-codegen/client-preset';

export default {
  schema: 'portal.graphql',
  documents: ['operations/*.graphql'],
  generates: {
    './generated/': {
      preset: 'client',
      documentTransforms: [addTypenameSelectionDocumentTransform],
      presetConfig: { persistedDocuments: { mode: 'embedHashInDocument', hashAlgorithm: 'sha256' } },
    },
  },
};
"""
OPERATIONS = ["ChangeAddress", "Dashboard", "LogIn", "Operations"]


@pytest.fixture
async def application(node_packages: Path, tmp_path: Path) -> Path:
    """An application's folder with our schema file in it, before anything is generated."""
    folder = shutil.copytree(NODE / "codegen", tmp_path / "application")
    shutil.copyfile(ROOT / "schema" / "portal.graphql", folder / "portal.graphql")
    (folder / "package.json").write_text('{ "type": "module" }')
    (folder / "node_modules").symlink_to(node_packages / "node_modules")
    return folder


async def generate(folder: Path) -> tuple[int, str]:
    status, output, errors = await run("node_modules/.bin/graphql-codegen", cwd=folder)
    return status, output + errors


async def test_an_application_satisfies_the_strict_compiler_and_one_with_a_mistake_does_not(
    application: Path,
) -> None:
    assert (await generate(application))[0] == 0
    status, output, errors = await run("node_modules/.bin/tsc", "--strict", "--project", ".", cwd=application)

    assert (status, output, errors) == (0, "", "")
    persisted = json.loads((application / "generated" / "persisted-documents.json").read_text())
    named = [re.findall(r"(?:query|mutation) (\w+)", text) for text in persisted.values()]
    assert sorted(named) == [[name] for name in OPERATIONS]

    usage = application / "usage.ts"
    usage.write_text(usage.read_text().replace('case "NoPhone":', 'case "NoPhones":'))
    status, output, _ = await run("node_modules/.bin/tsc", "--strict", "--project", ".", cwd=application)

    assert status != 0
    assert "Type '\"NoPhones\"' is not comparable" in output


async def test_the_ids_of_our_manifest_are_those_it_makes(application: Path) -> None:
    (application / "codegen.ts").write_text(WEB_CONFIG)
    shutil.copytree(ROOT / "web" / "operations", application / "operations")
    assert (await generate(application))[0] == 0

    made = json.loads((application / "generated" / "persisted-documents.json").read_text())
    manifest = json.loads((ROOT / "web" / "trusted-documents.json").read_text())["operations"]
    assert len(manifest) > 20
    assert made == {f"sha256:{one['id']}": one["body"] for one in manifest}
