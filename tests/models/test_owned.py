"""The one door to a customer's rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tortoise.connection import get_connection

import models
from engine.planning.keysets import Order, Slice, read_page, read_pages
from models import AuditEvent, Session
from models.owned import NOBODY, ForeignRow, check_owner, keep_to, one_customer
from tests import cast
from tests.conftest import NOON
from tests.models.scene import OWNED_TABLES, Scene, session


@pytest.mark.parametrize("table", OWNED_TABLES, ids=lambda table: table.__name__)
async def test_only_the_owners_rows_come_through(scene: Scene, table: type[Any]) -> None:
    ours = await scene.make(table)
    assert ours in await table.owned_by(scene.camille.id)
    assert all(row.customer_id == scene.camille.id for row in await table.owned_by(scene.camille.id))
    assert ours not in await table.owned_by(scene.marc.id)
    assert await table.owned_by(scene.marc.id).get_or_none(id=ours.id) is None


@pytest.mark.parametrize("table", OWNED_TABLES, ids=lambda table: table.__name__)
async def test_saving_and_deleting_touch_the_owners_row_alone(scene: Scene, table: type[Any]) -> None:
    ours = await scene.make(table)
    columns = cast.columns_of(ours)
    columns |= {f"{name}_id": row.id for name, row in scene.marcs.items() if columns.get(f"{name}_id")}
    twin = await table.create(**{**columns, "customer_id": scene.marc.id})
    await ours.save()
    await ours.delete()
    assert await table.owned_by(scene.camille.id).filter(id=ours.id).count() == 0
    assert await table.owned_by(scene.marc.id).filter(id=twin.id).count() == 1


async def test_closing_all_sessions_closes_the_open_ones_of_that_customer(scene: Scene) -> None:
    first, second = await session(scene.camille), await session(scene.camille)
    closed, marcs = await session(scene.camille, closed_at=NOON), await session(scene.marc)
    later = NOON.replace(hour=11)
    assert await Session.close_all(scene.camille.id, later) == 2
    found = {row.id: row.closed_at for row in await Session.owned_by(scene.camille.id)}
    assert found == {first.id: later, second.id: later, closed.id: NOON}
    assert (await Session.owned_by(scene.marc.id).get(id=marcs.id)).closed_at is None


async def test_an_audit_event_keeps_its_details(scene: Scene) -> None:
    seal = scene.gateways.vault.seal
    await AuditEvent.record(
        scene.camille.id, "SIGNED_OUT", NOON, seal, session_id=7, label="Firefox", sessions_closed=2
    )
    row = await AuditEvent.owned_by(scene.camille.id).get()
    assert (row.kind, row.at, row.session_id, row.label) == ("SIGNED_OUT", NOON, 7, "Firefox")
    assert row.details == {"sessions_closed": 2}


async def test_values_come_back_as_they_were_written(scene: Scene) -> None:
    owner = await cast.customer(
        last_name="D\u2019Août \N{GRINNING FACE}",
        address_lines=["Bât. É", '12 "bis"'],
        phone_verified_at=NOON,
    )
    found = await type(owner).get(id=owner.id)
    assert (found.last_name, found.address_lines) == ("D\u2019Août \N{GRINNING FACE}", ["Bât. É", '12 "bis"'])
    assert found.phone_verified_at == NOON
    assert found.phone_verified_at is not None
    assert found.phone_verified_at.utcoffset() == NOON.utcoffset()


GUARDED = (*OWNED_TABLES, models.Customer)


@pytest.mark.parametrize("table", GUARDED, ids=lambda table: table.__name__)
async def test_an_operation_cannot_read_a_row_of_another_customer(scene: Scene, table: type[Any]) -> None:
    """By a query that forgot the customer."""
    ours = await scene.make(table)
    owner = ours.id if table is models.Customer else scene.camille.id
    for kept_to, found in ((None, True), (owner, True), (scene.marc.id, False), (NOBODY, False)):
        with one_customer():
            keep_to(kept_to)
            if found:
                assert await table.get(id=ours.id) == ours
                continue
            with pytest.raises(ForeignRow) as caught:
                await table.get(id=ours.id)
            assert str(caught.value) == f"A query found another customer's row of {table.__name__}"
    assert await table.get(id=ours.id) == ours


def read_union() -> Awaitable[Any]:
    """The same page of two parents: one statement for both."""
    return read_pages(
        {key: models.Card.filter(contract_id__gte=key) for key in (0, 1)},
        lambda row: min(row.contract_id, 1),
        Order("expires_on"),
        Slice(5),
    )


async def read_raw() -> Any:
    connection = get_connection("default")
    executor = connection.executor_class(model=models.Card, db=connection)
    return await executor.execute_select('SELECT * FROM "card"')


QUERIES: dict[str, Callable[[], Awaitable[Any]]] = {
    "all": lambda: models.Card.all(),
    "first": lambda: models.Card.first(),
    "some columns": lambda: models.Card.all().only("id", "number"),
    "locked": lambda: models.Card.all().select_for_update(),
    "a join": lambda: models.Operation.all().select_related("card"),
    "a relation": lambda: models.Card.all().prefetch_related("contract"),
    "a page": lambda: read_page(models.Card.all(), Order("expires_on"), Slice(5)),
    "pages of one parent": lambda: read_pages(
        {0: models.Card.all()}, lambda _row: 0, Order("expires_on"), Slice(5)
    ),
    "pages of parents": read_union,
    "a statement of our own": read_raw,
    "a task": lambda: asyncio.create_task(read_raw()),
}


@pytest.mark.parametrize("_query", QUERIES)
async def test_whatever_reads_is_guarded(scene: Scene, _query: str) -> None:
    read = QUERIES[_query]
    await scene.make(models.Operation)
    with one_customer():
        await read()
        keep_to(scene.marc.id)
        with pytest.raises(ForeignRow):
            await read()


async def test_a_task_learns_for_whom_the_operation_is(scene: Scene) -> None:
    """It was begun before anybody knew."""
    known = asyncio.Event()

    async def later() -> Any:
        await known.wait()
        return await models.Contract.all()

    with one_customer():
        reading = asyncio.create_task(later())
        await asyncio.sleep(0)
        keep_to(scene.marc.id)
    known.set()
    with pytest.raises(ForeignRow):
        await reading


async def test_two_operations_do_not_mix(scene: Scene) -> None:
    async def own(customer_id: int) -> list[int]:
        with one_customer():
            keep_to(customer_id)
            await asyncio.sleep(0)
            return [row.id for row in await models.Contract.owned_by(customer_id)]

    hers, his = await asyncio.gather(own(scene.camille.id), own(scene.marc.id))
    assert (hers, his) == ([scene.credit.id], [scene.marcs["contract"].id])
    keep_to(scene.marc.id)  # no operation runs: the work in the background is for all customers
    assert len(await models.Contract.filter(id__in=[*hers, *his])) == 2


def test_a_row_without_its_customer_is_a_foreign_one() -> None:
    with one_customer():
        check_owner(models.Card, None)
        keep_to(7)
        check_owner(models.Card, 7)
        for other in (8, None):
            with pytest.raises(ForeignRow):
                check_owner(models.Card, other)
