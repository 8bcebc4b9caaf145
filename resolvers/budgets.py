"""What an operation is charged, and to whom: staff by name, customers by account, others by their network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.networks import network_of
from models.backends.errors import DatabaseTrouble
from resolvers.context import Context

SMALL_PART = 1_000  # of a budget


@dataclass(frozen=True, slots=True)
class Charge:
    """Points of an operation, and what is left of its caller's budget until it is full again."""

    requested: int
    limit: int
    remaining: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class OverBudget(Charge):
    """The points did not fit in what is left, and were not charged."""


async def charge(context: Context, points: int) -> Charge:
    """Charge an operation to its caller and keep the charge; `OverBudget` where it does not fit."""
    key, limit = await _caller(context)
    budgets = context.gateways.budgets
    spent = budgets.spend_now(key, points, limit) or await budgets.spend(key, points, limit)
    made = Charge if spent.granted else OverBudget
    context.charge = made(points, limit, spent.remaining, spent.resets_at)
    return context.charge


def can_afford(context: Context, customer_id: int, points: int) -> bool:
    """Whether a customer has so many points left, as far as is known without asking anybody.

    What costs next to nothing is not asked for: refusing it would read as much.
    """
    limit = context.gateways.settings.budget_of_customers
    if points * SMALL_PART <= limit:
        return True
    left = context.gateways.budgets.spend_now(_key_of(customer_id), 0, limit)
    return left is None or left.remaining >= points


async def charged(context: Context) -> Charge:
    """What the operation was charged; for one that nobody charged, the budget as it is."""
    return context.charge or await charge(context, 0)


async def _caller(context: Context) -> tuple[str, int]:
    """Who pays, and how many points they may spend. Looking at the session does not prolong it."""
    settings = context.gateways.settings
    if context.staff is not None:
        return f"staff {context.staff.subject}", settings.budget_of_staff
    customer_id = await _customer_of(context)
    if customer_id is not None:
        return _key_of(customer_id), settings.budget_of_customers
    return f"network {network_of(context.address)}", settings.budget_of_strangers


def _key_of(customer_id: int) -> str:
    return f"customer {customer_id}"


async def _customer_of(context: Context) -> int | None:
    """The signed-in customer. Who only chooses a new code may not spend what is the customer's."""
    if context.customer_id is not None:
        return context.customer_id
    try:
        row = await context.session()
    except DatabaseTrouble:
        return None  # what needs no database is still answered
    return None if row is None or row.provisional else int(row.customer_id)
