"""Acts that want a surer session answer with the first step of what makes it so, and do nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

import models
from domain.assurance import Assurance
from domain.refusals import NoPhone, NotSignedIn, Throttled
from gateways import Gateways
from models import Confirmation, Customer, Device, Session
from resolvers import profiles, sessions
from resolvers.access import Arrived, KeypadShown, NewCodeAsked, SmsCodeAsked
from resolvers.context import Context, Viewer
from resolvers.profiles import ConfirmationSent, change_address, confirm_contact_change
from resolvers.secret_codes import WeakCode, enter_code
from resolvers.sessions import Cookie
from resolvers.step_up import StepUpAsked, change_code, sure
from tests import cast
from tests.cast import CAMILLE_PHONE, CODE, OTHER_CODE, Access
from tests.conftest import NOON, Clock
from tests.resolvers.walking import again, choose, codes_sent_to, elsewhere, entry, give_back, press

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
NEW = OTHER_CODE
ADDRESS = (["12 rue du Port"], "75001", "Paris", "FR")
Act = Callable[[Context], Awaitable[Any]]

ACTS: dict[str, Act] = {
    "phone": lambda context: profiles.request_phone_change(context, "06 12 34 56 09"),
    "email": lambda context: profiles.request_email_change(context, "c.durand@exemple.com"),
    "code": change_code,
}
GRANTED = {"phone": ConfirmationSent, "email": ConfirmationSent, "code": NewCodeAsked}
EACH = pytest.mark.parametrize("act", ACTS)


@pytest.fixture
async def hours_later(access: Access, context: Context, clock: Clock) -> Context:
    """An operation of Camille's, in a session that was opened by an SMS hours ago and used since."""
    token = await cast.session_token(context.gateways, access.owner)
    await Session.owned_by(access.owner.id).update(seen_at=NOON + 3 * 60 * MINUTE)
    clock.now = NOON + 3 * 60 * MINUTE
    return again(context, session_token=token)


@EACH
async def test_a_change_is_not_begun_before_it_is_proven_again(
    hours_later: Context, access: Access, act: str, wakings: list[None], cookies: list[Cookie]
) -> None:
    before = await cast.known_of(access.owner)
    asked = await ACTS[act](hours_later)
    assert isinstance(asked, StepUpAsked)
    assert asked.needed is Assurance.STRONG_RECENT
    assert isinstance(asked.next, KeypadShown)
    assert (await cast.known_of(access.owner), wakings, cookies) == (before, [], [])


@EACH
async def test_nothing_leaves_but_the_sms_of_the_step_up(
    context: Context, access: Access, act: str, wakings: list[None], cookies: list[Cookie]
) -> None:
    assert isinstance(await press(context, access.number), Arrived)
    before, held = await cast.known_of(access.owner), list(cookies)
    wakings.clear()
    asked = await ACTS[act](again(context))
    assert isinstance(asked, StepUpAsked)
    assert isinstance(asked.next, SmsCodeAsked)
    after = await cast.known_of(access.owner)
    (order,) = after.pop("sms_order")
    assert (order["address"], before.pop("sms_order")) == (CAMILLE_PHONE, [])
    assert (after, cookies, len(wakings)) == (before, held, 1)


@EACH
async def test_the_same_is_granted_once_it_is_proven(
    hours_later: Context, access: Access, act: str, clock: Clock
) -> None:
    asked = await ACTS[act](hours_later)
    keypad: Any = asked.next
    sms: Any = await enter_code(hours_later, keypad.flow_token, entry(keypad.keypad, CODE))
    assert isinstance(await give_back(hours_later, sms, access.owner), Arrived)
    clock.now += 5 * MINUTE - timedelta(seconds=1)
    assert isinstance(await ACTS[act](again(hours_later)), GRANTED[act])
    clock.now += timedelta(seconds=1)
    assert isinstance(await ACTS[act](again(hours_later)), StepUpAsked)


@EACH
@pytest.mark.parametrize(
    ("_case", "columns", "refusal"),
    [("without a phone", {"phone": None}, NoPhone()), ("too often", {}, Throttled(600))],
)
async def test_what_stands_in_the_way_of_a_step_up_stands_in_the_way_of_the_act(
    context: Context, access: Access, act: str, _case: str, columns: dict[str, Any], refusal: object
) -> None:
    await press(context, access.number)
    await Customer.filter(id=access.owner.id).update(**columns)
    if not columns:
        for _ in range(20):
            await sure(again(context), Assurance.STRONG_RECENT)
    before = await cast.known_of(access.owner)
    assert await ACTS[act](again(context)) == refusal
    assert await cast.known_of(access.owner) == before


@EACH
async def test_a_stranger_is_asked_to_sign_in(context: Context, act: str) -> None:
    assert await ACTS[act](context) == NotSignedIn()


async def test_a_change_that_was_proven_is_confirmed_hours_later(
    hours_later: Context, access: Access, gateways: Gateways
) -> None:
    row = await cast.confirmation(gateways, access.owner, "123456")
    assert isinstance(await confirm_contact_change(hours_later, row.id, "123456"), Customer)
    assert (await Confirmation.owned_by(access.owner.id).get()).used_at is not None


async def test_a_session_known_by_the_code_alone_reads_and_changes_nothing(
    context: Context, access: Access, gateways: Gateways
) -> None:
    token = await cast.session_token(gateways, access.owner, strong_at=None, device_id=None)
    weak = again(elsewhere(context), session_token=token)
    row = await cast.confirmation(gateways, access.owner, "123456")
    before = await cast.known_of(access.owner)
    asked = [
        await change_address(again(weak), 1, *ADDRESS),
        await confirm_contact_change(again(weak), row.id, "123456"),
        await sure(again(weak)),
    ]
    assert {type(outcome) for outcome in asked} == {StepUpAsked}
    assert {outcome.needed for outcome in asked if isinstance(outcome, StepUpAsked)} == {Assurance.STRONG}
    after = await cast.known_of(access.owner)
    assert len(after.pop("sms_order")) == 1, "acts refused in a row send one SMS"
    assert before.pop("sms_order") == []
    assert after == before


@pytest.mark.parametrize(
    ("strong_ago", "needed", "enough"),
    [
        (4 * MINUTE, Assurance.STRONG_RECENT, True),
        (5 * MINUTE, Assurance.STRONG_RECENT, False),
        (5 * MINUTE, Assurance.STRONG_IN_SESSION, True),
        (2 * DAY, Assurance.STRONG_IN_SESSION, False),
        (179 * DAY, Assurance.STRONG, True),
        (180 * DAY, Assurance.STRONG, False),
        (180 * DAY, Assurance.CODE_ONLY, True),
    ],
    ids=str,
)
async def test_what_is_sure_enough_is_let_through(
    context: Context,
    access: Access,
    gateways: Gateways,
    strong_ago: timedelta,
    needed: Assurance,
    enough: bool,
) -> None:
    at = NOON - strong_ago
    token = await cast.session_token(
        gateways, access.owner, strong_at=at, sms_at=at if strong_ago < DAY else None
    )
    outcome = await sure(again(context, session_token=token), needed)
    assert isinstance(outcome, Viewer if enough else StepUpAsked)


async def test_a_code_is_changed_and_only_this_browser_stays_signed_in(
    context: Context, access: Access, gateways: Gateways, cookies: list[Cookie]
) -> None:
    token = await cast.session_token(gateways, access.owner)
    others = [await cast.session_token(gateways, access.owner, device_id=None) for _ in range(2)]
    second = await cast.device(gateways, access.owner, "d" * 43)
    devices = await Device.owned_by(access.owner.id).order_by("id").values()
    changing = again(context, session_token=token)
    asked = await change_code(changing)
    assert isinstance(asked, NewCodeAsked)
    assert isinstance(await choose(changing, asked, NEW), Arrived)

    assert [await sessions.resume(gateways, held) for held in (token, *others)] == [None] * 3
    (cookie,) = cookies
    row = await sessions.resume(gateways, cookie.token)
    assert row is not None
    first = await cast.device(gateways, access.owner)
    assert (row.customer_id, row.device_id, row.code_at) == (access.owner.id, first.id, NOON)
    assert sessions.assurance_of(row, NOON) is Assurance.STRONG_RECENT
    assert await Device.owned_by(access.owner.id).order_by("id").values() == devices
    assert isinstance(await press(elsewhere(context, "d" * 43), access.number, NEW), Arrived)
    assert second.revoked_at is None
    event = await models.AuditEvent.owned_by(access.owner.id).get(kind="CODE_CHOSEN")
    assert (event.session_id, event.details) == (row.id, {"purpose": "CODE_CHANGE", "sessions_closed": 2})
    told = await models.Delivery.owned_by(access.owner.id).order_by("id")
    assert [delivery.address for delivery in told] == [CAMILLE_PHONE, "camille@exemple.fr"]
    assert await codes_sent_to(access.owner) == []


async def test_the_code_in_force_is_not_chosen_again(
    context: Context, access: Access, gateways: Gateways
) -> None:
    changing = again(context, session_token=await cast.session_token(gateways, access.owner))
    asked: Any = await change_code(changing)
    before = await cast.known_of(access.owner)
    refused = await choose(changing, asked, CODE)
    assert isinstance(refused, WeakCode)
    assert await cast.known_of(access.owner) == before


@EACH
async def test_whoever_signed_in_by_labelled_keys_is_given_them_again(
    context: Context, access: Access, gateways: Gateways, act: str
) -> None:
    token = await cast.session_token(gateways, access.owner, sms_at=None, code_at=None, accessible=True)
    asked = await ACTS[act](again(context, session_token=token))
    assert isinstance(asked, StepUpAsked)
    assert isinstance(asked.next, KeypadShown)
    assert asked.next.flow.accessible
