"""Memory does not grow with the feed: neither with its rows, nor with what is wrong with them."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from feed.format import CUSTOMERS, OPERATIONS
from feed.load import load
from feed.report import Summary
from tests.feed.conftest import NOW

GROWTH_MAX = 1.6  # buffers fill up a little more; rows that were kept would make it four


def write_feed(directory: Path, customers: int, amount: str) -> Path:
    """Customers with two operations each, of contracts that nobody has."""
    directory.mkdir()
    with (directory / "customers.csv").open("w", encoding="utf-8") as text:
        print(*CUSTOMERS.header, sep=",", file=text)
        for number in range(customers):
            print(f"C{number:09d},MS,Camille,Durand,,,,,,,,,,,", file=text)
    with (directory / "operations.csv").open("w", encoding="utf-8") as text:
        print(*OPERATIONS.header, sep=",", file=text)
        for number in range(2 * customers):
            keys = f"C{number // 2:09d},REV-{number // 2:09d},OP-{number}"
            print(f"{keys},,,PURCHASE,BOOKED,2024-01-10,2024-01-11,CB,,,{amount},,,,", file=text)
    return directory


async def peak_bytes(directory: Path, url: str, report: Path) -> tuple[int, Summary]:
    tracemalloc.start()
    try:
        summary = await load(directory, url, now=NOW, report=report)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(summary, Summary)
    return peak, summary


async def test_four_times_as_many_bad_rows_take_no_more_memory(
    database_url: str, tmp_path: Path, report: Path
) -> None:
    few = write_feed(tmp_path / "few", 1_500, "1,00")
    many = write_feed(tmp_path / "many", 6_000, "1,00")
    await peak_bytes(few, database_url, report)  # what is imported and remembered once

    small, _ = await peak_bytes(few, database_url, report)
    large, summary = await peak_bytes(many, database_url, report)

    assert (summary.customers_refused, summary.errors) == (6_000, 24_000)
    assert large < small * GROWTH_MAX


async def test_four_times_as_many_customers_take_no_more_memory(
    database_url: str, tmp_path: Path, report: Path
) -> None:
    few = write_feed(tmp_path / "few", 4_000, "1.00")
    many = write_feed(tmp_path / "many", 16_000, "1.00")
    for directory in (few, many):
        (directory / "operations.csv").unlink()
    await peak_bytes(few, database_url, report)

    small, _ = await peak_bytes(few, database_url, report)
    large, summary = await peak_bytes(many, database_url, report)

    assert summary.tallies["customers"].inserted == 12_000
    assert large < small * GROWTH_MAX
