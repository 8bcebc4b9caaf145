"""Kinds of cells: how the text of one is read, and the words that document it.

Every kind reads a text that is not empty into the value kept in the database, or raises `Unfit` with the
reason. Days and rates stay texts in their one spelling, so that both databases take them and texts compare
as they do.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar, Protocol, TypeAlias

from domain import money, rates

Value: TypeAlias = str | int | None

YEAR_MIN, YEAR_MAX = 1900, 2200
RATE_DECIMALS_MAX = 6

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CODE = re.compile(r"[A-Z][A-Z0-9_]*")
_BLANKS = " \u00a0\u202f"
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Unfit(ValueError):
    """Why a cell does not fit its column; it never leaves this folder."""


class Kind(Protocol):
    """What the cells of a column hold."""

    stored: ClassVar[str]  # how the staging tables keep it: text, day, whole, rate
    repeats: ClassVar[bool]  # whether the same texts come again and again, and are worth remembering

    @property
    def words(self) -> str: ...

    def read(self, text: str) -> str | int: ...


@dataclass(frozen=True)
class Text:
    """One line of writing, in the composed form of Unicode (NFC), without control characters."""

    stored: ClassVar[str] = "text"
    repeats: ClassVar[bool] = False
    length_max: int

    @property
    def words(self) -> str:
        return f"text, at most {self.length_max} characters"

    def read(self, text: str) -> str:
        text = text.strip(_BLANKS)
        if not (text.isascii() and text.isprintable()):
            text = _composed(text)
        if not text:
            raise Unfit("is blank")
        if len(text) > self.length_max:
            raise Unfit(f"has {len(text)} characters, at most {self.length_max} are taken")
        return text


class Label(Text):
    """A text that many rows share."""

    repeats = True


def _composed(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        for character in text:
            _refuse_unseen(character)
    return text


def _refuse_unseen(character: str) -> None:
    category = unicodedata.category(character)
    if category == "Cs":
        raise Unfit("is not UTF-8")
    if character in "\r\n" or category in ("Zl", "Zp"):
        raise Unfit("holds a line break")
    if category == "Cc" or character in _REORDERING:
        raise Unfit(f"holds a control character (U+{ord(character):04X})")


@dataclass(frozen=True)
class Code:
    """A short name made for programs."""

    stored: ClassVar[str] = "text"
    repeats: ClassVar[bool] = True
    length_max: int

    @property
    def words(self) -> str:
        return f"code of capitals, digits and underscores, at most {self.length_max}"

    def read(self, text: str) -> str:
        if not _CODE.fullmatch(text) or len(text) > self.length_max:
            raise Unfit(f"is not a {self.words}")
        return text


@dataclass(frozen=True)
class Day:
    """A calendar day that exists."""

    stored: ClassVar[str] = "day"
    repeats: ClassVar[bool] = True
    words: ClassVar[str] = f"day written 2026-11-30, from {YEAR_MIN} to {YEAR_MAX}"

    def read(self, text: str) -> str:
        if not _DAY.fullmatch(text):
            raise Unfit("is not a day written like 2026-11-30")
        try:
            year = date.fromisoformat(text).year
        except ValueError:
            raise Unfit("is not a day of the calendar") from None
        if not YEAR_MIN <= year <= YEAR_MAX:
            raise Unfit(f"lies outside the years {YEAR_MIN} to {YEAR_MAX}")
        return text


@dataclass(frozen=True)
class Choice:
    """One of a few names."""

    stored: ClassVar[str] = "text"
    repeats: ClassVar[bool] = True
    names: type[StrEnum]

    @property
    def words(self) -> str:
        return "one of " + ", ".join(self.names)

    def read(self, text: str) -> str:
        try:
            return self.names(text).value
        except ValueError:
            raise Unfit(f"is not {self.words}") from None


@dataclass(frozen=True)
class Currency:
    """A currency's code."""

    stored: ClassVar[str] = "text"
    repeats: ClassVar[bool] = True
    words: ClassVar[str] = "currency, ISO 4217"

    def read(self, text: str) -> str:
        if not money.is_currency(text):
            raise Unfit("is not a currency of ISO 4217, such as EUR")
        return text


@dataclass(frozen=True)
class Amount:
    """Money, read into integer cents."""

    stored: ClassVar[str] = "whole"
    repeats: ClassVar[bool] = True
    cents_min: int = -money.CENTS_MAX

    @property
    def words(self) -> str:
        bounds = {-money.CENTS_MAX: "", 0: ", not negative", 1: ", above zero"}
        return f"amount in the contract's currency, at most two decimals{bounds[self.cents_min]}"

    def read(self, text: str) -> int:
        cents = money.parse_decimal_text(text)
        if cents is money.AmountProblem.MALFORMED:
            raise Unfit("is not an amount written like 1234.50, with at most two decimals")
        if isinstance(cents, money.AmountProblem):
            raise Unfit(f"is beyond {money.decimal_text(money.CENTS_MAX)}")
        if cents < self.cents_min:
            raise Unfit("is not above zero" if self.cents_min else "is negative")
        return cents


@dataclass(frozen=True)
class Rate:
    """A yearly rate as a fraction, kept with six decimals."""

    stored: ClassVar[str] = "rate"
    repeats: ClassVar[bool] = True
    words: ClassVar[str] = (
        f"yearly rate as a fraction (0.1990 is 19.90 %), at most {RATE_DECIMALS_MAX} decimals, 0 to 10"
    )

    def read(self, text: str) -> str:
        rate = rates.parse_rate_text(text)
        if rate is rates.RateProblem.MALFORMED:
            raise Unfit("is not a fraction written like 0.1990")
        if isinstance(rate, rates.RateProblem) or rate > 10:
            raise Unfit("is above 10, which is 1,000 %: rates are fractions")
        if len(text.partition(".")[2].rstrip("0")) > RATE_DECIMALS_MAX:
            raise Unfit(f"has more than {RATE_DECIMALS_MAX} decimals")
        return f"{rate:.{RATE_DECIMALS_MAX}f}"


@dataclass(frozen=True)
class Count:
    """A whole number within bounds."""

    stored: ClassVar[str] = "whole"
    repeats: ClassVar[bool] = True
    least: int
    most: int

    @property
    def words(self) -> str:
        return f"whole number, {self.least:,} to {self.most:,}"

    def read(self, text: str) -> int:
        if not (
            text.isascii() and text.isdigit() and len(text) <= 12 and self.least <= int(text) <= self.most
        ):
            raise Unfit(f"is not a {self.words}")
        return int(text)
