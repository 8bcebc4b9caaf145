"""What a load did, and the report of every bad row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import orjson

from feed.format import ENTITIES
from feed.problems import Problem, Stop
from feed.stores import Store

SHOWN_MAX = 50
HEADER = ("file", "line", "field", "reason", "customer", "severity")
HEADER_LINE = ",".join(HEADER) + "\n"

_FOUND = """
    SELECT position, line, customer, field, reason, warning FROM found
    ORDER BY position, coalesce(line, 0), warning, coalesce(field, ''), reason
"""


@dataclass
class Tally:
    """Rows of one entity. What was read was inserted, changed, unchanged or refused."""

    read: int = 0
    inserted: int = 0
    changed: int = 0
    refused: int = 0

    @property
    def unchanged(self) -> int:
        """Rows that were in the database already, the same."""
        return self.read - self.inserted - self.changed - self.refused


@dataclass
class Summary:
    """What a load did. The first problems are here, all of them in the report."""

    tallies: dict[str, Tally] = field(default_factory=lambda: {entity.name: Tally() for entity in ENTITIES})
    customers_loaded: int = 0
    customers_refused: int = 0
    errors: int = 0
    warnings: int = 0
    problems: list[Problem] = field(default_factory=list)
    report: Path | None = None

    def count(self, problems: list[Problem]) -> None:
        """Add to the totals, and keep the first few."""
        self.problems += problems[: SHOWN_MAX - len(self.problems)]
        warnings = sum(problem.warning for problem in problems)
        self.warnings += warnings
        self.errors += len(problems) - warnings

    def lines(self) -> Iterator[str]:
        """The summary as a table of text."""
        yield f"{'':12}{'read':>12}{'inserted':>12}{'changed':>12}{'unchanged':>12}{'refused':>12}"
        for name, tally in self.tallies.items():
            numbers = (tally.read, tally.inserted, tally.changed, tally.unchanged, tally.refused)
            yield f"{name:12}" + "".join(f"{number:12,}" for number in numbers)
        yield f"{self.customers_loaded:,} customers loaded, {self.customers_refused:,} refused"
        if self.errors or self.warnings:
            yield f"{self.errors:,} errors and {self.warnings:,} warnings, all in {self.report}"


class Report:
    """A file with a line for each fault of each bad row, under its name only once it is whole."""

    def __init__(self, path: Path, files: list[str]) -> None:
        self._path = path
        self._begun = path.with_name(f"{path.name}.part")
        self._files = files

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Make sure that the report can be written before the load begins, and leave nothing half written."""
        if self._path.exists() and not self._is_report():
            raise Stop([Problem(str(self._path), None, None, "is there already, and is no report of a load")])
        try:
            self._begun.touch()
            try:
                yield
            finally:
                self._begun.unlink(missing_ok=True)
        except OSError as error:
            raise Stop(
                [Problem(str(self._path), None, None, f"cannot be written: {error.strerror}")]
            ) from error

    def _is_report(self) -> bool:
        """Only an earlier report may be replaced: not a file of the feed, nor a device."""
        if not self._path.is_file():
            return False
        with self._path.open(encoding="utf-8", errors="replace") as text:
            return text.read(len(HEADER_LINE)) in ("", HEADER_LINE)

    async def write(self, store: Store, summary: Summary) -> None:
        """Write what was found, or remove an earlier report when nothing was; count it into the summary."""
        with self._begun.open("w", encoding="utf-8", newline="") as text:
            await self._write(store, summary, text)
        if summary.errors or summary.warnings:
            self._begun.replace(self._path)
            summary.report = self._path
        else:
            self._path.unlink(missing_ok=True)

    async def _write(self, store: Store, summary: Summary, text: TextIO) -> None:
        table = csv.writer(text, lineterminator="\n")
        table.writerow(HEADER)
        async with aclosing(store.stream(_FOUND)) as parts:
            async for rows in parts:
                problems = [problem for row in rows for problem in self._problems(*row)]
                table.writerows(_cells(problem) for problem in problems)
                summary.count(problems)

    def _problems(
        self,
        position: int,
        line: int | None,
        customer: str | None,
        field: str | None,
        reason: str,
        warning: int,
    ) -> Iterator[Problem]:
        faults: list[tuple[str, str]] = [(field, reason)] if field is not None else orjson.loads(reason)
        for name, words in faults:
            yield Problem(self._files[position], line, name or None, words, customer, bool(warning))


def _cells(problem: Problem) -> tuple[Any, ...]:
    severity = "warning" if problem.warning else "error"
    return problem.file, problem.line, problem.field, problem.reason, problem.customer, severity
