"""Codes of before: not chosen again while they are remembered, and kept under the newest pepper."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.codes import REMEMBERED_CODES, Weakness
from gateways import Gateways
from gateways.peppers import Pepper
from gateways.vault import Vault
from models import Credential
from resolvers.access import Arrived, NewCodeAsked, SmsCodeAsked
from resolvers.context import Context
from resolvers.secret_codes import WeakCode, WrongCredentials
from tests import cast
from tests.cast import CODE, OTHER_CODE, Access
from tests.conftest import NOON, Clock
from tests.resolvers.walking import choose, elsewhere, new_code_asked, press

DAY = timedelta(days=1)
OLD, NEW = Pepper("test", b"p" * 32), Pepper("next", b"n" * 32)
CODES = ["850274", "361805", "497206", "182947", "630518", "905372"]


def with_peppers(context: Context, *peppers: Pepper, passes: int = 1) -> Context:
    """The next operation, after the server started again with other peppers or costs."""
    vault = Vault(list(peppers), memory_kib=8, passes=passes)
    return replace(elsewhere(context, cast.BROWSER), gateways=replace(context.gateways, vault=vault))


async def in_force(access: Access) -> Credential:
    return await Credential.owned_by(access.owner.id).get(replaced_at=None)


async def test_the_last_five_codes_are_refused_and_the_sixth_is_not(
    context: Context, access: Access, gateways: Gateways, clock: Clock
) -> None:
    assert REMEMBERED_CODES == 5
    for code in CODES[:5]:  # five after CODE: the sixth last is the one she began with
        clock.now += DAY
        hers = elsewhere(context)
        step = await new_code_asked(hers, access.number, access.owner)
        assert isinstance(await choose(hers, step, code), Arrived)
    clock.now += DAY
    hers = elsewhere(context)
    step = await new_code_asked(hers, access.number, access.owner)
    before = await cast.known_of(access.owner)
    for code in CODES[:5]:
        refused = await choose(hers, step, code)
        assert isinstance(refused, WeakCode)
        assert refused.weakness is Weakness.USED_BEFORE
        assert isinstance(refused.next, NewCodeAsked)
        step = refused.next
    assert await cast.known_of(access.owner) == before
    assert isinstance(await choose(hers, step, CODE), Arrived)


async def test_another_customers_code_may_be_chosen(
    context: Context, access: Access, gateways: Gateways
) -> None:
    await cast.credential(gateways, await cast.marc(), OTHER_CODE)
    step = await new_code_asked(context, access.number, access.owner)
    assert isinstance(await choose(context, step, OTHER_CODE), Arrived)


async def test_codes_of_before_the_pepper_changed_are_remembered(context: Context, access: Access) -> None:
    rotated = with_peppers(context, NEW, OLD)
    step = await new_code_asked(rotated, access.number, access.owner)
    refused = await choose(rotated, step, CODE)
    assert isinstance(refused, WeakCode)
    assert refused.weakness is Weakness.USED_BEFORE


async def test_a_right_code_moves_to_the_newest_pepper(context: Context, access: Access) -> None:
    before = await in_force(access)
    rotated = with_peppers(context, NEW, OLD)
    assert isinstance(await press(rotated, access.number), Arrived)
    after = await in_force(access)
    assert (before.code_digest.partition("$")[0], after.code_digest.partition("$")[0]) == ("test", "next")
    now, was = cast.columns_of(after), cast.columns_of(before)
    assert {name for name in now if now[name] != was[name]} == {"code_digest"}
    assert await Credential.owned_by(access.owner.id).count() == 1
    assert await rotated.gateways.vault.matches(CODE, after.code_digest)


async def test_the_old_pepper_may_go_once_its_codes_have_moved(context: Context, access: Access) -> None:
    await press(with_peppers(context, NEW, OLD), access.number)
    digest = (await in_force(access)).code_digest
    alone = with_peppers(context, NEW)  # looked-up keys are new too: the browser is to be trusted anew
    assert isinstance(await press(alone, access.number), SmsCodeAsked)
    assert (await in_force(access)).code_digest == digest


async def test_a_code_that_did_not_move_goes_with_its_pepper(context: Context, access: Access) -> None:
    assert isinstance(await press(with_peppers(context, NEW), access.number), WrongCredentials)


async def test_a_code_moves_to_the_costs_of_now(context: Context, access: Access) -> None:
    dearer = with_peppers(context, OLD, passes=2)
    assert isinstance(await press(dearer, access.number), Arrived)
    assert not dearer.gateways.vault.needs_rehash((await in_force(access)).code_digest)


@pytest.mark.parametrize("code", [OTHER_CODE, "000000"])
async def test_a_wrong_code_moves_nothing(context: Context, access: Access, code: str) -> None:
    before = (await in_force(access)).code_digest
    assert isinstance(await press(with_peppers(context, NEW, OLD), access.number, code), WrongCredentials)
    assert (await in_force(access)).code_digest == before


async def test_a_digest_of_now_is_left_alone(context: Context, access: Access) -> None:
    before = (await in_force(access)).code_digest
    assert isinstance(await press(context, access.number), Arrived)
    assert (await in_force(access)).code_digest == before


async def test_two_codes_chosen_at_one_instant_are_both_remembered(
    context: Context, access: Access, gateways: Gateways
) -> None:
    await Credential.owned_by(access.owner.id).update(replaced_at=NOON)
    for code in CODES[:4]:
        await cast.credential(gateways, access.owner, code, chosen_at=NOON, replaced_at=NOON)
    step = await new_code_asked(context, access.number, access.owner)
    refused = await choose(context, step, CODE)
    assert isinstance(refused, WeakCode)
    assert refused.weakness is Weakness.USED_BEFORE
