"""The two identifiers a customer signs in with: a 17-digit card or credit number, or a file number.

The check digit of the long number is not documented by its issuer: Luhn's check is a setting, off by default.
Values never show in `repr`, hence never in a log.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

NUMBER_LENGTH = 17
NUMBER_PREFIX = "3060"
FILE_NUMBER_LENGTH_MIN = 4
FILE_NUMBER_LENGTH_MAX = 24
IDENTIFIER_TEXT_MAX = 64

# Space, no-break space, figure space, thin space, narrow no-break space: what a paste from a PDF carries.
_SPACES = " \u00a0\u2007\u2009\u202f"
_HYPHENS = "-\u2010\u2011"
_GROUPED_DIGITS = re.compile(rf"[0-9](?:[.{_SPACES}\u2010\u2011-]{{0,3}}[0-9])*")
_FILE_NUMBER = re.compile(r"[A-Z0-9](?:[A-Z0-9-]*[A-Z0-9])?")
_WITHOUT_SPACES = str.maketrans("", "", _SPACES)
_PLAIN_HYPHENS = str.maketrans(dict.fromkeys(_HYPHENS, "-"))


class MalformedReason(Enum):
    """What is wrong with the shape of an identifier; nothing here depends on whether it exists."""

    EMPTY = "empty"
    CHARACTERS = "characters"
    LENGTH = "length"
    PREFIX = "prefix"
    CHECK_DIGIT = "check_digit"
    CARD_OR_CREDIT_NUMBER = "card_or_credit_number"


@dataclass(frozen=True, slots=True)
class Malformed:
    """The text cannot be this kind of identifier."""

    reason: MalformedReason


@dataclass(frozen=True, slots=True)
class CardOrCreditNumber:
    """17 ASCII digits beginning 3060."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FileNumber:
    """4 to 24 capitals A-Z, digits and inner hyphens."""

    value: str = field(repr=False)


Identifier: TypeAlias = CardOrCreditNumber | FileNumber


def card_or_credit_number(text: str, *, check_luhn: bool = False) -> CardOrCreditNumber | Malformed:
    """Read a number typed or pasted in groups: up to three spaces, dots or hyphens between two digits."""
    text = text.strip()
    if not text:
        return Malformed(MalformedReason.EMPTY)
    if len(text) > IDENTIFIER_TEXT_MAX:
        return Malformed(MalformedReason.LENGTH)
    if not _GROUPED_DIGITS.fullmatch(text):
        return Malformed(MalformedReason.CHARACTERS)
    digits = "".join(character for character in text if character in "0123456789")
    if len(digits) != NUMBER_LENGTH:
        return Malformed(MalformedReason.LENGTH)
    if not digits.startswith(NUMBER_PREFIX):
        return Malformed(MalformedReason.PREFIX)
    if check_luhn and not luhn_holds(digits):
        return Malformed(MalformedReason.CHECK_DIGIT)
    return CardOrCreditNumber(digits)


def file_number(text: str) -> FileNumber | Malformed:
    """Read a file number: spaces removed, ASCII letters upper-cased. A long number is not a file number."""
    value = text.translate(_WITHOUT_SPACES).translate(_PLAIN_HYPHENS).strip()
    if not value:
        return Malformed(MalformedReason.EMPTY)
    # Only ASCII may be upper-cased: "ß".upper() is "SS".
    value = value.upper() if value.isascii() else value
    if not _FILE_NUMBER.fullmatch(value):
        return Malformed(MalformedReason.CHARACTERS)
    if not FILE_NUMBER_LENGTH_MIN <= len(value) <= FILE_NUMBER_LENGTH_MAX:
        return Malformed(MalformedReason.LENGTH)
    if isinstance(card_or_credit_number(value), CardOrCreditNumber):
        return Malformed(MalformedReason.CARD_OR_CREDIT_NUMBER)
    return FileNumber(value)


def luhn_holds(digits: str) -> bool:
    """Whether the last digit is Luhn's check digit of the others (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * (1 + position % 2) for position, digit in enumerate(reversed(digits))]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0
