"""One-time codes: shape, references, waits between two messages."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sms_codes import (
    LIFE,
    SENDS_PER_DAY_MAX,
    TRIES_MAX,
    is_code,
    new_code,
    new_reference,
    resend_delay,
)


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
