"""The model of a botnet, held against every single try walked through the functions that the server calls."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.popularity import Popularity
from commands.siege import DAY, START, Gains, Plan, Pool, besiege, best
from domain import attempts
from domain.attempts import Counted, Open
from domain.refusals import AccountLocked
from gateways import Gateways
from gateways.budgets import MemoryBudgets
from gateways.messages import MemoryMessages
from gateways.peppers import Pepper
from gateways.rate_limits import Limit, MemoryRateLimits
from gateways.settings import Settings
from gateways.staff_tokens import NoStaffTokens
from gateways.vault import Vault
from models import AccessFlow, AttemptTally
from resolvers.access import KeypadShown
from resolvers.context import Context
from resolvers.secret_codes import WrongCredentials, enter_code
from resolvers.throttles import (
    failures_of_site,
    is_wary,
    note_failure,
    tries_of_code,
    tries_of_network,
    try_refused,
)
from tests import cast
from tests.cast import nobodys_number
from tests.resolvers.walking import begin, entry

STEP = 600  # every instant at which something is free again is a multiple of it
ODD = Limit("odd", count=3, seconds=70)


def small(**changes: int) -> Settings:
    """Few tries, so that each can be walked."""
    few = {"access_tries_of_address_max": 5, "access_tries_of_code_max": 4, "access_failures_max": 10}
    return Settings().model_copy(update={**few, **changes})


def zipf(codes: int) -> Popularity:
    return Popularity("by rank", (1 / rank for rank in range(1, codes + 1)))


@dataclass
class Walk:
    """One try after the other, each through the server's own functions, at a virtual clock."""

    plan: Plan
    settings: Settings
    popularity: Popularity
    found: float = 0.0
    now: int = 0
    gains: Gains = field(default_factory=Gains)
    tried: set[tuple[int, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.limits = MemoryRateLimits(seconds=lambda: self.now)
        self.gateways = Gateways(
            settings=self.settings,
            messages=MemoryMessages(),
            vault=Vault([Pepper("test", b"p" * 32)], memory_kib=8, passes=1),
            rate_limits=self.limits,
            budgets=MemoryBudgets(),
            staff_tokens=NoStaffTokens(),
            clock=lambda: START + timedelta(seconds=self.now),
            random=random.Random(7),
        )
        self.tallies: list[tuple[int, datetime | None]] = [(0, None)] * self.plan.accounts
        self.failed_at: deque[int] = deque()

    async def run(self) -> Self:
        for now in range(0, self.plan.days * DAY, STEP):
            self.now = now
            while (network := await self._network()) is not None and (choice := await self._choice()):
                await self._try(network, *choice)
            if await is_wary(self._context(0)):
                self.gains.wary_seconds += STEP
            still_open = self._open_accounts()
            self.gains.locked_seconds += STEP * (self.plan.accounts - len(still_open))
        return self

    async def _try(self, network: int, account: int, rank: int) -> None:
        """The way of `enter_code`, for a wrong code on an unknown device."""
        flow = AccessFlow()
        assert await try_refused(self._context(network), flow, _code(rank)) is None
        counted = attempts.count_try(*self.tallies[account], self.gateways.clock())
        assert isinstance(counted, Counted)
        await note_failure(self._context(network), flow)
        self.tallies[account] = counted.failures, counted.locked_until
        self.failed_at.append(self.now)
        self.tried.add((account, rank))
        self.gains.tries += 1
        self.gains.locks += not counted.attempts_left
        self.found += self.popularity.between(rank, rank + 1)

    async def _network(self) -> int | None:
        """One that is free, unless the site must not notice, or has."""
        failures = failures_of_site(self.settings)
        recent = [at for at in self.failed_at if at > self.now - failures.seconds]
        if self.plan.stays_below and len(recent) + 1 >= failures.count:
            return None
        if await is_wary(self._context(0)):
            return None
        for network in range(self.plan.networks):
            if not await self.limits.spent(tries_of_network(self.settings), self._context(network).address):
                return network
        return None

    async def _choice(self) -> tuple[int, int] | None:
        """An account that is open, and the likeliest code that is free and was not tried on it."""
        ranks = range(self.plan.depth or len(self.popularity))
        accounts = self._open_accounts()
        if self.plan.locks:
            accounts.sort(key=lambda account: -self.tallies[account][0])
            pairs = ((account, rank) for account in accounts for rank in ranks)
        else:
            accounts.sort(key=lambda account: self.tallies[account][0])
            pairs = ((account, rank) for rank in ranks for account in accounts)
        spent: dict[int, int] = {}
        for account, rank in pairs:
            if rank not in spent:
                sprayed = self.gateways.vault.keyed("sprayed", _code(rank)).hex()
                spent[rank] = await self.limits.spent(tries_of_code(self.settings), sprayed)
            if not spent[rank] and (account, rank) not in self.tried:
                return account, rank
        return None

    def _open_accounts(self) -> list[int]:
        now = self.gateways.clock()
        return [
            account
            for account, tally in enumerate(self.tallies)
            if isinstance(attempts.standing(*tally, now), Open)
        ]

    def _context(self, network: int) -> Context:
        return Context(gateways=self.gateways, address=f"192.0.2.{network}")


def _code(rank: int) -> str:
    return f"{rank:06}"


@pytest.mark.parametrize(
    ("plan", "settings"),
    [
        pytest.param(Plan(1, 500, 1), small(), id="one address, which is the limit"),
        pytest.param(Plan(2, 500, 1), small(), id="the site is the limit"),
        pytest.param(Plan(9, 500, 1), small(), id="more addresses gain nothing"),
        pytest.param(Plan(9, 500, 1, stays_below=True), small(), id="unnoticed"),
        pytest.param(Plan(9, 500, 1, depth=11), small(), id="the codes are the limit"),
        pytest.param(Plan(3, 5, 2), small(), id="the accounts are the limit"),
        pytest.param(Plan(3, 4, 22), small(access_tries_of_code_max=100), id="until all are locked for good"),
        pytest.param(Plan(9, 500, 1, stays_below=True), small(access_failures_max=1), id="no failure at all"),
    ],
)
async def test_it_comes_to_the_same_as_walking_every_try(plan: Plan, settings: Settings) -> None:
    popularity = zipf(200)
    walk = await Walk(plan, settings, popularity).run()
    gains = besiege(plan, settings, popularity)

    assert replace(gains, found_of_day=[]) == walk.gains
    assert gains.found == pytest.approx(walk.found)


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(Plan(9, 120, 1), id="spraying"),
        pytest.param(Plan(9, 500, 1, locks=True), id="locking"),
        pytest.param(Plan(3, 8, 2, locks=True), id="locking all of them"),
    ],
)
async def test_where_accounts_are_few_it_finds_a_little_too_much(plan: Plan) -> None:
    """Since it does not look whether the accounts that are left were tried with a code before."""
    popularity = zipf(200)
    walk = await Walk(plan, small(), popularity).run()
    gains = besiege(plan, small(), popularity)

    assert (gains.tries, gains.locks) == (walk.gains.tries, walk.gains.locks)
    assert gains.locked_seconds == pytest.approx(walk.gains.locked_seconds, rel=0.05)
    assert 0.9 * gains.found < walk.found <= gains.found


class MachineWalk(Walk):
    """Each try from the first step of a sign-in to the answer, in the database."""

    numbers: Sequence[str] = ()

    async def _try(self, network: int, account: int, rank: int) -> None:
        context, code = self._context(network), _code(rank)
        step = await begin(context, self.numbers[account])
        assert isinstance(step, KeypadShown)
        outcome = await enter_code(context, step.flow_token, entry(step.keypad, code))
        assert isinstance(outcome, WrongCredentials | AccountLocked)
        tally = await AttemptTally.get(subject_key=step.flow.subject_key)
        assert tally.failures == self.tallies[account][0] + 1
        self.tallies[account] = tally.failures, tally.locked_until
        self.failed_at.append(self.now)
        self.tried.add((account, rank))
        self.gains.tries += 1
        self.gains.locks += isinstance(outcome, AccountLocked)
        self.found += self.popularity.between(rank, rank + 1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_it_comes_to_the_same_as_signing_in(database: str) -> None:
    settings = small(access_tries_of_address_max=2, access_failures_max=2, access_tries_of_code_max=3)
    plan, popularity = Plan(3, 40, 1), zipf(100)
    walk = MachineWalk(plan, settings, popularity)
    people = [await cast.camille_with_access(walk.gateways) for _ in range(plan.accounts // 2)]
    walk.numbers = [person.number for person in people] + [nobodys_number() for _ in people]

    await walk.run()

    gains = besiege(plan, settings, popularity)
    assert replace(gains, found_of_day=[]) == walk.gains
    assert gains.found == pytest.approx(walk.found)
    assert (gains.tries, gains.locks) == (288, 40)


@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(0, 80), st.integers(0, 9)), max_size=30),
)
def test_a_pool_grants_what_its_keys_grant(keys: int, pauses: list[tuple[int, int]]) -> None:
    """One who takes them in turn gets from many keys of the server's counter what the pool says there is."""
    now = 0
    limits, pool, turns = MemoryRateLimits(seconds=lambda: now), Pool(ODD, keys), 0

    async def take() -> bool:
        return not await limits.take(ODD, str(turns % keys))

    for pause, wanted in pauses:
        now += pause
        granted = min(wanted, pool.left(now))
        for _ in range(granted):
            assert asyncio.run(take())
            turns += 1
        pool.take(granted, now)
        if not pool.left(now):
            assert not asyncio.run(take())
            assert asyncio.run(limits.spent(ODD, str(turns % keys))) == pool.next_at() - now


def test_the_best_depth_leaves_unlikely_codes_aside() -> None:
    """Few accounts take few tries: who tries all codes at once wastes them."""
    plan, settings = Plan(100, 1_000, 30), small(access_failures_max=1_000_000)
    popularity = zipf(10_000)
    everything, chosen = besiege(plan, settings, popularity), best(plan, settings, popularity)
    assert chosen.found > 2 * everything.found
    assert chosen.found == pytest.approx(plan.accounts * popularity.between(0, attempts.FAILURES_MAX))


def test_a_million_addresses_gain_no_more_than_a_few() -> None:
    popularity = zipf(1_000)
    few, many = (besiege(Plan(networks, 10**6, 30), Settings(), popularity) for networks in (10, 10**6))
    assert few == many
    assert few.tries == 30 * 144 * 1_000


def test_without_the_limits_of_the_site_they_would() -> None:
    """So it is these limits that hold them."""
    loose = Settings(access_failures_max=1_000_000, access_tries_of_code_max=1_000_000)
    plan, popularity = Plan(10_000, 10**6, 1), zipf(1_000)
    held, not_held = (besiege(plan, settings, popularity) for settings in (Settings(), loose))
    assert (held.tries, not_held.tries) == (144_000, 15_000_000)
    assert not_held.found > 200 * held.found
