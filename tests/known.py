"""What the tables hold of a customer, to show what changed and what did not."""

from __future__ import annotations

from typing import Any

from tortoise.models import Model

import models
from models.owned import OwnedModel


def columns_of(row: Model) -> dict[str, Any]:
    """A row as its columns."""
    return {name: getattr(row, name) for name in row._meta.fields_db_projection}


async def known_of(owner: models.Customer) -> dict[str, list[dict[str, Any]]]:
    """Everything the tables hold of a customer, to show that nothing of it changed."""
    rows = {"customer": await models.Customer.filter(id=owner.id).values()}
    for table in vars(models).values():
        if isinstance(table, type) and issubclass(table, OwnedModel):
            rows[table._meta.db_table] = await table.owned_by(owner.id).order_by("id").values()
    leaving = models.SmsOrder.filter(customer_id=owner.id, address__isnull=False)
    rows["sms_order"] = await leaving.order_by("id").values()
    return rows
