"""The sample customers: put into an empty database, and a session opened for one of them."""

from __future__ import annotations

import models
from commands.line import stop
from domain import identifiers
from domain.identifiers import Malformed
from domain.opening_hours import PARIS
from feed.sample.demo import DEMO_CODE, DEMO_NUMBER
from gateways import open_gateways
from gateways.settings import Settings
from models.backends.migrating import pending_migrations
from models.backends.opening import file_of, open_database
from resolvers import sessions


async def open_samples(settings: Settings) -> list[str]:
    """Fill an empty database, and say how to sign in. A database with customers is left as it is."""
    async with open_database(settings.database_url):
        await check_migrated()
        demo = await models.Identifier.get_or_none(number=DEMO_NUMBER)
        # The codes come last: without one, a sample was cut short and is completed.
        if demo and await models.Credential.owned_by(demo.customer_id).exists():
            return demo_login()
        customers = await models.Customer.all().count()
    if customers and not demo:
        counted = "1 customer" if customers == 1 else f"{customers:,} customers"
        return [f"{counted} in the database, none of them a sample customer"]
    await _invent(settings)
    return demo_login()


async def _invent(settings: Settings) -> None:
    # Imported here: a server that finds its database filled does not wait for what invents people.
    from feed.load import Stopped
    from feed.sample.opening import open_sample

    print("Inventing about sixty customers with two years of history …", flush=True)
    async with open_gateways(settings) as gateways:
        outcome = await open_sample(gateways, gateways.clock().astimezone(PARIS).date())
    if isinstance(outcome, Stopped):
        stop("\n".join(map(str, outcome.problems)))


def demo_login() -> list[str]:
    """The demonstration customer's login, to print."""
    return [
        f"Demo number    {DEMO_NUMBER}",
        f"Demo code      {DEMO_CODE}",
        "Demo SMS       printed here, for a browser that signs in for the first time",
    ]


async def open_session(settings: Settings, identifier: str | None) -> str:
    """Open a real session for a customer, and give the cookie to send with a request."""
    file = None if settings.is_production else file_of(settings.database_url)
    if file is None:
        stop("sign-in works in development on the embedded database only.")
    number = _number(identifier or DEMO_NUMBER)
    if not file.exists():
        stop(f"{file} is not there: `portal serve` makes it and fills it.")
    async with open_database(settings.database_url), open_gateways(settings) as gateways:
        await check_migrated()
        found = await models.Identifier.get_or_none(number=number)
        if found is None:
            stop("Nobody has this identifier. `portal sample` fills an empty database.")
        now = gateways.clock()
        opened = await sessions.open_session(
            gateways,
            found.customer_id,
            strong_at=now,
            sms_at=now,
            code_at=now,
            label="portal sign-in",
            accessible=True,
        )
    return f"session={opened.cookie.token}"


async def check_migrated() -> None:
    """Stop where tables are missing or out of date."""
    if pending := await pending_migrations():
        stop(f"The database lacks {', '.join(pending)}: run `portal migrate` first.")


def _number(text: str) -> str:
    for read in (identifiers.card_or_credit_number(text), identifiers.file_number(text)):
        if not isinstance(read, Malformed):
            return read.value
    stop("An identifier is 17 digits that begin 3060, or a file number.")
