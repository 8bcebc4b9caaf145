"""A lender's whole portfolio in PostgreSQL, invented by set-based SQL, the same each time.

A portfolio is seeded once into a database of its own, whose name tells its size and the version of the
seeding, and is used again by the next run. Customers are numbered from 1; number 0 has the long history. Days
are fixed, so that whoever asks for all operations gets the same answer next year.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from benchmarks.portfolio_sql import (
    CONTRACTS,
    CUSTOMER_IDS,
    CUSTOMERS,
    LONG_CONTRACTS,
    LONG_OPERATIONS,
    LONG_STATEMENTS,
    OPERATIONS,
    SESSIONS,
    STATEMENTS,
    VISIT,
)
from models.backends.migrating import migrate

SERVER = os.environ.get("PORTAL_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
VERSION = 1
PREFIX = "portal_portfolio_"
SEEDED = "seeded"
CONNECTIONS, CUSTOMERS_AT_ONCE = 2, 5_000
OPERATION_BYTES, STATEMENT_BYTES, CUSTOMER_BYTES = 420, 400, 1_600  # rows with their indexes
WAL_BYTES = 2_500_000_000  # what PostgreSQL may write ahead while the rows come in


@dataclass(frozen=True)
class Scale:
    """How many rows of each kind. Contracts of a customer are 1, 2, 3, 1, 2, 3 … up to the most."""

    customers: int
    contracts_max: int = 3
    statements: int = 12  # of each contract
    operations: int = 5  # of each statement
    long_operations: int = 200_000

    @property
    def contracts(self) -> int:
        """Contracts of all customers but the one with the long history."""
        most = self.contracts_max
        whole, rest = divmod(self.customers, most)
        return whole * most * (most + 1) // 2 + rest * (rest + 1) // 2

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each table."""
        statements = self.contracts * self.statements
        return {
            "customers": self.customers,
            "contracts": self.contracts,
            "statements": statements,
            "operations": statements * self.operations,
        }

    @property
    def database(self) -> str:
        """Name of the database, such as portal_portfolio_v1_100000x3x12x5."""
        shape = f"{self.customers}x{self.contracts_max}x{self.statements}x{self.operations}"
        return f"{PREFIX}v{VERSION}_{shape}"

    @property
    def disk_bytes(self) -> int:
        """About what its database takes on disk, with what is written ahead."""
        rows = self.rows
        return (
            (rows["operations"] + self.long_operations) * OPERATION_BYTES
            + rows["statements"] * STATEMENT_BYTES
            + self.customers * CUSTOMER_BYTES
            + WAL_BYTES
        )


FULL, QUICK = Scale(100_000), Scale(3_000)
# To see what growth costs: each customer has one contract, two statements and twelve operations.
SMALL, QUICK_LARGE, LARGE = (
    Scale(customers, contracts_max=1, statements=2, operations=6) for customers in (1_000, 50_000, 1_000_000)
)


class NoRoom(Exception):
    """The disk does not hold the portfolio: a sentence that says what lacks."""


def url_of(scale: Scale) -> str:
    """Where the portfolio is."""
    return f"{SERVER.rpartition('/')[0]}/{scale.database}"


def customer_id(number: int) -> int:
    """The key of a customer, as the seeding makes it."""
    return CUSTOMER_IDS + number


def secret_of(number: int) -> str:
    """What the cookie of a customer's session ends with, 43 characters."""
    return hashlib.sha256(f"visit {number}".encode()).hexdigest()[:43]


async def is_up() -> bool:
    """Whether there is a PostgreSQL server."""
    try:
        await on_server("SELECT 1")
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    return True


async def on_server(sql: str) -> Any:
    """One value of a statement on the server's own database."""
    server = await asyncpg.connect(SERVER, timeout=5)
    try:
        return await server.fetchval(sql)
    finally:
        await server.close()


async def seed(scale: Scale) -> str:
    """The URL of the portfolio, seeded now if no earlier run did it. Sessions are always made anew."""
    name, url = scale.database, url_of(scale)
    comment = f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{name}'"
    if await on_server(comment) != SEEDED:
        await _make_room(scale)
        await on_server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await on_server(f"CREATE DATABASE {name}")
        await migrate(url, lambda _line: None)
        await _fill(scale, url)
        await on_server(f"COMMENT ON DATABASE {name} IS '{SEEDED}'")
    elif await migrate(url, lambda line: print(f"  {line}", flush=True)):
        await _run(url, "VACUUM (ANALYZE)")
    await _run(url, "TRUNCATE session", f"{SESSIONS} WHERE number BETWEEN 0 AND {scale.customers}")
    await _run(url, "VACUUM (ANALYZE) session", "CHECKPOINT")
    return url


async def visit(url: str, numbers: Collection[int]) -> None:
    """These customers were just seen: in the middle of a visit, which writes that only twice a minute."""
    connection = await _opened(url)
    try:
        await connection.execute(VISIT, [customer_id(number) for number in numbers])
        await connection.execute("VACUUM session")
    finally:
        await connection.close()


async def drop() -> list[str]:
    """Give the disk back: the names of the portfolios that were dropped."""
    found = f"SELECT array_agg(datname::text) FROM pg_database WHERE starts_with(datname, '{PREFIX}')"
    names: list[str] = await on_server(found) or []
    for name in names:
        await on_server(f"DROP DATABASE {name} WITH (FORCE)")
    return names


async def _make_room(scale: Scale) -> None:
    folder = Path(await on_server("SHOW data_directory"))
    if folder.is_dir():  # else the server is another machine's
        free = shutil.disk_usage(folder).free
        if free < scale.disk_bytes:
            raise NoRoom(
                f"{scale.customers:,} customers need {scale.disk_bytes / 1e9:.1f} GB of PostgreSQL's disk, "
                f"and {free / 1e9:.1f} GB are free: give --customers a smaller number, or make room"
            )


async def _fill(scale: Scale, url: str) -> None:
    told = ", ".join(f"{count:,} {name}" for name, count in scale.rows.items())
    print(f"  seeding {scale.database}: {told}", flush=True)
    begun = time.perf_counter()
    together = min(CUSTOMERS_AT_ONCE, -(-scale.customers // CONNECTIONS))
    spans = [
        (first, min(first + together - 1, scale.customers))
        for first in range(1, scale.customers + 1, together)
    ]
    left, done = iter(spans), 0

    async def work() -> None:
        nonlocal done
        connection = await _opened(url)
        try:
            for span in left:
                for statement in (CUSTOMERS, CONTRACTS, STATEMENTS, OPERATIONS):
                    await connection.execute(_of_scale(statement, scale, *span))
                done += 1
                seconds = time.perf_counter() - begun
                print(f"    {done} of {len(spans)} parts after {seconds:.0f} s", flush=True)
        finally:
            await connection.close()

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    if scale.long_operations:
        long = (_of_scale(CUSTOMERS, scale, 0, 0), LONG_CONTRACTS, LONG_STATEMENTS)
        await _run(url, *long, _of_scale(LONG_OPERATIONS, scale, 0, 0))
    await _run(url, "VACUUM (ANALYZE)", "CHECKPOINT")
    print(f"    ready after {time.perf_counter() - begun:.0f} s", flush=True)


def _of_scale(sql: str, scale: Scale, first: int, last: int) -> str:
    return sql.format(
        first=first,
        last=last,
        contracts_max=scale.contracts_max,
        statements=scale.statements,
        operations=scale.operations,
        long_operations=scale.long_operations,
    )


async def _opened(url: str) -> Any:
    # The rows fit each other by construction, so nobody checks them one by one.
    settings = {"session_replication_role": "replica", "synchronous_commit": "off", "jit": "off"}
    return await asyncpg.connect(url, timeout=5, server_settings=settings)


async def _run(url: str, *statements: str) -> None:
    connection = await _opened(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
