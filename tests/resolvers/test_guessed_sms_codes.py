"""Codes sent by SMS that somebody guesses at: the next ones are longer, and nobody is shut out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.refusals import FlowOver, WrongCode
from gateways import Gateways
from models import AccessFlow, SmsOrder
from resolvers.access import Arrived, NewCodeAsked, SmsCodeAsked
from resolvers.context import Context
from resolvers.provisional_codes import enter_sms_code, resend_sms_code
from tests import cast
from tests.cast import CAMILLE_PHONE, Access, nobodys_number
from tests.conftest import Clock
from tests.resolvers.walking import (
    CODE_IN_TEXT,
    asked_for_sms,
    codes_sent_to,
    elsewhere,
    give_back,
    sms_asked,
)

HALF_MINUTE = timedelta(seconds=30)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


async def guess(context: Context, number: str, phone: str, times: int) -> SmsCodeAsked:
    """So many wrong codes in one walk."""
    step = await sms_asked(context, number, phone)
    for _ in range(times):
        await enter_sms_code(context, step.flow_token, "000000")
    return step


async def length_shown(step: Any) -> int:
    return int((await AccessFlow.get(id=step.flow.id)).sms_length)


@pytest.mark.parametrize(("known", "phone"), [(True, CAMILLE_PHONE), (True, "+33612345698"), (False, "x")])
async def test_after_five_guesses_the_next_codes_have_ten_digits_for_nobody_too(
    context: Context, access: Access, known: bool, phone: str
) -> None:
    number, given = (access.number, phone) if known else (nobodys_number(), CAMILLE_PHONE)
    thief = elsewhere(context)
    await guess(thief, number, given, 4)
    assert await length_shown(await sms_asked(thief, number, given)) == 6
    await guess(thief, number, given, 1)
    assert await length_shown(await sms_asked(thief, number, given)) == 10


async def test_the_customer_still_gets_in_and_the_next_codes_are_short_again(
    context: Context, access: Access
) -> None:
    await guess(elsewhere(context), access.number, CAMILLE_PHONE, 5)
    hers = elsewhere(context, "f" * 43)
    step = await asked_for_sms(hers, access.number)
    code = (await codes_sent_to(access.owner))[-1]
    assert (len(code), await length_shown(step)) == (10, 10)
    order = await SmsOrder.filter(customer_id=access.owner.id).order_by("-id").first()
    assert order is not None
    assert CODE_IN_TEXT.findall(order.body) == [code]
    assert await enter_sms_code(hers, step.flow_token, other_than(code)) == WrongCode(4)
    assert await enter_sms_code(hers, step.flow_token, code[:6]) == WrongCode(3)
    assert isinstance(await enter_sms_code(hers, step.flow_token, code), Arrived)
    assert await length_shown(await sms_asked(elsewhere(context), access.number, CAMILLE_PHONE)) == 6


async def test_one_customers_guesses_lengthen_no_other_customers_codes(
    context: Context, access: Access
) -> None:
    credit = await cast.contract(await cast.marc())
    await cast.identifier(credit, str(credit.account_number))
    await guess(elsewhere(context), str(credit.account_number), "+33612345602", 5)
    assert await length_shown(await sms_asked(elsewhere(context), access.number, CAMILLE_PHONE)) == 6


async def test_sending_again_lengthens_the_code_of_the_walk(
    context: Context, access: Access, clock: Clock
) -> None:
    thief = elsewhere(context)
    step = await guess(thief, access.number, CAMILLE_PHONE, 5)
    clock.now += HALF_MINUTE
    assert isinstance(await resend_sms_code(thief, step.flow_token), SmsCodeAsked)
    assert await length_shown(step) == 10
    assert isinstance(await give_back(thief, step, access.owner), NewCodeAsked)


@pytest.fixture
def noticed(context: Context, gateways: Gateways) -> Context:
    """A site that notices three wrong codes."""
    settings = gateways.settings.model_copy(update={"sms_failures_max": 3})
    context.gateways = replace(gateways, settings=settings)
    return elsewhere(context)


async def test_guesses_at_many_customers_lengthen_everybodys_codes(noticed: Context, access: Access) -> None:
    for network in range(3):
        assert await length_shown(await sms_asked(noticed, access.number, CAMILLE_PHONE)) == 6
        bot = replace(elsewhere(noticed, f"{network:043}"), address=f"198.51.100.{network}")
        await guess(bot, nobodys_number(), CAMILLE_PHONE, 1)
    assert await length_shown(await sms_asked(noticed, access.number, CAMILLE_PHONE)) == 10


async def test_a_short_code_sent_before_may_be_tried_once(
    noticed: Context, access: Access, clock: Clock
) -> None:
    first, second = [await asked_for_sms(noticed, access.number) for _ in range(2)]
    codes = await codes_sent_to(access.owner)
    await guess(elsewhere(noticed, "b" * 43), nobodys_number(), CAMILLE_PHONE, 3)
    assert await enter_sms_code(noticed, first.flow_token, other_than(codes[0])) == FlowOver()
    assert await enter_sms_code(noticed, first.flow_token, codes[0]) == FlowOver()
    assert isinstance(await enter_sms_code(noticed, second.flow_token, codes[1]), Arrived)
    clock.now += HALF_MINUTE
    assert isinstance(await resend_sms_code(noticed, first.flow_token), SmsCodeAsked)
    assert isinstance(await give_back(noticed, first, access.owner), Arrived)
