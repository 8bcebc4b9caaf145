"""`portal simulate-botnet`: what a botnet gains per day against the settings at hand, as a table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from math import floor, log10

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from commands.popularity import Popularity, human, refused_codes, uniform
from commands.siege import DAY, Gains, Plan, besiege, best
from domain import sms_codes
from gateways.rate_limits import Limit
from gateways.settings import Settings
from resolvers.provisional_codes import SMS_OF_CUSTOMER
from resolvers.throttles import sms_failures_of_site, sms_of_network, sms_of_site

Tell = Callable[[str, float], None]

SHORT_CODE_LENGTH = sms_codes.code_length(0, wary=False)
HEADS = (
    ("", "attack"),
    ("codes", "chosen"),
    ("codes", "tried"),
    ("codes", "found"),
    ("accounts", "opened"),
    ("customers", "locked"),
    ("locked", "at once"),
    ("SMS", "sent"),
    ("phone", "first"),
)
NOTES = """
Per day, in expectation, over the whole time; each row is an attack by itself. An address is one of IPv4, or a
/64 of IPv6.
Codes tried       secret codes that are looked at; the botnet spares itself those that would be refused before
Codes found       a right code on an unknown device opens nothing: an SMS leaves for the customer's phone
Accounts opened   by guessing the code of that SMS too, on every account whose secret code was found
Customers locked  on unknown devices; on their own they go on signing in. At once: in the mean
Phone first       part of the time when an unknown device gives a code sent by SMS before any secret code
Codes chosen by people are an assumption: Zipf's law, where half of the favourites are refused."""


@dataclass(frozen=True, slots=True)
class Row:
    """One attack, and what it comes to in a day."""

    attack: str
    codes: str
    tries: float
    found: float
    opened: float
    locks: float
    locked_at_once: float
    sms: float
    wary_share: float

    def cells(self) -> tuple[str, ...]:
        """As they are printed."""
        numbers = (self.tries, self.found, self.opened, self.locks, self.locked_at_once, self.sms)
        return (self.attack, self.codes, *map(_short, numbers), f"{self.wary_share:.0%}")


def simulate(
    settings: Settings,
    plan: Plan,
    targets: int,
    refused: int,
    tell: Tell = lambda _step, _share: None,
) -> list[Row]:
    """Each attack by itself, at its best, for codes chosen at random and by people."""
    at_random, by_people = uniform(refused), human(refused)
    targets = min(targets, plan.accounts)
    attacks = {
        f"guess on {targets:,} accounts": replace(plan, accounts=targets),
        "spray, unnoticed": replace(plan, stays_below=True),
        "spray, noticed": plan,
    }
    rows = []
    for attack, planned in attacks.items():
        # At random no code is likelier than another, so that none is worth leaving aside.
        rows.append(_row(attack, at_random, planned, besiege(planned, settings, at_random), settings))
        gains = best(planned, settings, by_people, partial(tell, attack))
        rows.append(_row(attack, by_people, planned, gains, settings))
    locking = replace(plan, locks=True)
    gains = besiege(locking, settings, at_random)
    return [*rows, _row("lock customers out", at_random, locking, gains, settings), _by_phone(plan, settings)]


def _row(attack: str, popularity: Popularity, plan: Plan, gains: Gains, settings: Settings) -> Row:
    sms = sms_guessed(plan, settings, gains.found_of_day)
    return Row(
        attack,
        popularity.name,
        tries=gains.tries / plan.days,
        found=gains.found / plan.days,
        opened=opened_by(sms, settings),
        locks=gains.locks / plan.days,
        locked_at_once=gains.locked_seconds / plan.days / DAY,
        sms=sms,
        wary_share=gains.wary_seconds / plan.days / DAY,
    )


def _by_phone(plan: Plan, settings: Settings) -> Row:
    """Whoever knows the phone numbers too asks for a new code, and guesses what is sent to the phone."""
    sms = sms_guessed(plan, settings, [plan.accounts, *[0.0] * (plan.days - 1)])
    return Row("guess SMS, phones known", "", 0, 0, opened_by(sms, settings), 0, 0, sms, 0)


def opened_by(sms: float, settings: Settings) -> float:
    """Accounts a day that so many guessed codes open: five tries each, one once the guessing is noticed."""
    noticed_after = _per_day(sms_failures_of_site(settings)) / sms_codes.TRIES_MAX
    before = min(sms, noticed_after)
    after = (sms - before) * sms_codes.tries_max(SHORT_CODE_LENGTH, wary=True)
    codes = float(10**SHORT_CODE_LENGTH)
    return (before * sms_codes.TRIES_MAX + after) / codes


def sms_guessed(plan: Plan, settings: Settings, accounts_of_day: list[float]) -> float:
    """Short codes a day that are guessed, having left by SMS to accounts where the botnet came that far.

    Wrong guesses make the next codes long: an account's own for good, everybody's once the site has had its
    number in a day. So it is best to have as many sent as may be at once, to each account as many as it takes
    in a day, and to guess them all together, once a day. Long codes are not worth guessing.
    """
    wary_after = _per_day(sms_failures_of_site(settings)) / sms_codes.TRIES_MAX
    most = min(
        plan.networks * _per_day(sms_of_network(settings)),
        _per_day(sms_of_site(settings)),
        wary_after + sms_of_site(settings).count,
    )
    fresh, guessed = 0.0, 0.0
    for gained in accounts_of_day:
        fresh += gained
        today = min(fresh * _per_day(SMS_OF_CUSTOMER), most)
        fresh -= today / _per_day(SMS_OF_CUSTOMER)
        guessed += today
    return guessed / plan.days


def _per_day(limit: Limit) -> float:
    return limit.count * DAY / limit.seconds


def simulate_and_tell(settings: Settings, plan: Plan, targets: int) -> None:
    """Print the table; progress goes to the terminal."""
    with _progress() as tell:
        refused = refused_codes(partial(tell, "refusing weak codes"))
        rows = simulate(settings, plan, targets, refused, tell)
    print(
        f"A botnet of {plan.networks:,} addresses against {plan.accounts:,} customers, {plan.days:,} days:\n"
    )
    for line in table([row.cells() for row in rows]):
        print(line)
    print(NOTES)


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """Lines with the first two columns to the left and all others to the right."""
    lines = [*zip(*HEADS, strict=True), *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(_aligned(line, widths)).rstrip() for line in lines]


def _aligned(cells: tuple[str, ...], widths: list[int]) -> Iterator[str]:
    for column, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        yield cell.ljust(width) if column < 2 else cell.rjust(width)


def _short(number: float) -> str:
    """Two digits that matter, or whole numbers from a hundred on; never an exponent."""
    if number == 0 or number >= 100:
        return f"{number:,.0f}"
    return f"{number:,.{max(0, 1 - floor(log10(number)))}f}"


@contextmanager
def _progress() -> Iterator[Tell]:
    """A bar in a terminal; nothing where nobody watches, since it takes seconds."""
    console = Console(file=sys.stderr)
    columns = (TextColumn("{task.description:40}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as drawn:
        tasks: dict[str, TaskID] = {}

        def tell(step: str, share: float) -> None:
            if step not in tasks:
                tasks[step] = drawn.add_task(step, total=1.0)
            drawn.update(tasks[step], completed=share)

        yield tell
