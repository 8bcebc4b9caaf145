"""A small app with every kind of relation and constraint that our tables know."""

from __future__ import annotations

from itertools import count
from typing import Any

from tortoise import fields
from tortoise.indexes import PartialIndex
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model
from tortoise.query_utils import Prefetch

__all__ = ["Customer", "Country", "Basket", "Item", "Voucher", "Prefetch", "next_id"]

_ids = count(1)


def next_id() -> int:
    return next(_ids)


class Country(Model):
    """A reference table: it belongs to nobody."""

    code = fields.CharField(2, primary_key=True)
    name = fields.CharField(40, unique=True)

    class Meta:
        table = "country"


class Customer(Model):
    """Who owns the rest; "quoted", 'quoted', half; done -- and a */ too."""

    id = fields.BigIntField(primary_key=True, generated=False, default=next_id)
    name = fields.CharField(40, description="What they're called; in full")

    baskets: fields.ReverseRelation[Basket]

    class Meta:
        table = "customer"


class Basket(Model):
    """What a customer is about to buy."""

    id = fields.BigIntField(primary_key=True, generated=False, default=next_id)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "baskets", on_delete=fields.RESTRICT
    )
    customer_id: int
    country: fields.ForeignKeyNullableRelation[Country] = fields.ForeignKeyField(
        "models.Country", "baskets", null=True, on_delete=fields.RESTRICT
    )
    label = fields.CharField(40, default="")
    paid_on = fields.DateField(null=True)
    notes: Any = fields.JSONField(default=dict)

    items: fields.ReverseRelation[Item]

    class Meta:
        table = "basket"
        indexes = (
            ("customer", "label"),
            PartialIndex(fields=("customer_id",), name="basket_blank", condition={"label": ""}),
        )
        constraints = (
            UniqueConstraint(("customer", "label"), name="basket_one_open", condition="paid_on IS NULL"),
            CheckConstraint("length(label) < 20", name="basket_label_short"),
        )


class Item(Model):
    """A line of a basket, perhaps a gift for another line's sake."""

    id = fields.BigIntField(primary_key=True, generated=False, default=next_id)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "items", on_delete=fields.RESTRICT
    )
    customer_id: int
    basket: fields.ForeignKeyRelation[Basket] = fields.ForeignKeyField(
        "models.Basket", "items", on_delete=fields.CASCADE
    )
    basket_id: int
    gift_with: fields.ForeignKeyNullableRelation[Item] = fields.ForeignKeyField(
        "models.Item", "gifts", null=True, on_delete=fields.NO_ACTION
    )
    position = fields.IntField(default=1)
    price_cents = fields.BigIntField(default=0, db_index=True)

    gifts: fields.ReverseRelation[Item]

    class Meta:
        table = "item"
        unique_together = (("customer", "basket", "position"),)
        constraints = (CheckConstraint("price_cents >= 0", name="item_price_not_negative"),)


class Voucher(Model):
    """At most one for a basket."""

    id = fields.BigIntField(primary_key=True, generated=False, default=next_id)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "vouchers", on_delete=fields.RESTRICT
    )
    customer_id: int
    basket: fields.OneToOneRelation[Basket] = fields.OneToOneField(
        "models.Basket", "voucher", on_delete=fields.RESTRICT
    )

    class Meta:
        table = "voucher"
