"""`portal serve`: uvicorn with our settings, and the address printed once it listens."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import typer
import uvicorn
from uvicorn.supervisors import Multiprocess

from commands.line import FAILED, stop
from gateways import open_gateways
from gateways.logs import configure_logs
from gateways.settings import Settings
from models.backends.migrating import pending_migrations
from models.backends.opening import file_of, open_database
from server import create_app

WORKER_START_SECONDS_MAX = 60


class Server(uvicorn.Server):
    """Says when it listens. Ending because it was told to is a success, not a death by signal."""

    def __init__(self, config: uvicorn.Config, welcome: Callable[[], None]) -> None:
        super().__init__(config)
        self._welcome = welcome

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            self._welcome()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Finish what runs; a second Ctrl-C waits for nothing. uvicorn's own would raise the signal again."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


class Workers(Multiprocess):
    """Several processes on one socket. Says when all of them listen."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], welcome: Callable[[], None]):
        super().__init__(config, sockets)
        self._welcome = welcome

    def init_processes(self) -> None:
        """Start them, then say so."""
        super().init_processes()
        if all(process.wait_until_ready(WORKER_START_SECONDS_MAX) for process in self.processes):
            self._welcome()

    @property
    def failed(self) -> bool:
        """Whether one could not start."""
        return any(process.exitcode == uvicorn.config.STARTUP_FAILURE for process in self.processes)


def bound(settings: Settings) -> socket.socket:
    """The address, ours before anything else is done; connections are taken later."""
    taken = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((settings.host, settings.port))
    except OSError as error:
        taken.close()
        reason = (error.strerror or str(error)).lower()
        stop(f"Cannot listen on {settings.host} port {settings.port}: {reason}. --port takes another one.")
    taken.set_inheritable(True)
    return taken


def run(settings: Settings, listening: socket.socket, demo: list[str]) -> None:
    """Serve until told to stop; running requests are finished first."""
    configure_logs(settings)
    options = _options(settings)

    def welcome() -> None:
        print("\n".join(_welcome(settings.host, listening.getsockname()[1], demo)), flush=True)

    if settings.workers == 1:
        server = Server(uvicorn.Config(create_app(settings), **options), welcome)
        server.run(sockets=[listening])
        return
    workers = Workers(
        uvicorn.Config("server:app", factory=True, workers=settings.workers, **options), [listening], welcome
    )
    workers.run()
    if workers.failed:
        raise typer.Exit(FAILED)


def _options(settings: Settings) -> dict[str, Any]:
    return {
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

    if settings.database_url.startswith("sqlite") and file_of(settings.database_url) is None:
        stop("A server needs a database that is kept: name a file in PORTAL_DATABASE_URL.")
    await migrating.migrate(settings.database_url, print)
    return await open_samples(settings)


async def check(settings: Settings) -> list[str]:
    """Production: everything opens, so that what is wrong is told in a sentence before anything starts."""
    async with open_database(settings.database_url), open_gateways(settings):
        if pending := await pending_migrations():
            stop(f"The database lacks {', '.join(pending)}: run `portal migrate` first.")
        return []
