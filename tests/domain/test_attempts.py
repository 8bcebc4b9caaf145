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
    Notice,
    Open,
    count_try,
    is_last_round,
    lock_after,
    notice_due,
    notice_of,
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


@pytest.mark.parametrize(
    ("failures", "locked_until", "notice"),
    [
        pytest.param(4, None, None, id="within a round"),
        pytest.param(5, NOON + SECOND, Notice.LOCKED, id="locked"),
        pytest.param(5, NOON, None, id="a lock that is over"),
        pytest.param(94, None, None, id="one before the last round"),
        pytest.param(95, NOON + A_DAY, Notice.LAST_ROUND, id="before the last round"),
        pytest.param(97, NOON - A_DAY, Notice.LAST_ROUND, id="in it"),
        pytest.param(100, NOON - A_DAY, Notice.FOR_GOOD, id="locked until a new code is set"),
    ],
)
def test_what_there_is_to_tell(failures: int, locked_until: datetime | None, notice: Notice | None) -> None:
    assert notice_of(failures, locked_until, NOON) == notice
    assert notice_due(failures, 0, locked_until, NOON) == notice


@pytest.mark.parametrize(
    ("failures", "warned", "notice"),
    [
        pytest.param(5, 5, None, id="told"),
        pytest.param(10, 5, Notice.LOCKED, id="the next lock"),
        pytest.param(95, 90, Notice.LAST_ROUND, id="the last round"),
        pytest.param(96, 90, Notice.LAST_ROUND, id="the last round, seen late"),
        pytest.param(99, 95, None, id="the last round, told"),
        pytest.param(100, 95, Notice.FOR_GOOD, id="for good"),
        pytest.param(100, 100, None, id="for good, told"),
    ],
)
def test_each_lock_is_told_once(failures: int, warned: int, notice: Notice | None) -> None:
    assert notice_due(failures, warned, NOON + SECOND, NOON) == notice


def test_every_lock_of_an_endless_attack_is_told_and_nothing_else() -> None:
    failures, warned, told, now = 0, 0, [], NOON
    locked_until: datetime | None = None
    while isinstance(counted := count_try(failures, locked_until, now), Counted):
        failures, locked_until = counted.failures, counted.locked_until
        for _ in range(2):  # the second look finds it told
            if notice := notice_due(failures, warned, locked_until, now):
                told.append((failures, notice))
                warned = failures
        now = locked_until or now
    assert told == [
        *((failures, Notice.LOCKED) for failures in range(5, 95, 5)),
        (95, Notice.LAST_ROUND),
        (100, Notice.FOR_GOOD),
    ]
