"""Operations of before 90 days: shown to a session in which a code by SMS was given, hidden from others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import models
from domain.assurance import Assurance
from engine.planning import ordinary
from engine.planning.keysets import Key, Order, Page, Part, Slice
from gateways import Gateways
from resolvers.context import Viewer
from resolvers.operations import Filter, Sight, TooOld, in_sight, within_sight
from tests import cast
from tests.conftest import Clock
from tests.levels import signed_in_at

FIRST = date(2026, 3, 17)  # 90 days before the cast's day
DAY = timedelta(days=1)
SHORT = [Assurance.CODE_ONLY, Assurance.STRONG]
ENOUGH = [Assurance.STRONG_IN_SESSION, Assurance.STRONG_RECENT]
NEWEST_FIRST, TEN = Order("occurred_on"), Slice(10)
ORDERS = [
    Order(column, descending) for column in ("occurred_on", "amount_cents") for descending in (True, False)
]


@dataclass(frozen=True)
class Ledger:
    """A contract with an operation on each side of the first day that is open, one of them pending."""

    owner: models.Customer
    contract: models.Contract
    statement: models.Statement
    old: models.Operation
    old_pending: models.Operation
    open: models.Operation
    open_pending: models.Operation

    @classmethod
    async def write(cls) -> Ledger:
        owner = await cast.camille()
        contract = await cast.contract(owner)
        statement = await cast.statement(contract)
        pending: dict[str, Any] = {"status": models.OperationStatus.PENDING, "booked_on": None}
        return cls(
            owner,
            contract,
            statement,
            await cast.operation(contract, occurred_on=FIRST - DAY, statement_id=statement.id),
            await cast.operation(contract, occurred_on=FIRST - DAY, amount_cents=1, **pending),
            await cast.operation(contract, occurred_on=FIRST, statement_id=statement.id),
            await cast.operation(contract, occurred_on=FIRST, amount_cents=1, **pending),
        )


@dataclass(frozen=True)
class Answered:
    """What all the readers of operations say."""

    listed: set[int]
    of_contract: set[int]
    of_statement: set[int]
    counts: tuple[int, ...]


def ids(*pages: Page[models.Operation]) -> set[int]:
    return {row.id for page in pages for row in page.rows}


async def viewer_at(gateways: Gateways, owner: models.Customer, known: Assurance) -> Viewer:
    """The customer in a session of this assurance."""
    viewer = await (await signed_in_at(gateways, owner, known)).viewer()
    assert viewer is not None
    return viewer


def part_of(sight: Sight, order: Order = NEWEST_FIRST, window: Slice = TEN) -> Part:
    return Part(conditions=sight.only.conditions(), order=order, slice=window)


async def read_all(ledger: Ledger, sight: Sight) -> Answered:
    table, owner, part = models.Operation, ledger.owner.id, part_of(sight)
    parents = {"contract_id": [ledger.contract.id], "statement_id": [ledger.statement.id]}
    pages = {on: await ordinary.pages_by(table, owner, on, part, some) for on, some in parents.items()}
    counts = [await ordinary.counts_by(table, owner, on, part, some) for on, some in parents.items()]
    return Answered(
        ids(await ordinary.page_of(table, owner, part)),
        ids(*pages["contract_id"]),
        ids(*pages["statement_id"]),
        (await ordinary.count_of(table, owner, part), *counts[0], *counts[1]),
    )


def rows(*some: models.Operation) -> set[int]:
    return {row.id for row in some}


@pytest.mark.parametrize("known", SHORT)
async def test_a_session_short_of_it_sees_90_days(
    database: str, gateways: Gateways, known: Assurance
) -> None:
    """The day itself is the first one seen, by the day of the operation and not of its booking."""
    ledger = await Ledger.write()
    sight = within_sight(await viewer_at(gateways, ledger.owner, known), Filter())
    assert isinstance(sight, Sight)
    assert sight.hidden_before == FIRST
    seen = rows(ledger.open, ledger.open_pending)
    assert await read_all(ledger, sight) == Answered(seen, seen, rows(ledger.open), (2, 2, 1))


@pytest.mark.parametrize("known", ENOUGH)
async def test_a_code_by_sms_given_in_the_session_opens_the_rest(
    database: str, gateways: Gateways, known: Assurance
) -> None:
    ledger = await Ledger.write()
    sight = within_sight(await viewer_at(gateways, ledger.owner, known), Filter())
    assert sight == Sight(Filter(), None)
    seen = rows(ledger.old, ledger.old_pending, ledger.open, ledger.open_pending)
    assert await read_all(ledger, sight) == Answered(seen, seen, rows(ledger.old, ledger.open), (4, 4, 2))


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "".join(order.names(False)[:1]))
async def test_a_cursor_of_an_older_page_gives_nothing_older(
    database: str, gateways: Gateways, order: Order
) -> None:
    """Nor does a page from the end."""
    ledger = await Ledger.write()
    sight = within_sight(await viewer_at(gateways, ledger.owner, Assurance.STRONG), Filter())
    assert isinstance(sight, Sight)
    value = {"occurred_on": FIRST - DAY, "amount_cents": 1_250}[order.column]
    windows = [
        Slice(10, after=Key(value, ledger.old.id)),
        Slice(10, before=Key(value, ledger.old.id)),
        Slice(10, backward=True),
        Slice(10, backward=True, before=Key(value, ledger.old.id)),
    ]
    owner = ledger.owner.id
    seen = [
        ids(await ordinary.page_of(models.Operation, owner, part_of(sight, order, window)))
        for window in windows
    ]
    assert set().union(*seen) == rows(ledger.open, ledger.open_pending)


@pytest.mark.parametrize(
    ("only", "found"),
    [
        (Filter(occurred_from=FIRST), ["open", "open_pending"]),
        (Filter(occurred_from=FIRST + DAY), []),
        (Filter(occurred_to=FIRST), ["open", "open_pending"]),
        (Filter(occurred_to=FIRST - DAY), []),
        (Filter(statuses=(models.OperationStatus.PENDING,)), ["open_pending"]),
        (Filter(text="achat"), ["open", "open_pending"]),
        (Filter(amount_max_cents=1), ["open_pending"]),
    ],
)
async def test_a_filter_finds_what_is_in_sight(
    database: str, gateways: Gateways, only: Filter, found: Sequence[str]
) -> None:
    ledger = await Ledger.write()
    sight = within_sight(await viewer_at(gateways, ledger.owner, Assurance.STRONG), only)
    assert isinstance(sight, Sight)
    seen = (await read_all(ledger, sight)).listed
    assert (seen, sight.hidden_before) == (rows(*(getattr(ledger, name) for name in found)), FIRST)


async def test_a_filter_that_begins_before_needs_more(database: str, gateways: Gateways) -> None:
    ledger = await Ledger.write()
    only = Filter(occurred_from=FIRST - DAY)
    for known in SHORT:
        viewer = await viewer_at(gateways, ledger.owner, known)
        assert within_sight(viewer, only) == TooOld(Assurance.STRONG_IN_SESSION)
    for known in ENOUGH:
        viewer = await viewer_at(gateways, ledger.owner, known)
        assert within_sight(viewer, only) == Sight(only, None)


async def test_one_operation(database: str, gateways: Gateways) -> None:
    ledger = await Ledger.write()
    short = await viewer_at(gateways, ledger.owner, Assurance.STRONG)
    enough = await viewer_at(gateways, ledger.owner, Assurance.STRONG_IN_SESSION)
    for row in (ledger.old, ledger.old_pending):
        assert in_sight(short, row) == TooOld(Assurance.STRONG_IN_SESSION)
        assert in_sight(enough, row) == row
    for row in (ledger.open, ledger.open_pending):
        assert in_sight(short, row) == row


@pytest.mark.parametrize(
    ("now", "hidden_before"),
    [
        (datetime(2026, 6, 15, 21, 59, tzinfo=UTC), FIRST),  # a minute to midnight in Paris
        (datetime(2026, 6, 15, 22, 0, tzinfo=UTC), FIRST + DAY),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), date(2026, 10, 3)),  # New Year in Paris
        (datetime(2028, 2, 29, 12, 0, tzinfo=UTC), date(2027, 12, 1)),
    ],
)
async def test_the_day_is_the_one_in_paris(
    database: str, gateways: Gateways, clock: Clock, now: datetime, hidden_before: date
) -> None:
    clock.now = now
    sight = within_sight(await viewer_at(gateways, await cast.ines(), Assurance.STRONG), Filter())
    assert isinstance(sight, Sight)
    assert sight.hidden_before == hidden_before


@pytest.mark.parametrize("known", Assurance)
async def test_who_is_not_sure_enough_sees_least(known: Assurance) -> None:
    """Nobody reads operations in a provisional session; should one ever, this is what it gets."""
    sight = within_sight(Viewer(1, known, cast.TODAY), Filter())
    assert isinstance(sight, Sight)
    assert sight.hidden_before == (None if known in ENOUGH else FIRST)
