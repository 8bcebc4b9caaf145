"""`portal serve`: uvicorn with our settings, and the address printed once it listens."""

from __future__ import annotations

import socket
from typing import Any

import uvicorn

from gateways.logs import configure_logs
from gateways.settings import Settings
from server import create_app


class Server(uvicorn.Server):
    """Says where it listens as soon as it does."""

    def __init__(self, config: uvicorn.Config, lines: list[str]) -> None:
        super().__init__(config)
        self._lines = lines

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the address and what to try first."""
        await super().startup(sockets)
        if self.started:
            port = next(iter(self.servers[0].sockets)).getsockname()[1]
            for line in _welcome(self.config.host, port, self._lines):
                print(line, flush=True)


def run(settings: Settings, demo: list[str] | None) -> None:
    """Serve until told to stop; running requests are finished first."""
    configure_logs(settings)
    options = _options(settings)
    if settings.workers == 1:
        server = Server(uvicorn.Config(create_app(settings), **options), demo or [])
        server.run()
        return
    for line in _welcome(settings.host, settings.port, demo or []):
        print(line, flush=True)
    uvicorn.run("server:app", factory=True, workers=settings.workers, **options)


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": [str(network) for network in settings.trusted_proxies],
        "timeout_graceful_shutdown": settings.shutdown_seconds_max,
        "lifespan": "on",
    }


def _welcome(host: str, port: int, demo: list[str]) -> list[str]:
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::1", "::") else host
    return ["", f"  GraphQL        http://{shown}:{port}/graphql", *(f"  {line}" for line in demo), ""]


async def prepare(settings: Settings) -> list[str]:
    """Development: tables up to date, sample customers in an empty database; the demo login to print."""
    from commands.samples import open_samples
    from models.backends import migrating

    await migrating.migrate(settings.database_url, print)
    return await open_samples(settings)
