"""A small application behind our workers, a program of its own: `python -m tests.commands.small_server 2 0`.

Its arguments are how many workers, and how many megabytes each may take. Its first line is its port.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from commands.processes import Server
from commands.workers import Workers
from engine.connections.admission import ConnectionLimits
from engine.connections.gate import Gate

_grown: list[bytes] = []


async def who(_request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(os.getpid()))


async def slow(_request: Request) -> PlainTextResponse:
    await asyncio.sleep(1)
    return PlainTextResponse(str(os.getpid()))


async def grow(_request: Request) -> PlainTextResponse:
    _grown.append(os.urandom(1_000_000) * 300)
    return PlainTextResponse(str(os.getpid()))


app = Starlette(routes=[Route("/", who), Route("/slow", slow), Route("/grow", grow)])


def main(workers: int, megabytes_max: int) -> None:
    listening = socket.create_server(("127.0.0.1", 0))

    def welcome() -> None:
        print(listening.getsockname()[1], flush=True)

    config = uvicorn.Config(
        "tests.commands.small_server:app",
        http=Gate(ConnectionLimits()),  # type: ignore[arg-type]
        workers=workers,
        log_config=None,
        timeout_graceful_shutdown=10,
    )
    if workers == 1:
        Server(config, welcome, megabytes_max=megabytes_max).run(sockets=[listening])
    else:
        Workers(config, listening, welcome, megabytes_max=megabytes_max).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
