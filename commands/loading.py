"""`portal load` as a person sees it: progress while it runs, then what was loaded and what was refused."""

from __future__ import annotations

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


async def load_and_tell(settings: Settings, directory: Path, report: Path) -> bool:
    """Load a feed; False when it stopped or refused something."""
    columns = (TextColumn("{task.description:28}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as drawn:
        outcome = await load(
            directory, settings.database_url, now=datetime.now(UTC), progress=Bars(drawn), report=report
        )
    if isinstance(outcome, Stopped):
        for problem in outcome.problems:
            print(problem)
        print(f"Stopped: {outcome.customers_loaded:,} customers were loaded before.")
        return False
    for problem in outcome.problems:
        print(problem)
    if (told := outcome.errors + outcome.warnings) > len(outcome.problems):
        print(f"… and {told - len(outcome.problems):,} more")
    for line in outcome.lines():
        print(line)
    return not outcome.errors
