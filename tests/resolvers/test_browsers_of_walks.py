"""A walk belongs to the browser it was begun in: nobody else goes on with it, or learns that it is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

import models
from domain.refusals import FlowOver, Throttled, WrongCode
from gateways import Gateways
from models import AccessFlow, AccessStage, AttemptTally, Keypad, Session
from resolvers import access as machine
from resolvers.access import Arrived, KeypadShown, NewCodeAsked, PhoneAsked, SmsCodeAsked
from resolvers.context import Context
from resolvers.devices import COOKIE_SECONDS
from resolvers.provisional_codes import confirm_phone, enter_sms_code, resend_sms_code
from resolvers.secret_codes import Entry, KeypadOver, choose_code, enter_code
from resolvers.sessions import Cookie
from tests import cast
from tests.cast import CAMILLE_PHONE, CODE, OTHER_CODE, Access, nobodys_number
from tests.kept import ON_ONE
from tests.resolvers.walking import (
    again,
    asked_for_sms,
    begin,
    codes_sent_to,
    elsewhere,
    entry,
    give_back,
    keypad_of,
    new_code_asked,
    phone_asked,
)

NOWHERE = Entry("nobody's", [0] * 6)
Answer = Callable[[Context, Any], Awaitable[Any]]

# What each step takes, given to the step as it is shown.
ANSWERS: dict[AccessStage, list[Answer]] = {
    AccessStage.KEYPAD: [
        lambda context, step: enter_code(context, step.flow_token, entry(step.keypad, CODE)),
        lambda context, step: machine.refresh_keypad(context, step.flow_token),
    ],
    AccessStage.PHONE: [lambda context, step: confirm_phone(context, step.flow_token, CAMILLE_PHONE)],
    AccessStage.SMS_CODE: [
        lambda context, step: enter_sms_code(context, step.flow_token, "123456"),
        lambda context, step: resend_sms_code(context, step.flow_token),
    ],
    AccessStage.NEW_CODE: [
        lambda context, step: choose_code(
            context, step.flow_token, entry(step.first, OTHER_CODE), entry(step.second, OTHER_CODE)
        ),
        lambda context, step: machine.refresh_keypad(context, step.flow_token),
    ],
}
STAGES = pytest.mark.parametrize("stage", list(ANSWERS))


async def walk_to(stage: AccessStage, context: Context, access: Access) -> Any:
    """Camille's walk, as far as a step; `context` holds its session if it has one."""
    match stage:
        case AccessStage.KEYPAD:
            return await keypad_of(context, access.number)
        case AccessStage.PHONE:
            return await phone_asked(context, access.number)
        case AccessStage.SMS_CODE:
            return await asked_for_sms(context, access.number)
        case _:
            return await new_code_asked(context, access.number, access.owner)


async def state_of(access: Access) -> list[Any]:
    """All that the tables hold of a customer and of her walks."""
    flows = await AccessFlow.filter(customer_id=access.owner.id).order_by("id").values()
    keypads = await Keypad.filter(flow_id__in=[flow["id"] for flow in flows]).order_by("id").values()
    tallies = await AttemptTally.filter(subject_key__in=[flow["subject_key"] for flow in flows])
    return [flows, keypads, list(map(cast.columns_of, tallies)), await cast.known_of(access.owner)]


@STAGES
@pytest.mark.parametrize("browser", ["o" * 43, None, "", "o" * 42, f"{'e' * 42}=", "e" * 44])
async def test_another_browser_neither_goes_on_nor_sees_the_walk(
    context: Context, access: Access, stage: AccessStage, browser: str | None
) -> None:
    hers = elsewhere(context)
    step = await walk_to(stage, hers, access)
    before = await state_of(access)
    thief = again(hers, device_token=browser)  # with her session's cookie and all
    for answer in ANSWERS[stage]:
        assert await answer(thief, step) == FlowOver()
    assert await machine.resume(thief, step.flow_token) == FlowOver()
    assert await state_of(access) == before


@STAGES
async def test_a_page_that_was_loaded_again_goes_on_where_it_stood(
    context: Context, access: Access, stage: AccessStage
) -> None:
    hers = elsewhere(context)
    step = await walk_to(stage, hers, access)
    resumed: Any = await machine.resume(again(hers), step.flow_token)
    assert type(resumed) is type(step)
    where = (resumed.flow.id, resumed.flow.stage, resumed.flow_token)
    assert where == (step.flow.id, stage, step.flow_token)
    outcome: Any
    match resumed:
        case KeypadShown():
            outcome = await enter_code(again(hers), step.flow_token, entry(resumed.keypad, CODE))
            assert isinstance(outcome, SmsCodeAsked)
        case PhoneAsked():
            outcome = await confirm_phone(again(hers), step.flow_token, CAMILLE_PHONE)
            assert isinstance(outcome, SmsCodeAsked)
        case SmsCodeAsked():
            assert resumed.flow.sms_reference == step.flow.sms_reference
            assert isinstance(await give_back(again(hers), resumed, access.owner), Arrived)
        case NewCodeAsked():
            entries = [entry(shown, OTHER_CODE) for shown in (resumed.first, resumed.second)]
            assert isinstance(await choose_code(again(hers), step.flow_token, *entries), Arrived)


async def test_a_walk_that_is_over_is_not_resumed(context: Context, access: Access) -> None:
    step = await keypad_of(context, access.number)
    assert isinstance(await enter_code(context, step.flow_token, entry(step.keypad, CODE)), Arrived)
    shown = await Keypad.filter(flow_id=step.flow.id).count()
    assert await machine.resume(context, step.flow_token) == FlowOver()
    assert await Keypad.filter(flow_id=step.flow.id).count() == shown


async def test_two_tabs_walk_two_walks(context: Context, access: Access) -> None:
    steps = [await keypad_of(context, access.number) for _ in range(2)]
    for flow, keypad in (steps, reversed(steps)):  # each keypad on the other tab's walk
        crossed = await enter_code(again(context), flow.flow_token, entry(keypad.keypad, CODE))
        assert isinstance(crossed, KeypadOver)
    for step in steps:
        arrived = await enter_code(context, step.flow_token, entry(step.keypad, CODE))
        assert isinstance(arrived, Arrived)
    assert await Session.owned_by(access.owner.id).count() == 2
    assert await Session.owned_by(access.owner.id).filter(closed_at=None).count() == 1


async def test_two_customers_who_swap_walks_and_codes_get_nowhere(
    context: Context, access: Access, gateways: Gateways
) -> None:
    marc = await cast.marc()
    credit = await cast.contract(marc)
    await cast.identifier(credit, str(credit.account_number))
    await cast.credential(gateways, marc, OTHER_CODE)
    his_browser = elsewhere(context, "m" * 43)
    hers, his = elsewhere(context), again(his_browser)
    her_step, his_step = (
        await keypad_of(hers, access.number),
        await keypad_of(his, str(credit.account_number)),
    )

    assert await enter_code(hers, his_step.flow_token, entry(his_step.keypad, OTHER_CODE)) == FlowOver()
    swapped = await enter_code(hers, her_step.flow_token, entry(his_step.keypad, CODE))
    assert isinstance(swapped, KeypadOver)
    assert isinstance(swapped.next, KeypadShown)

    asked = await enter_code(hers, her_step.flow_token, entry(swapped.next.keypad, CODE))
    his_asked = await enter_code(his, his_step.flow_token, entry(his_step.keypad, OTHER_CODE))
    assert isinstance(asked, SmsCodeAsked)
    assert isinstance(his_asked, SmsCodeAsked)
    (her_code,), (his_code,) = await codes_sent_to(access.owner), await codes_sent_to(marc)
    assert await enter_sms_code(hers, his_asked.flow_token, his_code) == FlowOver()
    assert await enter_sms_code(hers, asked.flow_token, his_code) == WrongCode(4)
    assert isinstance(await enter_sms_code(hers, asked.flow_token, her_code), Arrived)
    assert await Session.owned_by(marc.id).count() == 0


async def test_a_new_code_is_chosen_in_the_walks_own_session_alone(
    context: Context, access: Access, gateways: Gateways
) -> None:
    step = await walk_to(AccessStage.NEW_CODE, context, access)
    before = await state_of(access)
    full = await cast.session_token(gateways, access.owner)
    other = again(elsewhere(context))
    await walk_to(AccessStage.NEW_CODE, other, access)
    for token in (None, "forged.token", full, other.session_token):
        asking = again(context, session_token=token)
        for answer in ANSWERS[AccessStage.NEW_CODE]:
            assert await answer(asking, step) == FlowOver()
    after = await state_of(access)
    assert after[3]["credential"] == before[3]["credential"]
    assert [row for row in after[0] if row["id"] == step.flow.id] == before[0]


@ON_ONE
@pytest.mark.parametrize("held", [None, "too short", "e" * 43 + "\n"])
async def test_a_browser_without_a_cookie_is_given_one_with_its_first_walk(
    context: Context, access: Access, held: str | None
) -> None:
    given: list[Cookie] = []
    fresh = replace(elsewhere(context), device_token=held, set_device=given.append)
    step = await keypad_of(fresh, access.number)
    (cookie,) = given
    assert (len(cookie.token), cookie.seconds) == (43, COOKIE_SECONDS)
    assert cookie.token not in str(cast.columns_of(await AccessFlow.get(id=step.flow.id)))
    at_home = again(fresh, device_token=cookie.token)
    asked = await enter_code(at_home, step.flow_token, entry(step.keypad, CODE))
    assert isinstance(asked, SmsCodeAsked)
    assert len(given) == 1


@ON_ONE
async def test_ten_thousand_walks_from_one_address_leave_as_many_rows_as_were_granted(
    context: Context, gateways: Gateways
) -> None:
    settings = gateways.settings.model_copy(update={"access_flows_of_address_max": 50})
    context.gateways = replace(gateways, settings=settings)
    tables = (AccessFlow, Keypad, AttemptTally, models.SmsOrder)
    before = [await table.all().count() for table in tables]
    begun = []
    for turn in range(10_000):
        asking = replace(context, device_token=f"{turn:043}" if turn % 2 else None)
        begun.append(type(await begin(asking, nobodys_number())))
    assert begun == [KeypadShown] * 50 + [Throttled] * 9_950
    more = [await table.all().count() - count for table, count in zip(tables, before, strict=True)]
    assert more == [50, 50, 0, 0]
