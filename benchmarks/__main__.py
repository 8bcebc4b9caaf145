"""`make bench`: start, hostile documents and load, measured in one sitting.

`make bench with=--quick` takes two or three minutes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks import hostile, load, start

LATEST = Path(__file__).with_name("latest.json")
ROUNDS, QUICK_ROUNDS = 9, 5


def main() -> None:
    """Measure, print a figure a line, and keep the figures in benchmarks/latest.json."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rows and rounds")
    parser.add_argument("--rows", type=int, default=load.ROWS, help="rows of the feed to load")
    arguments = parser.parse_args()
    print("Starting the server a few times …", flush=True)
    figures = {"start": start.measure(QUICK_ROUNDS if arguments.quick else ROUNDS)}
    show(figures["start"])
    print("Asking honestly while twenty clients send the worst documents …", flush=True)
    figures["hostile"] = hostile.measure(hostile.QUICK_SECONDS if arguments.quick else hostile.SECONDS)
    show(figures["hostile"])
    rows = load.QUICK_ROWS if arguments.quick else arguments.rows
    print(f"Loading {rows:,} rows on SQLite, on PostgreSQL, and by psql's copy …", flush=True)
    figures["load"] = load.measure(rows)
    show(figures["load"])
    LATEST.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def show(figures: dict[str, float]) -> None:
    """One figure a line."""
    for name, figure in figures.items():
        print(f"  {name.replace('_', ' '):36}{figure:>14,}")


main()
