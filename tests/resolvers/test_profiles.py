"""The postal address, changed at once."""

from __future__ import annotations

import asyncio

import pytest

from domain.refusals import InvalidField, InvalidInput, NotSignedIn, VersionConflict
from gateways import Gateways
from models import AuditEvent, Customer
from resolvers import profiles
from resolvers.context import Context
from tests import cast
from tests.kept import ON_ONE

NEW = (["  12 rue   du Port", "", "Bât. B "], "75001", "Paris", "fr")


async def test_a_signed_in_customer_changes_the_address(database: str, gateways: Gateways) -> None:
    owner = await cast.camille()
    context = await cast.signed_in(gateways, owner)
    after = await profiles.change_address(context, 1, *NEW)
    assert isinstance(after, Customer)
    assert (after.id, after.version) == (owner.id, 2)
    kept = await profiles.read(owner.id)
    assert kept.address_lines == after.address_lines == ["12 rue du Port", "Bât. B"]
    assert (kept.postal_code, kept.city, kept.country_code) == ("75001", "Paris", "FR")
    (event,) = await AuditEvent.owned_by(owner.id)
    viewer = await context.viewer()
    assert viewer is not None
    assert (event.kind, event.session_id, event.details) == ("ADDRESS_CHANGED", viewer.session_id, {})


async def test_nothing_else_of_anyone_changes(database: str, gateways: Gateways) -> None:
    owner, other = await cast.camille(), await cast.marc()
    context, before = await cast.signed_in(gateways, owner), await cast.known_of(other)
    await profiles.change_address(context, 1, *NEW)
    assert await cast.known_of(other) == before
    kept, was = cast.columns_of(await profiles.read(owner.id)), cast.columns_of(owner)
    assert {name for name in kept if kept[name] != was[name]} == {
        "address_lines",
        "postal_code",
        "city",
        "version",
    }


@pytest.mark.parametrize("given", [0, 2, -1, 2_147_483_647])
async def test_another_version_is_a_conflict(database: str, gateways: Gateways, given: int) -> None:
    owner = await cast.camille()
    context = await cast.signed_in(gateways, owner)
    before = await cast.known_of(owner)
    assert await profiles.change_address(context, given, *NEW) == VersionConflict(1)
    assert await cast.known_of(owner) == before


async def test_one_of_many_changes_of_one_version_is_made(database: str, gateways: Gateways) -> None:
    owner = await cast.camille()
    contexts = [await cast.signed_in(gateways, owner) for _ in range(8)]
    outcomes = await asyncio.gather(
        *(asyncio.create_task(profiles.change_address(context, 1, *NEW)) for context in contexts)
    )
    assert [type(outcome) for outcome in outcomes].count(Customer) == 1
    assert outcomes.count(VersionConflict(2)) == 7
    assert await AuditEvent.owned_by(owner.id).count() == 1


async def test_a_stranger_changes_nothing(context: Context) -> None:
    assert await profiles.change_address(context, 1, *NEW) == NotSignedIn()


async def test_everything_that_is_wrong_is_told_at_once(database: str, gateways: Gateways) -> None:
    owner = await cast.camille()
    context = await cast.signed_in(gateways, owner)
    before = await cast.known_of(owner)
    refused = await profiles.change_address(context, 1, ["x" * 39, "a\0b"], "7500", "", "XX")
    assert isinstance(refused, InvalidInput)
    assert set(refused.fields) == {
        InvalidField("lines.0", "ADDRESS_TOO_LONG"),
        InvalidField("lines.1", "ADDRESS_CHARACTERS"),
        InvalidField("city", "ADDRESS_REQUIRED"),
        InvalidField("country_code", "ADDRESS_UNKNOWN_COUNTRY"),
    }
    assert await cast.known_of(owner) == before


@ON_ONE
@pytest.mark.parametrize(
    ("_case", "address", "bad"),
    [
        ("no line", ([], "75001", "Paris", "FR"), InvalidField("lines", "ADDRESS_REQUIRED")),
        ("five lines", (list("abcde"), "75001", "Paris", "FR"), InvalidField("lines", "ADDRESS_TOO_MANY")),
        ("no code", (["1"], "", "Paris", "FR"), InvalidField("postal_code", "ADDRESS_REQUIRED")),
        ("a bad code", (["1"], "7500A", "Paris", "FR"), InvalidField("postal_code", "ADDRESS_FORMAT")),
        ("arabic digits", (["1"], "٧٥٠٠١", "Paris", "FR"), InvalidField("postal_code", "ADDRESS_FORMAT")),
    ],
)
async def test_each_rule_is_told_by_its_field(
    database: str,
    gateways: Gateways,
    _case: str,
    address: tuple[list[str], str, str, str],
    bad: InvalidField,
) -> None:
    owner = await cast.camille()
    context = await cast.signed_in(gateways, owner)
    before = await cast.known_of(owner)
    assert await profiles.change_address(context, 1, *address) == InvalidInput((bad,))
    assert await cast.known_of(owner) == before
