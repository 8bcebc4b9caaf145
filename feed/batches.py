"""Merging, batch by batch: all rows of some customers in one transaction, so that each customer is whole."""

from __future__ import annotations

import asyncio
from datetime import datetime
from itertools import pairwise

from tortoise.exceptions import IntegrityError

from feed.format import CONTRACTS, CUSTOMERS, ENTITIES, OPERATIONS, STATEMENTS
from feed.merging import READY, Merge, new_identifiers, new_references, news, old_identifiers, unbalanced
from feed.progress import Progress
from feed.report import Summary
from feed.staging import FOUND
from feed.stores import Store
from models.backends.errors import DatabaseBusy
from models.ids import new_id

BATCH_RECORDS = 20_000  # about half a second: on SQLite, nobody else writes meanwhile
TRIES_MAX = 5

Done = dict[str, tuple[int, int]]  # rows inserted and changed, by entity


class Batches:
    """Takes the customers whose rows are all good into the tables."""

    def __init__(
        self, store: Store, now: datetime, summary: Summary, progress: Progress, batch_records: int
    ) -> None:
        self._store = store
        self._summary = summary
        self._progress = progress
        self._batch_records = batch_records
        self._now = now
        self._began_at = new_id()  # before any row of this load gets its id
        self._merges = [Merge(entity, now, store.differ) for entity in ENTITIES]

    async def merge(self) -> None:
        """Merge them all, from the oldest to the newest."""
        await self._store.create_as("ready", READY)
        await self._store.index("ready", "ordinal")
        await self._store.settle("ready")
        lasts = f"SELECT max(ordinal) FROM ready GROUP BY records_so_far / {self._batch_records} ORDER BY 1"
        ends = [0, *(last for (last,) in await self._store.rows(lasts))]
        self._progress.merging(0, ends[-1])
        for before, last in pairwise(ends):
            await self._range(before + 1, last)
            self._progress.merging(last, ends[-1])

    async def _range(self, first: int, last: int) -> None:
        """Merge a batch. What the database refuses is looked for by halves, down to one customer."""
        try:
            done = await self._patiently(first, last)
        except IntegrityError as error:
            if first == last:
                await self._refuse(first, str(error).partition("\n")[0])
                return
            middle = (first + last) // 2
            await self._range(first, middle)
            await self._range(middle + 1, last)
            return
        for name, (inserted, changed) in done.items():
            self._summary.tallies[name].inserted += inserted
            self._summary.tallies[name].changed += changed
        self._summary.customers_loaded += last - first + 1
        async with self._store.transaction():
            await self._store.run(unbalanced(first, last))

    async def _patiently(self, first: int, last: int) -> Done:
        for tried in range(TRIES_MAX - 1):
            try:
                return await self._batch(first, last)
            except DatabaseBusy:  # another writer was first: begin again, a little later each time
                await asyncio.sleep(0.1 * 2**tried)
        return await self._batch(first, last)

    async def _batch(self, first: int, last: int) -> Done:
        run, done = self._store.run, Done()
        async with self._store.transaction():
            for merge in self._merges:
                changed = await run(merge.update(first, last))
                done[merge.entity.name] = await run(merge.insert(first, last)), changed
                if merge.entity is CUSTOMERS:
                    await run(new_references(first, last))
                if merge.entity is CONTRACTS and changed:
                    await run(old_identifiers(first, last))
            await run(new_identifiers(first, last))
            if any(done[entity.name][0] for entity in (OPERATIONS, STATEMENTS)):
                place = new_id()
                await run(news(first, last, (self._began_at, place), place, self._now))
        return done

    async def _refuse(self, ordinal: int, reason: str) -> None:
        words = f"could not be written: {reason}".replace("'", "''")
        await self._store.run(
            f"INSERT INTO found ({', '.join(FOUND)}) "
            f"SELECT 0, NULL, reference, NULL, '', '{words}', 0 FROM ready WHERE ordinal = {ordinal}"
        )
        await self._store.run(
            "UPDATE people SET refused = 1 "
            f"WHERE reference IN (SELECT reference FROM ready WHERE ordinal = {ordinal})"
        )
