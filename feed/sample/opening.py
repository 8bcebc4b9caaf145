"""`portal sample`: the sample loaded like any lender's feed, and its customers given their codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio

from feed.load import Stopped, load
from feed.progress import SILENCE, Progress
from feed.report import Summary
from feed.sample.access import Standings
from feed.sample.cast import Access
from feed.sample.customers import SampleCustomer, sample_customers
from feed.sample.demo import DEMO_CODE
from feed.sample.writing import write_customers
from gateways import Gateways
from models import Credential, CustomerReference
from models.backends.migrating import pending_migrations
from models.backends.opening import open_database


@dataclass(frozen=True, slots=True)
class SampleLogin:
    """How one customer of the sample signs in; no code before the first connection."""

    number: str
    code: str | None
    name: str
    access: Access


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """Whom the sample made; `loaded` is none where the sample was there already."""

    logins: tuple[SampleLogin, ...]
    loaded: Summary | None

    @property
    def demo(self) -> SampleLogin:
        """The one to try first."""
        return self.logins[0]


async def open_sample(
    gateways: Gateways, today: date, *, progress: Progress = SILENCE
) -> SampleSummary | Stopped:
    """Put the sample in the database of the settings, which must be migrated.

    Customers who are there already stay as they are; a sample that was interrupted is completed.
    """
    url, cast = gateways.settings.database_url, list(sample_customers(today))
    loaded = None
    async with open_database(url):
        known = {} if await pending_migrations() else await _ids(cast)
    if missing := [one for one in cast if one.row.customer not in known]:
        outcome = await _load(gateways, missing, progress)
        if isinstance(outcome, Stopped):
            return outcome
        loaded = outcome
    async with open_database(url):
        await _let_in(gateways, cast)
    return SampleSummary(tuple(map(_login, cast)), loaded)


async def _load(gateways: Gateways, customers: list[SampleCustomer], progress: Progress) -> Summary | Stopped:
    with TemporaryDirectory(prefix="portal-sample-") as name:
        directory = Path(name)
        write_customers(directory, customers)
        url, report = gateways.settings.database_url, directory / "report.csv"
        return await load(directory, url, now=gateways.clock(), progress=progress, report=report)


async def _let_in(gateways: Gateways, cast: list[SampleCustomer]) -> None:
    """Give the customers their codes and standings, unless they have them: all are written together."""
    ids = await _ids(cast)
    if await Credential.filter(customer_id__in=ids.values()).exists():
        return
    connected = [one.row.customer for one in cast if one.role.access is not Access.NEVER_CONNECTED]
    digests = await _digests(gateways, connected)
    standings = Standings(gateways, gateways.clock())
    for one in cast:
        if one.row.customer in ids:
            standings.add(one, ids[one.row.customer], digests.get(one.row.customer))
    await standings.save()


async def _digests(gateways: Gateways, references: Iterable[str]) -> dict[str, str]:
    """A digest of the demonstration code for each, salted apart, as many at a time as the vault allows."""
    digests: dict[str, str] = {}

    async def make(reference: str) -> None:
        digests[reference] = await gateways.vault.digest(DEMO_CODE)

    async with anyio.create_task_group() as tasks:
        for reference in references:
            tasks.start_soon(make, reference)
    return digests


async def _ids(cast: list[SampleCustomer]) -> dict[str, int]:
    references = [customer.row.customer for customer in cast]
    rows = await CustomerReference.filter(reference__in=references)
    return {row.reference: row.customer_id for row in rows}


def _login(customer: SampleCustomer) -> SampleLogin:
    row, access = customer.row, customer.role.access
    code = None if access is Access.NEVER_CONNECTED else DEMO_CODE
    return SampleLogin(customer.sign_in_numbers[0], code, f"{row.first_names} {row.last_name}", access)
