"""`make bench`: everything that is measured, in one sitting.

Parts: `start`, `hostile` documents, `load` of a lender's rows, the `sitting` of our server beside its peers,
the `first-sight` of a document. `make bench with=--quick` takes less than five minutes; without it the first
run seeds 12 million operations (6 GB of PostgreSQL's disk, kept for the next run until `--drop`), and all
takes about half an hour. `--growth` asks our server alone with a thousand and with a million customers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import first_sight, hostile, load, portfolio, report, sitting, start
from benchmarks.portfolio import NoRoom, Scale
from benchmarks.running import Failed

LATEST = Path(__file__).with_name("latest.json")
ROUNDS, QUICK_ROUNDS = 9, 5
CUSTOMERS_MIN = 100
Figures = dict[str, Any]


def measure_start(quick: bool, _arguments: argparse.Namespace) -> Figures:
    print("Starting the server a few times …", flush=True)
    return show(start.measure(QUICK_ROUNDS if quick else ROUNDS))


def measure_hostile(quick: bool, _arguments: argparse.Namespace) -> Figures:
    print("Asking honestly while twenty clients send the worst documents …", flush=True)
    return show(hostile.measure(hostile.QUICK_SECONDS if quick else hostile.SECONDS))


def measure_load(quick: bool, arguments: argparse.Namespace) -> Figures:
    rows = load.QUICK_ROWS if quick else arguments.rows
    print(f"Loading {rows:,} rows on SQLite, on PostgreSQL, and by psql's copy …", flush=True)
    return show(load.measure(rows))


def measure_sitting(quick: bool, arguments: argparse.Namespace) -> Figures:
    scale = scale_of(quick, arguments)
    print(f"Asking our server and its peers the same, with {scale.customers:,} customers …", flush=True)
    spell, rounds = (sitting.QUICK, sitting.QUICK_ROUNDS) if quick else (sitting.FULL, sitting.ROUNDS)
    found = report.with_ratios(sitting.sit(scale, spell, rounds))
    print("\n".join(report.table(found)), flush=True)
    return {"customers": scale.customers, "rows": scale.rows, "rounds": rounds, "servers": found}


def measure_first_sight(quick: bool, arguments: argparse.Namespace) -> Figures:
    print("Sending documents that the server never saw …", flush=True)
    documents = first_sight.QUICK_DOCUMENTS if quick else first_sight.DOCUMENTS
    return show(first_sight.measure(scale_of(quick, arguments), documents))


def measure_growth(quick: bool, _arguments: argparse.Namespace) -> Figures:
    small, large = portfolio.SMALL, portfolio.QUICK_LARGE if quick else portfolio.LARGE
    print(f"Asking our server with {small.customers:,} and {large.customers:,} customers …", flush=True)
    rounds = sitting.QUICK_GROWTH_ROUNDS if quick else sitting.GROWTH_ROUNDS
    found = sitting.grow(small, large, sitting.QUICK if quick else sitting.FULL, rounds)
    print("\n".join(report.growth_table(found)), flush=True)
    return found


PARTS: dict[str, Callable[[bool, argparse.Namespace], Figures]] = {
    "start": measure_start,
    "hostile": measure_hostile,
    "load": measure_load,
    "sitting": measure_sitting,
    "first-sight": measure_first_sight,
}
ON_POSTGRES = ("sitting", "first-sight", "growth")


def scale_of(quick: bool, arguments: argparse.Namespace) -> Scale:
    """How large the portfolio is."""
    if arguments.customers is not None:
        return Scale(arguments.customers)
    return portfolio.QUICK if quick else portfolio.FULL


def show(figures: dict[str, float]) -> dict[str, float]:
    """One figure a line."""
    for name, figure in figures.items():
        print(f"  {name.replace('_', ' '):36}{figure:>14,}")
    return figures


def asked() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rows and rounds: less than five minutes")
    parser.add_argument("--rows", type=int, default=load.ROWS, help="rows of the feed to load")
    parser.add_argument("--customers", type=int, help=f"customers of the sitting, {CUSTOMERS_MIN} or more")
    parser.add_argument("--only", choices=PARTS, nargs="+", help="these parts alone")
    parser.add_argument(
        "--growth", action="store_true", help="nothing but our server with ever more customers"
    )
    parser.add_argument("--drop", action="store_true", help="nothing but dropping what was seeded")
    arguments = parser.parse_args()
    if arguments.customers is not None and arguments.customers < CUSTOMERS_MIN:
        parser.error(f"--customers takes {CUSTOMERS_MIN} or more")
    return arguments


def main() -> None:
    """Measure, print, and keep the figures in benchmarks/latest.json."""
    arguments = asked()
    if arguments.drop:
        print("\n".join(f"{name} dropped" for name in asyncio.run(portfolio.drop())) or "Nothing was seeded")
        return
    parts = {"growth": measure_growth} if arguments.growth else PARTS
    if arguments.only:
        parts = {name: PARTS[name] for name in arguments.only}
    lacking = what_lacks()
    figures = kept() if arguments.only or arguments.growth else {}
    failed = False
    for name, measure in parts.items():
        if name in ON_POSTGRES and lacking:
            print(f"The part {name} is left out: {lacking}", flush=True)
            continue
        try:
            figures[name.replace("-", "_")] = measure(arguments.quick, arguments)
        except (NoRoom, Failed) as error:
            print(f"The part {name} failed: {error}", flush=True)
            failed = True
    LATEST.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    raise SystemExit(failed)


def kept() -> dict[str, Figures]:
    """The figures of the run before, which a run of some parts leaves as they are."""
    found: dict[str, Figures] = json.loads(LATEST.read_text(encoding="utf-8")) if LATEST.exists() else {}
    return found


def what_lacks() -> str | None:
    """Why servers cannot be compared here, None where they can."""
    if not Path("/proc/self/smaps_rollup").exists():
        return "what processes use is read where Linux tells it"
    return None if asyncio.run(portfolio.is_up()) else "no PostgreSQL server answers"


if __name__ == "__main__":
    main()
