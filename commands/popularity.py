"""How many customers choose each secret code: assumed, since nobody may look."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from itertools import accumulate

from domain.codes import weakness
from domain.keypad import CODE_LENGTH

CODES = 10**CODE_LENGTH
# So the ten likeliest codes are those of 5 % of the people, and 6 % of all codes those of 54 %. Source: Wang,
# Gu, Huang and Wang, "Understanding Human-Chosen PINs" (2017): six digits that people choose follow Zipf's
# law, resist guessing online by 7 bits, and more than half of the people share the 5 to 8 % likeliest.
ZIPF_EXPONENT = 0.8


class Popularity:
    """The share of customers that each code has, the likeliest first, as running sums."""

    def __init__(self, name: str, weights: Iterable[float]) -> None:
        self.name = name
        self._sums = array("d", accumulate(weights, initial=0.0))

    def __len__(self) -> int:
        return len(self._sums) - 1

    def between(self, start: int, stop: int) -> float:
        """The share of the customers who chose one of the codes from one rank up to another."""
        return (self._sums[stop] - self._sums[start]) / self._sums[-1]


def uniform(refused: int) -> Popularity:
    """Every code that may be chosen is as likely as every other."""
    return Popularity("at random", (1.0 for _ in range(CODES - refused)))


def human(refused: int) -> Popularity:
    """As people choose, whose favourites are refused half of the time.

    Every second one of the likeliest codes is taken to be among those that are refused, until these are used
    up; who wanted one of them chooses like the others. In truth most of the very likeliest are refused.
    """
    passed = (rank for rank in range(1, CODES + 1) if rank % 2 == 0 or rank > 2 * refused)
    return Popularity("by people", (rank**-ZIPF_EXPONENT for rank in passed))


def refused_codes(tell: Callable[[float], None] = lambda _share: None) -> int:
    """How many codes nobody may choose, by the rules themselves."""
    refused = 0
    for code in range(CODES):
        if code % 10_000 == 0:
            tell(code / CODES)
        refused += weakness(f"{code:0{CODE_LENGTH}}", birth_date=None, numbers=()) is not None
    return refused
