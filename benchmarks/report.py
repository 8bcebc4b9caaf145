"""The tables that `make bench` prints of the sitting, and the ratios that it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Figures = dict[str, Any]
COMPARED = {"mercurius": "ratio_to_mercurius", "bare": "ratio_to_floor"}


def with_ratios(found: dict[str, Figures]) -> dict[str, Figures]:
    """The same with the CPU time of each operation over that of Mercurius and of the floor."""
    for server in found.values():
        for operation, figures in server["operations"].items():
            for name, ratio in COMPARED.items():
                other = found.get(name, {}).get("operations", {}).get(operation)
                if other is not None:
                    figures[ratio] = round(figures["cpu_ms"] / other["cpu_ms"], 3)
    return found


def table(found: dict[str, Figures]) -> Iterator[str]:
    """The lines of the sitting: an operation after the other, then what each server takes."""
    for operation in ("DASHBOARD", "PROFILE", "PAGE"):
        head = "CPU ms: server + pg (+ redis) = all"
        yield f"\n  {operation:33}{'req/s':>8}{'p50 ms':>9}{'p99 ms':>9}   {head:36}× Mercurius  × floor"
        for server in found.values():
            if operation in server["operations"]:
                yield _line(server["title"], server["operations"][operation])
            if operation == "PAGE" and "FIRST_PAGE" in server["operations"]:
                yield _line("  the first page instead", server["operations"]["FIRST_PAGE"])
    yield f"\n  {'':33}{'start s':>8}{'CPU s':>9}{'RSS MB':>9}{'PSS MB':>9}{'processes':>12}"
    for server in found.values():
        yield (
            f"  {server['title']:33}{server['start_seconds']:>8.2f}"
            f"{server['start_cpu_seconds']:>9.2f}{server['rss_mb']:>9,.0f}"
            f"{server['pss_mb']:>9,.0f}{server['processes']:>12.0f}"
        )


def _line(title: str, figures: Figures) -> str:
    parts = f"{figures['server_cpu_ms']:.3f} + {figures['postgres_cpu_ms']:.3f}"
    if figures["redis_cpu_ms"]:
        parts += f" + {figures['redis_cpu_ms']:.3f}"
    ratios = "".join(
        f"{figures[ratio]:>{width}.2f}" if ratio in figures else " " * width
        for ratio, width in zip(COMPARED.values(), (11, 9), strict=True)
    )
    cpu = f"{parts} = {figures['cpu_ms']:.3f}"
    seen = f"{figures['requests_per_second']:>8,.0f}{figures['p50_ms']:>9.1f}{figures['p99_ms']:>9.1f}"
    return f"  {title:33}{seen}   {cpu:36}{ratios}"


def growth_table(found: dict[str, Figures]) -> Iterator[str]:
    """The lines of growth: the same on few and on many customers, and what one is of the other."""
    (few, small), (many, large) = found.items()
    yield f"\n  {'customers':33}{int(few):>12,}{int(many):>12,}{'ratio':>9}"
    for operation, before in small["operations"].items():
        after = large["operations"][operation]
        for name in ("cpu_ms", "server_cpu_ms", "postgres_cpu_ms", "p50_ms", "p99_ms"):
            ratio = after[name] / before[name] if before[name] else 0.0
            label = f"{operation} {name.replace('_', ' ')}"
            yield f"  {label:33}{before[name]:>12.3f}{after[name]:>12.3f}{ratio:>9.2f}"
