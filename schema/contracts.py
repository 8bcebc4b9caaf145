"""Contracts: what all kinds share, and what each adds."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import strawberry

import models
from domain import privacy
from engine.documents.cost_directives import list_size
from resolvers import contracts, operations, statements
from schema import ids
from schema.access_rules import guarded
from schema.cards import Card
from schema.costs import LOADED, PAGED, READ
from schema.enums import Assurance, ContractKind, ContractStatus, Regime, Sorting, StatementDelivery
from schema.instalments import Instalment
from schema.nodes import Node
from schema.operations import FilterArgument, Operation, OperationConnection, OrderArgument, sight_of
from schema.pages import PAGE, After, Before, First, Last, slice_of
from schema.scalars import Money, Rate, money, rate
from schema.statements import Statement, StatementConnection, Year, year_of
from schema.viewers import Info, signed_in

# Lists without pages: how long they usually are.
CONTRACTS = list_size(10)
CARDS = list_size(3)
SCHEDULE = list_size(120)


@strawberry.type(description="How instalments are collected")
class DirectDebit:
    masked_iban: str | None = strawberry.field(
        description="IBAN of the account it is collected from, masked: FR•• •••• 0189; null without one"
    )
    day: int | None = strawberry.field(
        description="Day of the month on which it is collected, 1 to 31; null where none is set"
    )


@strawberry.type(description="Payment insurance of a contract")
class Insurance:
    label: str = strawberry.field(description="Commercial name of the insurance")
    monthly_cost: Money | None = strawberry.field(
        description="Cost of the insurance for a month; null where it is not known"
    )


@strawberry.interface(description="A credit agreement of the customer")
class Contract(Node):
    row: strawberry.Private[models.Contract]
    version: int = strawberry.field(
        description="Raised by each change of the contract, to tell whether a copy is old"
    )
    kind: ContractKind = strawberry.field(description="Product of the contract")
    status: ContractStatus = strawberry.field(description="State of the contract")
    regime: Regime = strawberry.field(description="Consumer-credit law the contract is under")
    label: str = strawberry.field(description="Commercial name of the contract")
    masked_number: str = strawberry.field(
        description="Account number, masked: 3060 •••• •••• •0600; without one, file number: •••• 0917"
    )
    currency: str = strawberry.field(
        description="Currency of every amount of the contract, three capital letters (ISO 4217): EUR"
    )
    signed_on: date = strawberry.field(description="Day the contract was signed")
    closed_on: date | None = strawberry.field(description="Day the contract ended, null while it has not")
    apr: Rate | None = strawberry.field(
        description="Annual percentage rate of charge (TAEG), a fraction; null where it is not known"
    )
    borrowing_rate: Rate | None = strawberry.field(
        description="Yearly rate at which interest runs (taux débiteur), a fraction; null where not known"
    )
    outstanding_principal: Money = strawberry.field(description="Principal still to be repaid")
    overdue: Money = strawberry.field(description="Sum of the instalments missed, 0.00 where none is")
    direct_debit: DirectDebit = strawberry.field(description="How instalments are collected")
    insurance: Insurance | None = strawberry.field(description="Payment insurance, if any was taken")
    statement_delivery: StatementDelivery = strawberry.field(description="How statements reach the customer")

    @strawberry.field(description="Next instalment to come, null when none is", directives=[LOADED])
    async def next_instalment(self, info: Info) -> Instalment | None:
        load = info.context.loaders.load
        row = await load(contracts.next_instalments, self.row.customer_id, key=self.row.id)
        return None if row is None else Instalment.of(row)

    @strawberry.field(description="Statements of the contract, newest first", directives=[PAGED, PAGE])
    async def statements(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        year: Year = None,
    ) -> StatementConnection:
        order, load, row = statements.NEWEST_FIRST, info.context.loaders.load, self.row
        part, closed_in = slice_of(order, first, after, last, before), year_of(year)
        page = await load(statements.pages_by_contract, row.customer_id, closed_in, part, key=row.id)
        return StatementConnection.of(
            page,
            order,
            Statement.of,
            count=lambda: load(statements.counts_by_contract, row.customer_id, closed_in, key=row.id),
        )

    @strawberry.field(
        description="Operations of the contract, newest first unless `order` says otherwise",
        directives=[PAGED, PAGE],
    )
    async def operations(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: FilterArgument = None,
        order: OrderArgument = Sorting.NEWEST_FIRST,
    ) -> OperationConnection:
        load, row = info.context.loaders.load, self.row
        sight = await sight_of(info, row.customer_id, filter)
        part = slice_of(order.value, first, after, last, before)
        page = await load(operations.pages_by_contract, row.customer_id, sight, order, part, key=row.id)
        return OperationConnection.of(
            page,
            order.value,
            Operation.of,
            count=lambda: load(operations.counts_by_contract, row.customer_id, sight, key=row.id),
            hidden_before=sight.hidden_before,
        )


@strawberry.type(description="A line of credit drawn and repaid at will (crédit renouvelable)")
class RevolvingCredit(Contract):
    credit_limit: Money | None = strawberry.field(
        description="Most that may be owed at once; null where it is not known"
    )
    available_credit: Money = strawberry.field(description="What can be drawn now, 0.00 where nothing can")

    @strawberry.field(description="Payment cards of the contract, those that expired too", directives=[CARDS])
    async def cards(self, info: Info) -> list[Card]:
        return await _cards(self.row, info)


@strawberry.type(description="An account whose card purchases are billed by statement")
class CardAccount(Contract):
    credit_limit: Money | None = strawberry.field(
        description="Most that may be owed at once; null where it is not known"
    )
    available_credit: Money = strawberry.field(
        description="What can be spent by card now, 0.00 where nothing can"
    )

    @strawberry.field(description="Payment cards of the account, those that expired too", directives=[CARDS])
    async def cards(self, info: Info) -> list[Card]:
        return await _cards(self.row, info)


@strawberry.type(description="An amount lent once and repaid by instalments (prêt personnel)")
class PersonalLoan(Contract):
    principal: Money | None = strawberry.field(
        description="Amount lent at the start; null where it is not known"
    )
    months: int | None = strawberry.field(description="Agreed duration in months; null where it is not known")
    ends_on: date | None = strawberry.field(
        description="Day of the last instalment; null where it is not known"
    )

    @strawberry.field(
        description="All instalments in the order they fall due (C. conso. R312-10)", directives=[SCHEDULE]
    )
    async def amortisation_table(self, info: Info) -> list[Instalment]:
        return await _schedule(self.row, info)


@strawberry.type(description="A loan that repays other credits (regroupement de crédits)")
class DebtConsolidation(Contract):
    principal: Money | None = strawberry.field(
        description="Amount lent at the start; null where it is not known"
    )
    months: int | None = strawberry.field(description="Agreed duration in months; null where it is not known")
    ends_on: date | None = strawberry.field(
        description="Day of the last instalment; null where it is not known"
    )

    @strawberry.field(
        description="All instalments in the order they fall due (C. conso. R312-10)",
        directives=[LOADED, SCHEDULE],
    )
    async def amortisation_table(self, info: Info) -> list[Instalment]:
        return await _schedule(self.row, info)


async def _cards(row: models.Contract, info: Info) -> list[Card]:
    rows = await info.context.loaders.load(contracts.cards_by_contract, row.customer_id, key=row.id)
    return [Card.of(card) for card in rows]


async def _schedule(row: models.Contract, info: Info) -> list[Instalment]:
    rows = await info.context.loaders.load(contracts.schedules_by_contract, row.customer_id, key=row.id)
    return [Instalment.of(instalment) for instalment in rows]


TYPES: dict[ContractKind, type[Contract]] = {
    ContractKind.REVOLVING_CREDIT: RevolvingCredit,
    ContractKind.CARD_ACCOUNT: CardAccount,
    ContractKind.PERSONAL_LOAN: PersonalLoan,
    ContractKind.DEBT_CONSOLIDATION: DebtConsolidation,
}


def contract_of(row: models.Contract) -> Contract:
    """The row as the type of its kind."""
    if row.kind in (ContractKind.REVOLVING_CREDIT, ContractKind.CARD_ACCOUNT):
        own = {
            "credit_limit": money(row.credit_limit_cents),
            "available_credit": Money(contracts.available_cents(row)),
        }
    else:
        own = {"principal": money(row.principal_cents), "months": row.months, "ends_on": row.ends_on}
    return TYPES[row.kind](**_shared(row), **own)


def _shared(row: models.Contract) -> dict[str, Any]:
    number = row.account_number
    return {
        "id": ids.encoded(ids.Kind.CONTRACT, row.customer_id, row.id),
        "row": row,
        "version": row.version,
        "kind": row.kind,
        "status": row.status,
        "regime": row.regime,
        "label": row.label,
        "masked_number": privacy.mask_number(number) if number else privacy.mask_file_number(row.file_number),
        "currency": row.currency,
        "signed_on": row.signed_on,
        "closed_on": row.closed_on,
        "apr": rate(row.apr_yearly),
        "borrowing_rate": rate(row.borrowing_rate_yearly),
        "outstanding_principal": Money(row.outstanding_cents),
        "overdue": Money(row.overdue_cents),
        "direct_debit": DirectDebit(masked_iban=row.iban and privacy.mask_iban(row.iban), day=row.debit_day),
        "insurance": row.insurance_label
        and Insurance(label=row.insurance_label, monthly_cost=money(row.insurance_monthly_cents)),
        "statement_delivery": row.statement_delivery,
    }


Kinds = Annotated[
    list[ContractKind] | None, strawberry.argument(description="Only contracts of one of these kinds")
]
Statuses = Annotated[
    list[ContractStatus] | None,
    strawberry.argument(description="Only contracts in one of these states"),
]


async def contracts_of(customer_id: int, kinds: Kinds, statuses: Statuses) -> list[Contract]:
    """A customer's contracts, those in force first."""
    return [contract_of(row) for row in await contracts.list_for_customer(customer_id, kinds, statuses)]


@strawberry.type
class ContractQueries:
    @guarded(
        description="Contracts of the signed-in customer, those in force first; null for a stranger",
        assurance=Assurance.STRONG,
        directives=[READ, CONTRACTS],
    )
    async def contracts(
        self, info: Info, kinds: Kinds = None, statuses: Statuses = None
    ) -> list[Contract] | None:
        viewer = await signed_in(info)
        return await contracts_of(viewer.customer_id, kinds, statuses)
