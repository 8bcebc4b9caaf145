"""Execution in slices: graphql-core's executor, which completes a list at once, stops between its items."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator, Iterable, Iterator
from inspect import iscoroutine
from typing import Any

from graphql import GraphQLOutputType, GraphQLResolveInfo
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import AwaitableOrValue, Path, gather_with_cancel

from engine.sharing.turns import Turns, Work

AWAITED_AT_ONCE_MAX = 250


class SlicedExecutor(Executor[Any]):
    """Completes the items of a list until the slice of this round of the loop is used up, then waits.

    A short operation never waits, so that its batches are whole and the database is asked as often each time.
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
        is_whole = completion.complete_items()
        return completion.values if is_whole and not completion.pending else completion

    async def complete_awaitable_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Awaitable[Any],
        position_context: Any,
    ) -> Any:
        """Wait for a value and complete it: of many that begin or come at once, some in each round."""
        self.work.items += 1
        try:
            if self.work.is_long and self.turns.are_over():
                await self._turn_for(result)
            resolved = await self.with_abort_signal(result)
            if self.work.is_long and self.turns.are_over():
                await self.turns.next(self.work)
            is_outermost = self.work.begin()
            try:
                completed = self.complete_value(
                    return_type, field_details_list, info, path, resolved, position_context
                )
            finally:
                if is_outermost:
                    self.work.stop()
            return await completed if self.is_awaitable(completed) else completed
        except Exception as error:
            self.handle_field_error(error, return_type, field_details_list, path)
            return None

    async def _turn_for(self, result: Awaitable[Any]) -> None:
        """Wait for the turn to begin what a resolver gave."""
        try:
            await self.turns.next(self.work)
        except asyncio.CancelledError:
            if iscoroutine(result):
                result.close()
            raise


class _Completion:
    """One list on its way: values so far, and the places of those that are awaited.

    Awaited, it gives the list. It is no coroutine: whoever is cancelled may leave it without a beginning.
    """

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
        self._is_made = isinstance(items, list | tuple)
        self._items: Iterator[Any] = iter(items)
        self._is_whole = False

    def complete_items(self) -> bool:
        """Complete items while the slice lasts, one at least. Tells whether that was all of them."""
        are_over, work = self._executor.turns.are_over, self._executor.work
        is_outermost = work.begin()
        try:
            for item in self._items:
                self._complete(item)
                work.items += 1
                if work.is_long and are_over():
                    return False
            self._is_whole = True
        except BaseException:
            self._abandon()
            raise
        finally:
            if is_outermost:
                work.stop()
        return True

    def __await__(self) -> Generator[Any, None, list[Any]]:
        return self._go_on().__await__()

    async def _go_on(self) -> list[Any]:
        """The rest, turn by turn, and then what its items wait for."""
        executor = self._executor
        try:
            while not self._is_whole:
                await executor.turns.next(executor.work)
                self.complete_items()
        except asyncio.CancelledError:
            self._abandon()
            raise
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
        """Nobody waits for the list any more: what its items wait for is begun, so that nothing inside is
        left without a beginning, and cancelled in the next round.
        """
        abandoned = [self.values[index] for index in self.pending]
        if self._is_made:  # what a generator did not make yet need not be made
            abandoned += [item for item in self._items if self._executor.is_awaitable(item)]
        self.pending = []
        if abandoned:
            ending = asyncio.gather(*abandoned, return_exceptions=True)
            asyncio.get_running_loop().call_soon(ending.cancel)


def sliced(executor_class: type[Executor[Any]]) -> type[SlicedExecutor]:
    """The class that runs as `executor_class` does, in slices."""
    return type(f"Sliced{executor_class.__name__}", (SlicedExecutor, executor_class), {})
