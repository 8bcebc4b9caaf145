"""The outbox: SMS and e-mails written with the change they speak of, sent after it is committed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint

from domain.channels import Channel
from models.customers import Customer
from models.owned import OwnedModel


class DeliveryState(StrEnum):
    WAITING = "WAITING"
    SENT = "SENT"
    FAILED = "FAILED"


class Delivery(OwnedModel):
    """One message to one address. The body is erased once it is sent or given up."""

    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "deliveries", on_delete=fields.RESTRICT
    )
    channel = fields.CharEnumField(Channel, max_length=8)
    address = fields.CharField(254)
    subject = fields.CharField(140, null=True)
    body = fields.CharField(2000, null=True)
    state = fields.CharEnumField(DeliveryState, default=DeliveryState.WAITING, max_length=8)
    created_at = fields.DatetimeField()
    due_at = fields.DatetimeField(description="Not before; while a worker holds it, when the hold ends")
    useless_at = fields.DatetimeField(null=True, description="Not sent after, such as a code that expired")
    tries = fields.SmallIntField(default=0)
    held_by = fields.CharField(32, null=True, description="The worker sending it now")
    sent_at = fields.DatetimeField(null=True)
    failure = fields.CharField(140, null=True)

    class Meta:
        table = "delivery"
        indexes = (("state", "due_at"),)
        constraints = (
            CheckConstraint(
                check="(state = 'SENT') = (sent_at IS NOT NULL)", name="delivery_sent_has_its_time"
            ),
            CheckConstraint(
                check="state <> 'WAITING' OR body IS NOT NULL", name="delivery_waiting_has_a_body"
            ),
            CheckConstraint(check="tries >= 0", name="delivery_tries_not_negative"),
        )

    @classmethod
    def queue(
        cls,
        customer_id: int,
        channel: Channel,
        address: str,
        body: str,
        now: datetime,
        *,
        subject: str | None = None,
        useless_at: datetime | None = None,
    ) -> Delivery:
        """A delivery due now; `save` it in the transaction of the change it speaks of."""
        return cls(
            customer_id=customer_id,
            channel=channel,
            address=address,
            subject=subject,
            body=body,
            created_at=now,
            due_at=now,
            useless_at=useless_at,
        )
