"""The staging tables: every row of every file, good or bad, before anything is written elsewhere.

stage_<entity>  line, id, faults (of a bad row: JSON of [field, reason]), columns of the file, the derived
people          every customer named by a row: their id (old or new), how many rows, refused or not
numbers         every number somebody could sign in with
found           what is wrong: position of the file, line, customer, contract, field, reason, warning
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from feed.checks import Checker, Row
from feed.columns import Entity
from feed.files import Source, opened
from feed.format import ENTITIES
from feed.problems import Problem, Stop
from feed.progress import Progress
from feed.records import Records
from feed.stores import Store
from models.ids import new_id

FOUND = {
    "position": "whole",
    "line": "whole",
    "customer": "text",
    "contract": "text",
    "field": "text",
    "reason": "text",
    "warning": "whole",
}


def stage(entity: Entity) -> str:
    """The staging table of an entity."""
    return f"stage_{entity.name}"


def scope(entity: Entity) -> tuple[str, ...]:
    """The columns that together tell one row of the file from the others."""
    names = ("customer", "contract", entity.key)
    return tuple(dict.fromkeys(name for name in names if name in entity.header))


def _columns(entity: Entity) -> dict[str, str]:
    return {
        "line": "whole",
        "id": "whole",
        "faults": "text",
        **{column.name: column.kind.stored for column in entity.columns},
        **{derived.name: derived.stored for derived in entity.derived},
    }


def check_headers(sources: list[Source]) -> None:
    """Stop at once, with all that is wrong, when a file cannot be understood at all."""
    problems: list[Problem] = []
    for source in sources:
        try:
            with opened(source) as lines:
                Records(source, lines)
        except Stop as stop:
            problems += stop.problems
    if problems:
        raise Stop(problems)


async def stage_files(store: Store, sources: list[Source], progress: Progress) -> dict[str, int]:
    """Read and check every file into the staging tables; the number of records of each entity."""
    for entity in ENTITIES:
        await store.create(stage(entity), _columns(entity))
    await store.create("found", FOUND)
    await store.index("found", "line")
    read = {}
    for source in sources:
        reading = Reading(source, progress)
        async with aclosing(reading.chunks()) as chunks:
            await store.stage(stage(source.entity), list(_columns(source.entity)), chunks)
        read[source.entity.name] = reading.records
    for entity in ENTITIES:
        await store.index(stage(entity), *scope(entity), "line")
    await store.settle(*map(stage, ENTITIES))
    return read


class Reading:
    """One file on its way to its staging table."""

    def __init__(self, source: Source, progress: Progress) -> None:
        self._source = source
        self._progress = progress
        self.records = 0

    async def chunks(self) -> AsyncGenerator[list[Row], None]:
        """The rows as they are checked."""
        for rows in self._checked():
            yield rows

    def _checked(self) -> Iterator[list[Row]]:
        source, size = self._source, self._source.size
        with opened(source) as lines:
            records = Records(source, lines)
            checker = Checker(source.entity, records.header, new_id)
            for block in records:
                rows = checker.rows(block)
                self.records += len(rows)
                yield rows
                self._progress.reading(source.name, lines.bytes_read, size)
