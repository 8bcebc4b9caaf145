"""Every reader of customers' rows, asked for one customer while the operation is another's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

import models
from gateways import Gateways
from models.keysets import Slice
from models.owned import ForeignRow, keep_to, one_customer
from resolvers import access_log, contracts, devices, operations, profiles, sessions, statements
from resolvers.context import Context
from resolvers.loaders import Loaders
from resolvers.operations import Filter, Sight, Sorting
from resolvers.rows import rows_by_id
from tests import cast
from tests.conftest import NOON
from tests.following import told_of

ALL, NEWEST, FIVE = Sight(Filter(), None), Sorting.NEWEST_FIRST, Slice(5)


@dataclass(frozen=True)
class Hers:
    """Camille's, one row of each kind."""

    context: Context
    id: int
    contract: int
    statement: int
    rows: tuple[models.Contract, ...]

    @classmethod
    async def make(cls, gateways: Gateways) -> Hers:
        owner = await cast.camille()
        credit = await cast.contract(owner)
        listed = await cast.statement(credit)
        for make in (cast.card, cast.instalment):
            await make(credit)
        await told_of(await cast.operation(credit, statement_id=listed.id))
        await cast.confirmation(gateways, owner)
        context = await cast.signed_in(gateways, owner)
        await models.AuditEvent.record(owner.id, "SIGNED_IN", NOON, gateways.vault.seal)
        return cls(context, owner.id, credit.id, listed.id, (credit,))


READERS: dict[str, Callable[[Hers], Awaitable[Any]]] = {
    "customer": lambda hers: profiles.read(hers.id),
    "pending changes": lambda hers: profiles.pending_changes(hers.context, hers.id),
    "contracts": lambda hers: contracts.list_for_customer(hers.id),
    "cards": lambda hers: contracts.cards_by_contract(hers.id, [hers.contract]),
    "schedules": lambda hers: contracts.schedules_by_contract(hers.id, [hers.contract]),
    "next instalments": lambda hers: contracts.next_instalments(hers.id, [hers.contract]),
    "operations": lambda hers: operations.page_for_customer(hers.id, ALL, NEWEST, FIVE),
    "operations of contracts": lambda hers: operations.pages_by_contract(
        hers.id, ALL, NEWEST, FIVE, [hers.contract, 1]
    ),
    "operations of statements": lambda hers: operations.pages_by_statement(
        hers.id, ALL, FIVE, [hers.statement]
    ),
    "statements": lambda hers: statements.page_for_customer(hers.id, None, None, FIVE),
    "statements of contracts": lambda hers: statements.pages_by_contract(
        hers.id, None, FIVE, [1, hers.contract]
    ),
    "rows": lambda hers: rows_by_id(models.Contract, hers.id, [hers.contract]),
    "rows through a loader": lambda hers: Loaders().load(
        rows_by_id, models.Contract, hers.id, key=hers.contract
    ),
    "sessions": lambda hers: sessions.open_ones(hers.context, hers.id),
    "devices": lambda hers: devices.list_for_customer(hers.id),
    "news": lambda hers: models.News.beyond(hers.id, 0, 5),
    "access log": lambda hers: access_log.page_for_customer(hers.id, FIVE),
}


@pytest.mark.parametrize("_reader", READERS)
async def test_what_is_anothers_is_not_read(database: str, gateways: Gateways, _reader: str) -> None:
    read, hers, other = READERS[_reader], await Hers.make(gateways), await cast.marc()
    with one_customer():
        keep_to(hers.id)
        assert await read(hers)
        keep_to(other.id)
        with pytest.raises(ForeignRow):
            await read(hers)


async def test_the_session_tells_for_whom_an_operation_is(database: str, gateways: Gateways) -> None:
    hers, other = await Hers.make(gateways), await cast.marc()
    with one_customer():
        assert await hers.context.viewer() is not None
        with pytest.raises(ForeignRow):
            await profiles.read(other.id)


async def test_a_session_that_is_none_lets_nothing_be_read(context: Context, gateways: Gateways) -> None:
    other = await cast.marc()
    for token in ("", "x", await forged(gateways)):
        stranger = Context(gateways=gateways, address="192.0.2.1", session_token=token)
        with one_customer():
            assert await stranger.viewer() is None
            with pytest.raises(ForeignRow):
                await profiles.read(other.id)


async def forged(gateways: Gateways) -> str:
    """Camille's cookie with another secret."""
    customer, _, _ = (await cast.session_token(gateways, await cast.camille())).partition(".")
    return f"{customer}.{gateways.vault.token()}"
