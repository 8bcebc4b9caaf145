"""The signed-in customer, with contact details masked, and the edits of a profile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateways import Gateways
from models import Customer, Delivery
from schema import ids
from schema.ids import Kind
from tests import cast
from tests.conftest import NOON, Clock
from tests.resolvers.walking import CODE_IN_TEXT
from tests.schema.asking import Asker
from tests.schema.ways import BOTH_WAYS

pytestmark = BOTH_WAYS

PROFILE = """{ id version title firstNames lastName birthDate locale email { masked verifiedAt }
    phone { masked verifiedAt } postalAddress { lines postalCode city countryCode }
    pendingChanges { id masked reference expiresAt } }"""
REQUEST = """mutation($to: String!) { requestPhoneChange(phone: $to) { __typename
    ... on ConfirmationSent { change { id masked reference expiresAt } } ... on Problem { code } } }"""
REQUEST_EMAIL = REQUEST.replace("PhoneChange(phone", "EmailChange(email")
CONFIRM = f"""mutation($id: ID!, $code: String!) {{ confirmContactChange(confirmationId: $id, code: $code) {{
    __typename ... on ContactChanged {{ customer {PROFILE} }} ... on WrongCode {{ attemptsLeft }}
    ... on Problem {{ code }} }} }}"""
ADDRESS = """mutation($version: Int!, $to: AddressInput!) {
    changeAddress(expectedVersion: $version, address: $to) { __typename
        ... on AddressChanged { customer { version postalAddress { lines postalCode city countryCode } } }
        ... on VersionConflict { code currentVersion } } }"""


async def test_a_full_profile(ask: Asker) -> None:
    owner = await cast.camille(phone_verified_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert (await ask(f"{{ customer {PROFILE} }}", owner))["customer"] == {
        "id": ids.encoded(Kind.CUSTOMER, owner.id, owner.id),
        "version": 1,
        "title": "MS",
        "firstNames": "Camille",
        "lastName": "Durand",
        "birthDate": "1988-03-14",
        "locale": "FR_FR",
        "email": {"masked": "c••••@exemple.fr", "verifiedAt": None},
        "phone": {"masked": "06 •• •• •• 01", "verifiedAt": "2026-01-02T03:04:05+00:00"},
        "postalAddress": {
            "lines": ["8 rue des Lilas"],
            "postalCode": "33000",
            "city": "Bordeaux",
            "countryCode": "FR",
        },
        "pendingChanges": [],
    }


async def test_an_empty_profile(ask: Asker) -> None:
    found = (await ask(f"{{ customer {PROFILE} }}", await cast.customer()))["customer"]
    empty = ("title", "birthDate", "email", "phone", "postalAddress")
    assert [found[name] for name in empty] == [None] * 5


async def test_a_changed_number_tells_when_it_may_recover_a_code(
    ask: Asker, gateways: Gateways, clock: Clock
) -> None:
    query = "{ customer { phone { recoversCodeFrom } email { recoversCodeFrom } } }"
    at_once, wait = {"recoversCodeFrom": None}, timedelta(hours=gateways.settings.phone_cooling_hours)
    changed = await cast.camille(phone_changed_at=NOON - wait + timedelta(seconds=1))
    kept = await cast.camille()
    assert (await ask(query, kept))["customer"] == {"phone": at_once, "email": at_once}
    assert (await ask(query, changed))["customer"] == {
        "phone": {"recoversCodeFrom": "2026-06-15T10:00:01+00:00"},
        "email": at_once,
    }
    clock.now += timedelta(seconds=1)
    assert (await ask(query, changed))["customer"] == {"phone": at_once, "email": at_once}


async def test_the_address_is_changed_and_its_version_counted(ask: Asker) -> None:
    owner = await cast.camille()
    to = {"lines": ["1  rue Haute"], "postalCode": "75001", "city": "Paris"}
    assert (await ask(ADDRESS, owner, version=1, to=to))["changeAddress"] == {
        "__typename": "AddressChanged",
        "customer": {
            "version": 2,
            "postalAddress": {
                "lines": ["1 rue Haute"],
                "postalCode": "75001",
                "city": "Paris",
                "countryCode": "FR",
            },
        },
    }
    assert (await ask(ADDRESS, owner, version=1, to=to))["changeAddress"] == {
        "__typename": "VersionConflict",
        "code": "VERSION_CONFLICT",
        "currentVersion": 2,
    }


async def code_sent(owner: Customer, to: str) -> str:
    row = await Delivery.owned_by(owner.id).filter(address=to).order_by("-id").first()
    assert row is not None
    (code,) = CODE_IN_TEXT.findall(str(row.body))
    return str(code)


@pytest.mark.parametrize(
    ("point", "request_", "typed", "kept", "masked"),
    [
        ("phone", REQUEST, "06 12 34 56 09", "+33612345609", "06 •• •• •• 09"),
        ("email", REQUEST_EMAIL, "Neuve@Exemple.COM", "Neuve@exemple.com", "N••••@exemple.com"),
    ],
)
async def test_a_contact_is_changed_by_its_code(
    ask: Asker, point: str, request_: str, typed: str, kept: str, masked: str
) -> None:
    owner = await cast.camille()
    (sent,) = (await ask(request_, owner, to=typed)).data.values()
    change: dict[str, Any] = sent["change"]
    assert (sent["__typename"], change["masked"]) == ("ConfirmationSent", masked)
    assert change["expiresAt"] == "2026-06-15T10:10:00+00:00"
    waiting = (await ask(f"{{ customer {PROFILE} }}", owner))["customer"]["pendingChanges"]
    assert waiting == [change]
    code = await code_sent(owner, kept)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    refused = (await ask(CONFIRM, owner, id=change["id"], code=wrong))["confirmContactChange"]
    assert refused == {"__typename": "WrongCode", "attemptsLeft": 4, "code": "WRONG_CODE"}
    done = (await ask(CONFIRM, owner, id=change["id"], code=code))["confirmContactChange"]["customer"]
    assert done[point] == {"masked": masked, "verifiedAt": "2026-06-15T10:00:00+00:00"}
    assert (done["version"], done["pendingChanges"]) == (2, [])
    again = (await ask(CONFIRM, owner, id=change["id"], code=code))["confirmContactChange"]
    assert again == {"__typename": "ConfirmationOver", "code": "CONFIRMATION_OVER"}


async def test_a_code_never_comes_back_in_an_answer(ask: Asker) -> None:
    owner = await cast.camille()
    answer = await ask(REQUEST, owner, to="0612345609")
    assert await code_sent(owner, "+33612345609") not in str(answer)
    assert "0612345609" not in str(answer)
