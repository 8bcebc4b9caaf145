"""The PostgreSQL server that tests use where it answers, and databases of their own on it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest

SERVER = os.environ.get("PORTAL_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")


@contextmanager
def database_on_server(template: str = "template0") -> Iterator[str]:
    """The URL of a database that is dropped in the end, whoever still uses it; skips where no server is."""
    name = f"portal_test_{token_hex(6)}"
    try:
        on_server(f"CREATE DATABASE {name} TEMPLATE {template}")
    except (OSError, TimeoutError) as error:
        pytest.skip(f"no PostgreSQL server at PORTAL_TEST_POSTGRES_URL: {error}")
    try:
        yield f"{SERVER.rpartition('/')[0]}/{name}"
    finally:
        on_server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


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
