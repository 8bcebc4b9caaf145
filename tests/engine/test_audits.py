"""The server audits of the `graphql-http` package, over a real socket."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette

from tests.engine.small_schema import endpoint

pytestmark = pytest.mark.anyio

AUDITS = Path(__file__).parent / "audits"
AUDITS_COUNT = 61


async def _run(*command: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=AUDITS, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    return process.returncode or 0, output.decode(), errors.decode()


async def _install() -> None:
    """`npm ci`, once for each lock file. What is there already is used as it is."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node.js and npm are needed to run the graphql-http audits")
    lock = AUDITS / "package-lock.json"
    installed = AUDITS / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    status, _, errors = await _run("npm", "ci", "--ignore-scripts")
    if status != 0 and os.environ.get("CI") != "true":
        pytest.skip(f"npm could not install the graphql-http audits: {errors.strip()[-300:]}")
    assert status == 0, errors


@asynccontextmanager
async def _served() -> AsyncIterator[str]:
    """The small schema on a free port of the loopback address."""
    app = Starlette(routes=endpoint(introspection=True).routes())
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
        finally:
            server.should_exit = True
            await serving


async def test_passes_every_server_audit() -> None:
    await _install()
    async with _served() as url:
        status, output, errors = await _run("node", "audit.js", url)
    assert status == 0, errors
    outcomes = json.loads(output)
    failed = [outcome for outcome in outcomes if outcome["status"] != "ok"]
    assert failed == []
    assert len(outcomes) == AUDITS_COUNT
