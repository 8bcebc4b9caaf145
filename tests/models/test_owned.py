"""The one door to a customer's rows."""

from __future__ import annotations

from typing import Any

import pytest

from models import AuditEvent, Session
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
    columns |= {f"{name}_id": row.id for name, row in scene.marcs.items() if f"{name}_id" in columns}
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
    await AuditEvent.record(scene.camille.id, "SIGNED_OUT", NOON, session_id=7, sessions_closed=2)
    row = await AuditEvent.owned_by(scene.camille.id).get()
    assert (row.kind, row.at, row.session_id, row.details) == ("SIGNED_OUT", NOON, 7, {"sessions_closed": 2})


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
