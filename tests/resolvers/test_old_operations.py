"""Operations of before 90 days: shown to a session in which a code by SMS was given, hidden from others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import models
from domain.assurance import Assurance
from gateways import Gateways
from models.keysets import Key, Page, Slice
from resolvers import operations
from resolvers.operations import Filter, Sight, Sorting, TooOld, in_sight, within_sight
from tests import cast
from tests.conftest import Clock
from tests.levels import signed_in_at

FIRST = date(2026, 3, 17)  # 90 days before the cast's day
DAY = timedelta(days=1)
SHORT = [Assurance.CODE_ONLY, Assurance.STRONG]
ENOUGH = [Assurance.STRONG_IN_SESSION, Assurance.STRONG_RECENT]


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


async def read_all(ledger: Ledger, sight: Sight) -> Answered:
    owner, contracts, statements = ledger.owner.id, [ledger.contract.id], [ledger.statement.id]
    newest, ten = Sorting.NEWEST_FIRST, Slice(10)
    return Answered(
        ids(await operations.page_for_customer(owner, sight, newest, ten)),
        ids(*await operations.pages_by_contract(owner, sight, newest, ten, contracts)),
        ids(*await operations.pages_by_statement(owner, sight, ten, statements)),
        (
            await operations.count_for_customer(owner, sight),
            *await operations.counts_by_contract(owner, sight, contracts),
            *await operations.counts_by_statement(owner, sight, statements),
        ),
    )


def rows(*some: models.Operation) -> set[int]:
    return {row.id for row in some}


@pytest.mark.parametrize("known", SHORT)
async def test_a_session_short_of_it_sees_90_days(
    database: str, gateways: Gateways, known: Assurance
) -> None:
    """The day itself is the first one seen, by the day of the operation and not of its booking."""
    ledger = await Ledger.write()
    sight = await within_sight(await signed_in_at(gateways, ledger.owner, known), Filter())
    assert isinstance(sight, Sight)
    assert sight.hidden_before == FIRST
    seen = rows(ledger.open, ledger.open_pending)
    assert await read_all(ledger, sight) == Answered(seen, seen, rows(ledger.open), (2, 2, 1))


@pytest.mark.parametrize("known", ENOUGH)
async def test_a_code_by_sms_given_in_the_session_opens_the_rest(
    database: str, gateways: Gateways, known: Assurance
) -> None:
    ledger = await Ledger.write()
    sight = await within_sight(await signed_in_at(gateways, ledger.owner, known), Filter())
    assert sight == Sight(Filter(), None)
    seen = rows(ledger.old, ledger.old_pending, ledger.open, ledger.open_pending)
    assert await read_all(ledger, sight) == Answered(seen, seen, rows(ledger.old, ledger.open), (4, 4, 2))


@pytest.mark.parametrize("sorting", Sorting)
async def test_a_cursor_of_an_older_page_gives_nothing_older(
    database: str, gateways: Gateways, sorting: Sorting
) -> None:
    """Nor does a page from the end."""
    ledger = await Ledger.write()
    sight = await within_sight(await signed_in_at(gateways, ledger.owner, Assurance.STRONG), Filter())
    assert isinstance(sight, Sight)
    value = {"occurred_on": FIRST - DAY, "amount_cents": 1_250}[sorting.value.column]
    parts = [
        Slice(10, after=Key(value, ledger.old.id)),
        Slice(10, before=Key(value, ledger.old.id)),
        Slice(10, backward=True),
        Slice(10, backward=True, before=Key(value, ledger.old.id)),
    ]
    seen = [ids(await operations.page_for_customer(ledger.owner.id, sight, sorting, part)) for part in parts]
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
    sight = await within_sight(await signed_in_at(gateways, ledger.owner, Assurance.STRONG), only)
    assert isinstance(sight, Sight)
    seen = (await read_all(ledger, sight)).listed
    assert (seen, sight.hidden_before) == (rows(*(getattr(ledger, name) for name in found)), FIRST)


async def test_a_filter_that_begins_before_needs_more(database: str, gateways: Gateways) -> None:
    ledger = await Ledger.write()
    only = Filter(occurred_from=FIRST - DAY)
    for known in SHORT:
        context = await signed_in_at(gateways, ledger.owner, known)
        assert await within_sight(context, only) == TooOld(Assurance.STRONG_IN_SESSION)
    for known in ENOUGH:
        context = await signed_in_at(gateways, ledger.owner, known)
        assert await within_sight(context, only) == Sight(only, None)


async def test_one_operation(database: str, gateways: Gateways) -> None:
    ledger = await Ledger.write()
    short = await signed_in_at(gateways, ledger.owner, Assurance.STRONG)
    enough = await signed_in_at(gateways, ledger.owner, Assurance.STRONG_IN_SESSION)
    for row in (ledger.old, ledger.old_pending):
        assert await in_sight(short, row) == TooOld(Assurance.STRONG_IN_SESSION)
        assert await in_sight(enough, row) == row
    for row in (ledger.open, ledger.open_pending):
        assert await in_sight(short, row) == row


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
    context = await signed_in_at(gateways, await cast.ines(), Assurance.STRONG)
    sight = await within_sight(context, Filter())
    assert isinstance(sight, Sight)
    assert sight.hidden_before == hidden_before


async def test_who_has_no_session_sees_least(database: str, gateways: Gateways) -> None:
    """Nobody reads operations without one; should a reader ever forget to ask, this is what it gets."""
    provisional = await signed_in_at(gateways, await cast.ines(), Assurance.PROVISIONAL)
    sight = await within_sight(provisional, Filter())
    assert isinstance(sight, Sight)
    assert sight.hidden_before == FIRST
