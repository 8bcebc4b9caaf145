"""The sample customers: put into an empty database, and a session opened for one of them."""

from __future__ import annotations

import models
from commands.line import stop
from domain import identifiers
from domain.identifiers import Malformed
from feed.load import Stopped
from feed.sample.customers import DEMO_NUMBER
from feed.sample.opening import DEMO_CODE, open_sample
from gateways import open_gateways
from gateways.settings import Settings
from models.backends.opening import file_of, open_database
from resolvers import sessions


async def open_samples(settings: Settings) -> list[str]:
    """Fill an empty database, and say how to sign in. A database with customers is left as it is."""
    async with open_database(settings.database_url):
        customers = await models.Customer.all().count()
        has_demo = await models.Identifier.exists(number=DEMO_NUMBER)
    if has_demo:
        return demo_login()
    if customers:
        return [f"{customers:,} customers in the database, none of them sample customers"]
    print("Inventing about sixty customers with two years of history …", flush=True)
    async with open_gateways(settings) as gateways:
        outcome = await open_sample(gateways, gateways.clock().date())
    if isinstance(outcome, Stopped):
        stop("\n".join(map(str, outcome.problems)))
    return demo_login()


def demo_login() -> list[str]:
    """The demonstration customer's login, to print."""
    return [f"Demo number    {DEMO_NUMBER}", f"Demo code      {DEMO_CODE}"]


async def open_session(settings: Settings, identifier: str | None) -> str:
    """Open a real session for a customer, and give the cookie to send with a request."""
    if settings.is_production or file_of(settings.database_url) is None:
        stop("sign-in works in development on the embedded database only")
    number = _number(identifier or DEMO_NUMBER)
    async with open_database(settings.database_url), open_gateways(settings) as gateways:
        found = await models.Identifier.get_or_none(number=number)
        if found is None:
            stop("nobody has this identifier: `portal sample` fills an empty database")
        cookie = await sessions.open_session(gateways, found.customer_id, models.Assurance.CODE_ONLY)
    return f"session={cookie.token}"


def _number(text: str) -> str:
    for read in (identifiers.card_or_credit_number(text), identifiers.file_number(text)):
        if not isinstance(read, Malformed):
            return read.value
    stop("an identifier is 17 digits that begin 3060, or a file number")
