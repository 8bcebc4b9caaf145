"""The phone number and the provisional code: an SMS leaves only for the customer, in silence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.refusals import FlowOver, InvalidField, InvalidInput, Throttled, WrongCode
from gateways import Gateways
from gateways.messages import MemoryMessages
from models import AccessFlow, AccessPurpose, AccessStage, Channel, Customer, Delivery
from resolvers.access import NewCodeAsked, SmsCodeAsked
from resolvers.context import Context
from resolvers.deliveries import Outbox
from resolvers.provisional_codes import confirm_phone, enter_sms_code, forget_sent, resend_sms_code
from tests import cast
from tests.cast import CAMILLE_PHONE, Access, nobodys_number
from tests.conftest import NOON, Clock
from tests.kept import ON_ONE
from tests.resolvers.walking import codes_sent_to, elsewhere, keypad_of, phone_asked, press, sms_asked

SECOND = timedelta(seconds=1)
ANOTHERS_PHONE = "+33612345699"


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


@pytest.mark.parametrize("written", ["+33612345601", "06 12 34 56 01", "06.12.34.56.01", "+33 (0)6 12345601"])
async def test_the_customers_phone_gets_a_code(
    context: Context, access: Access, wakings: list[None], written: str
) -> None:
    step = await sms_asked(context, access.number, written)
    flow = await AccessFlow.get(id=step.flow.id)
    assert flow.stage is AccessStage.SMS_CODE
    assert flow.sms_expires_at == NOON + timedelta(minutes=10)
    assert flow.sms_resend_at == NOON + timedelta(seconds=30)
    (row,) = await Delivery.owned_by(access.owner.id)
    assert (row.channel, row.address, row.useless_at) == (Channel.SMS, CAMILLE_PHONE, flow.sms_expires_at)
    assert str(flow.sms_reference) in str(row.body)
    (code,) = await codes_sent_to(access.owner)
    assert flow.sms_digest == context.gateways.vault.sms_digest(str(flow.id), code).hex()
    assert len(wakings) == 1


async def test_the_sms_speaks_the_customers_language(context: Context, gateways: Gateways) -> None:
    credit = await cast.contract(await cast.marc())
    await cast.identifier(credit, str(credit.account_number))
    await sms_asked(context, str(credit.account_number), "+33612345602")
    (row,) = await Delivery.owned_by(credit.customer_id)
    assert "valid 10 min" in str(row.body)


async def test_the_message_leaves_after_the_answer(
    context: Context, access: Access, gateways: Gateways, messages: MemoryMessages
) -> None:
    await sms_asked(context, access.number, CAMILLE_PHONE)
    codes = await codes_sent_to(access.owner)
    assert messages.sent == []
    while await Outbox(gateways).send_due():
        pass
    assert codes[0] in [message.body for message in messages.sent if message.to == CAMILLE_PHONE][-1]


@pytest.mark.parametrize(("_case", "known"), [("another phone", True), ("nobody", False)])
async def test_without_the_customers_phone_the_same_step_follows_and_nothing_leaves(
    context: Context, access: Access, _case: str, known: bool
) -> None:
    before, queued = await cast.known_of(access.owner), await Delivery.all().count()
    right = await sms_asked(context, access.number, ANOTHERS_PHONE) if known else None
    step = right or await sms_asked(context, nobodys_number(), CAMILLE_PHONE)
    flow = await AccessFlow.get(id=step.flow.id)
    assert (flow.stage, flow.sms_address) == (AccessStage.SMS_CODE, "")
    assert flow.sms_expires_at == NOON + timedelta(minutes=10)
    assert flow.sms_resend_at == NOON + timedelta(seconds=30)
    assert flow.sms_digest is not None
    assert flow.sms_reference is not None
    assert await Delivery.all().count() == queued
    assert await cast.known_of(access.owner) == before


async def test_a_customer_without_a_phone_gets_no_sms(context: Context) -> None:
    credit = await cast.contract(await cast.ines(phone=None))
    await cast.identifier(credit, str(credit.account_number))
    await sms_asked(context, str(credit.account_number), CAMILLE_PHONE)
    assert await Delivery.owned_by(credit.customer_id).count() == 0


@ON_ONE
@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "PHONE_EMPTY"),
        ("1" * 33, "PHONE_TOO_LONG"),
        ("zéro six", "PHONE_CHARACTERS"),
        ("01 02", "PHONE_UNKNOWN_NUMBER"),
    ],
)
async def test_a_malformed_phone_costs_no_try(context: Context, access: Access, text: str, rule: str) -> None:
    step = await phone_asked(context, access.number)
    refused = await confirm_phone(context, step.flow_token, text)
    assert refused == InvalidInput((InvalidField("phone", rule),))
    flow = await AccessFlow.get(id=step.flow.id)
    assert (flow.stage, flow.phone_tries) == (AccessStage.PHONE, 0)


async def test_a_mistyped_phone_may_be_corrected_after_the_wait(
    context: Context, access: Access, clock: Clock
) -> None:
    step = await sms_asked(context, access.number, ANOTHERS_PHONE)
    assert await confirm_phone(context, step.flow_token, CAMILLE_PHONE) == Throttled(30)
    assert await codes_sent_to(access.owner) == []
    clock.now += timedelta(seconds=30)
    assert isinstance(await confirm_phone(context, step.flow_token, CAMILLE_PHONE), SmsCodeAsked)
    assert len(await codes_sent_to(access.owner)) == 1


async def test_a_walk_takes_five_phone_numbers(context: Context, access: Access, clock: Clock) -> None:
    step = await phone_asked(context, access.number)
    for _ in range(5):
        assert isinstance(await confirm_phone(context, step.flow_token, ANOTHERS_PHONE), SmsCodeAsked)
        clock.now += timedelta(minutes=5)
    assert await confirm_phone(context, step.flow_token, CAMILLE_PHONE) == FlowOver()
    assert await codes_sent_to(access.owner) == []


async def test_another_sms_waits_longer_each_time(context: Context, access: Access, clock: Clock) -> None:
    step = await sms_asked(context, access.number, CAMILLE_PHONE)
    for seconds in (30, 60, 120, 300, 300):
        assert await resend_sms_code(context, step.flow_token) == Throttled(seconds)
        clock.now += timedelta(seconds=seconds) - SECOND
        assert await resend_sms_code(context, step.flow_token) == Throttled(1)
        clock.now += SECOND
        assert isinstance(await resend_sms_code(context, step.flow_token), SmsCodeAsked)
    assert len(await codes_sent_to(access.owner)) == 6


async def test_sending_again_keeps_the_walk_alive(context: Context, access: Access, clock: Clock) -> None:
    step = await sms_asked(context, access.number, CAMILLE_PHONE)
    clock.now += timedelta(minutes=14)
    assert isinstance(await resend_sms_code(context, step.flow_token), SmsCodeAsked)
    assert (await AccessFlow.get(id=step.flow.id)).expires_at == clock.now + timedelta(minutes=15)


async def test_the_code_before_no_longer_works(context: Context, access: Access, clock: Clock) -> None:
    step = await sms_asked(context, access.number, CAMILLE_PHONE)
    clock.now += timedelta(seconds=30)
    await resend_sms_code(context, step.flow_token)
    first, second = await codes_sent_to(access.owner)
    assert first != second
    assert await enter_sms_code(context, step.flow_token, first) == WrongCode(4)
    assert isinstance(await enter_sms_code(context, step.flow_token, second), NewCodeAsked)


async def test_another_sms_may_be_tried_as_often_as_the_first(
    context: Context, access: Access, clock: Clock
) -> None:
    step = await sms_asked(context, access.number, CAMILLE_PHONE)
    (first,) = await codes_sent_to(access.owner)
    for _ in range(5):
        last = await enter_sms_code(context, step.flow_token, other_than(first))
    assert last == FlowOver()
    clock.now += timedelta(seconds=30)
    await resend_sms_code(context, step.flow_token)
    code = (await codes_sent_to(access.owner))[-1]
    assert await enter_sms_code(context, step.flow_token, other_than(code)) == WrongCode(4)
    assert isinstance(await enter_sms_code(context, step.flow_token, code), NewCodeAsked)


@pytest.mark.parametrize("known", [True, False])
async def test_eight_sms_leave_in_a_day(context: Context, access: Access, clock: Clock, known: bool) -> None:
    number = access.number if known else nobodys_number()
    context = elsewhere(context)
    for _ in range(8):
        await sms_asked(context, number, CAMILLE_PHONE)
    await sms_asked(context, number, CAMILLE_PHONE)  # the same step, and no ninth SMS
    assert len(await codes_sent_to(access.owner)) == (8 if known else 0)
    clock.now += timedelta(days=1)
    await sms_asked(context, number, CAMILLE_PHONE)
    assert len(await codes_sent_to(access.owner)) == (9 if known else 0)


async def test_a_stranger_uses_up_no_sms_of_who_knows_the_code(context: Context, access: Access) -> None:
    for _ in range(9):
        await sms_asked(elsewhere(context), access.number, CAMILLE_PHONE)
    for _ in range(8):
        assert isinstance(await press(elsewhere(context), access.number), SmsCodeAsked)
    assert len(await codes_sent_to(access.owner)) == 16
    assert isinstance(await press(elsewhere(context), access.number), Throttled), "told, not left to wait"
    await sms_asked(context, access.number, CAMILLE_PHONE)
    assert len(await codes_sent_to(access.owner)) == 17, "on the device she trusts she goes on"


async def test_staff_let_sms_go_again(context: Context, access: Access) -> None:
    for _ in range(9):
        await sms_asked(elsewhere(context), access.number, CAMILLE_PHONE)
    await forget_sent(context.gateways, access.owner.id)
    await sms_asked(elsewhere(context), access.number, CAMILLE_PHONE)
    assert len(await codes_sent_to(access.owner)) == 9


async def test_spaces_in_a_code_do_not_matter(context: Context, access: Access) -> None:
    step = await sms_asked(context, access.number, CAMILLE_PHONE)
    (code,) = await codes_sent_to(access.owner)
    spaced = f" {code[:3]} {code[3:]} "
    assert isinstance(await enter_sms_code(context, step.flow_token, spaced), NewCodeAsked)


async def test_a_number_that_takes_no_sms_is_told_at_once(context: Context, access: Access) -> None:
    step = await phone_asked(context, access.number)
    refused = await confirm_phone(context, step.flow_token, "05 56 00 00 00")
    assert refused == InvalidInput((InvalidField("phone", "PHONE_NOT_MOBILE"),))
    assert (await AccessFlow.get(id=step.flow.id)).phone_tries == 0


@pytest.mark.parametrize("resent", [True, False])
async def test_a_number_that_was_replaced_meanwhile_proves_nothing(
    context: Context, access: Access, clock: Clock, resent: bool
) -> None:
    step = await sms_asked(context, access.number, CAMILLE_PHONE)
    await Customer.filter(id=access.owner.id).update(phone="+33612345677", phone_changed_at=clock.now)
    if resent:
        clock.now += timedelta(seconds=30)
        assert isinstance(await resend_sms_code(context, step.flow_token), SmsCodeAsked)
    code = (await codes_sent_to(access.owner))[-1]
    outcome = await enter_sms_code(context, step.flow_token, code)
    assert outcome == (WrongCode(4) if resent else FlowOver())
    assert len(await codes_sent_to(access.owner)) == 1


async def test_however_often_it_is_sent_again_a_walk_ends_after_half_an_hour(
    context: Context, access: Access, clock: Clock
) -> None:
    step = await sms_asked(context, access.number, CAMILLE_PHONE)
    while clock.now < NOON + timedelta(minutes=30):
        assert isinstance(await resend_sms_code(context, step.flow_token), SmsCodeAsked | Throttled)
        clock.now += timedelta(minutes=6)
    assert await resend_sms_code(context, step.flow_token) == FlowOver()


async def test_a_wrong_phone_uses_up_no_sms(context: Context, access: Access) -> None:
    for _ in range(8):
        await sms_asked(context, access.number, "+33612345678")
    await sms_asked(context, access.number, CAMILLE_PHONE)
    assert len(await codes_sent_to(access.owner)) == 1


async def test_the_code_leads_to_two_keypads_once(context: Context, access: Access) -> None:
    step = await sms_asked(context, access.number, CAMILLE_PHONE)
    (code,) = await codes_sent_to(access.owner)
    asked = await enter_sms_code(context, step.flow_token, code)
    assert isinstance(asked, NewCodeAsked)
    assert asked.first.token != asked.second.token
    assert (await AccessFlow.get(id=step.flow.id)).sms_digest is None
    assert await enter_sms_code(context, step.flow_token, code) == FlowOver()


async def test_five_wrong_codes_end_the_code(context: Context, access: Access) -> None:
    step = await sms_asked(context, access.number, CAMILLE_PHONE)
    (code,) = await codes_sent_to(access.owner)
    outcomes = [await enter_sms_code(context, step.flow_token, other_than(code)) for _ in range(5)]
    assert outcomes == [WrongCode(4), WrongCode(3), WrongCode(2), WrongCode(1), FlowOver()]
    assert await enter_sms_code(context, step.flow_token, code) == FlowOver()
    assert (await AccessFlow.get(id=step.flow.id)).stage is AccessStage.SMS_CODE


async def test_where_no_sms_left_no_code_is_right(context: Context, access: Access) -> None:
    step = await sms_asked(context, access.number, ANOTHERS_PHONE)
    outcomes = [await enter_sms_code(context, step.flow_token, f"{number:06d}") for number in range(5)]
    assert outcomes == [WrongCode(4), WrongCode(3), WrongCode(2), WrongCode(1), FlowOver()]


async def test_a_code_lives_ten_minutes(context: Context, access: Access, clock: Clock) -> None:
    step = await sms_asked(context, access.number, CAMILLE_PHONE)
    (code,) = await codes_sent_to(access.owner)
    clock.now += timedelta(minutes=10)
    assert await enter_sms_code(context, step.flow_token, code) == FlowOver()
    clock.now -= SECOND
    assert isinstance(await enter_sms_code(context, step.flow_token, code), NewCodeAsked)


@ON_ONE
@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "\ud800"])
async def test_what_cannot_be_a_code_costs_no_try(context: Context, access: Access, code: str) -> None:
    step = await sms_asked(context, access.number, CAMILLE_PHONE)
    refused = await enter_sms_code(context, step.flow_token, code)
    assert refused == InvalidInput((InvalidField("code", "SMS_CODE_MALFORMED"),))
    assert (await AccessFlow.get(id=step.flow.id)).sms_tries == 0


async def test_a_code_of_another_walk_is_wrong(context: Context, access: Access) -> None:
    await sms_asked(context, access.number, CAMILLE_PHONE)
    other = await sms_asked(context, access.number, CAMILLE_PHONE)
    first, _ = await codes_sent_to(access.owner)
    assert await enter_sms_code(context, other.flow_token, first) == WrongCode(4)


async def test_each_step_takes_only_its_own_answer(context: Context, access: Access) -> None:
    at_keypad, at_phone = await keypad_of(context, access.number), await phone_asked(context, access.number)
    for step in (at_keypad, at_phone):
        assert await enter_sms_code(context, step.flow_token, "123456") == FlowOver()
        assert await resend_sms_code(context, step.flow_token) == FlowOver()
    assert await confirm_phone(context, at_keypad.flow_token, CAMILLE_PHONE) == FlowOver()
    assert await codes_sent_to(access.owner) == []


async def test_a_first_connection_goes_the_same_way(context: Context, access: Access) -> None:
    step = await phone_asked(context, access.number, AccessPurpose.FIRST_CONNECTION)
    assert isinstance(await confirm_phone(context, step.flow_token, CAMILLE_PHONE), SmsCodeAsked)
    (code,) = await codes_sent_to(access.owner)
    assert isinstance(await enter_sms_code(context, step.flow_token, code), NewCodeAsked)
