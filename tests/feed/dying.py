"""A load that ends badly: `python -m tests.feed.dying URL DIRECTORY between|inside|full`."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from feed import batches, merging
from feed.load import Stopped, load
from feed.progress import Silence

BATCH_RECORDS = 60


def die() -> None:
    """As `kill -9` and the power switch do."""
    os.kill(os.getpid(), signal.SIGKILL)


class BetweenBatches(Silence):
    """Dies once a few customers are written."""

    def merging(self, customers_done: int, customers_total: int) -> None:
        if customers_done > customers_total // 3:
            die()


def die_inside_a_batch() -> None:
    """Die in the fourth transaction, when most of its rows are written."""
    calls, statement = iter(range(100)), merging.new_identifiers

    def last_words(first: int, last: int) -> str:
        if next(calls) == 3:
            die()
        return statement(first, last)

    vars(batches)["new_identifiers"] = last_words


def fill_the_disk(database: Path) -> None:
    """No file may grow beyond what the database holds already, and a little."""
    most = database.stat().st_size + 100_000
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


async def main(url: str, directory: Path, how: str) -> None:
    if how == "inside":
        die_inside_a_batch()
    if how == "full":
        fill_the_disk(Path(url.removeprefix("sqlite://")))
    progress = BetweenBatches() if how == "between" else Silence()
    outcome = await load(
        directory,
        url,
        now=datetime(2026, 11, 30, tzinfo=UTC),
        progress=progress,
        report=directory.parent / "report.csv",
        batch_records=BATCH_RECORDS,
    )
    print(outcome.problems[0] if isinstance(outcome, Stopped) else "to the end")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
