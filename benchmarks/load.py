"""How fast a lender's rows come in: `python -m benchmarks.load [--rows N | --quick]`.

A feed of a million invented rows is loaded by `feed.load` in a process of its own, whose time, memory and CPU
are measured. Then the rows that came out are written to files and taken by `psql \\copy` into the same tables
of a second database, empty as the first was, with the same constraints and indexes: what PostgreSQL needs for
rows that nobody has to check. The ratio is the time of the copy over the time of the load, reading, checking
and reporting included; 0.3 is the aim, under 300 MB.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from benchmarks.big_feed import write_feed
from feed.format import ENTITIES
from feed.load import Stopped, load
from models.backends.migrating import migrate

SERVER = os.environ.get("PORTAL_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
ROWS, QUICK_ROWS = 1_000_000, 200_000
TABLES = ["customer", "customer_reference", *(entity.table for entity in ENTITIES[1:]), "identifier"]


def measure(rows: int) -> dict[str, float]:
    """Figures of a load on both databases; PostgreSQL is left out where there is no server or no psql."""
    with tempfile.TemporaryDirectory(prefix="portal-load-") as name:
        folder = Path(name)
        written = write_feed(folder / "feed", rows)
        figures: dict[str, float] = {"rows": written, **_sqlite(folder, written)}
        if shutil.which("psql") and asyncio.run(_is_up()):
            figures |= _postgres(folder, written)
        return figures


def _sqlite(folder: Path, rows: int) -> dict[str, float]:
    url = f"sqlite://{folder / 'portal.sqlite3'}"
    asyncio.run(migrate(url, lambda _line: None))
    first, second = _in_a_process(url, folder), _in_a_process(url, folder)
    return {
        "sqlite_rows_per_second": round(rows / first["seconds"]),
        "sqlite_unchanged_rows_per_second": round(rows / second["seconds"]),
        "sqlite_megabytes": first["megabytes"],
    }


def _postgres(folder: Path, rows: int) -> dict[str, float]:
    with _database() as loaded, _database() as copied:
        first, second = _in_a_process(loaded, folder), _in_a_process(loaded, folder)
        copy_seconds = _copied(loaded, copied, folder)
    return {
        "postgres_rows_per_second": round(rows / first["seconds"]),
        "postgres_unchanged_rows_per_second": round(rows / second["seconds"]),
        "postgres_copy_rows_per_second": round(rows / copy_seconds),
        "postgres_ratio_to_copy": round(copy_seconds / first["seconds"], 2),
        "postgres_megabytes": first["megabytes"],
        "postgres_cpu_seconds": first["cpu_seconds"],
    }


def _copied(loaded: str, copied: str, folder: Path) -> float:
    """Seconds that `psql \\copy` takes for the rows of one database into the tables of another."""
    for table in TABLES:
        _psql(loaded, f"\\copy {table} TO '{folder / table}.txt'")
    _psql(SERVER, "CHECKPOINT")
    begun = time.perf_counter()
    for table in TABLES:
        _psql(copied, f"\\copy {table} FROM '{folder / table}.txt'")
    return time.perf_counter() - begun


def _psql(url: str, command: str) -> None:
    subprocess.run(["psql", "--quiet", "--no-psqlrc", url, "--command", command], check=True)


def _in_a_process(url: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.load", "--only", url, str(folder)]
    told: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return told


async def _load(url: str, folder: Path) -> dict[str, float]:
    begun = time.perf_counter()
    outcome = await load(folder / "feed", url, now=datetime.now(UTC), report=folder / "report.csv")
    seconds = time.perf_counter() - begun
    if isinstance(outcome, Stopped) or outcome.errors or outcome.warnings:
        raise RuntimeError(str(outcome.problems[0]))
    used = resource.getrusage(resource.RUSAGE_SELF)
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "seconds": seconds,
        "megabytes": round(used.ru_maxrss * unit / 1_000_000),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
    }


@contextmanager
def _database() -> Iterator[str]:
    """A migrated database on the server, for as long as it is measured."""
    name = f"portal_bench_{token_hex(6)}"
    asyncio.run(_on_server(f"CREATE DATABASE {name}"))
    try:
        url = f"{SERVER.rpartition('/')[0]}/{name}"
        asyncio.run(migrate(url, lambda _line: None))
        yield url
    finally:
        asyncio.run(_on_server(f"DROP DATABASE {name} WITH (FORCE)"))


async def _on_server(sql: str) -> None:
    server = await asyncpg.connect(SERVER, timeout=5)
    try:
        await server.execute(sql)
    finally:
        await server.close()


async def _is_up() -> bool:
    try:
        await _on_server("SELECT 1")
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    return True


def main(arguments: Any) -> None:
    """Print what was measured, a figure a line."""
    if arguments.only:
        url, folder = arguments.only
        print(json.dumps(asyncio.run(_load(url, Path(folder)))))
        return
    for name, figure in measure(QUICK_ROWS if arguments.quick else arguments.rows).items():
        print(f"{name.replace('_', ' '):36}{figure:>14,}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="How fast a lender's rows come in.")
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the invented feed")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROWS:,} rows")
    parser.add_argument("--only", nargs=2, metavar=("URL", "FOLDER"), help=argparse.SUPPRESS)
    main(parser.parse_args())
