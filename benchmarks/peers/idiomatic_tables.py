"""The tables that the sitting reads, as plain Tortoise models."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.models import Model


class Customer(Model):
    id = fields.BigIntField(primary_key=True)
    title = fields.CharField(8, null=True)
    first_names = fields.CharField(120)
    last_name = fields.CharField(120)
    birth_date = fields.DateField(null=True)
    locale = fields.CharField(8)

    class Meta:
        table = "customer"


class Contract(Model):
    id = fields.BigIntField(primary_key=True)
    customer_id = fields.BigIntField()
    version = fields.IntField()
    kind = fields.CharField(20)
    status = fields.CharField(12)
    label = fields.CharField(80)
    currency = fields.CharField(3)
    signed_on = fields.DateField()
    apr_yearly = fields.DecimalField(9, 6, null=True)
    borrowing_rate_yearly = fields.DecimalField(9, 6, null=True)
    outstanding_cents = fields.BigIntField()
    overdue_cents = fields.BigIntField()

    class Meta:
        table = "contract"


class Statement(Model):
    id = fields.BigIntField(primary_key=True)
    customer_id = fields.BigIntField()
    contract_id = fields.BigIntField()
    number = fields.IntField()
    opened_on = fields.DateField()
    closed_on = fields.DateField()
    payment_on = fields.DateField(null=True)
    opening_balance_cents = fields.BigIntField()
    closing_balance_cents = fields.BigIntField()
    total_due_cents = fields.BigIntField(null=True)

    class Meta:
        table = "statement"


class Operation(Model):
    id = fields.BigIntField(primary_key=True)
    customer_id = fields.BigIntField()
    contract_id = fields.BigIntField()
    kind = fields.CharField(16)
    occurred_on = fields.DateField()
    label = fields.CharField(140)
    category = fields.CharField(24, null=True)
    amount_cents = fields.BigIntField()

    class Meta:
        table = "operation"


def first_of_each(table: type[Model], order: str) -> str:
    """SQL that Tortoise cannot say: the first rows ($3) of each contract ($2) of a customer ($1)."""
    meta: Any = table._meta
    columns = ", ".join(f"found.{name}" for name in meta.db_fields)
    return f"""SELECT {columns} FROM unnest($2::bigint[]) AS contract (id), LATERAL (
        SELECT * FROM {meta.db_table} WHERE customer_id = $1 AND contract_id = contract.id
        ORDER BY {order} LIMIT $3) AS found"""
