"""Twenty at once on the way in: none gains a try, a session or an SMS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import models
from domain.refusals import AccountLocked, FlowOver, WrongCode
from gateways import Gateways
from models import AccessFlow, AccessStage, Session
from resolvers.access import Arrived, NewCodeAsked, ShownKeypad, SmsCodeAsked
from resolvers.context import Context
from resolvers.profiles import ConfirmationSent, request_phone_change
from resolvers.provisional_codes import (
    SMS_OF_CUSTOMER,
    Asking,
    confirm_phone,
    enter_sms_code,
    resend_sms_code,
)
from resolvers.secret_codes import KeypadOver, WeakCode, WrongCredentials, choose_code, enter_code
from tests import cast
from tests.cast import BROWSER, CAMILLE_PHONE, CODE, OTHER_CODE, Access
from tests.conftest import NOON, Clock
from tests.models import scene
from tests.resolvers.walking import (
    codes_sent_to,
    entry,
    failures_of,
    keypad_of,
    new_code_asked,
    phone_asked,
    sms_asked,
)

RACERS = 20


async def race(gateways: Gateways, act: Callable[[Context], Coroutine[Any, Any, Any]]) -> list[Any]:
    """What twenty requests got that came together, each an operation of its own."""
    contexts = [Context(gateways=gateways, address="192.0.2.1", device_token=BROWSER) for _ in range(RACERS)]
    return list(await asyncio.gather(*(asyncio.create_task(act(asking)) for asking in contexts)))


async def drawn(gateways: Gateways, flow: AccessFlow) -> ShownKeypad:
    """A keypad for each racer: more than the machine keeps of a walk."""
    shown = ShownKeypad(gateways.vault.token(), "5904173826", NOON + timedelta(minutes=2))
    digest = gateways.vault.token_digest(shown.token).hex()
    await scene.keypad(flow, token_digest=digest, layout=shown.layout)
    return shown


async def test_wrong_codes_count_five_at_most(context: Context, gateways: Gateways, access: Access) -> None:
    steps = [await keypad_of(context, access.number) for _ in range(RACERS)]
    step = steps[0]

    def press(asking: Context) -> Coroutine[Any, Any, Any]:
        one = steps.pop()
        return enter_code(asking, one.flow_token, entry(one.keypad, OTHER_CODE))

    outcomes = await race(gateways, press)
    wrong = [outcome.attempts_left for outcome in outcomes if isinstance(outcome, WrongCredentials)]
    assert sorted(wrong) == [1, 2, 3, 4]
    assert outcomes.count(AccountLocked(NOON + timedelta(minutes=30))) == 16
    assert await failures_of(step.flow) == 5


async def test_right_codes_open_one_session_and_are_not_called_wrong(
    context: Context, gateways: Gateways, access: Access
) -> None:
    step = await keypad_of(context, access.number)
    shown = [await drawn(gateways, step.flow) for _ in range(RACERS)]
    outcomes = await race(
        gateways, lambda asking: enter_code(asking, step.flow_token, entry(shown.pop(), CODE))
    )
    assert [type(outcome) for outcome in outcomes].count(Arrived) == 1
    assert not any(isinstance(outcome, WrongCredentials) for outcome in outcomes)
    assert await Session.owned_by(access.owner.id).count() == 1
    assert await models.AuditEvent.owned_by(access.owner.id).count() == 1
    assert await failures_of(step.flow) == 0


async def test_one_keypad_serves_one_entry(context: Context, gateways: Gateways, access: Access) -> None:
    step = await keypad_of(context, access.number)
    pressed = entry(step.keypad, OTHER_CODE)
    await race(gateways, lambda asking: enter_code(asking, step.flow_token, pressed))
    assert await failures_of(step.flow) == 1


async def test_one_phone_number_sends_one_sms(context: Context, gateways: Gateways, access: Access) -> None:
    step = await phone_asked(context, access.number)
    outcomes = await race(gateways, lambda asking: confirm_phone(asking, step.flow_token, CAMILLE_PHONE))
    assert [type(outcome) for outcome in outcomes].count(SmsCodeAsked) == 1
    assert len(await codes_sent_to(access.owner)) == 1


async def test_asking_again_together_sends_one_more_sms(
    context: Context, gateways: Gateways, access: Access, clock: Clock
) -> None:
    step = await sms_asked(context, access.number, CAMILLE_PHONE)
    clock.now += timedelta(seconds=30)
    outcomes = await race(gateways, lambda asking: resend_sms_code(asking, step.flow_token))
    assert [type(outcome) for outcome in outcomes].count(SmsCodeAsked) == 1
    assert len(await codes_sent_to(access.owner)) == 2
    more = [
        await gateways.rate_limits.take(SMS_OF_CUSTOMER, Asking.CUSTOMER, str(access.owner.id))
        for _ in range(7)
    ]
    assert [wait == 0 for wait in more] == [True] * 6 + [False], "two of the day's eight were counted"


async def test_provisional_codes_are_tried_five_times(
    context: Context, gateways: Gateways, access: Access
) -> None:
    step = await sms_asked(context, access.number, CAMILLE_PHONE)
    (right,) = await codes_sent_to(access.owner)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    await race(gateways, lambda asking: enter_sms_code(asking, step.flow_token, wrong))
    assert (await AccessFlow.get(id=step.flow.id)).sms_tries == 5
    assert await enter_sms_code(context, step.flow_token, right) == FlowOver()


async def test_the_right_provisional_code_goes_on_once_and_is_not_called_wrong(
    context: Context, gateways: Gateways, access: Access
) -> None:
    step = await sms_asked(context, access.number, CAMILLE_PHONE)
    (right,) = await codes_sent_to(access.owner)
    outcomes = await race(gateways, lambda asking: enter_sms_code(asking, step.flow_token, right))
    assert [type(outcome) for outcome in outcomes].count(NewCodeAsked) == 1
    assert not any(isinstance(outcome, WrongCode) for outcome in outcomes)
    assert (await AccessFlow.get(id=step.flow.id)).stage is AccessStage.NEW_CODE


async def test_one_of_many_chooses_the_code(context: Context, gateways: Gateways, access: Access) -> None:
    step = await new_code_asked(context, access.number, access.owner)
    shown = [await drawn(gateways, step.flow) for _ in range(2 * RACERS)]

    def chosen(asking: Context) -> Coroutine[Any, Any, Any]:
        asking.session_token = context.session_token
        first, second = entry(shown.pop(), OTHER_CODE), entry(shown.pop(), OTHER_CODE)
        return choose_code(asking, step.flow_token, first, second)

    outcomes = await race(gateways, chosen)
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds.count(Arrived) == 1
    assert set(kinds) <= {Arrived, FlowOver, KeypadOver, WeakCode}  # in use already, by then
    in_force = models.Credential.owned_by(access.owner.id).filter(replaced_at=None)
    still_open = Session.owned_by(access.owner.id).filter(closed_at=None)
    assert (await in_force.count(), await still_open.count()) == (1, 1)
    facts = await models.AuditEvent.owned_by(access.owner.id).order_by("number")
    assert [fact.kind for fact in facts] == ["CODE_CHOSEN", "DEVICE_TRUSTED"]


async def test_asking_for_changes_together_leaves_one_open(
    context: Context, gateways: Gateways, access: Access
) -> None:
    token = await cast.session_token(gateways, access.owner)

    async def ask(number: int) -> Any:
        asking = Context(gateways=gateways, address="192.0.2.1", session_token=token)
        return await request_phone_change(asking, f"06 12 34 56 0{number}")

    outcomes = await asyncio.gather(*(asyncio.create_task(ask(number)) for number in range(5)))
    assert [type(outcome) for outcome in outcomes] == [ConfirmationSent] * 5
    assert await models.Confirmation.owned_by(access.owner.id).filter(used_at=None).count() == 1
