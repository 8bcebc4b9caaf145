"""Databases that a first start has filled, and copies of them that a test may spoil."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from redis import Redis

from tests.journeys.portal import CHEAP, Portal
from tests.servers import database_on_server, on_server


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


def name_of(url: str) -> str:
    return urlsplit(url).path.strip("/")


def query(url: str, sql: str) -> list[dict[str, Any]]:
    """Run a statement in a database that a server may be using."""
    if not url.startswith("sqlite"):
        return on_server(sql, url)
    file = url.removeprefix("sqlite://").partition("?")[0]
    with closing(sqlite3.connect(file)) as database, database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(sql)]


def earlier(url: str, column: str, *, seconds: int) -> str:
    """`column = …` of an UPDATE that takes an instant back."""
    if url.startswith("sqlite"):
        return f"{column} = datetime({column}, '-{seconds} seconds') || '+00:00'"
    return f"{column} = {column} - interval '{seconds} seconds'"


def of_customer(number: str) -> str:
    """`customer_id = …` of a WHERE, by what the customer types to sign in."""
    return f"customer_id = (SELECT customer_id FROM identifier WHERE number = '{number}')"


def empty_redis(url: str) -> str | None:
    """A Redis database in which nobody keeps anything, to be flushed in the end; None when all are taken."""
    for number in range(15, 0, -1):
        with Redis.from_url(url, db=number) as redis:
            if not redis.dbsize() and redis.set("taken by a test run", 1, nx=True):
                return f"{url.rstrip('/')}/{number}"
    return None
