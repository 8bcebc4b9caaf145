"""Primary keys, foreign keys and NOT NULL of every table, violated on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError
from tortoise.models import Model

import models
from models.backends.rows import OWNER, is_owned
from models.ids import new_id
from tests import cast
from tests.models.scene import BUILDERS, OWNED_TABLES, TABLES, Scene


def _relations() -> list[Any]:
    """Every foreign key but the one to the customer."""
    return [
        pytest.param(table, name, id=f"{table.__name__}-{name}")
        for table in TABLES
        for name in sorted(table._meta.fk_fields)
        if name != OWNER
    ]


def _required(table: type[Model]) -> list[str]:
    columns = table._meta.fields_db_projection.items()
    return [column for name, column in columns if not table._meta.fields_map[name].null]


def _named(tables: tuple[type[Model], ...]) -> list[Any]:
    return [pytest.param(table, id=table.__name__) for table in tables]


def test_every_table_has_a_builder() -> None:
    assert set(BUILDERS) == set(TABLES)


def test_every_relation_to_a_customers_rows_is_tried() -> None:
    assert {(param.values[0].__name__, param.values[1]) for param in _relations()} == {
        ("Card", "contract"),
        ("Instalment", "contract"),
        ("Keypad", "flow"),
        ("News", "operation"),
        ("News", "statement"),
        ("Operation", "card"),
        ("Operation", "contract"),
        ("Operation", "statement"),
        ("Session", "device"),
        ("Statement", "contract"),
    }


@pytest.mark.parametrize("table", _named(TABLES))
async def test_a_key_is_taken_once(scene: Scene, table: type[Model]) -> None:
    row = await scene.make(table)
    before = await table.all().count()
    again = table(**cast.columns_of(row))
    with pytest.raises(IntegrityError):
        await again.save(force_create=True)
    assert await table.all().count() == before


@pytest.mark.parametrize("table", _named(OWNED_TABLES))
async def test_two_customers_may_have_rows_of_the_same_id(scene: Scene, table: type[Any]) -> None:
    ours = await scene.make(table)
    columns = cast.columns_of(ours)
    columns |= {f"{name}_id": row.id for name, row in scene.marcs.items() if columns.get(f"{name}_id")}
    await table.create(**{**columns, "customer_id": scene.marc.id})
    assert await table.owned_by(scene.camille.id).filter(id=ours.id).count() == 1
    assert await table.owned_by(scene.marc.id).filter(id=ours.id).count() == 1


@pytest.mark.parametrize(("table", "relation"), _relations())
async def test_a_row_cannot_point_at_what_is_not_there(
    scene: Scene, table: type[Model], relation: str
) -> None:
    before = await table.all().count()
    with pytest.raises(IntegrityError, match="(?i)foreign key"):
        await scene.make(table, **{f"{relation}_id": new_id()})
    assert await table.all().count() == before


@pytest.mark.parametrize(
    ("table", "relation"), [param for param in _relations() if is_owned(param.values[0])]
)
async def test_a_row_cannot_point_into_another_customers_rows(
    scene: Scene, table: type[Model], relation: str
) -> None:
    before = await table.all().count()
    with pytest.raises(IntegrityError, match="(?i)foreign key"):
        await scene.make(table, **{f"{relation}_id": scene.marcs[relation].id})
    assert await table.all().count() == before


@pytest.mark.parametrize("table", _named(OWNED_TABLES))
async def test_a_row_needs_a_customer_who_exists(scene: Scene, table: type[Any]) -> None:
    row = await scene.make(table)
    columns = cast.columns_of(row)
    nobody = new_id()
    with pytest.raises(IntegrityError, match="(?i)foreign key"):
        await table.create(**{**columns, "id": new_id(), "customer_id": nobody})
    assert await table.owned_by(nobody).count() == 0


@pytest.mark.parametrize("table", _named(OWNED_TABLES))
async def test_a_customer_with_rows_cannot_be_deleted(scene: Scene, table: type[Model]) -> None:
    owner = await cast.ines()
    parents = {"contract_id": (await cast.contract(owner)).id} if _hangs_on_a_contract(table) else {}
    if table is models.News:
        parents = {"statement_id": (await cast.statement(await cast.contract(owner))).id}
    loose = {"statement_id": None, "card_id": None} if table is models.Operation else {}
    row = await scene.make(table, customer_id=owner.id, **parents, **loose)
    with pytest.raises(IntegrityError, match="(?i)foreign key"):
        await owner.delete()
    assert await models.Customer.filter(id=owner.id).exists()
    assert await table.filter(customer_id=owner.id, id=row.id).exists()


def _hangs_on_a_contract(table: type[Model]) -> bool:
    return "contract" in table._meta.fk_fields


@pytest.mark.parametrize(
    ("table", "relation"), [param for param in _relations() if is_owned(param.values[0])]
)
async def test_a_parent_with_rows_cannot_be_deleted(scene: Scene, table: type[Model], relation: str) -> None:
    parent = scene.parents[relation]
    child = await scene.make(table, **{f"{relation}_id": parent.id})
    assert getattr(child, f"{relation}_id") == parent.id
    with pytest.raises(IntegrityError, match="(?i)foreign key"):
        await parent.delete()
    assert await type(parent).owned_by(scene.camille.id).filter(id=parent.id).exists()
    assert await table.filter(customer_id=scene.camille.id, pk=child.pk).exists()


async def test_a_flow_takes_its_keypads_with_it(scene: Scene) -> None:
    keypad = await scene.make(models.Keypad)
    await scene.flow.delete()
    assert not await models.Keypad.filter(id=keypad.id).exists()


@pytest.mark.parametrize("table", _named(TABLES))
async def test_what_is_required_cannot_become_null(scene: Scene, table: type[Model]) -> None:
    row = await scene.make(table)
    key = table._meta.db_pk_column
    mark = "?" if get_connection("default").capabilities.dialect == "sqlite" else "$1"
    for column in _required(table):
        sql = f'UPDATE "{table._meta.db_table}" SET "{column}" = NULL WHERE "{key}" = {mark}'
        with pytest.raises(IntegrityError, match=f"(?i)not.null.*{column}|{column}.*not.null"):
            await get_connection("default").execute_query(sql, [row.pk])
    assert await table.filter(pk=row.pk).exists()


def test_the_customer_is_required_in_every_table_of_theirs() -> None:
    assert len(OWNED_TABLES) == 12
    assert all("customer_id" in _required(table) for table in OWNED_TABLES)
