"""Statements that Tortoise writes by itself stay with one customer's rows."""

from __future__ import annotations

import pytest
from tortoise.context import TortoiseContext

from tests.models.backends.shop import Basket, Customer, Item

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("shop")]


async def _twins() -> tuple[Basket, Basket]:
    """Two customers' baskets under the same id, which their key allows."""
    ada, bob = await Customer.create(name="Ada"), await Customer.create(name="Bob")
    return await Basket.create(id=7, customer=ada), await Basket.create(id=7, customer=bob)


async def test_saving_a_row_changes_no_other_customers_row_of_the_same_id() -> None:
    mine, other = await _twins()

    mine.label = "mine"
    await mine.save()
    other.notes = {"late": True}
    await other.save(update_fields=["notes"])

    rows = await Basket.all().order_by("customer_id").values_list("label", "notes")
    assert rows == [("mine", {}), ("", {"late": True})]


async def test_deleting_a_row_deletes_no_other_customers_row_of_the_same_id() -> None:
    mine, other = await _twins()

    await mine.delete()

    assert [basket.customer_id for basket in await Basket.all()] == [other.customer_id]


async def test_prefetch_gives_each_row_its_own_customers_children() -> None:
    mine, other = await _twins()
    await Item.create(id=1, customer_id=mine.customer_id, basket_id=7, position=1)
    await Item.create(id=2, customer_id=other.customer_id, basket_id=7, position=2)

    basket = await Basket.filter(customer_id=other.customer_id).prefetch_related("items", "customer").get()
    item = await Item.filter(customer_id=mine.customer_id).prefetch_related("basket").get()

    assert [(item.id, item.position) for item in basket.items] == [(2, 2)]
    assert basket.customer.name == "Bob"
    assert item.basket.customer_id == mine.customer_id


async def test_save_without_a_change_and_partial_rows_are_still_saved(shop: TortoiseContext) -> None:
    mine, _ = await _twins()

    partial = await Basket.filter(customer_id=mine.customer_id).only("id", "customer_id", "label").get()
    partial.label = "partial"
    await partial.save(update_fields=["label"])

    assert (await Basket.get(customer_id=mine.customer_id)).label == "partial"
