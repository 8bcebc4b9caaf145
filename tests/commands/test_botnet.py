"""`portal simulate-botnet`: the table, and the assumptions behind it."""

from __future__ import annotations

import re

import pytest

from commands.botnet import HEADS, Row, simulate, sms_guessed, table
from commands.popularity import CODES, Popularity, human, refused_codes, uniform
from commands.siege import Plan
from gateways.settings import Settings
from tests.commands.conftest import Type

PLAN = Plan(networks=1_000, accounts=20_000, days=2)
ATTACKS = [
    "guess on 100 accounts",
    "spray, unnoticed",
    "spray, noticed",
    "lock customers out",
    "guess SMS, phones known",
]


REFUSED = 5_256


@pytest.fixture(scope="module")
def rows() -> dict[tuple[str, str], Row]:
    return {(row.attack, row.codes): row for row in simulate(Settings(), PLAN, 100, REFUSED)}


def test_codes_that_nobody_may_choose_are_counted_by_the_rule() -> None:
    told: list[float] = []
    assert refused_codes(told.append) == REFUSED
    assert told == [n / 100 for n in range(100)]


def test_codes_at_random_are_all_alike() -> None:
    popularity = uniform(refused=5_000)
    assert len(popularity) == 995_000
    assert popularity.between(0, 1) == popularity.between(994_999, 995_000) == pytest.approx(1 / 995_000)
    assert popularity.between(0, len(popularity)) == 1


def test_of_the_codes_of_people_every_second_favourite_is_refused() -> None:
    popularity = human(refused=10)
    assert len(popularity) == CODES - 10
    assert popularity.between(0, len(popularity)) == 1
    first, tenth, next_one = (popularity.between(rank, rank + 1) for rank in (0, 9, 10))
    assert first / tenth == pytest.approx((20 / 2) ** 0.8)
    assert tenth / next_one == pytest.approx((21 / 20) ** 0.8)


def test_six_of_a_hundred_codes_are_those_of_more_than_half_of_the_people() -> None:
    """As was measured, where nothing is refused."""
    everybody = human(refused=0)
    assert 0.5 < everybody.between(0, 60_000) < 0.6
    assert 0.04 < everybody.between(0, 10) < 0.07


def test_a_hand_made_popularity_sums_its_weights() -> None:
    assert Popularity("by hand", [6, 3, 1]).between(1, 3) == pytest.approx(0.4)


def test_every_attack_has_its_rows(rows: dict[tuple[str, str], Row]) -> None:
    twice = [(attack, codes) for attack in ATTACKS[:3] for codes in ("at random", "by people")]
    assert list(rows) == [*twice, (ATTACKS[3], "at random"), (ATTACKS[4], "")]


def test_what_a_botnet_gains_is_bounded_by_the_limits(rows: dict[tuple[str, str], Row]) -> None:
    unnoticed, noticed = (rows[attack, "at random"] for attack in ATTACKS[1:3])
    assert (unnoticed.tries, noticed.tries) == (999 * 144, 1_000 * 144)
    assert (unnoticed.wary_share, noticed.wary_share) == (0, 1)
    assert noticed.found == pytest.approx(144_000 / (CODES - REFUSED), rel=1e-6)
    by_people = rows[ATTACKS[2], "by people"]
    assert by_people.found > 100 * noticed.found
    few = rows[ATTACKS[0], "at random"]
    assert (few.tries, few.locks) == (100 * 20 / 2, 100 * 4 / 2)
    assert few.locked_at_once <= 100
    locking = rows[ATTACKS[3], "at random"]
    assert locking.locks == 28_800
    assert locking.locked_at_once > noticed.locked_at_once


def test_a_code_that_was_found_opens_nothing_without_the_phone(rows: dict[tuple[str, str], Row]) -> None:
    for row in rows.values():
        first = min(row.sms, 100)  # whose 500 guesses are noticed
        assert row.opened == pytest.approx((first * 5 + row.sms - first) / 1_000_000)
        if row.codes:
            assert row.sms == pytest.approx(row.found * 8)


@pytest.mark.parametrize(
    ("plan", "changes", "accounts_of_day", "sms"),
    [
        pytest.param(Plan(9, 9, 1), {}, [1.0], 8, id="eight a customer"),
        pytest.param(Plan(9, 9, 2), {}, [1.0, 0.0], 4, id="once: then hers are long"),
        pytest.param(Plan(1, 9, 1), {}, [100.0], 50, id="one address"),
        pytest.param(Plan(1, 9, 2), {}, [100.0, 0.0], 50, id="the others on the next day"),
        pytest.param(Plan(10**6, 9, 1), {}, [1e6], 10_100, id="then all are long"),
        pytest.param(Plan(10**6, 9, 1), {"sms_of_site_max": 20}, [1e6], 120, id="a smaller site"),
        pytest.param(
            Plan(10**6, 9, 1),
            {"sms_of_site_max": 20, "sms_failures_max": 10**6},
            [1e6],
            480,
            id="a site that is never wary",
        ),
    ],
)
def test_sms_that_are_guessed(
    plan: Plan, changes: dict[str, int], accounts_of_day: list[float], sms: float
) -> None:
    settings = Settings().model_copy(update=changes)
    assert sms_guessed(plan, settings, accounts_of_day) == pytest.approx(sms)


def test_numbers_are_short_and_columns_stand_under_their_heads() -> None:
    row = Row("spray", "by people", 143_856, 110.7, 0.00442, 99.5, 5.04, 0, 0.995)
    assert row.cells() == (
        "spray", "by people", "143,856", "111", "0.0044", "100", "5.0", "0", "100%"
    )  # fmt: skip
    lines = table([row.cells()])
    assert len(lines) == 3
    assert [line.split() for line in lines[1:]] == [
        " ".join(head for _, head in HEADS).split(),
        ["spray", "by", "people", *row.cells()[2:]],
    ]
    assert {len(line) for line in lines} == {len(lines[0])}


def test_the_command_prints_the_table(type_: Type) -> None:
    words = ("simulate-botnet", "--addresses", "12", "--accounts", "500", "--days", "1", "--targets", "7")
    result = type_(*words, access_failures_max=10)
    lines = result.stdout.splitlines()
    assert (result.exit_code, result.stderr) == (0, "")
    assert lines[0] == "A botnet of 12 addresses against 500 customers, 1 days:"
    assert [line.split("  ")[0] for line in lines[4:12]] == [
        *(attack for attack in ("guess on 7 accounts", *ATTACKS[1:3]) for _ in range(2)),
        *ATTACKS[3:],
    ]
    assert re.split(r"\s{2,}", lines[8])[:3] == ["spray, noticed", "at random", "1,440"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Missing option '--addresses'"),
        (("--addresses", "0"), "'--addresses'"),
        (("--addresses", "many"), "'--addresses'"),
        (("--addresses", "1", "--days", "366"), "'--days'"),
        (("--addresses", "1", "--accounts", "-1"), "'--accounts'"),
        (("--addresses", "1", "--targets", "0"), "'--targets'"),
    ],
)
def test_what_makes_no_botnet_is_told(type_: Type, words: tuple[str, ...], told: str) -> None:
    result = type_("simulate-botnet", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


def test_wrong_settings_are_told_first(type_: Type) -> None:
    result = type_("simulate-botnet", "--addresses", "1", access_failures_max=0)
    told = "1 setting is wrong:\n  PORTAL_ACCESS_FAILURES_MAX must be at least 1, not '0'\n"
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", told)
