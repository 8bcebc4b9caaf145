"""What stands in the way of a new phone number or address; then nothing changes, nothing is queued."""

from __future__ import annotations

import pytest

from domain.refusals import ConfirmationOver, InvalidField, InvalidInput, NotSignedIn, Throttled, WrongCode
from gateways import Gateways
from models import Customer, Delivery
from models.ids import new_id
from resolvers import profiles
from resolvers.context import Context
from resolvers.profiles import confirm_contact_change
from tests import cast
from tests.conftest import Clock
from tests.kept import ON_ONE
from tests.resolvers.changing import EMAIL, NEW_EMAIL, NEW_PHONE, PHONE, Point, asked


async def test_wrong_codes_are_counted_and_change_nothing(hers: Context, camille: Customer) -> None:
    row, code = await asked(hers, PHONE)
    before = await cast.known_of(camille)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    outcomes = [await confirm_contact_change(hers, row.id, wrong) for _ in range(6)]
    assert outcomes == [*(WrongCode(left) for left in (4, 3, 2, 1)), ConfirmationOver(), ConfirmationOver()]
    assert await confirm_contact_change(hers, row.id, code) == ConfirmationOver()
    after = await cast.known_of(camille)
    assert after["confirmation"][0].pop("tries") == 5
    before["confirmation"][0].pop("tries")
    assert after == before


async def test_anothers_confirmation_and_none_at_all_are_over(
    hers: Context, camille: Customer, gateways: Gateways
) -> None:
    marc = await cast.marc()
    row, code = await asked(await cast.signed_in(gateways, marc), PHONE)
    before = [await cast.known_of(owner) for owner in (camille, marc)]
    for confirmation_id in (row.id, new_id(), None):
        assert await confirm_contact_change(hers, confirmation_id, code) == ConfirmationOver()
    assert [await cast.known_of(owner) for owner in (camille, marc)] == before


@ON_ONE
@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６"])
async def test_what_cannot_be_a_code_costs_no_try(hers: Context, camille: Customer, code: str) -> None:
    row, _ = await asked(hers, PHONE)
    before = await cast.known_of(camille)
    refused = await confirm_contact_change(hers, row.id, code)
    assert refused == InvalidInput((InvalidField("code", "SMS_CODE_MALFORMED"),))
    assert await cast.known_of(camille) == before


@ON_ONE
@pytest.mark.parametrize(
    ("point", "text", "rule"),
    [
        (PHONE, "", "PHONE_EMPTY"),
        (PHONE, "05 56 00 00 00", "PHONE_NOT_MOBILE"),
        (PHONE, "06 12", "PHONE_UNKNOWN_NUMBER"),
        (EMAIL, "", "EMAIL_EMPTY"),
        (EMAIL, "a@b@c.fr", "EMAIL_AT_SIGN"),
        (EMAIL, "é@exemple.fr", "EMAIL_LOCAL_PART"),
        (EMAIL, "camille@exemple", "EMAIL_DOMAIN"),
        (EMAIL, f"{'a' * 300}@exemple.fr", "EMAIL_TOO_LONG"),
    ],
    ids=str,
)
async def test_what_cannot_be_reached_is_refused(
    hers: Context, camille: Customer, point: Point, text: str, rule: str, context: Context
) -> None:
    before = await cast.known_of(camille)
    refused = InvalidInput((InvalidField(point.point.value.lower(), rule),))
    assert await point.ask(hers, text) == refused
    assert await point.ask(context, text) == NotSignedIn()
    assert await cast.known_of(camille) == before


async def test_a_stranger_asks_for_nothing(context: Context) -> None:
    before = await Delivery.all().count()
    assert await profiles.request_phone_change(context, NEW_PHONE) == NotSignedIn()
    assert await profiles.request_email_change(context, NEW_EMAIL) == NotSignedIn()
    assert await confirm_contact_change(context, 1, "123456") == NotSignedIn()
    assert await Delivery.all().count() == before


async def test_five_changes_are_asked_for_in_an_hour(hers: Context, camille: Customer, clock: Clock) -> None:
    for point in (PHONE, EMAIL, PHONE, EMAIL, PHONE):
        await asked(hers, point)
    before = await cast.known_of(camille)
    assert await profiles.request_email_change(hers, NEW_EMAIL) == Throttled(3600)
    assert await cast.known_of(camille) == before
