"""Reading a customer's contracts and what hangs on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

import models
from models.keysets import Order, Slice, read_pages

SOONEST_FIRST = Order("due_on", descending=False)


async def list_for_customer(
    customer_id: int,
    kinds: Collection[models.ContractKind] | None = None,
    statuses: Collection[models.ContractStatus] | None = None,
) -> list[models.Contract]:
    """Contracts in force first, then by day of signature, newest first."""
    rows = models.Contract.owned_by(customer_id)
    if kinds is not None:
        rows = rows.filter(kind__in=list(kinds))
    if statuses is not None:
        rows = rows.filter(status__in=list(statuses))
    found = await rows.order_by("-signed_on", "-id")
    return sorted(found, key=lambda row: row.status is models.ContractStatus.CLOSED)


async def cards_by_contract(customer_id: int, contract_ids: list[int]) -> list[Sequence[models.Card]]:
    """Cards of each contract, the one that lasts longest first."""
    cards: dict[int, list[models.Card]] = defaultdict(list)
    for row in (
        await models.Card.owned_by(customer_id).filter(contract_id__in=contract_ids).order_by("-expires_on")
    ):
        cards[row.contract_id].append(row)
    return [cards[contract_id] for contract_id in contract_ids]


async def schedules_by_contract(
    customer_id: int, contract_ids: list[int]
) -> list[Sequence[models.Instalment]]:
    """All instalments of each contract in the order they fall due (C. conso. R312-10)."""
    schedules: dict[int, list[models.Instalment]] = defaultdict(list)
    rows = models.Instalment.owned_by(customer_id).filter(contract_id__in=contract_ids)
    for row in await rows.order_by("contract_id", "due_on", "number"):
        schedules[row.contract_id].append(row)
    return [schedules[contract_id] for contract_id in contract_ids]


async def next_instalments(customer_id: int, contract_ids: list[int]) -> list[models.Instalment | None]:
    """The next instalment to come of each contract: those missed are told by the overdue amount."""
    upcoming = models.Instalment.owned_by(customer_id).filter(status=models.InstalmentStatus.UPCOMING)
    parents = {key: upcoming.filter(contract_id=key) for key in contract_ids}
    pages = await read_pages(parents, lambda row: row.contract_id, SOONEST_FIRST, Slice(1))
    return [next(iter(pages[key].rows), None) for key in contract_ids]


def available_cents(contract: models.Contract) -> int:
    """What can be drawn now: the limit less what is owed, nothing while the line is suspended or closed."""
    drawable = contract.status in (models.ContractStatus.ACTIVE, models.ContractStatus.LATE)
    return max(0, (contract.credit_limit_cents or 0) - contract.outstanding_cents) if drawable else 0
