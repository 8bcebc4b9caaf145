"""`portal load`: a directory of CSV files into the database, whole customers only.

Every row is first checked and staged; nothing is written where customers look until all rows are known. Then
the customers whose rows are all good are merged, some thousands of rows in one transaction. A load that ends
early, for whatever reason, leaves whole customers only, and the same load run again completes it.

A row is one customer's: a bad row refuses its customer, whose rows all wait for the next load. Rows that
leave the feed stay in the database. What customers may change themselves (address, e-mail, phone, delivery of
statements) is overwritten only when the lender's own value has changed since the last load.

A statement whose operations do not lead from its opening to its closing balance is loaded with a warning: the
lender's books are what they are, and some lenders hand over statements without their operations.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tortoise.exceptions import OperationalError

from feed.batches import BATCH_RECORDS, Batches
from feed.crossing import cross_check
from feed.files import REPORT_NAME, Source, sources
from feed.format import ENTITIES
from feed.postgres import open_postgres
from feed.problems import Problem, Stop
from feed.progress import SILENCE, Progress
from feed.report import Report, Summary
from feed.sqlite import open_sqlite
from feed.staging import check_headers, stage, stage_files
from feed.stores import Store
from models.backends.migrating import pending_migrations
from models.backends.opening import file_of, open_database, tortoise_config


@dataclass(frozen=True)
class Stopped:
    """The load did not come to its end: why, and how many customers it had taken in by then."""

    problems: tuple[Problem, ...]
    customers_loaded: int


async def load(
    directory: Path,
    database_url: str,
    *,
    now: datetime,
    progress: Progress = SILENCE,
    report: Path = Path(REPORT_NAME),
    batch_records: int = BATCH_RECORDS,
) -> Summary | Stopped:
    """Load the feed in a directory into a migrated database."""
    summary = Summary()
    try:
        found = sources(directory, report)
        check_headers(found)
        told = Report(report, _names(found))
        with told.opened():
            async with open_store(database_url) as store:
                batches = Batches(store, now, summary, progress, batch_records)
                await _load(store, found, batches, progress, summary)
                await told.write(store, summary)
    except Stop as stop:
        return Stopped(stop.problems, summary.customers_loaded)
    except OperationalError as error:
        return Stopped((Problem("database", None, None, str(error)),), summary.customers_loaded)
    return summary


@asynccontextmanager
async def open_store(url: str) -> AsyncIterator[Store]:
    """The migrated database of a URL, for one load at a time."""
    file, connection = file_of(url), tortoise_config(url)["connections"]["default"]
    is_postgres = connection["engine"] == "models.backends.postgres"
    if not is_postgres and (file is None or not file.exists()):
        raise Stop([Problem("database", None, None, "is not there: `portal migrate` makes it")])
    async with open_database(url):
        if pending := await pending_migrations():
            raise Stop(
                [Problem("database", None, None, f"lacks {', '.join(pending)}: run `portal migrate` first")]
            )
    async with open_postgres(connection["credentials"]) if file is None else open_sqlite(file) as store:
        yield store


async def _load(
    store: Store, found: list[Source], batches: Batches, progress: Progress, summary: Summary
) -> None:
    for name, count in (await stage_files(store, found, progress)).items():
        summary.tallies[name].read = count
    progress.checking()
    await cross_check(store)
    await batches.merge()
    await _count_refused(store, summary)


async def _count_refused(store: Store, summary: Summary) -> None:
    [(summary.customers_refused,)] = await store.rows("SELECT count(*) FROM people WHERE refused = 1")
    for entity in ENTITIES:
        tally = summary.tallies[entity.name]
        if tally.read:
            [(tally.refused,)] = await store.rows(
                f"SELECT (SELECT count(*) FROM {stage(entity)} WHERE customer IS NULL) + (SELECT count(*) "
                f"FROM people AS p JOIN {stage(entity)} AS s ON s.customer = p.reference WHERE p.refused = 1)"
            )


def _names(found: list[Source]) -> list[str]:
    """The files as they are called here, in the order of the entities."""
    given = {source.entity.name: source.name for source in found}
    return [given.get(entity.name, entity.file) for entity in ENTITIES]
