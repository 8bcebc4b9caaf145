"""The wheel: what is in it, and that it works installed, away from the checkout."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("commands", "domain", "engine", "feed", "gateways", "models", "resolvers", "schema", "server")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def done(*words: str | Path, cwd: Path, **environ: str) -> str:
    """The standard output of a command that must succeed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "PYTHON"))}
    ran = subprocess.run(words, cwd=cwd, env={**kept, **environ}, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("credit_portal-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean environment with the wheel in it, which finds what it depends on where these tests do."""
    home = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(home, symlinks=True)
    (libraries,) = home.glob("lib/python*/site-packages")
    pip = (sys.executable, "-m", "pip", "--python", home / "bin" / "python", "install", "--quiet")
    done(*pip, "--no-deps", "--no-index", "--disable-pip-version-check", wheel, cwd=home)
    # Appended to the path without its own .pth files, one of which leads back to this checkout.
    (libraries / "dependencies.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n")
    return home / "bin"


def test_it_holds_all_of_ours_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0].removesuffix(".py") for name in names}
    assert tops - {f"credit_portal-{VERSION}.dist-info"} == {*OURS, "web"}
    assert [name for name in names if name.startswith("web/")] == ["web/trusted-documents.json"]
    modules = [path for top in OURS for path in (ROOT / top).rglob("*.py")]
    assert {str(path.relative_to(ROOT)) for path in modules} <= set(names)
    for held in (
        "schema/portal.graphql",
        "schema/released.graphql",
        "models/migrations/0001_first_tables.py",
        "engine/graphiql/page.py",
    ):
        assert held in names
    assert [name for name in names if name.startswith("engine/graphiql/") and name.endswith(".js")]
    assert not [name for name in names if "test" in name.split("/")[0] or "node_modules" in name]
    assert not [name for name in names if name.endswith((".pyc", ".sqlite3"))]


def test_it_says_what_it_is(installed: Path, tmp_path: Path) -> None:
    asked = "from importlib.metadata import metadata; m = metadata('credit-portal'); "
    asked += "print(m['Version'], m['License-Expression'], m['Requires-Python'])"
    assert done(installed / "python", "-c", asked, cwd=tmp_path).split() == [VERSION, "Apache-2.0", ">=3.11"]


def test_it_works_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    asked = """
import json, schema.root, server
from engine.graphiql.page import GraphiQL
from models.backends.migrating import _known
from gateways.settings import Settings
server.create_app(Settings())
print(json.dumps([server.__file__, schema.root.__file__, _known("models.migrations")]))
"""
    found, root, migrations = json.loads(done(installed / "python", "-c", asked, cwd=tmp_path))
    assert Path(found).is_relative_to(installed.parent)
    assert Path(root).is_relative_to(installed.parent)
    assert "0001_first_tables" in migrations

    data = {"PORTAL_DATA_DIRECTORY": str(tmp_path / "data")}
    assert "3 migrations applied." in done(installed / "portal", "migrate", cwd=tmp_path, **data)
    assert done(installed / "portal", "sdl", "--check", cwd=tmp_path) == ""


def test_nobody_else_provides_our_names() -> None:
    providers = importlib.metadata.packages_distributions()
    taken = {name: set(providers.get(name, ())) - {"credit-portal"} for name in OURS}
    assert {name: others for name, others in taken.items() if others} == {}
