"""A memory of bounded size."""

from __future__ import annotations

from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Memo(Generic[Key, Value]):
    """Remembers what was kept last: of more than `most` the first leaves, however often it was asked for."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[Key, Value] = {}
        self.get = self._kept.get

    def keep(self, key: Key, value: Value) -> None:
        """Remember it."""
        if len(self._kept) >= self._most and key not in self._kept:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = value

    def __len__(self) -> int:
        return len(self._kept)
