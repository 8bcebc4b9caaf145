"""The files: a feed like any lender's, the same bytes each time."""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
from datetime import date
from itertools import count
from pathlib import Path

import pytest

from feed.checks import Checker
from feed.format import BY_NAME, ENTITIES
from feed.sample.rows import Row
from feed.sample.writing import FILES, write_customers, write_sample
from tests.feed.sample.conftest import DAYS, cast_on

TODAY = DAYS[0]
WRITE = """
import sys
from datetime import date
from pathlib import Path

from feed.sample.writing import write_sample

write_sample(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]))
"""


def digests(directory: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(directory.iterdir())}


def lines_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_there_is_one_file_for_each_entity_of_the_format(tmp_path: Path) -> None:
    write_sample(tmp_path, TODAY)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(entity.file for entity in ENTITIES)


@pytest.mark.parametrize("kind", FILES)
def test_columns_are_those_of_the_format_in_order(kind: type[Row]) -> None:
    assert kind.header() == BY_NAME[kind.FILE.removesuffix(".csv")].header


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        arguments = [sys.executable, "-c", WRITE, str(tmp_path / seed), TODAY.isoformat()]
        subprocess.run(arguments, check=True, env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "."})
    assert digests(tmp_path / "1") == digests(tmp_path / "2")


def test_another_day_is_another_sample(tmp_path: Path) -> None:
    write_customers(tmp_path / "1", cast_on(TODAY))
    write_customers(tmp_path / "2", cast_on(DAYS[1]))
    changed = {
        name for name, digest in digests(tmp_path / "1").items() if digests(tmp_path / "2")[name] != digest
    }
    assert changed == {entity.file for entity in ENTITIES} - {"customers.csv"}


def test_every_row_passes_the_checks_of_the_feed(tmp_path: Path, today: date) -> None:
    write_customers(tmp_path, cast_on(today))
    for entity in ENTITIES:
        header, *lines = lines_of(tmp_path / entity.file)
        numbers = count(1)
        checker = Checker(entity, header, lambda numbers=numbers: next(numbers))  # type: ignore[misc]
        rows = checker.rows((number, cells, None) for number, cells in enumerate(lines, start=2))
        assert len(rows) == len(lines) > 20
        assert [row for row in rows if row[2] is not None] == []


def test_the_sample_is_large_enough_to_page_through_and_small_enough_to_start_with(today: date) -> None:
    rows = {kind: sum(1 for one in cast_on(today) for _ in one.rows(kind)) for kind in FILES}
    assert 15_000 < sum(rows.values()) < 30_000
    assert len(cast_on(today)) == 60


def test_texts_with_accents_and_quotes_survive(tmp_path: Path) -> None:
    write_customers(tmp_path, cast_on(TODAY))
    _, *lines = lines_of(tmp_path / "customers.csv")
    names = {f"{cells[2]} {cells[3]}" for cells in lines}
    assert {"Inès N'Diaye", "Jérôme Œuvrard", "Gaël Kervoëlen", "Côme de La Tour"} <= names
