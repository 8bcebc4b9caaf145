"""Payment cards."""

from __future__ import annotations

from datetime import date

import strawberry

import models
from domain import privacy
from schema import ids
from schema.enums import CardStatus
from schema.nodes import Node


@strawberry.type(description="Payment card of a contract")
class Card(Node):
    masked_number: str = strawberry.field(
        description="Number of the card, masked: first four and last four digits, 3060 •••• •••• •0600"
    )
    expires_on: date = strawberry.field(description="Last day on which the card is valid")
    status: CardStatus = strawberry.field(description="State of the card")

    @classmethod
    def of(cls, row: models.Card) -> Card:
        return cls(
            id=ids.encoded(ids.Kind.CARD, row.customer_id, row.id),
            masked_number=privacy.mask_number(row.number),
            expires_on=row.expires_on,
            status=row.status,
        )
