"""What every customer-owned table has in common."""

from __future__ import annotations

from typing import Self

from tortoise import fields
from tortoise.models import Model
from tortoise.queryset import QuerySet

from models.ids import new_id


class OwnedModel(Model):
    """A row of one customer, keyed by (customer_id, id) in the database: one customer lives in one shard."""

    id = fields.BigIntField(primary_key=True, generated=False, default=new_id)
    customer_id: int

    class Meta:
        abstract = True

    @classmethod
    def owned_by(cls, customer_id: int) -> QuerySet[Self]:
        """The only door to these rows from a request: nothing of another customer comes through."""
        return cls.filter(customer_id=customer_id)
