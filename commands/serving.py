"""`portal serve`: uvicorn with our settings, and the address printed once it listens."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import structlog
import typer
import uvicorn

from commands.line import FAILED, stop
from commands.processes import Server
from commands.workers import Workers
from domain.networks import network_of
from engine.connections.admission import ConnectionLimits
from engine.connections.gate import Gate
from engine.connections.security_headers import security_headers
from engine.documents.trusted import ManifestError
from engine.sharing import interpreter
from engine.streams.socket_protocol import GuardedWebSocket
from gateways import open_gateways
from gateways.logs import configure_logs
from gateways.settings import Settings
from gateways.settings_rules import Networks
from models.backends.migrating import pending_migrations
from models.backends.opening import file_of, open_database
from server import create_app

FILES_BESIDE_CONNECTIONS = 500  # the database, neighbours, connections that are being turned away

_log = structlog.get_logger("connections")


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
    allow_open_files(settings.connections_max + FILES_BESIDE_CONNECTIONS)
    options = _options(settings)
    try:
        app = create_app(settings)
    except ManifestError as error:
        stop(str(error))

    def welcome() -> None:
        print("\n".join(_welcome(settings.host, listening.getsockname()[1], demo)), flush=True)

    megabytes_max = settings.worker_megabytes_max
    if settings.workers == 1:
        interpreter.settle()
        server = Server(
            uvicorn.Config(app, **options),
            welcome,
            megabytes_max=megabytes_max,
            tells_memory=settings.is_production,  # a developer's terminal begins with the address
        )
        server.run(sockets=[listening])
        return
    config = uvicorn.Config("server:app", factory=True, workers=settings.workers, **options)
    workers = Workers(config, listening, welcome, megabytes_max=megabytes_max)
    workers.run()
    if workers.failed:
        raise typer.Exit(FAILED)


@dataclass(frozen=True, slots=True)
class Callers:
    """Whose connections are counted together; those of a trusted proxy are everybody's."""

    trusted_proxies: Networks

    def __call__(self, address: str) -> str | None:
        """The network of an address, None for a proxy."""
        try:
            read = ip_address(address)
        except ValueError:
            return address
        if any(read in proxies for proxies in self.trusted_proxies):
            return None
        return network_of(address)


def report_cuts(cuts: Mapping[str, int]) -> None:
    """One line for all connections that were refused or cut since the last one."""
    reason = ", ".join(f"{reason} {count}" for reason, count in sorted(cuts.items()))
    _log.warning("connections refused or cut", count=sum(cuts.values()), reason=reason)


def allow_open_files(count: int) -> None:
    """Raise the soft limit of files that a process may open, which is often 1,024, as far as is allowed."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _gate(settings: Settings) -> Gate:
    return Gate(
        ConnectionLimits(
            connections_max=settings.connections_max,
            connections_of_address_max=settings.connections_of_address_max,
            header_bytes_max=settings.header_bytes_max,
            header_seconds_max=settings.header_seconds_max,
        ),
        headers=security_headers(over_https=settings.is_production),
        key_of=Callers(settings.trusted_proxies),
        report=report_cuts,
    )


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "http": _gate(settings),
        "ws": GuardedWebSocket,
        "ws_max_size": settings.body_bytes_max,
        "ws_per_message_deflate": False,  # a few bytes may hold a thousand times as many
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
