"""A table holds everything its model says from the moment it is made, on both databases."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tortoise import fields
from tortoise.connection import get_connection
from tortoise.exceptions import ConfigurationError, IntegrityError
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model
from tortoise.transactions import in_transaction

from models.backends.postgres import PostgresClient
from models.backends.postgres_editor import PostgresEditor
from tests.models.backends.shop import Basket, Country, Customer, Item, Voucher

pytestmark = pytest.mark.anyio


@pytest.fixture
async def basket(shop: object) -> Basket:
    """Ada's first basket."""
    ada = await Customer.create(name="Ada")
    return await Basket.create(customer=ada, label="first")


async def test_a_row_is_keyed_by_its_customer_and_its_id(basket: Basket) -> None:
    bob = await Customer.create(name="Bob")
    await Basket.create(id=basket.id, customer=bob)
    with pytest.raises(IntegrityError):
        await Basket.create(id=basket.id, customer=bob, label="again")
    with pytest.raises(IntegrityError):
        await get_connection("default").execute_query(
            "INSERT INTO basket (id, label, notes) VALUES (9, '', '{}')"
        )


async def test_a_row_cannot_point_into_another_customers_rows(basket: Basket) -> None:
    bob = await Customer.create(name="Bob")
    item = await Item.create(customer_id=basket.customer_id, basket=basket)
    with pytest.raises(IntegrityError):
        await Item.create(customer=bob, basket_id=basket.id)
    bobs = await Basket.create(customer=bob)
    with pytest.raises(IntegrityError):
        await Item.create(customer=bob, basket=bobs, gift_with_id=item.id)
    gift = await Item.create(customer_id=basket.customer_id, basket=basket, position=2, gift_with=item)
    assert (gift.gift_with_id, item.gift_with_id) == (item.id, None)  # type: ignore[attr-defined]


async def test_plain_relations_lead_to_a_row(basket: Basket) -> None:
    with pytest.raises(IntegrityError):
        await Basket.create(customer_id=-1)
    with pytest.raises(IntegrityError):
        await Basket.create(customer_id=basket.customer_id, country_id="XX")
    france = await Country.create(code="FR", name="France")
    await Basket.create(customer_id=basket.customer_id, country=france)
    with pytest.raises(IntegrityError):
        await france.delete()


async def test_parents_are_kept_or_take_their_children_along_as_the_relation_says(basket: Basket) -> None:
    item = await Item.create(customer_id=basket.customer_id, basket=basket)
    with pytest.raises(IntegrityError):
        await Customer.filter(id=basket.customer_id).delete()
    voucher = await Voucher.create(customer_id=basket.customer_id, basket=basket)
    with pytest.raises(IntegrityError):
        await basket.delete()
    await voucher.delete()
    await basket.delete()
    assert not await Item.filter(id=item.id).exists()


async def test_unique_keys_count_within_a_customer(basket: Basket) -> None:
    await Item.create(customer_id=basket.customer_id, basket=basket, position=1)
    with pytest.raises(IntegrityError):
        await Item.create(customer_id=basket.customer_id, basket=basket, position=1)
    await Voucher.create(customer_id=basket.customer_id, basket=basket)
    with pytest.raises(IntegrityError):
        await Voucher.create(customer_id=basket.customer_id, basket=basket)
    await Country.create(code="FR", name="France")
    with pytest.raises(IntegrityError):
        await Country.create(code="GF", name="France")


async def test_a_conditional_unique_key_counts_only_where_it_says(basket: Basket) -> None:
    with pytest.raises(IntegrityError):
        await Basket.create(customer_id=basket.customer_id, label="first")
    await Basket.filter(id=basket.id).update(paid_on=date(2026, 1, 2))
    again = await Basket.create(customer_id=basket.customer_id, label="first")
    with pytest.raises(IntegrityError):
        await Basket.filter(id=basket.id).update(paid_on=None)
    assert (await Basket.get(customer_id=basket.customer_id, paid_on=None)).id == again.id


async def test_checks_hold(basket: Basket) -> None:
    with pytest.raises(IntegrityError):
        await Basket.filter(id=basket.id).update(label="x" * 20)
    with pytest.raises(IntegrityError):
        await Item.create(customer_id=basket.customer_id, basket=basket, price_cents=-1)


async def test_values_come_back_as_they_were(basket: Basket) -> None:
    await Basket.filter(id=basket.id).update(notes={"é": [1, None, "'"]}, paid_on=date(2026, 2, 28))
    await basket.refresh_from_db()
    assert (basket.notes, basket.paid_on) == ({"é": [1, None, "'"]}, date(2026, 2, 28))


async def test_a_model_may_be_described_in_any_words(basket: Basket) -> None:
    client: Any = get_connection("default")
    if client.capabilities.dialect == "sqlite":
        rows = await client.execute_query_dict("SELECT sql FROM sqlite_master WHERE name = 'customer'")
        assert "half; done" not in rows[0]["sql"]
        return
    described = await client.execute_query_dict(
        "SELECT obj_description('customer'::regclass) AS whole, "
        "col_description('customer'::regclass, 2) AS name"
    )
    assert described == [{"whole": Customer._meta.table_description, "name": "What they're called; in full"}]


async def test_the_database_has_every_name_of_the_models(basket: Basket) -> None:
    async with in_transaction() as client:
        editor = client.schema_editor(client)  # type: ignore[attr-defined]
        assert [await editor.missing(model) for model in (Customer, Basket, Item, Voucher)] == [[]] * 4
        names = await editor.names_in_database("basket")
    assert {"basket_one_open", "basket_label_short", "basket_blank"} <= names


def _owned(name: str = "Thing", customer_null: bool = False, **extra: Any) -> type[Model]:
    meta: dict[str, Any] = {
        key: extra.pop(key) for key in ("constraints", "indexes", "unique_together") if key in extra
    }
    attributes: dict[str, Any] = {
        "__module__": __name__,
        "id": fields.BigIntField(primary_key=True, generated=extra.pop("generated", False)),
        "customer": _relation("Customer", null=customer_null),
        **extra,
        "Meta": type("Meta", (), {"table": name.lower(), **meta}),
    }
    return type(name, (Model,), attributes)


def _relation(to: str, on_delete: Any = fields.RESTRICT, **named: Any) -> Any:
    return fields.ForeignKeyField(f"models.{to}", False, on_delete=on_delete, **named)


def _stranger() -> type[Model]:
    attributes = {
        "__module__": __name__,
        "id": fields.BigIntField(primary_key=True, generated=False),
        "parent": _relation("Parent"),
    }
    return type("Stranger", (Model,), attributes)


REFUSED = [
    ("unique=True", lambda: _owned(code=fields.CharField(4, unique=True)), "must contain customer_id"),
    ("unique_together", lambda: _owned(a=fields.IntField(), unique_together=(("a", "id"),)), "must contain"),
    (
        "named unique",
        lambda: _owned(
            a=fields.IntField(), constraints=(UniqueConstraint(("a",), name="once", condition="a > 0"),)
        ),
        "must contain customer_id",
    ),
    ("generated id", lambda: _owned(generated=True), "generated=False"),
    ("no customer", lambda: _owned(customer_null=True), "without a customer"),
    ("set null", lambda: _owned(parent=_relation("Parent", fields.SET_NULL, null=True)), "SET NULL"),
    ("a stranger", _stranger, "needs a relation `customer`"),
    ("unknown field", lambda: _owned(indexes=(Index(fields=("colour",)),)), 'names "colour"'),
    ("long name", lambda: _owned(indexes=(Index(fields=("id",), name="x" * 64),)), "longer than 63 bytes"),
]


@pytest.mark.parametrize(
    ("model", "words"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_a_model_that_breaks_the_rules_of_owned_tables_is_refused(model: Any, words: str) -> None:
    apps = StateApps()
    refused = model()
    customer = type(
        "Customer", (Model,), {"__module__": __name__, "id": fields.BigIntField(primary_key=True)}
    )
    for each in (customer, _owned("Parent"), refused):
        apps.register_model("models", each)
    apps._init_relations()
    with pytest.raises(ConfigurationError, match=words):
        PostgresEditor(PostgresClient("postgres://nowhere", connection_name="default")).describe(refused)
