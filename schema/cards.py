"""Payment cards."""

from __future__ import annotations

from datetime import date

import strawberry

import models
from domain import privacy
from engine.planning.fields import column
from schema import ids
from schema.enums import CardStatus
from schema.nodes import Node


@strawberry.type(description="Payment card of a contract")
class Card(Node):
    row: strawberry.Private[models.Card]
    id: strawberry.ID = ids.column(ids.Kind.CARD)
    masked_number: str = column(
        "number",
        read=privacy.mask_number,
        description="Number of the card, masked: first four and last four digits, 3060 •••• •••• •0600",
    )
    expires_on: date = column("expires_on", description="Last day on which the card is valid")
    status: CardStatus = column("status", description="State of the card")
