"""What processes used, as Linux tells in /proc: CPU time of a server and all it started, and memory."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and all that it started, directly or not."""
    children: dict[int, list[int]] = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found = [pid]
    for member in found:
        found.extend(children.get(member, ()))
    return found


def cpu_ms(pids: Iterable[int]) -> dict[int, float]:
    """User and system time of each process with all its threads, milliseconds."""
    used = {}
    for pid in pids:
        if fields := _stat(pid):
            used[pid] = (int(fields[11]) + int(fields[12])) * 1000 / TICKS
    return used


def spent_ms(before: dict[int, float], after: dict[int, float]) -> float:
    """What was used in between, by processes that came in between too."""
    return sum(used - before.get(pid, 0.0) for pid, used in after.items())


def memory_mb(pids: Iterable[int]) -> dict[str, float]:
    """Memory of processes together, megabytes: `rss` counts what they share for each, `pss` once."""
    sums = {"rss_mb": 0.0, "pss_mb": 0.0}
    for pid in pids:
        try:
            lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            name, _, amount = line.partition(":")
            if name in ("Rss", "Pss"):
                sums[f"{name.lower()}_mb"] += int(amount.split()[0]) / 1000
    return {name: round(amount, 1) for name, amount in sums.items()}


def _stat(pid: int) -> list[str] | None:
    """The fields of a process after its name: state, parent …; None where it is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
