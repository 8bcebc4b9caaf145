"""One-time codes: shape, references, waits between two messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sms_codes import (
    LIFE,
    RESEND_DELAYS,
    SENDS_PER_DAY_MAX,
    TRIES_MAX,
    SendLater,
    SendNow,
    is_code,
    new_code,
    new_reference,
    resend_delay,
    sending,
)

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


def at(**shift: float) -> datetime:
    return NOON + timedelta(**shift)


class Zeros(Random):
    """A source that always draws the first."""

    def getrandbits(self, k: int, /) -> int:
        return 0


@given(st.integers())
def test_codes_have_six_digits(seed: int) -> None:
    assert is_code(new_code(Random(seed)))


def test_a_code_lives_ten_minutes_and_five_tries_and_eight_leave_a_day() -> None:
    assert (timedelta(minutes=10), 5, 8) == (LIFE, TRIES_MAX, SENDS_PER_DAY_MAX)


def test_leading_zeros_are_kept() -> None:
    assert new_code(Zeros()) == "000000"


def test_codes_fill_the_whole_space() -> None:
    random = Random(11)
    codes = [new_code(random) for _ in range(2000)]
    assert all({code[position] for code in codes} == set("0123456789") for position in range(6))


@pytest.mark.parametrize(
    "text", ["", "12345", "1234567", "12345a", "12345 ", "12345\u0663", "12345\u00b2", "-12345"]
)
def test_nothing_else_is_a_code(text: str) -> None:
    assert not is_code(text)


def test_a_reference_is_a_digit_and_a_letter_nobody_confuses() -> None:
    random = Random(3)
    references = {new_reference(random) for _ in range(5000)}
    assert {reference[0] for reference in references} == set("23456789")
    assert {reference[1] for reference in references} == set("ABCDEFGHJKLMNPQRSTUVWXYZ")
    assert {len(reference) for reference in references} == {2}


@pytest.mark.parametrize(
    ("sends", "seconds"), [(1, 30), (2, 60), (3, 120), (4, 300), (5, 300), (100, 300), (0, 30)]
)
def test_the_wait_before_the_next_message_grows(sends: int, seconds: int) -> None:
    assert resend_delay(sends) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("sent_at", "expected"),
    [
        pytest.param([], SendNow(), id="the first"),
        pytest.param([at(seconds=-29)], SendLater(at(seconds=1)), id="one second too early"),
        pytest.param([at(seconds=-30)], SendNow(), id="on time"),
        pytest.param(
            [at(seconds=-31), at(minutes=-5)], SendLater(at(seconds=29)), id="second wait, any order"
        ),
        pytest.param([at(hours=-24)], SendNow(), id="yesterday does not count"),
        pytest.param(
            [at(hours=-hour) for hour in range(1, SENDS_PER_DAY_MAX)], SendNow(), id="one is left for the day"
        ),
        pytest.param(
            [at(hours=-hour) for hour in range(1, SENDS_PER_DAY_MAX + 1)],
            SendLater(at(hours=24 - SENDS_PER_DAY_MAX)),
            id="the day is full until its first message is a day old",
        ),
    ],
)
def test_when_a_message_may_leave(sent_at: list[datetime], expected: SendNow | SendLater) -> None:
    assert sending(sent_at, NOON) == expected


@given(st.lists(st.integers(min_value=0, max_value=4000), max_size=300))
def test_whoever_insists_gets_at_most_the_daily_number(pauses: list[int]) -> None:
    sent: list[datetime] = []
    now = NOON
    for pause in pauses:
        now += timedelta(seconds=pause)
        if sending(sent, now) == SendNow():
            sent.append(now)
    for last in sent:
        assert sum(last - timedelta(hours=24) < other <= last for other in sent) <= SENDS_PER_DAY_MAX
    assert all(later - sooner >= RESEND_DELAYS[0] for sooner, later in zip(sent, sent[1:], strict=False))


@given(st.lists(st.integers(min_value=0, max_value=100_000), max_size=20))
def test_the_promised_instant_is_kept(seconds_ago: list[int]) -> None:
    sent = [NOON - timedelta(seconds=seconds) for seconds in seconds_ago]
    verdict = sending(sent, NOON)
    if isinstance(verdict, SendLater):
        assert verdict.from_at > NOON
        assert sending(sent, verdict.from_at) == SendNow()
