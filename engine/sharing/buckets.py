"""Token buckets: so many at once, and so many a second in the long run."""

from __future__ import annotations

from collections.abc import Callable


class Bucket:
    """Full at first. What is taken comes back with time."""

    def __init__(self, at_once_max: int, per_second: float, clock: Callable[[], float]) -> None:
        self._at_once_max = at_once_max
        self._per_second = per_second
        self._clock = clock
        self._left = float(at_once_max)
        self._looked_at = clock()

    def take(self, count: int = 1) -> bool:
        """Take so many, where there are so many."""
        now = self._clock()
        self._left = min(self._at_once_max, self._left + (now - self._looked_at) * self._per_second)
        self._looked_at = now
        if self._left < count:
            return False
        self._left -= count
        return True
