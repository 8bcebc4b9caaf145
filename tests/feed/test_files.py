"""Files and lines that are not what they should be: which stop the load, and which only their customers."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from feed.load import Stopped, load
from feed.report import Summary
from tests.feed.conftest import NOW, Contents, Load, TryLoad
from tests.feed.feeds import row, together, whole, write


def ragged(text: str) -> str:
    first, second, *rest = text.split("\n")
    return "\n".join([first, second + ",more", rest[0].rpartition(",")[0], *rest[1:]])


@pytest.mark.parametrize(
    ("_case", "spoil", "problems"),
    [
        (
            "ragged",
            ragged,
            [
                "operations.csv, line 2: has 18 cells, the header names 17 columns",
                "operations.csv, line 3: has 16 cells, the header names 17 columns",
            ],
        ),
        (
            "open_quote",
            lambda text: text.replace("CB ", '"CB ', 1),
            ["operations.csv, line 2: label opens a quote that its line does not close"],
        ),
        (
            "open_quote_in_the_first_cell",
            lambda text: text.replace("\nC1,", '\n"C1,', 1),
            ["operations.csv, line 2: customer opens a quote that its line does not close"],
        ),
        (
            "endless_cell",
            lambda text: text.replace("CB ", "CB " * 100_000, 1),
            ["operations.csv, line 2: label makes a line of more than 131,072 characters"],
        ),
        (
            "latin_1",
            lambda text: text.replace("ÉPICERIE", "\udcc9PICERIE", 1),
            ['operations.csv, line 2: label "CB \\xc9PICERIE L\\u00c9ON" is not UTF-8'],
        ),
    ],
)
async def test_lines_that_are_no_records(
    load_feed: Load, tmp_path: Path, _case: str, spoil: Callable[[str], str], problems: list[str]
) -> None:
    directory = write(tmp_path / "spoilt", together(whole(1), whole(2), whole(3)))
    file = directory / "operations.csv"
    file.write_bytes(spoil(file.read_text(encoding="utf-8")).encode("utf-8", "surrogateescape"))

    summary = await load_feed(directory)

    assert [str(problem).replace("É", "\\u00c9") for problem in summary.problems] == problems
    assert (summary.customers_loaded, summary.customers_refused) == (3 - len(problems), len(problems))


async def test_a_report_among_the_files_is_no_file_of_the_feed(database_url: str, tmp_path: Path) -> None:
    directory = write(tmp_path / "spoilt", {"customers": [row("customers", email="nobody")]})
    for _ in range(2):
        summary = await load(directory, database_url, now=NOW, report=directory / "refused.csv")
        assert isinstance(summary, Summary)
        assert summary.report == directory / "refused.csv"


async def test_a_report_never_takes_the_place_of_a_file_of_the_feed(
    database_url: str, tmp_path: Path
) -> None:
    directory = write(tmp_path / "feed", whole())
    before = (directory / "cards.csv").read_bytes()

    outcome = await load(directory, database_url, now=NOW, report=directory / "cards.csv")

    assert isinstance(outcome, Stopped)
    assert [str(problem) for problem in outcome.problems] == [
        f"{directory / 'cards.csv'}: is there already, and is no report of a load"
    ]
    assert (directory / "cards.csv").read_bytes() == before


def compressed(directory: Path) -> bytes:
    file = directory / "operations.csv"
    content = gzip.compress(file.read_bytes())
    file.unlink()
    return content


@pytest.mark.parametrize(
    ("_case", "spoil", "problem"),
    [
        ("cut", lambda content: content[:-20], "ends in the middle of its compressed data: rows are missing"),
        (
            "garbage_after",
            lambda content: content + b"garbage",
            "is not sound gzip: Not a gzipped file (b'ga')",
        ),
        ("not_gzip", lambda _: b"customer,contract", "is not sound gzip: Not a gzipped file (b'cu')"),
        ("wrong_checksum", lambda content: content[:-8] + b"\0" * 8, "is not sound gzip: CRC check failed"),
    ],
)
async def test_a_file_that_cannot_be_read_to_its_end_stops_everything(
    try_load: TryLoad,
    contents: Contents,
    tmp_path: Path,
    _case: str,
    spoil: Callable[[bytes], bytes],
    problem: str,
) -> None:
    before = await contents()
    directory = write(tmp_path / "spoilt", together(*(whole(number) for number in range(1, 200))))
    (directory / "operations.csv.gz").write_bytes(spoil(compressed(directory)))

    outcome = await try_load(directory)

    assert isinstance(outcome, Stopped)
    [told] = outcome.problems
    assert str(told).startswith(f"operations.csv.gz: {problem}")
    assert outcome.customers_loaded == 0
    assert await contents() == before


@pytest.mark.parametrize(
    ("_case", "prepare", "problems"),
    [
        (
            "no_directory",
            lambda directory: directory.rmdir(),
            ["{}: cannot be read: No such file or directory"],
        ),
        ("nothing", lambda directory: None, ["{}: holds no file of the feed, such as customers.csv"]),
        (
            "misspelt",
            lambda directory: (directory / "operation.csv").touch(),
            [
                "operation.csv: is no file of the feed, which are "
                "customers, contracts, cards, instalments, statements, operations (.csv or .csv.gz)"
            ],
        ),
        (
            "twice",
            lambda directory: [(directory / name).touch() for name in ("cards.csv", "cards.csv.gz")],
            ["cards.csv.gz: stands beside cards.csv: keep one"],
        ),
        (
            "directory",
            lambda directory: (directory / "cards.csv").mkdir(),
            ["cards.csv: cannot be read: Is a directory"],
        ),
        (
            "empty_files",
            lambda directory: [(directory / name).touch() for name in ("cards.csv", "statements.csv")],
            [
                "cards.csv, line 1: is empty: its first line must name the columns",
                "statements.csv, line 1: is empty: its first line must name the columns",
            ],
        ),
    ],
)
async def test_what_is_no_feed(
    try_load: TryLoad, tmp_path: Path, _case: str, prepare: Callable[[Path], Any], problems: list[str]
) -> None:
    directory = tmp_path / "strange"
    directory.mkdir()
    prepare(directory)

    outcome = await try_load(directory)

    assert isinstance(outcome, Stopped)
    assert [str(problem) for problem in outcome.problems] == [line.format(directory) for line in problems]
