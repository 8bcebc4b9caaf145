"""Instalments: due payments and what they are made of."""

from __future__ import annotations

from datetime import date

import strawberry

import models
from engine.planning.fields import column
from schema import ids
from schema.enums import InstalmentStatus
from schema.nodes import Node
from schema.scalars import Money


@strawberry.type(description="One due payment of a contract and what it is made of")
class Instalment(Node):
    row: strawberry.Private[models.Instalment]
    id: strawberry.ID = ids.column(ids.Kind.INSTALMENT)
    number: int = column("number", description="Position in the schedule, from 1")
    due_on: date = column("due_on", description="Day the instalment falls due")
    status: InstalmentStatus = column("status", description="State of the instalment")
    paid_on: date | None = column("paid_on", description="Day it was paid, null while it is not")
    payment: Money = column(
        "payment_cents", description="Amount due: principal, interest, insurance and fees together"
    )
    principal: Money = column("principal_cents", description="Part of the payment that repays the principal")
    interest: Money = column(
        "interest_cents", description="Part of the payment that is interest at the borrowing rate"
    )
    insurance: Money = column(
        "insurance_cents", description="Part of the payment that is payment insurance, 0.00 without one"
    )
    fees: Money = column("fees_cents", description="Part of the payment that is fees, 0.00 without any")
    outstanding_after: Money = column(
        "outstanding_after_cents", description="Principal still to be repaid once it is paid"
    )
