"""Reading a customer's access log, newest first."""

from __future__ import annotations

from tortoise.queryset import QuerySet

from models import AuditEvent
from models.keysets import Order, Page, Slice, read_page

NEWEST_FIRST = Order("number")  # of the chain, where no clock that steps puts one before the other


async def page_for_customer(customer_id: int, part: Slice) -> Page[AuditEvent]:
    return await read_page(_sealed(customer_id), NEWEST_FIRST, part)


async def count_for_customer(customer_id: int) -> int:
    return await _sealed(customer_id).count()


def _sealed(customer_id: int) -> QuerySet[AuditEvent]:
    """What is in the chain: a row beside it is from before there were seals, or forged."""
    return AuditEvent.owned_by(customer_id).filter(number__not_isnull=True)
