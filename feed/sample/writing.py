"""The sample as files: what `portal sample` loads, and an example of a feed to look at."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from operator import attrgetter
from pathlib import Path

from feed.sample.customers import SampleCustomer, sample_customers
from feed.sample.rows import CardRow, ContractRow, CustomerRow, InstalmentRow, OperationRow, Row, StatementRow

FILES: tuple[type[Row], ...] = (CustomerRow, ContractRow, CardRow, InstalmentRow, StatementRow, OperationRow)


def write_sample(directory: Path, today: date) -> None:
    """Write the whole sample of a day into the directory."""
    write_customers(directory, list(sample_customers(today)))


def write_customers(directory: Path, customers: Sequence[SampleCustomer]) -> None:
    """Write the six files of a feed that tells of these customers."""
    directory.mkdir(parents=True, exist_ok=True)
    for kind in FILES:
        _write(directory / kind.FILE, kind, (row for one in customers for row in one.rows(kind)))


def _write(path: Path, kind: type[Row], rows: Iterable[Row]) -> None:
    names, writers = kind.header(), kind.writers()
    values = attrgetter(*names)
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(names)
        for row in rows:
            cells = zip(writers, values(row), strict=True)
            lines.writerow(["" if value is None else write(value) for write, value in cells])
