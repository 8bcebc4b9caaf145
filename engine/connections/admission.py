"""Who may hold a connection: places for so many in one process and of one address, and what was refused."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# A client's key to count its connections by, None for one that is not to be counted.
KeyOf = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What one connection may take, and how many there may be in one process."""

    connections_max: int = 2_000
    connections_of_address_max: int = 300
    target_bytes_max: int = 8_192
    header_bytes_max: int = 16_384
    header_lines_max: int = 100
    header_seconds_max: float = 10.0
    # Chunks have sizes, extensions and trailers beside what they carry; one byte a chunk makes five of it.
    chunk_overhead_bytes_max: int = 16_384
    chunk_overhead_times_max: int = 8
    # What is still read once all is said, so that the client can read the answer instead of a reset.
    linger_bytes_max: int = 262_144
    linger_seconds_max: float = 2.0
    lingering_max: int = 100
    # An answer that waits must shrink by this much, or nobody reads it.
    write_seconds_max: float = 20.0
    write_bytes_per_second_min: int = 500
    report_seconds: float = 10.0


def key_of_nobody_special(address: str) -> str | None:
    """Default `key_of`: every address for itself."""
    return address


def report_nothing(_cuts: Mapping[str, int]) -> None:
    """Default `report`: nobody is told."""


class Admission:
    """The places, what is lingering, and counts of what was refused or cut.

    `headers` go out with every refusal. `report` is told the counts by reason, at most once every
    `report_seconds`.
    """

    def __init__(
        self,
        limits: ConnectionLimits,
        *,
        headers: list[tuple[bytes, bytes]] | None = None,
        key_of: KeyOf = key_of_nobody_special,
        report: Callable[[Mapping[str, int]], None] = report_nothing,
    ) -> None:
        self.limits = limits
        self.headers = headers or []
        self.connections = 0
        self.lingering = 0
        self._of_key: Counter[str] = Counter()
        self._cuts: Counter[str] = Counter()
        self._key_of = key_of
        self._report = report

    def enter(self, address: str | None) -> Callable[[], None] | None:
        """Take a place for a connection, and return what gives it back; None when there is none."""
        if self.connections >= self.limits.connections_max:
            return None
        key = self._key_of(address) if address is not None else None
        if key is not None and self._of_key[key] >= self.limits.connections_of_address_max:
            return None
        self.connections += 1
        if key is not None:
            self._of_key[key] += 1

        def leave() -> None:
            self.connections -= 1
            if key is not None:
                self._of_key[key] -= 1
                if not self._of_key[key]:
                    del self._of_key[key]

        return leave

    def note(self, reason: str) -> None:
        """Count a refusal or a cut; told later, together with the others."""
        if not self._cuts:
            asyncio.get_running_loop().call_later(self.limits.report_seconds, self._tell)
        self._cuts[reason] += 1

    def _tell(self) -> None:
        cuts, self._cuts = self._cuts, Counter()
        self._report(cuts)
