"""Every reader of customers' rows, asked for one customer while the operation is another's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

import models
from engine.planning import ordinary
from engine.planning.keysets import Order, Part, Slice
from engine.planning.loaders import Loaders
from gateways import Gateways
from models.owned import ForeignRow, keep_to, one_customer
from resolvers import devices, profiles, sessions
from resolvers.context import Context
from tests import cast
from tests.conftest import NOON
from tests.following import told_of

ALL, FIVE = Part(), Part(order=Order("id"), slice=Slice(5))
ON = "contract_id"


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
    "a list": lambda hers: ordinary.list_of(models.Contract, hers.id, ALL),
    "a list that ends": lambda hers: ordinary.list_of(models.Contract, hers.id, FIVE),
    "lists": lambda hers: ordinary.lists_by(models.Card, hers.id, ON, ALL, [hers.contract]),
    "lists that end": lambda hers: ordinary.lists_by(models.Instalment, hers.id, ON, FIVE, [hers.contract]),
    "a page": lambda hers: ordinary.page_of(models.Operation, hers.id, FIVE),
    "pages": lambda hers: ordinary.pages_by(models.Operation, hers.id, ON, FIVE, [hers.contract, 1]),
    "pages of one": lambda hers: ordinary.pages_by(
        models.Operation, hers.id, "statement_id", FIVE, [hers.statement]
    ),
    "rows": lambda hers: ordinary.rows_by_id(models.Contract, hers.id, [hers.contract]),
    "her own row": lambda hers: ordinary.rows_by_id(models.Customer, hers.id, [hers.id]),
    "rows through a loader": lambda hers: Loaders().load(
        ordinary.rows_by_id, models.Contract, hers.id, key=hers.contract
    ),
    "sessions": lambda hers: sessions.open_ones(hers.context, hers.id),
    "devices": lambda hers: devices.list_for_customer(hers.id),
    "news": lambda hers: models.News.beyond(hers.id, 0, 5),
    "access log": lambda hers: ordinary.page_of(models.AuditEvent, hers.id, FIVE),
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
