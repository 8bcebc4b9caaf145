"""What the real data leave out and a feed asks for: invented from the source's keys, always the same way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from typing import TypeVar

from domain.phones import Phone, phone

T = TypeVar("T")

ACCOUNT_NUMBERS = 10**13


def drawn(*keys: object) -> int:
    """A large number that depends on the keys only."""
    return int.from_bytes(sha256("/".join(map(str, keys)).encode()).digest()[:16])


def picked(options: Sequence[T], *keys: object) -> T:
    """One of the options, by the keys."""
    return options[drawn(*keys) % len(options)]


def day_between(first: date, last: date, *keys: object) -> date:
    """A day from the first to the last."""
    return first + timedelta(days=drawn(*keys) % ((last - first).days + 1))


class AccountNumbers:
    """Numbers beginning 3060 that never repeat."""

    def __init__(self) -> None:
        self._given: set[int] = set()

    def of(self, *keys: object) -> str:
        """The number of a key, which must be asked for once."""
        number = drawn("account number", *keys) % ACCOUNT_NUMBERS
        if number in self._given:
            raise ValueError(f"the number invented for {keys} is taken")
        self._given.add(number)
        return f"3060{number:013d}"


def phone_number(position: int) -> str:
    """A number nobody has: 555-0100 to 555-0199 are kept for fiction in every North American area code."""
    area, last = divmod(position, 100)
    return f"+1{_areas()[area]}55501{last:02d}"


@cache
def _areas() -> list[int]:
    return [area for area in range(201, 990) if isinstance(phone(f"+1{area}5550100"), Phone)]
