"""Batches: what many places of one operation ask for one by one is read in one statement."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from functools import partial
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader

V = TypeVar("V")


class _Loader(DataLoader[Any, Any]):
    """A DataLoader whose shared batch survives the cancellation of one of those who wait for it."""

    def load(self, key: Any) -> Awaitable[Any]:
        return asyncio.shield(super().load(key))


class Loaders:
    """The loaders of one operation, one for each batch function and its fixed arguments."""

    def __init__(self) -> None:
        self._made: dict[Hashable, _Loader] = {}

    def load(
        self, batch: Callable[..., Awaitable[Sequence[V]]], *arguments: Hashable, key: Hashable
    ) -> Awaitable[V]:
        """What `batch(*arguments, keys)` answers for `key`, asked with the other keys of this tick."""
        made = self._made.get((batch, arguments))
        if made is None:
            made = self._made[batch, arguments] = _Loader(load_fn=partial(batch, *arguments))
        return made.load(key)
