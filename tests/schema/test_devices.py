"""Devices as a client sees them."""

from __future__ import annotations

from datetime import timedelta

from gateways import Gateways
from models import Customer, Device
from schema import ids
from schema.ids import Kind
from tests import cast
from tests.conftest import NOON
from tests.kept import ON_ONE
from tests.schema.asking import Asker

DEVICES = "{ customer { devices { id label trustedSince lastUsedAt strongDueAt current } } }"
RESULT = """{ __typename ... on DevicesForgotten { devicesForgotten sessionsClosed }
    ... on Problem { code } }"""
FORGET = f"mutation($id: ID!) {{ forgetDevice(deviceId: $id) {RESULT} }}"
FORGET_ALL = f"mutation {{ forgetAllDevices {RESULT} }}"
DAY = timedelta(days=1)


def id_of(row: Device) -> str:
    return ids.encoded(Kind.DEVICE, row.customer_id, row.id)


async def phone_of(gateways: Gateways, owner: Customer) -> tuple[Device, str]:
    """Another device, and the cookie of a session on it."""
    device = await cast.device(
        gateways,
        owner,
        "a" * 43,
        label="Safari, iOS",
        created_at=NOON - 10 * DAY,
        strong_at=NOON - 10 * DAY,
        seen_at=NOON - 5 * DAY,
    )
    return device, await cast.session_token(gateways, owner, device_id=device.id)


async def test_the_devices_she_trusts(ask: Asker, gateways: Gateways) -> None:
    owner = await cast.camille()
    phone, _ = await phone_of(gateways, owner)
    await phone_of(gateways, await cast.marc())
    laptop = await cast.device(gateways, owner)
    assert (await ask(DEVICES, owner))["customer"]["devices"] == [
        {
            "id": id_of(laptop),
            "label": "Firefox, Windows",
            "trustedSince": "2026-06-14T10:00:00+00:00",
            "lastUsedAt": "2026-06-14T10:00:00+00:00",
            "strongDueAt": "2026-12-11T10:00:00+00:00",
            "current": True,
        },
        {
            "id": id_of(phone),
            "label": "Safari, iOS",
            "trustedSince": "2026-06-05T10:00:00+00:00",
            "lastUsedAt": "2026-06-10T10:00:00+00:00",
            "strongDueAt": "2026-12-02T10:00:00+00:00",
            "current": False,
        },
    ]


async def test_a_device_is_forgotten_with_its_sessions(ask: Asker, gateways: Gateways) -> None:
    owner = await cast.camille()
    phone, there = await phone_of(gateways, owner)
    answer = await ask(FORGET, owner, id=id_of(phone))
    assert answer["forgetDevice"] == {
        "__typename": "DevicesForgotten",
        "devicesForgotten": 1,
        "sessionsClosed": 1,
    }
    assert answer.cookie is None
    assert (await ask.with_session(there, "{ session { id } }"))["session"] is None
    listed = (await ask(DEVICES, owner))["customer"]["devices"]
    assert [(row["label"], row["current"]) for row in listed] == [("Firefox, Windows", True)]


async def test_forgetting_the_one_at_hand_signs_out(ask: Asker, gateways: Gateways) -> None:
    owner = await cast.camille()
    laptop = await cast.device(gateways, owner)
    answer = await ask(FORGET, owner, id=id_of(laptop))
    assert answer["forgetDevice"]["sessionsClosed"] == 1
    assert answer.cookie is not None
    assert answer.cookie.startswith('session=""; ')
    assert (await ask(DEVICES, owner))["customer"] is None


async def test_all_are_forgotten(ask: Asker, gateways: Gateways) -> None:
    owner = await cast.camille()
    _, there = await phone_of(gateways, owner)
    assert (await ask(FORGET_ALL, owner))["forgetAllDevices"] == {
        "__typename": "DevicesForgotten",
        "devicesForgotten": 2,
        "sessionsClosed": 1,
    }
    assert (await ask.with_session(there, "{ session { id } }"))["session"] is None
    assert (await ask(DEVICES, owner))["customer"]["devices"] == []


@ON_ONE
async def test_an_id_of_something_else_is_refused(ask: Asker) -> None:
    owner = await cast.camille()
    answer = await ask(FORGET, owner, id=ids.encoded(Kind.SESSION, owner.id, 1))
    assert answer.refused[1] == [("BAD_USER_INPUT", "This id names a session, not a device")]
