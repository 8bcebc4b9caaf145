"""Statements (relevés), of a contract and of all contracts together."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry

import models
from engine.errors import Refusal
from engine.planning.connections import PAGE, After, Before, Connection, First, Last, slice_of
from engine.planning.fields import column
from engine.planning.keysets import Order, Part
from engine.planning.relations import one, page
from resolvers.context import Viewer
from schema import ids
from schema.access_rules import guarded_by
from schema.costs import LOADED, PAGED, READ
from schema.enums import Assurance
from schema.nodes import Node
from schema.operations import OperationConnection, newest
from schema.scalars import Money, Rate

if TYPE_CHECKING:
    from schema.contracts import Contract

NEWEST_FIRST = Order("closed_on")

Year = Annotated[
    int | None,
    strawberry.argument(description="Only statements closed in this year of the calendar, 1900 to 2200"),
]
ContractId = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Only statements of the contract with this `id`"),
]


@strawberry.type(description="Periodic statement of a contract (C. conso. L312-71), unchanging once closed")
class Statement(Node):
    row: strawberry.Private[models.Statement]
    id: strawberry.ID = ids.column(ids.Kind.STATEMENT)
    number: int = column("number", description="Position among the statements of the contract, from 1")
    opened_on: date = column("opened_on", description="First day of the period")
    closed_on: date = column("closed_on", description="Last day of the period")
    payment_on: date | None = column(
        "payment_on", description="Day the instalment is collected, after the period; null where none is"
    )
    opening_balance: Money = column(
        "opening_balance_cents",
        description="Balance at the beginning of the period; positive is what the customer owes",
    )
    closing_balance: Money = column(
        "closing_balance_cents",
        description="Opening balance plus the signed amounts of the statement's operations",
    )
    credit_limit: Money | None = column(
        "credit_limit_cents",
        description="Most that may be owed at once, on the closing day; null without a limit",
    )
    available_credit: Money | None = column(
        "available_cents",
        description="Part of the limit that can still be drawn, on the closing day; null without a limit",
    )
    instalment: Money | None = column(
        "instalment_cents", description="Instalment that this statement asks for; null where it asks for none"
    )
    instalment_interest: Money | None = column(
        "instalment_interest_cents",
        description="Part of the instalment that is interest; null where it is not known",
    )
    insurance: Money | None = column(
        "insurance_cents",
        description="Cost of the payment insurance for the period, null without insurance",
    )
    total_due: Money | None = column(
        "total_due_cents",
        description="Instalment and what is overdue, together; null where it is not known",
    )
    apr: Rate | None = column(
        "apr_yearly",
        description="Annual percentage rate of charge (TAEG) on the closing day; null where it is not known",
    )
    contract: Annotated[Contract, strawberry.lazy("schema.contracts")] = one(
        "contract_id", description="Contract that the statement is of", directives=[LOADED]
    )
    operations: OperationConnection = page(
        newest,
        on="statement_id",
        description="Operations that the statement lists, newest first",
        directives=[PAGED, PAGE],
    )


@strawberry.type(description="One page of statements")
class StatementConnection(Connection[Statement]):
    pass


def closed_in(
    _viewer: Viewer,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    year: Year = None,
) -> Part:
    """A page of the statements closed in a year, or ever."""
    return Part(
        conditions=_within(year),
        order=NEWEST_FIRST,
        slice=slice_of(NEWEST_FIRST, first, after, last, before),
    )


def closed_on_contract(
    viewer: Viewer,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    year: Year = None,
    contract_id: ContractId = None,
) -> Part:
    """The same, of one contract or of all."""
    named = None if contract_id is None else ids.row_of(viewer.customer_id, contract_id, ids.Kind.CONTRACT)
    part = closed_in(viewer, first, after, last, before, year)
    return part if named is None else replace(part, conditions=(("contract_id", named), *part.conditions))


def _within(year: int | None) -> tuple[tuple[str, date], ...]:
    """The first and last day of a year the calendar has, or a refusal with code BAD_USER_INPUT."""
    if year is None:
        return ()
    if 1900 <= year <= 2200:
        return ("closed_on__gte", date(year, 1, 1)), ("closed_on__lte", date(year, 12, 31))
    raise Refusal(f"`year` lies between 1900 and 2200, {year} does not", "BAD_USER_INPUT")


@strawberry.type
class StatementQueries:
    statements: StatementConnection | None = page(
        closed_on_contract,
        description="Statements of the signed-in customer over all contracts, newest first",
        **guarded_by(Assurance.STRONG, directives=[READ, PAGE]),
    )
