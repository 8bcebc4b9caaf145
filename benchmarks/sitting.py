"""Our server and its peers side by side: the same answers, asked for by the same load, in one sitting.

`make bench with="--only sitting"` seeds a portfolio (benchmarks/portfolio.py), asks each server the same and
compares the answers, then measures them round by round, one server up at a time and in rotated order. The
figure to look at is the CPU time of a request, that of PostgreSQL included, for it hardly depends on what
else the machine does; rates and latencies do. Ours alone checks a session on each request.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks import contestants, portfolio
from benchmarks.contestants import LONG, Contestant, Question
from benchmarks.node import NoNode, install
from benchmarks.portfolio import Scale
from benchmarks.questions import DEEP_DAYS, alike, leaves
from benchmarks.running import (
    FIRST,
    Failed,
    Postgres,
    Running,
    Spell,
    customers,
    measure,
    redis_pid,
    running,
)
from benchmarks.start import free_port

REDIS = os.environ.get("PORTAL_TEST_REDIS_URL", "redis://127.0.0.1:6379")
OPERATIONS = ("DASHBOARD", "PROFILE", "PAGE", "FIRST_PAGE")
CHECKED = 12  # customers whose answers are compared
REQUESTS = 20_000  # made beforehand
FULL = Spell(measured_seconds=8.0, warm_answers=1_000, warm_seconds_max=3.0)
QUICK = Spell(measured_seconds=1.5, warm_answers=400, warm_seconds_max=0.8)
ROUNDS, QUICK_ROUNDS = 3, 1
GROWTH_ROUNDS, QUICK_GROWTH_ROUNDS = 5, 2
Figures = dict[str, Any]


@dataclass
class Seat:
    """A contestant of the sitting and what was seen of it."""

    contestant: Contestant
    places: list[str] = field(default_factory=list)
    starts: list[dict[str, float]] = field(default_factory=list)
    memories: list[dict[str, float]] = field(default_factory=list)
    rounds: dict[str, list[Figures]] = field(default_factory=dict)

    @property
    def operations(self) -> list[str]:
        """What it is asked: the first page of the long history is of interest for ours alone."""
        return [name for name in OPERATIONS if self.contestant.has_sessions or name != "FIRST_PAGE"]

    def questions(self, operation: str, scale: Scale, seed: int) -> list[Question]:
        """The requests of a measurement."""
        match operation:
            case "PAGE":
                return [Question("PAGE", LONG, after=place) for place in self.places]
            case "FIRST_PAGE":
                return [Question("PAGE", LONG)]
            case _:
                return customers(REQUESTS, scale.customers, operation, seed)


class Sitting:
    """Servers on one portfolio, one after the other."""

    def __init__(self, scale: Scale, spell: Spell, folder: Path) -> None:
        self._scale, self._spell, self._folder = scale, spell, folder
        self._url = portfolio.url_of(scale)
        self._postgres = Postgres(portfolio.SERVER, scale.database)
        self._redis_pid = redis_pid(REDIS)
        self._port = free_port()

    def ours(self) -> Seat:
        """Our server's seat."""
        redis_url = REDIS if self._redis_pid else None
        return Seat(contestants.ours(self._url, self._port, self._folder, redis_url))

    def all(self) -> Iterator[Seat]:
        """Every seat; without Node.js or its packages those on it stay empty."""
        yield self.ours()
        yield Seat(contestants.bare(self._url, self._port))
        yield Seat(contestants.idiomatic(self._url, self._port))
        try:
            install()
        except NoNode as error:
            print(f"  Mercurius and PostGraphile are left out: {error}", flush=True)
            return
        yield Seat(contestants.mercurius(self._url, self._port))
        yield Seat(contestants.postgraphile(self._url, self._port))

    def alike(self, seats: Iterable[Seat]) -> list[Seat]:
        """Ask each the same, and compare with what ours answers; who cannot start is left out."""
        expected: list[Any] | None = None
        good = []
        for seat in seats:
            try:
                with self.up(seat) as server:
                    answers = list(self._answers(seat, server))
            except Failed as error:
                if seat.contestant.has_sessions:
                    raise
                print(f"  {seat.contestant.title} is left out: {error}", flush=True)
                continue
            if expected is None:
                expected = answers
                print(f"  a dashboard has {self._leaves(answers)} values", flush=True)
            for (question, theirs), (_, right) in zip(answers, expected, strict=True):
                if theirs != right:
                    told = _difference(theirs, right)
                    raise Failed(f"{seat.contestant.title} answers {question} otherwise than ours: {told}")
            good.append(seat)
        print(f"  {len(good)} servers answer {len(expected or ())} questions alike", flush=True)
        return good

    def _answers(self, seat: Seat, server: Running) -> Iterator[tuple[str, Any]]:
        draw = random.Random(1)
        money = seat.contestant.money
        seat.places = [_place(server, day) for day in DEEP_DAYS]
        for _ in range(CHECKED):
            who = draw.randint(1, self._scale.customers)
            for operation in ("DASHBOARD", "PROFILE"):
                answer = server.ask(Question(operation, who))
                yield f"{operation} of customer {who}", alike(answer, money)
        for number, place in enumerate([None, *seat.places]):
            answer = server.ask(Question("PAGE", LONG, after=place))
            yield f"PAGE {number} of the long history", alike(answer, money)

    def _leaves(self, answers: list[tuple[str, Any]]) -> str:
        counts = [leaves(answer) for name, answer in answers if name.startswith("DASHBOARD")]
        return f"{min(counts)} to {max(counts)}"

    def round(self, seat: Seat, number: int) -> None:
        """Start a server and measure it once with each operation."""
        with self.up(seat) as server:
            for operation in seat.operations:
                is_fresh = operation == seat.operations[0]
                self.measured(seat, server, operation, number, is_fresh=is_fresh)
            seat.memories.append(server.memory_mb())

    def measured(self, seat: Seat, server: Running, operation: str, number: int, *, is_fresh: bool) -> None:
        """Measure a server once with an operation; one that was just started is warmed up for longer."""
        questions = seat.questions(operation, self._scale, seed=number)
        self._visit(seat, questions)
        spell = self._spell.after_start if is_fresh else self._spell
        found = measure(server, questions, spell, self._postgres, self._redis_pid)
        seat.rounds.setdefault(operation, []).append(found)
        print(
            f"    round {number + 1}  {seat.contestant.title:32}{operation:11}"
            f"{found['requests_per_second']:>8,.0f}/s {found['cpu_ms']:>7.3f} ms of CPU",
            flush=True,
        )

    @contextmanager
    def up(self, seat: Seat) -> Iterator[Running]:
        """A server that is up, and knows those who are about to ask."""
        draw = random.Random(1)
        checked = [Question("DASHBOARD", draw.randint(1, self._scale.customers)) for _ in range(CHECKED)]
        self._visit(seat, [Question("PROFILE", FIRST), Question("PAGE", LONG), *checked])
        with running(seat.contestant, self._port) as server:
            took = {"start_seconds": server.start_seconds, "start_cpu_seconds": server.start_cpu_seconds}
            seat.starts.append(took)
            yield server

    def _visit(self, seat: Seat, questions: Iterable[Question]) -> None:
        if seat.contestant.has_sessions:
            asyncio.run(portfolio.visit(self._url, {question.customer for question in questions}))


def _place(server: Running, day: str) -> str:
    answer = server.ask(Question("PLACE", LONG, day=day))
    place: str = answer["operations"]["pageInfo"]["endCursor"]
    return place


def _difference(theirs: Any, right: Any, at: str = "") -> str:
    """Where two answers differ first."""
    if isinstance(theirs, dict) and isinstance(right, dict) and theirs.keys() == right.keys():
        pairs = [(f"{at}.{key}", theirs[key], right[key]) for key in theirs]
    elif isinstance(theirs, list) and isinstance(right, list) and len(theirs) == len(right):
        pairs = [(f"{at}[{n}]", *both) for n, both in enumerate(zip(theirs, right, strict=True))]
    else:
        return f"{at} is {str(theirs)[:200]}, not {str(right)[:200]}"
    return next(_difference(one, other, place) for place, one, other in pairs if one != other)


def figures(seat: Seat) -> Figures:
    """What was seen of a server, medians of its rounds."""
    return {
        "title": seat.contestant.title,
        **_medians(seat.starts),
        **_medians(seat.memories),
        "operations": {name: _medians(rounds) for name, rounds in seat.rounds.items()},
    }


def _medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(found[name] for found in rounds), 4) for name in rounds[0]}


def sit(scale: Scale, spell: Spell, rounds: int) -> dict[str, Figures]:
    """The figures of every server, its order changing from round to round."""
    asyncio.run(portfolio.seed(scale))
    with tempfile.TemporaryDirectory(prefix="portal-sitting-") as folder:
        sitting = Sitting(scale, spell, Path(folder))
        seats = sitting.alike(sitting.all())
        for number in range(rounds):
            for seat in seats[number % len(seats) :] + seats[: number % len(seats)]:
                try:
                    sitting.round(seat, number)
                except Failed as error:
                    print(f"  {seat.contestant.title} is left out: {error}", flush=True)
                    seats = [other for other in seats if other is not seat]
        return {seat.contestant.name: figures(seat) for seat in seats}


def grow(small: Scale, large: Scale, spell: Spell, rounds: int) -> dict[str, dict[str, Figures]]:
    """Our figures on a small and on a large portfolio of the same shape: both are up, and asked in turns."""
    for scale in (small, large):
        asyncio.run(portfolio.seed(scale))
    with tempfile.TemporaryDirectory(prefix="portal-growth-") as folder, ExitStack() as stack:
        tables = []
        for scale in (small, large):
            sitting = Sitting(scale, spell, Path(folder))
            title = f"ours, {scale.customers:,} customers"
            seat = Seat(replace(sitting.ours().contestant, title=title))
            tables.append((sitting, seat, stack.enter_context(sitting.up(seat))))
        for number in range(rounds):
            for operation in ("DASHBOARD", "PROFILE"):
                for sitting, seat, server in tables:
                    sitting.measured(seat, server, operation, number, is_fresh=number == 0)
        for _, seat, server in tables:
            seat.memories.append(server.memory_mb())
        few, many = (figures(seat) for _, seat, _ in tables)
        return {str(small.customers): few, str(large.customers): many}
