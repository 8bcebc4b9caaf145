"""Node.js for tests that drive JavaScript packages: a folder's lock installed once, commands run in it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


async def run(*command: str, cwd: Path) -> tuple[int, str, str]:
    """Exit code, output and errors of a command that ends by itself."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, output.decode(), errors.decode()


async def install(folder: Path) -> None:
    """`npm ci`, once for each lock file; no package runs a script of its own.

    What is there already is used as it is. Where npm cannot install, the test is skipped; in CI it fails.
    """
    place = folder.relative_to(ROOT)
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip(f"Node.js and npm are needed to run {place}")
    lock, installed = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    with lock.open() as held:
        await asyncio.to_thread(fcntl.flock, held, fcntl.LOCK_EX)  # one of the processes that test installs
        await _install(folder, lock, installed)


async def _install(folder: Path, lock: Path, installed: Path) -> None:
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    place = folder.relative_to(ROOT)
    status, _, errors = await run("npm", "ci", "--ignore-scripts", cwd=folder)
    if status != 0 and os.environ.get("CI") != "true":
        pytest.skip(f"npm could not install {place}: {errors.strip()[-300:]}")
    assert status == 0, errors
