"""Every row of the threat model names a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODEL = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
ROWS = [line for line in MODEL.splitlines() if line.startswith("| ")][1:]


def test_the_table_has_rows() -> None:
    assert len(ROWS) >= 40


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_each_row_names_a_test(row: str) -> None:
    (named,) = re.findall(r"`(tests/[\w/.:]+)`", row)
    file, _, name = named.partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(rf"^(?:async )?def {name or 'test_'}", text, re.MULTILINE), named
