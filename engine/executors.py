"""Execution in slices: graphql-core's executor, which completes a list at once, stops between its items."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Iterator
from typing import Any

from graphql import GraphQLOutputType, GraphQLResolveInfo
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import AwaitableOrValue, Path, gather_with_cancel

from engine.turns import Turns, Work

AWAITED_AT_ONCE_MAX = 250
ITEMS_OF_SHORT_OPERATIONS_MAX = 150


class SlicedExecutor(Executor[Any]):
    """Completes the items of a list until the slice of this round of the loop is used up, then waits.

    A short operation never waits, so that its batches are whole and it costs the same statements each time.
    `turns` and `work` are set once it is built. The answer is the same as without them.
    """

    turns: Turns
    work: Work

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        items: Iterable[Any],
        position_context: Any,
    ) -> AwaitableOrValue[list[Any]]:
        """Complete a list (spec 6.4.3), at once where time allows. Incremental delivery is off."""
        completion = _Completion(self, item_type, field_details_list, info, path, items)
        if not completion.complete_items():
            return completion.go_on()
        return completion.awaited() if completion.pending else completion.values


class _Completion:
    """One list on its way: values so far, and the places of those that are awaited."""

    def __init__(
        self,
        executor: SlicedExecutor,
        item_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        items: Iterable[Any],
    ) -> None:
        self.values: list[Any] = []
        self.pending: list[int] = []
        self._executor = executor
        self._item_type = item_type
        self._details = field_details_list
        self._info = info
        self._path = path
        self._items: Iterator[Any] = iter(items)

    def complete_items(self) -> bool:
        """Complete items while the slice lasts, one at least. Tells whether that was all of them."""
        are_over, work = self._executor.turns.are_over, self._executor.work
        try:
            for item in self._items:
                self._complete(item)
                work.items += 1
                if work.items > ITEMS_OF_SHORT_OPERATIONS_MAX and are_over():
                    return False
        except BaseException:
            self._abandon()
            raise
        return True

    async def go_on(self) -> list[Any]:
        """The rest, turn by turn."""
        executor = self._executor
        try:
            await executor.turns.next(executor.work)
            while not self.complete_items():
                await executor.turns.next(executor.work)
        except asyncio.CancelledError:
            self._abandon()
            raise
        return await self.awaited()

    async def awaited(self) -> list[Any]:
        """The list, once all that its items wait for has come."""
        while self.pending:
            some, self.pending = self.pending[:AWAITED_AT_ONCE_MAX], self.pending[AWAITED_AT_ONCE_MAX:]
            awaitables = [self.values[index] for index in some]
            try:
                results = [await awaitables[0]] if len(some) == 1 else await gather_with_cancel(*awaitables)
            except BaseException:
                self._abandon()
                raise
            for index, result in zip(some, results, strict=True):
                self.values[index] = result
        return self.values

    def _complete(self, item: Any) -> None:
        executor, index = self._executor, len(self.values)
        path = self._path.add_key(index, None)
        if executor.is_awaitable(item):
            self.values.append(
                executor.complete_awaitable_list_item_value(
                    item, self._item_type, self._details, self._info, path, None
                )
            )
            self.pending.append(index)
        elif executor.complete_list_item_value(
            item, self.values, self._item_type, self._details, self._info, path, None
        ):
            self.pending.append(index)

    def _abandon(self) -> None:
        """Nobody waits for the list any more: what its items wait for is begun, so that nothing in it is
        left without a beginning, and cancelled."""
        awaitables: list[Awaitable[Any]] = [self.values[index] for index in self.pending]
        awaitables += [item for item in self._items if self._executor.is_awaitable(item)]
        self.pending = []
        if awaitables:
            given_up = asyncio.gather(*awaitables, return_exceptions=True)
            asyncio.get_running_loop().call_soon(given_up.cancel)


def sliced(executor_class: type[Executor[Any]]) -> type[SlicedExecutor]:
    """The class that runs as `executor_class` does, in slices."""
    return type(f"Sliced{executor_class.__name__}", (SlicedExecutor, executor_class), {})
