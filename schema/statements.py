"""Statements (relevés), of a contract and of all contracts together."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry

import models
from engine.errors import Refusal
from resolvers import operations, statements
from resolvers.rows import rows_by_id
from schema import ids
from schema.access_rules import guarded
from schema.costs import LOADED, PAGED, READ
from schema.enums import Assurance, Sorting
from schema.nodes import Node
from schema.operations import Operation, OperationConnection, sight_of
from schema.pages import PAGE, After, Before, Connection, First, Last, Window, slice_of
from schema.scalars import Money, Rate, money, rate
from schema.viewers import Info, signed_in

if TYPE_CHECKING:
    from schema.contracts import Contract

Year = Annotated[
    int | None,
    strawberry.argument(description="Only statements closed in this year of the calendar, 1900 to 2200"),
]


@strawberry.type(description="Periodic statement of a contract (C. conso. L312-71), unchanging once closed")
class Statement(Node):
    row: strawberry.Private[models.Statement]
    number: int = strawberry.field(description="Position among the statements of the contract, from 1")
    opened_on: date = strawberry.field(description="First day of the period")
    closed_on: date = strawberry.field(description="Last day of the period")
    payment_on: date | None = strawberry.field(
        description="Day the instalment is collected, after the period; null where none is"
    )
    opening_balance: Money = strawberry.field(
        description="Balance at the beginning of the period; positive is what the customer owes"
    )
    closing_balance: Money = strawberry.field(
        description="Opening balance plus the signed amounts of the statement's operations"
    )
    credit_limit: Money | None = strawberry.field(
        description="Most that may be owed at once, on the closing day; null without a limit"
    )
    available_credit: Money | None = strawberry.field(
        description="Part of the limit that can still be drawn, on the closing day; null without a limit"
    )
    instalment: Money | None = strawberry.field(
        description="Instalment that this statement asks for; null where it asks for none"
    )
    instalment_interest: Money | None = strawberry.field(
        description="Part of the instalment that is interest; null where it is not known"
    )
    insurance: Money | None = strawberry.field(
        description="Cost of the payment insurance for the period, null without insurance"
    )
    total_due: Money | None = strawberry.field(
        description="Instalment and what is overdue, together; null where it is not known"
    )
    apr: Rate | None = strawberry.field(
        description="Annual percentage rate of charge (TAEG) on the closing day; null where it is not known"
    )

    @classmethod
    def of(cls, row: models.Statement) -> Statement:
        return cls(
            id=ids.encoded(ids.Kind.STATEMENT, row.customer_id, row.id),
            row=row,
            number=row.number,
            opened_on=row.opened_on,
            closed_on=row.closed_on,
            payment_on=row.payment_on,
            opening_balance=money(row.opening_balance_cents),
            closing_balance=money(row.closing_balance_cents),
            credit_limit=money(row.credit_limit_cents),
            available_credit=money(row.available_cents),
            instalment=money(row.instalment_cents),
            instalment_interest=money(row.instalment_interest_cents),
            insurance=money(row.insurance_cents),
            total_due=money(row.total_due_cents),
            apr=rate(row.apr_yearly),
        )

    @strawberry.field(description="Contract that the statement is of", directives=[LOADED])
    async def contract(self, info: Info) -> Annotated[Contract, strawberry.lazy("schema.contracts")]:
        from schema.contracts import contract_of

        row = self.row
        contract = await info.context.loaders.load(
            rows_by_id, models.Contract, row.customer_id, key=row.contract_id
        )
        assert contract is not None, "a foreign key keeps the contract there"
        return contract_of(contract)

    @strawberry.field(
        description="Operations that the statement lists, newest first", directives=[PAGED, PAGE]
    )
    async def operations(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> OperationConnection:
        order, load, row = Sorting.NEWEST_FIRST.value, info.context.loaders.load, self.row
        sight = await sight_of(info, row.customer_id)
        part = slice_of(order, first, after, last, before)
        page = await load(operations.pages_by_statement, row.customer_id, sight, part, key=row.id)
        return OperationConnection.of(
            page,
            order,
            Operation.of,
            count=lambda: load(operations.counts_by_statement, row.customer_id, sight, key=row.id),
            hidden_before=sight.hidden_before,
        )


@strawberry.type(description="One page of statements")
class StatementConnection(Connection[Statement]):
    pass


def year_of(year: int | None) -> int | None:
    """A year the calendar has, or a refusal with code BAD_USER_INPUT."""
    if year is None or 1900 <= year <= 2200:
        return year
    raise Refusal(f"`year` lies between 1900 and 2200, {year} does not", "BAD_USER_INPUT")


@strawberry.type
class StatementQueries:
    @guarded(
        description="Statements of the signed-in customer over all contracts, newest first",
        assurance=Assurance.STRONG,
        directives=[READ, PAGE],
    )
    async def statements(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        year: Year = None,
        contract_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Only statements of the contract with this `id`"),
        ] = None,
    ) -> StatementConnection | None:
        viewer = await signed_in(info)
        mine = viewer.customer_id
        contract = None if contract_id is None else ids.row_of(mine, contract_id, ids.Kind.CONTRACT)
        return await statements_of(mine, contract, year, (first, after, last, before))


async def statements_of(
    customer_id: int, contract_id: int | None, year: int | None, window: Window
) -> StatementConnection:
    """A page of a customer's statements, of one contract or of all."""
    order, closed_in = statements.NEWEST_FIRST, year_of(year)
    page = await statements.page_for_customer(customer_id, contract_id, closed_in, slice_of(order, *window))
    return StatementConnection.of(
        page,
        order,
        Statement.of,
        count=lambda: statements.count_for_customer(customer_id, contract_id, closed_in),
    )
