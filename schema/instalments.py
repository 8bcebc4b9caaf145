"""Instalments: due payments and what they are made of."""

from __future__ import annotations

from datetime import date

import strawberry

import models
from schema import ids
from schema.enums import InstalmentStatus
from schema.nodes import Node
from schema.scalars import Money


@strawberry.type(description="One due payment of a contract and what it is made of")
class Instalment(Node):
    number: int = strawberry.field(description="Position in the schedule, from 1")
    due_on: date = strawberry.field(description="Day the instalment falls due")
    status: InstalmentStatus = strawberry.field(description="State of the instalment")
    paid_on: date | None = strawberry.field(description="Day it was paid, null while it is not")
    payment: Money = strawberry.field(
        description="Amount due: principal, interest, insurance and fees together"
    )
    principal: Money = strawberry.field(description="Part of the payment that repays the principal")
    interest: Money = strawberry.field(
        description="Part of the payment that is interest at the borrowing rate"
    )
    insurance: Money = strawberry.field(
        description="Part of the payment that is payment insurance, 0.00 without one"
    )
    fees: Money = strawberry.field(description="Part of the payment that is fees, 0.00 without any")
    outstanding_after: Money = strawberry.field(description="Principal still to be repaid once it is paid")

    @classmethod
    def of(cls, row: models.Instalment) -> Instalment:
        return cls(
            id=ids.encoded(ids.Kind.INSTALMENT, row.customer_id, row.id),
            number=row.number,
            due_on=row.due_on,
            status=row.status,
            paid_on=row.paid_on,
            payment=Money(row.payment_cents),
            principal=Money(row.principal_cents),
            interest=Money(row.interest_cents),
            insurance=Money(row.insurance_cents),
            fees=Money(row.fees_cents),
            outstanding_after=Money(row.outstanding_after_cents),
        )
