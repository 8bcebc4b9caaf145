"""Six-digit secret codes that a thief would try first.

The space is 10^6 and five tries are free, so codes with a reason to be chosen are refused: repeats,
sequences, dates of birth, runs of the customer's own numbers. NIST SP 800-63B 5.1.1.2 asks for such a list
and to say the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from enum import Enum
from itertools import pairwise

from domain.keypad import CODE_LENGTH, DIGITS
from domain.phones import national_digits

REMEMBERED_CODES = 5  # the code in force and those before it that may not be chosen again

# Rows, columns and diagonals of a phone's keys, read either way.
_LINES = ("123", "456", "789", "147", "258", "369", "159", "357")
_STROKES = frozenset(_LINES) | {line[::-1] for line in _LINES}


class Weakness(Enum):
    """Why a code may not be chosen."""

    MALFORMED = "malformed"
    REPEATED = "repeated"
    SEQUENCE = "sequence"
    BIRTH_DATE = "birth_date"
    OWN_NUMBER = "own_number"
    USED_BEFORE = "used_before"


def weakness(code: str, *, birth_date: date | None, numbers: Iterable[str]) -> Weakness | None:
    """The first reason to refuse `code`, or None; `numbers` are identifiers and phones in E.164."""
    if len(code) != CODE_LENGTH or not set(code) <= set(DIGITS):
        return Weakness.MALFORMED
    if _is_repeated(code):
        return Weakness.REPEATED
    if _is_sequence(code):
        return Weakness.SEQUENCE
    if birth_date is not None and any(code in form for form in _date_forms(birth_date)):
        return Weakness.BIRTH_DATE
    if any(code in digits for number in numbers for digits in _digit_runs(number)):
        return Weakness.OWN_NUMBER
    return None


def _is_repeated(code: str) -> bool:
    """Two digits in all (121212, 112112), a half twice or mirrored (123123, 123321), pairs (112233)."""
    first, second = code[:3], code[3:]
    return len(set(code)) <= 2 or second in (first, first[::-1]) or code[::2] == code[1::2]


def _is_sequence(code: str) -> bool:
    """Equal steps, past 9 too (789012, 210987, 135791), or two strokes on phone keys (147258)."""
    steps = {(int(later) - int(sooner)) % 10 for sooner, later in pairwise(code)}
    return len(steps) == 1 or (code[:3] in _STROKES and code[3:] in _STROKES)


def _date_forms(day: date) -> Iterator[str]:
    """Day, month and year in the orders people write them; six-digit runs of the longer forms count too."""
    dd, mm, yyyy = f"{day.day:02d}", f"{day.month:02d}", f"{day.year:04d}"
    for year in (yyyy[2:], yyyy):
        yield from (dd + mm + year, mm + dd + year, year + mm + dd, year + dd + mm)
    yield f"{day.day}{day.month}{yyyy}"


def _digit_runs(number: str) -> Iterator[str]:
    yield "".join(character for character in number if character in DIGITS)
    if number.startswith("+"):
        yield national_digits(number)
