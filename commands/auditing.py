"""`portal audit`: every customer's access log checked, each break told, and an anchor to keep elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Drawn

from commands.line import stop
from commands.samples import check_migrated
from domain.audit import Anchor
from gateways import open_vault
from gateways.settings import Settings
from models.backends.opening import open_database
from resolvers.audits import Audited, Break, BreakKind, Progress, audit

TOLD_MAX = 100
WORDS = {
    BreakKind.CHANGED: "changed after being sealed",
    BreakKind.MISSING: "missing",
    BreakKind.FOREIGN: "not of this chain",
    BreakKind.UNKNOWN_PEPPER: "sealed with a pepper that PORTAL_PEPPERS no longer has",
    BreakKind.HEAD: "the head and the facts do not fit",
}


async def audit_and_tell(settings: Settings, anchor: str | None) -> bool:
    """Check all chains; False when one is broken, or when an earlier anchor no longer fits."""
    earlier = None if anchor is None else _read(anchor)
    breaks: list[Break] = []

    def report(found: Break) -> None:
        if len(breaks) < TOLD_MAX:
            breaks.append(found)

    async with open_database(settings.database_url):
        await check_migrated()
        seal, now = open_vault(settings).seal, datetime.now(UTC)
        with _progress() as progress:
            audited = await audit(seal, now, report=report, progress=progress, anchor=earlier)
    for found in breaks:
        print(told(found))
    if audited.breaks > len(breaks):
        print(f"… and {audited.breaks - len(breaks):,} more")
    for line in _summed_up(audited, earlier):
        print(line)
    return not audited.breaks and audited.agrees is not False


def told(found: Break) -> str:
    """A break in a line: customer 7, facts 3 to 5: missing."""
    where = f"customer {found.customer_id}"
    if found.first is not None:
        several = found.last is not None and found.last > found.first
        where += f", facts {found.first} to {found.last}" if several else f", fact {found.first}"
    return f"{where}: {WORDS[found.kind]}"


def _summed_up(audited: Audited, earlier: Anchor | None) -> Iterator[str]:
    facts, customers = _counted(audited.facts, "fact"), _counted(audited.customers, "customer")
    breaks = _counted(audited.breaks, "break") if audited.breaks else "every chain holds"
    yield f"{facts} of {customers}: {breaks}"
    if audited.unsealed:
        yield f"{_counted(audited.unsealed, 'fact')} in no chain: from before there were seals, or forged"
    if earlier and audited.agrees:
        yield f"All that was there on {earlier.at:%Y-%m-%d at %H:%M:%S} UTC is there"
    elif earlier:
        yield f"What was there on {earlier.at:%Y-%m-%d at %H:%M:%S} UTC is not what is there now"
    if not audited.breaks and audited.agrees is not False:
        yield f"Anchor, to be kept elsewhere: {audited.anchor}"


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"


def _read(text: str) -> Anchor:
    anchor = Anchor.parse(text)
    if anchor is None:
        stop("An anchor is what `portal audit` prints, such as 20261123T091500Z- and 64 more characters.")
    return anchor


class Tenths:
    """Where nobody watches a terminal: a line for each tenth."""

    def __init__(self) -> None:
        self._tenths = 0

    def __call__(self, done: int, total: int) -> None:
        tenths = 10 * done // total if total else 10
        if tenths > self._tenths:
            self._tenths = tenths
            print(f"checking access logs, {tenths}0 %", file=sys.stderr, flush=True)


@contextmanager
def _progress() -> Iterator[Progress]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Tenths()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Drawn(*columns, console=console) as drawn:
        task = drawn.add_task("checking access logs", total=None)
        yield lambda done, total: drawn.update(task, completed=done, total=total)
