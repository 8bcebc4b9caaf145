"""Opens the database that a URL names, for a server, a command or a test.

    sqlite://portal.sqlite3                     a file, from the current directory
    sqlite:///var/lib/portal/portal.sqlite3     a file, from the root
    sqlite://:memory:                           nothing kept
    postgres://user:password@host:5432/name     also postgresql://, and host1:5432,host2:5432 for several

SQLite takes `?busy_timeout=5` (seconds). PostgreSQL takes `pool_min`, `pool_max`, `pool_timeout`,
`connect_timeout`, `command_timeout` (seconds, 0 for none), `read_max` (connections held for reading, beside
the pool) and `statement_cache_size` (0 behind pgbouncer in transaction mode); the rest of its query is the
driver's: `sslmode`, `sslrootcert`, `application_name`, `target_session_attrs=read-write` to find the leader
among several hosts.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlencode

from tortoise import context as tortoise_context
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext, require_context
from tortoise.exceptions import ConfigurationError

from models.backends.errors import DatabaseUnavailable
from models.backends.transactions import finish

T = TypeVar("T")

ALIAS = "default"
APP = "models"
MODULES = ("models",)
MIGRATIONS = "models.migrations"

_Options = dict[str, tuple[str, Callable[[str], Any]]]
_SQLITE: _Options = {"busy_timeout": ("busy_timeout", float), "foreign_keys": ("foreign_keys", str)}
_POSTGRES: _Options = {
    "pool_min": ("minsize", int),
    "pool_max": ("maxsize", int),
    "pool_timeout": ("pool_timeout", float),
    "connect_timeout": ("timeout", float),
    "command_timeout": ("command_timeout", float),
    "read_max": ("read_max", int),
    "statement_cache_size": ("statement_cache_size", int),
}


def tortoise_config(
    url: str,
    *,
    pool_max: int | None = None,
    modules: Sequence[str] = MODULES,
    migrations: str = MIGRATIONS,
) -> dict[str, Any]:
    """Tortoise's configuration for a database URL; `pool_max` counts where the URL does not say."""
    connection = _connection(url)
    if pool_max is not None and connection["engine"] == "models.backends.postgres":
        connection["credentials"].setdefault("maxsize", pool_max)
    app = {"models": list(modules), "default_connection": ALIAS, "migrations": migrations}
    return {"connections": {ALIAS: connection}, "apps": {APP: app}, "use_tz": True, "timezone": "UTC"}


def _connection(url: str) -> dict[str, Any]:
    scheme, separator, rest = url.partition("://")
    place, _, query = rest.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    if separator and scheme == "sqlite" and place:
        ours, others = _sorted_out(pairs, _SQLITE)
        if others:
            raise ConfigurationError(f"a SQLite URL has no {', '.join(name for name, _ in others)}")
        return {"engine": "models.backends.sqlite", "credentials": {"file_path": unquote(place), **ours}}
    if separator and scheme in ("postgres", "postgresql") and place:
        ours, others = _sorted_out(pairs, _POSTGRES)
        dsn = f"postgresql://{place}" + (f"?{urlencode(others)}" if others else "")
        return {"engine": "models.backends.postgres", "credentials": {"dsn": dsn, **ours}}
    raise ConfigurationError("a database URL begins with sqlite:// or postgres://, and names a database")


def _sorted_out(
    pairs: list[tuple[str, str]], known: _Options
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    ours: dict[str, Any] = {}
    for name, value in pairs:
        if name in known:
            named, read = known[name]
            try:
                ours[named] = read(value)
            except ValueError:
                raise ConfigurationError(f"{name}={value} in the database URL is not a number") from None
    return ours, [pair for pair in pairs if pair[0] not in known]


def file_of(url: str) -> Path | None:
    """The file of a SQLite URL, if it is kept in one."""
    credentials = _connection(url)["credentials"]
    place = credentials.get("file_path", ":memory:")
    return None if place == ":memory:" else Path(place)


def _make_room(file: Path) -> None:
    """The folder, and a file that only its owner reads: it will hold customers' data."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.touch(mode=0o600)
    except OSError as error:
        raise DatabaseUnavailable(
            f"the folder of the database cannot be made or written ({error})"
        ) from error


@asynccontextmanager
async def open_database(
    url: str,
    *,
    pool_max: int | None = None,
    modules: Sequence[str] = MODULES,
    migrations: str = MIGRATIONS,
) -> AsyncIterator[TortoiseContext]:
    """Make the models work in every task until the block ends; DatabaseUnavailable if nobody answers.

    A server's lifespan and its requests are different tasks, and not each other's children: the database
    is this task's own, and also the one of any task that has none.
    """
    if file := file_of(url):
        _make_room(file)
    config = tortoise_config(url, pool_max=pool_max, modules=modules, migrations=migrations)
    previous = tortoise_context._current_context.get()
    context = TortoiseContext()
    tortoise_context._current_context.set(context)
    try:
        await context.init(config=config)
        if tortoise_context._global_context is None:
            tortoise_context.set_global_context(context)
        await get_connection(ALIAS).execute_query("SELECT 1")
        yield context
    finally:
        try:
            await finish(context.close_connections())
        finally:
            tortoise_context._current_context.set(previous)


async def in_fresh_context(work: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
    """Run one unit of background work as a task that inherits the database and nothing else.

    A loop that lives as long as the process runs each of its turns so: neither a transaction nor a request's
    variables are handed down to it.
    """
    fresh = contextvars.Context()
    fresh.run(tortoise_context._current_context.set, require_context())
    return await asyncio.get_running_loop().create_task(work(*args), context=fresh)
