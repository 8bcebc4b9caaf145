"""The server audits of the `graphql-http` package, over a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette

from tests.engine.small_schema import endpoint
from tests.node import install, run

pytestmark = pytest.mark.anyio

AUDITS = Path(__file__).parent / "audits"
AUDITS_COUNT = 61


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
    await install(AUDITS)
    async with _served() as url:
        status, output, errors = await run("node", "audit.js", url, cwd=AUDITS)
    assert status == 0, errors
    outcomes = json.loads(output)
    failed = [outcome for outcome in outcomes if outcome["status"] != "ok"]
    assert failed == []
    assert len(outcomes) == AUDITS_COUNT
