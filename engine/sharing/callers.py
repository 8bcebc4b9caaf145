"""What each caller used of the interpreter lately: whoever used least goes first, wherever callers wait."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

CALLERS_MAX = 10_000
HALF_LIFE_SECONDS = 5.0
AGE_SECONDS_MAX = 100 * HALF_LIFE_SECONDS

Used = tuple[float, float]


@dataclass(slots=True, eq=False)
class Group:
    """Callers who are held to be one as long as anybody else wants something: those of one network, say."""

    used: float = 0.0


@dataclass(slots=True, eq=False)
class Caller:
    """One caller, and how many of its operations run and wait.

    What was used is in seconds of the beginning, which lose their worth alike: so they compare.
    """

    callers: Callers
    group: Group
    own: float = 0.0
    running: int = 0
    waiting: int = 0

    @property
    def used(self) -> Used:
        """Who has less goes first: of a lighter group, and within one the lighter caller."""
        return self.group.used, self.own

    def charge(self, seconds: float) -> None:
        """Note what was done for the caller."""
        used = seconds / self.callers.worth()
        self.group.used += used
        self.own += used

    @property
    def seconds(self) -> float:
        """What it used itself, as it counts now."""
        return self.callers.worth() * self.own  # in this order: it may make all of them smaller


class Callers:
    """Those who came last, by keys that the application gives them.

    A client that opens many connections is many callers of one group: it gains nothing over other groups,
    and a modest neighbour behind the same address does not wait for it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._beginning = clock()
        self._known: OrderedDict[tuple[str, int], Caller] = OrderedDict()
        self._groups: OrderedDict[str, Group] = OrderedDict()

    def of(self, group: str, connection: int = 0) -> Caller:
        """The caller of a connection; one that was not seen for long, or for many others, is new."""
        caller = self._known.get((group, connection))
        if caller is None:
            caller = self._known[group, connection] = Caller(self, self._groups.setdefault(group, Group()))
        self._known.move_to_end((group, connection))
        self._groups[group] = caller.group
        self._groups.move_to_end(group)
        while len(self._known) > CALLERS_MAX:
            self._known.popitem(last=False)
        while len(self._groups) > CALLERS_MAX:
            self._groups.popitem(last=False)
        return caller

    def worth(self) -> float:
        """What a second of the beginning is worth now: half as much every `HALF_LIFE_SECONDS`."""
        age = self._clock() - self._beginning
        if age > AGE_SECONDS_MAX:  # before the numbers are too large to tell apart
            self._beginning += age
            for caller in self._known.values():
                caller.own *= _worth(age)
            for group in self._groups.values():
                group.used *= _worth(age)
            return 1.0
        return _worth(age)

    def __len__(self) -> int:
        return len(self._known)


def _worth(age: float) -> float:
    return float(0.5 ** (age / HALF_LIFE_SECONDS))
