"""Databases that a first start has filled, and copies of them that a test may spoil."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]
from redis import Redis

from tests.conftest import SERVER
from tests.journeys.portal import CHEAP, Portal


@dataclass(frozen=True)
class Start:
    """One start of `portal serve`: what it printed, and how it ended when it was told to."""

    stdout: str
    stderr: str
    exit_code: int

    @classmethod
    def made(cls, folder: Path, **settings: Any) -> Start:
        portal = Portal(folder, **settings)
        try:
            portal.wait_until_it_listens()
            code = portal.stop()
        finally:
            portal.kill()
        return cls(portal.stdout, portal.stderr, code)


@dataclass(frozen=True)
class Filled:
    """A database with the sample in it and nobody at work; `settings` lead a server there."""

    settings: dict[str, Any]
    first: Start
    second: Start

    @property
    def data(self) -> Path:
        return Path(self.settings["data_directory"])

    @property
    def url(self) -> str:
        return str(self.settings["database_url"])


def fill(folder: Path, **settings: Any) -> Filled:
    """Start twice on an empty database."""
    data = folder / "data"
    given = {**CHEAP, "database_url": f"sqlite://{data}/portal.sqlite3", **settings, "data_directory": data}
    first, second = (Start.made(folder / name, **given) for name in ("first", "second"))
    return Filled(given, first, second)


@contextmanager
def copied(filled: Filled, folder: Path) -> Iterator[dict[str, Any]]:
    """The settings of a copy, which is dropped in the end."""
    data = folder / "data"
    shutil.copytree(filled.data, data)
    settings = {**filled.settings, "data_directory": data}
    if filled.url.startswith("sqlite"):
        yield {**settings, "database_url": f"sqlite://{data}/portal.sqlite3"}
        return
    with Redis.from_url(settings["redis_url"]) as redis:
        redis.flushdb()  # the customers of every copy are counted under the same keys
    with database_on_server(template=name_of(filled.url)) as url:
        yield {**settings, "database_url": url}


@contextmanager
def database_on_server(template: str = "template0") -> Iterator[str]:
    """A PostgreSQL database, dropped in the end whoever still uses it."""
    name = f"portal_test_{token_hex(6)}"
    on_server(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield f"{SERVER.rpartition('/')[0]}/{name}"
    finally:
        on_server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def name_of(url: str) -> str:
    return urlsplit(url).path.strip("/")


def on_server(sql: str, url: str = SERVER) -> list[dict[str, Any]]:
    """Run a statement on the server, or in one of its databases."""

    async def run() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            return [dict(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as thread:  # the caller may be in a loop of its own
        return thread.submit(asyncio.run, run()).result()


def query(url: str, sql: str) -> list[dict[str, Any]]:
    """Run a statement in a database that a server may be using."""
    if not url.startswith("sqlite"):
        return on_server(sql, url)
    file = url.removeprefix("sqlite://").partition("?")[0]
    with closing(sqlite3.connect(file)) as database, database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(sql)]


def empty_redis(url: str) -> str | None:
    """A Redis database in which nobody keeps anything, to be flushed in the end; None when all are taken."""
    for number in range(15, 0, -1):
        with Redis.from_url(url, db=number) as redis:
            if not redis.dbsize():
                return f"{url.rstrip('/')}/{number}"
    return None
