"""What the real rules let a botnet try, in amounts: addresses, accounts and codes that stand alike are one.

The attacker is at their best: knows every identifier, every limit and what is left of it, wastes no try on a
refusal, has a new browser for each try, tries the likeliest codes first and none twice on one account, leaves
unlikely ones aside where that pays, and goes on at the very second that something is free again. No number is
repeated here: limits come from `resolvers.throttles` for the settings at hand, waits from `domain.attempts`.

The tests hold it against every try walked through the server's own functions. It comes to the same, but that
an account whose code was found is tried on like the others (too few are found, by the share of accounts
found); that a code may be tried on any open account (too many, where few are left for it); that walks begun
are not counted (too many); and that customers do not sign in meanwhile on unknown devices, which would clear
their failures (too few, where the accounts are few).
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import inf

from commands.popularity import Popularity
from domain.attempts import Counted, Locked, count_try, standing
from gateways.rate_limits import Limit
from gateways.settings import Settings
from resolvers.throttles import failures_of_site, tries_of_code, tries_of_network

START = datetime(2000, 1, 1, tzinfo=UTC)
DAY = 86_400
DEPTHS = [round(10 ** (step / 2)) for step in range(2, 13)]  # from ten codes to all of them


@dataclass(frozen=True, slots=True)
class Plan:
    """How the botnet goes about it."""

    networks: int
    accounts: int
    days: int
    stays_below: bool = False  # one failure less than would make the site ask for phones
    locks: bool = False  # as many customers as can be, rather than trying as many as can be
    depth: int | None = None  # so many of the likeliest codes are tried, and no other


@dataclass(slots=True)
class Gains:
    """What it came to, in the whole time."""

    tries: int = 0
    found_of_day: list[float] = field(default_factory=list)
    locks: int = 0
    locked_seconds: int = 0
    wary_seconds: int = 0

    @property
    def found(self) -> float:
        """Accounts whose code became known, in expectation."""
        return sum(self.found_of_day)


def best(
    plan: Plan, settings: Settings, popularity: Popularity, tell: Callable[[float], None] = lambda _done: None
) -> Gains:
    """With so many of the likeliest codes, and no other, as pays best: an account takes few tries in all."""
    found = []
    for turn, depth in enumerate(DEPTHS):
        found.append(besiege(replace(plan, depth=depth), settings, popularity))
        tell((turn + 1) / len(DEPTHS))
    return max(found, key=lambda gains: gains.found)


def besiege(plan: Plan, settings: Settings, popularity: Popularity) -> Gains:
    """Spend what is free, go on to the next instant when something is, until the days are over."""
    end, gains = plan.days * DAY, Gains(found_of_day=[0.0] * plan.days)
    networks = Pool(tries_of_network(settings), plan.networks)
    site = Pool(failures_of_site(settings), spare=int(plan.stays_below))
    codes = Codes(tries_of_code(settings), popularity, plan.accounts, plan.depth)
    accounts = Accounts(plan.accounts, end, gains)
    now = 0
    while now < end:
        free = min(pool.left(now) for pool in (networks, site, accounts))
        tried, found = codes.take(free, now)
        for pool in (networks, site):
            pool.take(tried, now)
        (accounts.lock if plan.locks else accounts.spread)(tried, now)
        gains.tries += tried
        gains.found_of_day[now // DAY] += found
        later = min(pool.next_at() for pool in (networks, site, codes, accounts))
        if not plan.stays_below and not site.left(now):
            gains.wary_seconds += int(min(site.next_at(), end)) - now
        now = int(min(later, end))
    return gains


class Pool:
    """What so many equal keys of one limit grant together, to one who spreads the tries evenly over them."""

    def __init__(self, limit: Limit, keys: int = 1, *, spare: int = 0) -> None:
        self._seconds = limit.seconds
        self._left = limit.count * keys - spare
        self._taken: deque[tuple[int, int]] = deque()

    def left(self, now: int) -> int:
        """The tries granted at this instant."""
        while self._taken and self._taken[0][0] + self._seconds <= now:
            self._left += self._taken.popleft()[1]
        return self._left

    def take(self, amount: int, now: int) -> None:
        """Use some of them."""
        if amount:
            self._left -= amount
            self._taken.append((now, amount))

    def next_at(self) -> float:
        """When there are more again."""
        return self._taken[0][0] + self._seconds if self._taken else inf


class Accounts:
    """How many accounts have how many failures in a row, and which of them are locked until when."""

    def __init__(self, count: int, end: int, gains: Gains) -> None:
        self._open = {0: count}
        self._locked: list[tuple[int, int, int]] = []  # until, failures, how many
        self._end = end
        self._gains = gains

    def left(self, now: int) -> int:
        """The tries granted at this instant."""
        while self._locked and self._locked[0][0] <= now:
            _, failures, count = heapq.heappop(self._locked)
            self._open[failures] = self._open.get(failures, 0) + count
        return sum(count * _tries_left(failures) for failures, count in self._open.items())

    def spread(self, amount: int, now: int) -> None:
        """One try on each account, those with the fewest failures first: none is locked before it must be."""
        while amount:
            failures = min(self._open)
            count = min(amount, self._open[failures])
            self._fail(failures, count, 1, now)
            amount -= count

    def lock(self, amount: int, now: int) -> None:
        """As many tries on an account as lock it; first those with the most failures, locked for longest."""
        while amount:
            failures = max(self._open)
            tries = min(amount, _tries_left(failures))
            count = min(amount // tries, self._open[failures])
            self._fail(failures, count, tries, now)
            amount -= count * tries

    def next_at(self) -> float:
        """When a lock ends."""
        return self._locked[0][0] if self._locked else inf

    def _fail(self, failures: int, count: int, tries: int, now: int) -> None:
        """So many wrong codes in a row on each of so many accounts that have so many failures already."""
        self._open[failures] -= count
        if not self._open[failures]:
            del self._open[failures]
        locked_until = None
        for _ in range(tries):
            counted = count_try(failures, locked_until, _at(now))
            assert isinstance(counted, Counted), "a locked account was tried on"
            failures, locked_until = counted.failures, counted.locked_until
        if not isinstance(locked := standing(failures, locked_until, _at(now)), Locked):
            self._open[failures] = self._open.get(failures, 0) + count
            return
        until = self._end if locked.until is None else int((locked.until - START).total_seconds())
        self._gains.locks += count
        self._gains.locked_seconds += count * (min(until, self._end) - now)
        heapq.heappush(self._locked, (until, failures, count))


@dataclass(slots=True)
class Run:
    """Codes next to each other in likelihood, from this rank on, that were tried equally often."""

    start: int
    recently: int  # within the limit's time
    ever: int


class Codes:
    """How often each code was tried, the likeliest first, in runs of codes that stand alike."""

    def __init__(self, limit: Limit, popularity: Popularity, accounts: int, depth: int | None = None) -> None:
        self._limit = limit
        self._count = min(depth or len(popularity), len(popularity))
        self._popularity = popularity
        self._accounts = accounts
        self._runs = [Run(0, 0, 0)]
        self._taken: deque[tuple[int, int, int, int]] = deque()  # when, from, to, times each

    def take(self, amount: int, now: int) -> tuple[int, float]:
        """Try the likeliest codes that are free; how many tries that was, and how many were right."""
        while self._taken and self._taken[0][0] + self._limit.seconds <= now:
            _, start, stop, each = self._taken.popleft()
            self._add(start, stop, recently=-each)
        chosen = list(self._free(amount))
        for start, stop, each in chosen:
            self._add(start, stop, recently=each, ever=each)
            self._taken.append((now, start, stop, each))
        tried = sum((stop - start) * each for start, stop, each in chosen)
        return tried, sum(each * self._popularity.between(start, stop) for start, stop, each in chosen)

    def next_at(self) -> float:
        """When some code may be tried again."""
        return self._taken[0][0] + self._limit.seconds if self._taken else inf

    def _free(self, amount: int) -> Iterator[tuple[int, int, int]]:
        """From, to, and how often each: as much as the amount, in order of likelihood."""
        for index, run in enumerate(self._runs):
            each = min(self._limit.count - run.recently, self._accounts - run.ever)
            if not each or not amount:
                continue
            full = min(self._stop_of(index) - run.start, amount // each)
            if full:
                yield run.start, run.start + full, each
            amount -= full * each
            if amount and run.start + full < self._stop_of(index):
                yield run.start + full, run.start + full + 1, amount
                return

    def _stop_of(self, index: int) -> int:
        return self._runs[index + 1].start if index + 1 < len(self._runs) else self._count

    def _add(self, start: int, stop: int, *, recently: int, ever: int = 0) -> None:
        first, last = self._split(start), self._split(stop)
        for run in self._runs[first:last]:
            run.recently += recently
            run.ever += ever
        for index in range(min(last, len(self._runs) - 1), max(first, 1) - 1, -1):
            before, run = self._runs[index - 1], self._runs[index]
            if (before.recently, before.ever) == (run.recently, run.ever):
                del self._runs[index]

    def _split(self, rank: int) -> int:
        """The run that begins at this rank, made if there is none; past the last one for the end."""
        index = bisect_left(self._runs, rank, key=lambda run: run.start)
        if rank < self._count and (index == len(self._runs) or self._runs[index].start != rank):
            before = self._runs[index - 1]
            self._runs.insert(index, Run(rank, before.recently, before.ever))
        return index


def _tries_left(failures: int) -> int:
    match standing(failures, None, START):
        case Locked():
            return 0
        case is_open:
            return is_open.attempts_left


def _at(now: int) -> datetime:
    return START + timedelta(seconds=now)
