"""Writes a feed row by row, all files at once."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from domain.money import decimal_text
from feed.format import ENTITIES


class FeedWriter:
    """Files that grow together; cells that a row does not name are empty."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._tables = {}
        for entity in ENTITIES:
            path = self._directory / entity.file
            text = self._stack.enter_context(path.open("w", encoding="utf-8", newline=""))
            self._tables[entity.name] = csv.DictWriter(text, entity.header, restval="", lineterminator="\n")
            self._tables[entity.name].writeheader()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def row(self, entity: str, **cells: Any) -> None:
        """Add a row to a file."""
        self._tables[entity].writerow(cells)


def units(amount: int) -> str:
    """Whole units of a currency as the feed writes them."""
    return decimal_text(100 * amount)


def month_end(year: int, month: int) -> date:
    """The last day of a month."""
    return date.fromordinal(date(year + month // 12, month % 12 + 1, 1).toordinal() - 1)
