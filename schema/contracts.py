"""Contracts: what all kinds share, and what each adds."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import strawberry

import models
from domain import privacy
from engine.documents.cost_directives import list_size
from engine.planning.connections import PAGE
from engine.planning.fields import column, set_variants
from engine.planning.keysets import Order, Part, Slice
from engine.planning.relations import first, many, page, selected
from resolvers.context import Viewer
from resolvers.contracts import available_cents
from schema import ids
from schema.access_rules import guarded_by
from schema.cards import Card
from schema.costs import LOADED, PAGED, READ
from schema.enums import (
    Assurance,
    ContractKind,
    ContractStatus,
    InstalmentStatus,
    Regime,
    StatementDelivery,
)
from schema.instalments import Instalment
from schema.nodes import Node
from schema.operations import OperationConnection, matching
from schema.scalars import Money, Rate, money
from schema.statements import StatementConnection, closed_in

# Lists without pages: how long they usually are.
CONTRACTS = list_size(10)
CARDS = list_size(3)
SCHEDULE = list_size(120)

IN_FORCE_FIRST = ("-closed_on__isnull", "-signed_on", "-id")
LASTING_FIRST = ("-expires_on", "-id")
SOONEST_FIRST = ("due_on", "number")
# Those missed are told by the overdue amount.
TO_COME = Part(
    conditions=(("status", InstalmentStatus.UPCOMING),),
    order=Order("due_on", descending=False),
    slice=Slice(1),
)


@strawberry.type(description="How instalments are collected")
class DirectDebit:
    masked_iban: str | None = strawberry.field(
        description="IBAN of the account it is collected from, masked: FR•• •••• 0189; null without one"
    )
    day: int | None = strawberry.field(
        description="Day of the month on which it is collected, 1 to 31; null where none is set"
    )

    @classmethod
    def of(cls, iban: str | None, day: int | None) -> DirectDebit:
        return cls(masked_iban=iban and privacy.mask_iban(iban), day=day)


@strawberry.type(description="Payment insurance of a contract")
class Insurance:
    label: str = strawberry.field(description="Commercial name of the insurance")
    monthly_cost: Money | None = strawberry.field(
        description="Cost of the insurance for a month; null where it is not known"
    )

    @classmethod
    def of(cls, label: str | None, monthly_cents: int | None) -> Insurance | None:
        return cls(label=label, monthly_cost=money(monthly_cents)) if label else None


def _masked_number(account_number: str | None, file_number: str) -> str:
    return privacy.mask_number(account_number) if account_number else privacy.mask_file_number(file_number)


@strawberry.interface(description="A credit agreement of the customer")
class Contract(Node):
    row: strawberry.Private[models.Contract]
    id: strawberry.ID = ids.column(ids.Kind.CONTRACT)
    version: int = column(
        "version", description="Raised by each change of the contract, to tell whether a copy is old"
    )
    kind: ContractKind = column("kind", description="Product of the contract")
    status: ContractStatus = column("status", description="State of the contract")
    regime: Regime = column("regime", description="Consumer-credit law the contract is under")
    label: str = column("label", description="Commercial name of the contract")
    masked_number: str = column(
        "account_number",
        "file_number",
        read=_masked_number,
        description="Account number, masked: 3060 •••• •••• •0600; without one, file number: •••• 0917",
    )
    currency: str = column(
        "currency",
        description="Currency of every amount of the contract, three capital letters (ISO 4217): EUR",
    )
    signed_on: date = column("signed_on", description="Day the contract was signed")
    closed_on: date | None = column("closed_on", description="Day the contract ended, null while it has not")
    apr: Rate | None = column(
        "apr_yearly",
        description="Annual percentage rate of charge (TAEG), a fraction; null where it is not known",
    )
    borrowing_rate: Rate | None = column(
        "borrowing_rate_yearly",
        description="Yearly rate at which interest runs (taux débiteur), a fraction; null where not known",
    )
    outstanding_principal: Money = column("outstanding_cents", description="Principal still to be repaid")
    overdue: Money = column("overdue_cents", description="Sum of the instalments missed, 0.00 where none is")
    direct_debit: DirectDebit = column(
        "iban", "debit_day", read=DirectDebit.of, description="How instalments are collected"
    )
    insurance: Insurance | None = column(
        "insurance_label",
        "insurance_monthly_cents",
        read=Insurance.of,
        description="Payment insurance, if any was taken",
    )
    statement_delivery: StatementDelivery = column(
        "statement_delivery", description="How statements reach the customer"
    )
    next_instalment: Instalment | None = first(
        on="contract_id",
        part=TO_COME,
        description="Next instalment to come, null when none is",
        directives=[LOADED],
    )
    statements: StatementConnection = page(
        closed_in,
        on="contract_id",
        description="Statements of the contract, newest first",
        directives=[PAGED, PAGE],
    )
    operations: OperationConnection = page(
        matching,
        on="contract_id",
        description="Operations of the contract, newest first unless `order` says otherwise",
        directives=[PAGED, PAGE],
    )


@strawberry.type(description="A line of credit drawn and repaid at will (crédit renouvelable)")
class RevolvingCredit(Contract):
    credit_limit: Money | None = column(
        "credit_limit_cents", description="Most that may be owed at once; null where it is not known"
    )
    available_credit: Money = column(
        "status",
        "credit_limit_cents",
        "outstanding_cents",
        read=available_cents,
        description="What can be drawn now, 0.00 where nothing can",
    )
    cards: list[Card] = many(
        on="contract_id",
        part=Part(sorting=LASTING_FIRST),
        description="Payment cards of the contract, those that expired too",
        directives=[CARDS],
    )


@strawberry.type(description="An account whose card purchases are billed by statement")
class CardAccount(Contract):
    credit_limit: Money | None = column(
        "credit_limit_cents", description="Most that may be owed at once; null where it is not known"
    )
    available_credit: Money = column(
        "status",
        "credit_limit_cents",
        "outstanding_cents",
        read=available_cents,
        description="What can be spent by card now, 0.00 where nothing can",
    )
    cards: list[Card] = many(
        on="contract_id",
        part=Part(sorting=LASTING_FIRST),
        description="Payment cards of the account, those that expired too",
        directives=[CARDS],
    )


@strawberry.type(description="An amount lent once and repaid by instalments (prêt personnel)")
class PersonalLoan(Contract):
    principal: Money | None = column(
        "principal_cents", description="Amount lent at the start; null where it is not known"
    )
    months: int | None = column("months", description="Agreed duration in months; null where it is not known")
    ends_on: date | None = column(
        "ends_on", description="Day of the last instalment; null where it is not known"
    )
    amortisation_table: list[Instalment] = many(
        on="contract_id",
        part=Part(sorting=SOONEST_FIRST),
        description="All instalments in the order they fall due (C. conso. R312-10)",
        directives=[SCHEDULE],
    )


@strawberry.type(description="A loan that repays other credits (regroupement de crédits)")
class DebtConsolidation(Contract):
    principal: Money | None = column(
        "principal_cents", description="Amount lent at the start; null where it is not known"
    )
    months: int | None = column("months", description="Agreed duration in months; null where it is not known")
    ends_on: date | None = column(
        "ends_on", description="Day of the last instalment; null where it is not known"
    )
    amortisation_table: list[Instalment] = many(
        on="contract_id",
        part=Part(sorting=SOONEST_FIRST),
        description="All instalments in the order they fall due (C. conso. R312-10)",
        directives=[LOADED, SCHEDULE],
    )


TYPES: dict[ContractKind, type[Contract]] = {
    ContractKind.REVOLVING_CREDIT: RevolvingCredit,
    ContractKind.CARD_ACCOUNT: CardAccount,
    ContractKind.PERSONAL_LOAN: PersonalLoan,
    ContractKind.DEBT_CONSOLIDATION: DebtConsolidation,
}
set_variants(Contract, "kind", TYPES)

Kinds = Annotated[
    list[ContractKind] | None, strawberry.argument(description="Only contracts of one of these kinds")
]
Statuses = Annotated[
    list[ContractStatus] | None,
    strawberry.argument(description="Only contracts in one of these states"),
]


def in_force_first(_viewer: Viewer, kinds: Kinds = None, statuses: Statuses = None) -> Part:
    """Contracts of some kinds and in some states, those in force first, then the newest."""
    given = {"kind__in": kinds, "status__in": statuses}
    return Part(
        conditions=tuple((name, tuple(some)) for name, some in given.items() if some is not None),
        sorting=IN_FORCE_FIRST,
    )


@strawberry.type
class ContractQueries:
    contracts: list[Contract] | None = selected(
        in_force_first,
        description="Contracts of the signed-in customer, those in force first; null for a stranger",
        **guarded_by(Assurance.STRONG, directives=[READ, CONTRACTS]),
    )
