"""The shuffled keypad."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.keypad import CODE_LENGTH, DIGITS, KEYS, LIFE, BadPositions, layout, read

SHUFFLED = "5907318264"


@given(st.integers())
def test_a_layout_holds_each_digit_once(seed: int) -> None:
    assert sorted(layout(Random(seed))) == list(DIGITS)


def test_a_keypad_lives_two_minutes() -> None:
    assert timedelta(minutes=2) == LIFE


def test_every_digit_reaches_every_position() -> None:
    random = Random(7)
    seen = {(position, digit) for _ in range(500) for position, digit in enumerate(layout(random))}
    assert len(seen) == KEYS * KEYS


def test_positions_are_read_through_the_layout() -> None:
    assert read(SHUFFLED, [0, 1, 2, 3, 4, 9]) == "590734"
    assert read(SHUFFLED, [2, 2, 2, 2, 2, 2]) == "000000"


@pytest.mark.parametrize(
    ("positions", "reason"),
    [
        pytest.param([], BadPositions.COUNT, id="none"),
        pytest.param([0] * 5, BadPositions.COUNT, id="five"),
        pytest.param([0] * 7, BadPositions.COUNT, id="seven"),
        pytest.param([0, 0, 0, 0, 0, 10], BadPositions.OUT_OF_RANGE, id="past the last key"),
        pytest.param([0, 0, 0, 0, 0, -1], BadPositions.OUT_OF_RANGE, id="negative: never read from the end"),
        pytest.param([2**63] * 6, BadPositions.OUT_OF_RANGE, id="huge"),
    ],
)
def test_positions_that_are_no_code(positions: list[int], reason: BadPositions) -> None:
    assert read(SHUFFLED, positions) is reason


@given(st.integers(), st.text(alphabet=DIGITS, min_size=CODE_LENGTH, max_size=CODE_LENGTH))
def test_any_code_can_be_pressed_on_any_keypad(seed: int, code: str) -> None:
    keys = layout(Random(seed))
    assert read(keys, [keys.index(digit) for digit in code]) == code
