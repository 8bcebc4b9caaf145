"""Levels of assurance, by the age of the last strong proof, to the second."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.assurance import (
    CLOCK_STEP_MAX,
    OPEN_HISTORY,
    RECENT,
    STRONG_LIFE,
    Assurance,
    assurance,
    open_since,
)

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
ZERO = timedelta(0)


def level(strong: timedelta | None, *, here: bool = True, provisional: bool = False) -> Assurance:
    """Of a session with a proof given so long ago, here or on its device before."""
    strong_at = None if strong is None else NOW - strong
    sms_at = strong_at if here else None
    return assurance(provisional=provisional, strong_at=strong_at, sms_at=sms_at, now=NOW)


def test_the_numbers_are_those_of_the_sources() -> None:
    assert (STRONG_LIFE, OPEN_HISTORY, RECENT) == (180 * DAY, 90 * DAY, 5 * MINUTE)


@pytest.mark.parametrize(
    ("strong", "here", "expected"),
    [
        (None, True, Assurance.CODE_ONLY),
        (ZERO, True, Assurance.STRONG_RECENT),
        (5 * MINUTE - SECOND, True, Assurance.STRONG_RECENT),
        (5 * MINUTE, True, Assurance.STRONG_IN_SESSION),
        (11 * HOUR, True, Assurance.STRONG_IN_SESSION),
        (ZERO, False, Assurance.STRONG),
        (5 * MINUTE, False, Assurance.STRONG),
        (180 * DAY - SECOND, False, Assurance.STRONG),
        (180 * DAY, False, Assurance.CODE_ONLY),
        (400 * DAY, False, Assurance.CODE_ONLY),
    ],
    ids=str,
)
def test_a_proof_grows_old(strong: timedelta | None, here: bool, expected: Assurance) -> None:
    assert level(strong, here=here) is expected


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (SECOND, Assurance.STRONG_RECENT),
        (CLOCK_STEP_MAX, Assurance.STRONG_RECENT),
        (CLOCK_STEP_MAX + SECOND, Assurance.CODE_ONLY),
        (300 * DAY, Assurance.CODE_ONLY),
    ],
    ids=str,
)
def test_a_proof_from_the_future_is_none(ahead: timedelta, expected: Assurance) -> None:
    assert level(-ahead) is expected


@pytest.mark.parametrize("strong", [None, ZERO, HOUR, 400 * DAY], ids=str)
def test_a_provisional_session_is_never_more(strong: timedelta | None) -> None:
    assert level(strong, provisional=True) is Assurance.PROVISIONAL


def test_levels_are_in_order() -> None:
    for lesser, surer in combinations(Assurance, 2):
        assert surer.suffices(lesser)
        assert not lesser.suffices(surer)
    assert all(one.suffices(one) for one in Assurance)


@given(
    ages=st.lists(st.timedeltas(timedelta(0), 200 * DAY), min_size=2, max_size=2).map(sorted),
    here=st.booleans(),
)
def test_an_older_proof_is_never_surer(ages: list[timedelta], here: bool) -> None:
    younger, older = ages
    assert level(younger, here=here).suffices(level(older, here=here))


@pytest.mark.parametrize(
    ("today", "since"),
    [
        (date(2026, 6, 15), date(2026, 3, 17)),
        (date(2024, 3, 1), date(2023, 12, 2)),
        (date(2026, 1, 1), date(2025, 10, 3)),
    ],
)
def test_ninety_days_are_open(today: date, since: date) -> None:
    assert open_since(today) == since
