"""`portal load` as a person sees it: progress while it runs, then what was loaded and what was refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from feed.load import Stopped, load
from gateways.settings import Settings


class Bars:
    """A bar for each file that is read, then one for the customers that are merged."""

    def __init__(self, drawn: Progress) -> None:
        self._drawn = drawn
        self._tasks: dict[str, object] = {}

    def reading(self, file: str, bytes_read: int, bytes_total: int) -> None:
        """Bytes read of a file."""
        self._show(f"reading {file}", bytes_read, bytes_total)

    def checking(self) -> None:
        """Rows are compared with each other."""
        self._show("checking", None, None)

    def merging(self, customers_done: int, customers_total: int) -> None:
        """Customers written."""
        if "checking" in self._tasks:
            self._show("checking", 1, 1)
        self._show("loading customers", customers_done, customers_total)

    def _show(self, name: str, done: int | None, total: int | None) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._drawn.add_task(name, total=total)
        self._drawn.update(self._tasks[name], completed=done, total=total)  # type: ignore[arg-type]


class Lines:
    """Where nobody watches a terminal: a line for each tenth of each step."""

    def __init__(self) -> None:
        self._told: tuple[str, int] | None = None

    def reading(self, file: str, bytes_read: int, bytes_total: int) -> None:
        """Bytes read of a file."""
        self._tell(f"reading {file}", bytes_read, bytes_total)

    def checking(self) -> None:
        """Rows are compared with each other."""
        self._tell("checking", 0, 0)

    def merging(self, customers_done: int, customers_total: int) -> None:
        """Customers written."""
        self._tell("loading customers", customers_done, customers_total)

    def _tell(self, step: str, done: int, total: int) -> None:
        tenths = 10 * done // total if total else 0
        if (step, tenths) != self._told:
            self._told = step, tenths
            print(f"{step}, {tenths}0 %" if tenths else step, file=sys.stderr, flush=True)


async def load_and_tell(settings: Settings, directory: Path, report: Path) -> bool:
    """Load a feed; False when it stopped or refused something."""
    with _shown() as progress:
        outcome = await load(
            directory, settings.database_url, now=datetime.now(UTC), progress=progress, report=report
        )
    if isinstance(outcome, Stopped):
        for problem in outcome.problems:
            print(problem)
        loaded = outcome.customers_loaded
        print(f"Stopped after {loaded:,} customers: run it again." if loaded else "Nothing was loaded.")
        return False
    for problem in outcome.problems:
        print(problem)
    if (told := outcome.errors + outcome.warnings) > len(outcome.problems):
        print(f"… and {told - len(outcome.problems):,} more")
    for line in outcome.lines():
        print(line)
    return not outcome.errors


@contextmanager
def _shown() -> Iterator[Bars | Lines]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines()
        return
    columns = (TextColumn("{task.description:28}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as drawn:
        yield Bars(drawn)
