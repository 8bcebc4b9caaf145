"""The virtual keypad: ten keys in an order drawn per challenge; the client sends positions, never digits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import Enum
from random import Random

DIGITS = "0123456789"
KEYS = len(DIGITS)
CODE_LENGTH = 6
LIFE = timedelta(minutes=2)


class BadPositions(Enum):
    """Why pressed positions are not a code."""

    COUNT = "count"
    OUT_OF_RANGE = "out_of_range"


def layout(random: Random) -> str:
    """A permutation of the ten digits, the index being the position; hand in a `SystemRandom`."""
    return "".join(random.sample(DIGITS, KEYS))


def read(layout: str, positions: Sequence[int]) -> str | BadPositions:
    """The six digits behind the positions pressed, which count from 0."""
    if len(positions) != CODE_LENGTH:
        return BadPositions.COUNT
    if not all(0 <= position < KEYS for position in positions):
        return BadPositions.OUT_OF_RANGE
    return "".join(layout[position] for position in positions)
