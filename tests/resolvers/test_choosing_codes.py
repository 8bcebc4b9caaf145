"""A new secret code: chosen twice, refused when weak, and what it closes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

import models
from domain.assurance import Assurance
from domain.codes import Weakness
from domain.refusals import AccountLocked, FlowOver, InvalidField, InvalidInput
from gateways import Gateways
from models import AccessFlow, Credential, Delivery, Session
from resolvers import sessions
from resolvers.access import Arrived, NewCodeAsked
from resolvers.context import Context
from resolvers.provisional_codes import enter_sms_code
from resolvers.secret_codes import (
    CodesDiffer,
    Entry,
    KeypadOver,
    WeakCode,
    WrongCredentials,
    choose_code,
)
from resolvers.sessions import Cookie
from resolvers.step_up import change_code
from tests import cast
from tests.cast import CAMILLE_PHONE, CODE, OTHER_CODE, Access
from tests.conftest import NOON, Clock
from tests.resolvers.walking import (
    asked_for_sms,
    choose,
    codes_sent_to,
    elsewhere,
    entry,
    failures_of,
    keypad_of,
    new_code_asked,
    press,
)

NEW = OTHER_CODE


async def test_the_new_code_works_and_the_old_one_does_not(context: Context, access: Access) -> None:
    step = await new_code_asked(context, access.number, access.owner)
    assert isinstance(await choose(context, step, NEW), Arrived)
    assert isinstance(await press(context, access.number, CODE), WrongCredentials)
    assert isinstance(await press(context, access.number, NEW), Arrived)


async def test_the_old_code_is_kept_as_replaced(context: Context, access: Access) -> None:
    step = await new_code_asked(context, access.number, access.owner)
    await choose(context, step, NEW)
    old, new = await Credential.owned_by(access.owner.id).order_by("chosen_at")
    assert (old.replaced_at, new.chosen_at, new.replaced_at) == (NOON, NOON, None)
    assert NEW not in new.code_digest


async def test_choosing_signs_in_and_closes_every_other_session(
    context: Context, access: Access, gateways: Gateways, cookies: list[Cookie]
) -> None:
    old = [await cast.session_token(gateways, access.owner) for _ in range(2)]
    marcs = await cast.session_token(gateways, await cast.marc())
    step = await new_code_asked(context, access.number, access.owner)
    await choose(context, step, NEW)
    assert [await sessions.resume(gateways, token) for token in old] == [None, None]
    assert await sessions.resume(gateways, marcs) is not None
    provisional, cookie = cookies
    assert await sessions.resume(gateways, provisional.token) is None
    row = await sessions.resume(gateways, cookie.token)
    assert row is not None
    assert (row.customer_id, row.provisional) == (access.owner.id, False)
    assert (row.code_at, row.strong_at) == (NOON, NOON)
    assert sessions.assurance_of(row, NOON) is Assurance.STRONG_RECENT


async def test_choosing_tells_the_phone_and_leaves_a_trace(
    context: Context, access: Access, wakings: list[None]
) -> None:
    step = await new_code_asked(context, access.number, access.owner)
    await cast.session_token(context.gateways, access.owner)
    wakings.clear()
    await choose(context, step, NEW)
    *_, device, sms, email = await Delivery.owned_by(access.owner.id).order_by("id")
    assert (sms.address, sms.channel) == (CAMILLE_PHONE, models.Channel.SMS)
    assert [told.address for told in (device, email)] == ["camille@exemple.fr"] * 2
    assert "nouvel appareil" in str(device.body)
    for told in (sms, email):
        assert "votre code secret a été modifié" in str(told.body)
        assert NEW not in str(told.body)
    event, trusted = await models.AuditEvent.owned_by(access.owner.id).order_by("number")
    assert (trusted.kind, trusted.details) == ("DEVICE_TRUSTED", {})
    assert (event.kind, event.details) == (
        "CODE_CHOSEN",
        {"purpose": "FORGOTTEN_CODE", "sessions_closed": 1},
    )
    assert len(wakings) == 1


async def test_a_locked_account_opens_again(context: Context, access: Access) -> None:
    for _ in range(5):
        await press(context, access.number, OTHER_CODE)
    assert isinstance(await press(context, access.number), AccountLocked)
    step = await new_code_asked(context, access.number, access.owner)
    assert isinstance(await choose(context, step, NEW), Arrived)
    assert await failures_of(step.flow) == 0
    assert isinstance(await press(context, access.number, NEW), Arrived)


async def test_a_first_code_is_chosen_the_same_way(context: Context, cookies: list[Cookie]) -> None:
    owner = await cast.ines()
    credit = await cast.contract(owner)
    number = str(credit.account_number)
    await cast.identifier(credit, number)
    step = await new_code_asked(context, number, owner)
    assert isinstance(await choose(context, step, NEW), Arrived)
    assert await Credential.owned_by(owner.id).filter(replaced_at=None).count() == 1
    assert len(cookies) == 2, "one for the provisional session, one for the session"
    assert isinstance(await press(context, number, NEW), Arrived)


@pytest.mark.parametrize(
    ("_case", "code", "weakness"),
    [
        ("one digit", "000000", Weakness.REPEATED),
        ("a half twice", "274274", Weakness.REPEATED),
        ("in a row", "123456", Weakness.SEQUENCE),
        ("born 14 March 1988", "140388", Weakness.BIRTH_DATE),
        ("in the phone", "612345", Weakness.OWN_NUMBER),
    ],
)
async def test_a_weak_code_is_refused_with_its_reason(
    context: Context, access: Access, cookies: list[Cookie], _case: str, code: str, weakness: Weakness
) -> None:
    step = await new_code_asked(context, access.number, access.owner)
    before, held = await cast.known_of(access.owner), list(cookies)
    refused = await choose(context, step, code)
    assert isinstance(refused, WeakCode)
    assert refused.weakness is weakness
    assert (await cast.known_of(access.owner), cookies) == (before, held)
    assert isinstance(refused.next, NewCodeAsked)
    assert isinstance(await choose(context, refused.next, NEW), Arrived)


async def test_a_run_of_an_identifier_is_weak(context: Context, gateways: Gateways) -> None:
    owner = await cast.customer(phone=CAMILLE_PHONE, birth_date=date(1990, 1, 1))
    credit = await cast.contract(owner)
    await cast.identifier(credit, "30608502740000001")
    step = await new_code_asked(context, "30608502740000001", owner)
    refused = await choose(context, step, "850274")
    assert isinstance(refused, WeakCode)
    assert refused.weakness is Weakness.OWN_NUMBER


async def test_two_entries_that_differ_change_nothing(
    context: Context, access: Access, cookies: list[Cookie]
) -> None:
    step = await new_code_asked(context, access.number, access.owner)
    before, held = await cast.known_of(access.owner), list(cookies)
    refused = await choose(context, step, NEW, CODE)
    assert isinstance(refused, CodesDiffer)
    assert (await cast.known_of(access.owner), cookies) == (before, held)
    assert isinstance(refused.next, NewCodeAsked)
    assert isinstance(await choose(context, refused.next, NEW), Arrived)


@pytest.mark.parametrize("_case", ["the same twice", "expired", "nobody's"])
async def test_keypads_that_are_over_change_nothing(
    context: Context, access: Access, clock: Clock, _case: str
) -> None:
    step = await new_code_asked(context, access.number, access.owner)
    before = await cast.known_of(access.owner)
    first, second = entry(step.first, NEW), entry(step.second, NEW)
    if _case == "the same twice":
        second = first
    elif _case == "expired":
        clock.now += timedelta(minutes=2)
    else:
        first = Entry("nobody's", first.positions)
    refused = await choose_code(context, step.flow_token, first, second)
    assert isinstance(refused, KeypadOver)
    assert isinstance(refused.next, NewCodeAsked)
    before["session"][0]["seen_at"] = clock.now  # something was asked in it
    assert await cast.known_of(access.owner) == before


@pytest.mark.parametrize("field", ["first", "second"])
async def test_positions_that_are_no_code_cost_no_keypad(
    context: Context, access: Access, field: str
) -> None:
    step = await new_code_asked(context, access.number, access.owner)
    entries = {"first": entry(step.first, NEW), "second": entry(step.second, NEW)}
    spoilt = {**entries, field: Entry(entries[field].keypad_token, [1])}
    refused = await choose_code(context, step.flow_token, spoilt["first"], spoilt["second"])
    assert refused == InvalidInput((InvalidField(field, "POSITIONS_COUNT"),))
    assert isinstance(await choose(context, step, NEW), Arrived)


async def test_a_walk_elsewhere_chooses_nothing(context: Context, access: Access, clock: Clock) -> None:
    at_keypad = await keypad_of(context, access.number)
    step = await new_code_asked(context, access.number, access.owner)
    before = await cast.known_of(access.owner)
    entries = (entry(step.first, NEW), entry(step.second, NEW))
    assert await choose_code(context, at_keypad.flow_token, *entries) == FlowOver()
    clock.now += timedelta(minutes=15)
    assert await choose_code(context, step.flow_token, *entries) == FlowOver()
    assert await cast.known_of(access.owner) == before


async def test_a_walk_chooses_once(context: Context, access: Access) -> None:
    step = await new_code_asked(context, access.number, access.owner)
    await choose(context, step, NEW)
    assert await choose(context, step, CODE) == FlowOver()
    assert await Credential.owned_by(access.owner.id).count() == 2
    assert await Session.owned_by(access.owner.id).filter(closed_at=None).count() == 1


async def test_one_walk_chooses_until_its_thirty_answers_are_given(context: Context, access: Access) -> None:
    step = await new_code_asked(context, access.number, access.owner)  # the code of the SMS was the first
    for _ in range(29):
        refused = await choose(context, step, NEW, CODE)
        assert isinstance(refused, CodesDiffer)
        assert isinstance(refused.next, NewCodeAsked)
        step = refused.next
    before = await cast.known_of(access.owner)
    assert await choose(context, step, NEW) == FlowOver()
    assert (await AccessFlow.get(id=step.flow.id)).tries == 30
    assert await cast.known_of(access.owner) == before


@pytest.mark.parametrize("recovered", [True, False])
async def test_a_walk_with_the_old_code_ends_with_it(
    context: Context, access: Access, gateways: Gateways, recovered: bool
) -> None:
    stranger = elsewhere(context)
    waiting = await asked_for_sms(stranger, access.number)
    code = (await codes_sent_to(access.owner))[-1]
    step: Any
    if recovered:
        chooser, step = context, await new_code_asked(context, access.number, access.owner)
    else:
        chooser = await cast.signed_in(gateways, access.owner)
        step = await change_code(chooser)
    assert isinstance(await choose(chooser, step, NEW), Arrived)
    assert await enter_sms_code(stranger, waiting.flow_token, code) == FlowOver()
    assert await Session.owned_by(access.owner.id).filter(closed_at=None).count() == 1


async def test_a_code_is_changed_while_the_proof_is_recent(
    context: Context, access: Access, gateways: Gateways, clock: Clock
) -> None:
    hers = await cast.signed_in(gateways, access.owner)
    clock.now += timedelta(minutes=4)
    step: Any = await change_code(hers)
    assert step.flow.expires_at == NOON + timedelta(minutes=5)
    clock.now += timedelta(minutes=1)
    assert await choose(hers, step, NEW) == FlowOver()
    assert isinstance(await press(context, access.number, CODE), Arrived)


async def test_a_session_closed_from_elsewhere_chooses_nothing(
    context: Context, access: Access, gateways: Gateways
) -> None:
    step = await new_code_asked(context, access.number, access.owner)
    held = await context.session()  # as it was read before
    assert held is not None
    await Session.owned_by(access.owner.id).update(closed_at=NOON)
    assert await choose(context, step, NEW) == FlowOver()
    assert await Credential.owned_by(access.owner.id).count() == 1
