"""A customer's contracts, their cards, schedules and next instalments."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from models import ContractKind, ContractStatus, InstalmentStatus
from resolvers import contracts
from tests import cast
from tests.cast import TODAY
from tests.recording import recorded


async def test_contracts_in_force_come_first_then_the_newest(database: str) -> None:
    owner = await cast.ines()
    closed: dict[str, Any] = {"status": ContractStatus.CLOSED, "closed_on": TODAY}
    rows = [
        await cast.contract(owner, signed_on=TODAY, **closed),
        await cast.contract(owner, signed_on=TODAY - timedelta(days=2), status=ContractStatus.LATE),
        await cast.contract(owner, signed_on=TODAY - timedelta(days=1), status=ContractStatus.SUSPENDED),
        await cast.contract(owner, signed_on=TODAY - timedelta(days=1)),
    ]
    await cast.contract(await cast.marc())
    assert await contracts.list_for_customer(owner.id) == [rows[index] for index in (3, 2, 1, 0)]


async def test_kinds_and_statuses_narrow_the_list(database: str) -> None:
    owner = await cast.ines()
    rows = {kind: await cast.contract(owner, kind) for kind in ContractKind}
    await cast.contract(owner, ContractKind.CARD_ACCOUNT, status=ContractStatus.SUSPENDED)
    wanted = [ContractKind.CARD_ACCOUNT, ContractKind.PERSONAL_LOAN]
    found = await contracts.list_for_customer(owner.id, wanted, [ContractStatus.ACTIVE])
    assert {row.id for row in found} == {rows[kind].id for kind in wanted}
    assert await contracts.list_for_customer(owner.id, [], None) == []
    assert await contracts.list_for_customer(owner.id, None, []) == []


async def test_each_contract_gets_its_own_cards_and_schedule(database: str) -> None:
    owner = await cast.ines()
    first, second, bare = [await cast.contract(owner) for _ in range(3)]
    old = await cast.card(first, expires_on=date(2027, 1, 31))
    new, other = await cast.card(first, expires_on=date(2029, 1, 31)), await cast.card(second)
    due = [await cast.instalment(first, number) for number in (2, 1)]
    ids = [second.id, bare.id, first.id]
    async with recorded() as sent:
        assert await contracts.cards_by_contract(owner.id, ids) == [[other], [], [new, old]]
        assert await contracts.schedules_by_contract(owner.id, ids) == [[], [], due[::-1]]
    assert len(sent.statements) == 2


async def test_the_next_instalment_is_the_first_to_come(database: str) -> None:
    owner = await cast.ines()
    loan, done, other = [await cast.contract(owner, ContractKind.PERSONAL_LOAN) for _ in range(3)]
    for number, status in ((1, InstalmentStatus.PAID), (2, InstalmentStatus.MISSED)):
        paid_on = TODAY if status is InstalmentStatus.PAID else None
        await cast.instalment(loan, number, status=status, paid_on=paid_on)
    await cast.instalment(loan, 4)
    soonest, others = await cast.instalment(loan, 3), await cast.instalment(other)
    await cast.instalment(done, status=InstalmentStatus.DEFERRED)
    async with recorded() as sent:
        found = await contracts.next_instalments(owner.id, [other.id, done.id, loan.id])
    assert found == [others, None, soonest]
    assert len(sent.statements) == 1


@pytest.mark.parametrize(
    ("_case", "columns", "available_cents"),
    [
        ("drawn in part", {}, 180_000),
        ("late", {"status": "LATE", "overdue_cents": 1}, 180_000),
        ("over the limit", {"outstanding_cents": 300_001}, 0),
        ("no limit", {"credit_limit_cents": None}, 0),
        ("in credit", {"outstanding_cents": -100}, 300_100),
        ("suspended", {"status": "SUSPENDED"}, 0),
        ("closed", {"status": "CLOSED", "closed_on": TODAY, "outstanding_cents": 0}, 0),
    ],
)
async def test_what_can_be_drawn(
    database: str, _case: str, columns: dict[str, Any], available_cents: int
) -> None:
    row = await cast.contract(await cast.ines(), **columns)
    (kept,) = await contracts.list_for_customer(row.customer_id)
    assert contracts.available_cents(kept) == available_cents
