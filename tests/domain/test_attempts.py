"""When wrong codes lock the access, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.attempts import (
    ATTEMPTS_MAX,
    FAILURES_MAX,
    Counted,
    Locked,
    Open,
    count_try,
    is_last_round,
    lock_after,
    standing,
)

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HALF_HOUR, TWO_HOURS, A_DAY = timedelta(minutes=30), timedelta(hours=2), timedelta(hours=24)


@pytest.mark.parametrize(
    ("failures", "locked_until", "expected"),
    [
        pytest.param(0, None, Open(5), id="a clean slate"),
        pytest.param(4, None, Open(1), id="one left"),
        pytest.param(5, NOON + SECOND, Locked(NOON + SECOND), id="locked for one more second"),
        pytest.param(5, NOON, Open(5), id="the lock is over at its instant"),
        pytest.param(7, NOON - A_DAY, Open(3), id="in the second round"),
        pytest.param(99, NOON - A_DAY, Open(1), id="the very last try"),
        pytest.param(100, NOON - A_DAY, Locked(None), id="locked until a new code is set"),
        pytest.param(101, None, Locked(None), id="and stays so"),
    ],
)
def test_standing(failures: int, locked_until: datetime | None, expected: Open | Locked) -> None:
    assert standing(failures, locked_until, NOON) == expected


@pytest.mark.parametrize(
    ("failures", "wait"),
    [
        (0, None),
        (1, None),
        (4, None),
        (5, HALF_HOUR),
        (6, None),
        (10, TWO_HOURS),
        (15, A_DAY),
        (20, A_DAY),
        (95, A_DAY),
    ],
)
def test_each_round_locks_for_longer(failures: int, wait: timedelta | None) -> None:
    assert lock_after(failures) == wait


def test_the_last_try_of_a_round_locks_before_its_outcome_is_known() -> None:
    assert count_try(3, None, NOON) == Counted(failures=4, locked_until=None, attempts_left=1)
    assert count_try(4, None, NOON) == Counted(failures=5, locked_until=NOON + HALF_HOUR, attempts_left=0)


def test_a_locked_try_is_not_counted() -> None:
    assert count_try(5, NOON + SECOND, NOON) == Locked(NOON + SECOND)
    assert count_try(FAILURES_MAX, None, NOON) == Locked(None)


def test_an_old_lock_does_not_shorten_the_next_round() -> None:
    assert count_try(5, NOON, NOON) == Counted(failures=6, locked_until=None, attempts_left=4)


@given(st.lists(st.integers(min_value=0, max_value=100_000), max_size=400))
def test_a_patient_thief_gets_five_tries_per_wait_and_a_hundred_in_all(pauses: list[int]) -> None:
    failures, locked_until, now = 0, None, NOON
    tried_at = []
    for pause in pauses:
        now += timedelta(seconds=pause)
        verdict = count_try(failures, locked_until, now)
        if isinstance(verdict, Counted):
            failures, locked_until = verdict.failures, verdict.locked_until
            tried_at.append(now)
    assert len(tried_at) <= FAILURES_MAX
    for index, instant in enumerate(tried_at[ATTEMPTS_MAX:], start=ATTEMPTS_MAX):
        assert instant - tried_at[index - ATTEMPTS_MAX] >= HALF_HOUR


@pytest.mark.parametrize(("failures", "last"), [(94, False), (95, True), (99, True), (100, False)])
def test_the_customer_is_warned_in_the_last_round(failures: int, last: bool) -> None:
    assert is_last_round(failures) is last
