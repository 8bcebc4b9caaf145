"""Beginning a walk, and asking for fresh keypads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.identifiers import CardOrCreditNumber, Malformed, MalformedReason
from domain.refusals import FlowOver, InvalidField, InvalidInput, TemporarilyUnavailable, Throttled
from gateways import Gateways
from gateways.rate_limits import RedisRateLimits
from models import AccessFlow, AccessPurpose, AccessStage, Keypad
from resolvers import access as machine
from resolvers.access import KeypadShown, NewCodeAsked, PhoneAsked
from resolvers.context import Context
from tests import cast
from tests.cast import Access, nobodys_number
from tests.conftest import NOON, Clock
from tests.kept import ON_ONE
from tests.resolvers.walking import begin, keypad_of, keypads_of, new_code_asked, phone_asked

SECOND = timedelta(seconds=1)
QUARTER = timedelta(minutes=15)
BY_PHONE = [AccessPurpose.FORGOTTEN_CODE, AccessPurpose.FIRST_CONNECTION]


async def test_signing_in_begins_with_a_shuffled_keypad(context: Context, access: Access) -> None:
    step = await begin(context, access.number)
    assert isinstance(step, KeypadShown)
    assert sorted(step.keypad.layout) == list("0123456789")
    assert step.keypad.expires_at == NOON + timedelta(minutes=2)
    flow = await AccessFlow.get(id=step.flow.id)
    assert (flow.customer_id, flow.stage, flow.expires_at) == (
        access.owner.id,
        AccessStage.KEYPAD,
        NOON + QUARTER,
    )


async def test_only_digests_of_the_tokens_are_kept(context: Context, access: Access) -> None:
    step = await keypad_of(context, access.number)
    flow, shown = await AccessFlow.get(id=step.flow.id), await Keypad.get(flow_id=step.flow.id)
    vault = context.gateways.vault
    assert flow.token_digest == vault.token_digest(step.flow_token).hex() != step.flow_token
    assert shown.token_digest == vault.token_digest(step.keypad.token).hex() != step.keypad.token


async def test_each_keypad_is_drawn_anew(context: Context, access: Access) -> None:
    layouts = {(await keypad_of(context, access.number)).keypad.layout for _ in range(8)}
    assert len(layouts) == 8


@pytest.mark.parametrize("purpose", BY_PHONE)
async def test_the_other_purposes_begin_with_the_phone(
    context: Context, access: Access, purpose: AccessPurpose
) -> None:
    step = await begin(context, access.number, purpose)
    assert isinstance(step, PhoneAsked)
    assert (step.flow.stage, step.flow.purpose) == (AccessStage.PHONE, purpose)
    assert await keypads_of(step.flow) == 0


async def test_a_file_number_leads_to_the_same_customer(context: Context, access: Access) -> None:
    await cast.identifier(access.contract, access.contract.file_number)
    by_number, by_file = [
        await keypad_of(context, given) for given in (access.number, access.contract.file_number)
    ]
    assert by_file.flow.customer_id == access.owner.id
    assert by_file.flow.subject_key == by_number.flow.subject_key


@pytest.mark.parametrize("purpose", list(AccessPurpose))
async def test_an_identifier_nobody_has_walks_the_same_way(
    context: Context, access: Access, purpose: AccessPurpose
) -> None:
    elsewhere = replace(context, device_token="e" * 43)  # a browser that nobody trusts
    known = await begin(elsewhere, access.number, purpose)
    unknown = await begin(elsewhere, nobodys_number(), purpose)
    assert type(unknown) is type(known)
    assert await keypads_of(unknown.flow) == await keypads_of(known.flow)
    apart = {"id", "token_digest", "subject_key", "customer_id"}
    rows = [cast.columns_of(await AccessFlow.get(id=step.flow.id)) for step in (known, unknown)]
    assert {name for name in rows[0] if rows[0][name] != rows[1][name]} == apart
    assert rows[1]["customer_id"] is None


async def test_an_accessible_walk_is_remembered(context: Context) -> None:
    plain = await keypad_of(context, nobodys_number())
    given = CardOrCreditNumber(nobodys_number())
    step = await machine.begin(context, AccessPurpose.SIGN_IN, given, "cardOrCreditNumber", accessible=True)
    assert isinstance(step, KeypadShown)
    assert (plain.flow.accessible, step.flow.accessible) == (False, True)


@ON_ONE
@pytest.mark.parametrize("reason", list(MalformedReason))
async def test_a_malformed_identifier_is_refused_by_its_rule(
    context: Context, reason: MalformedReason
) -> None:
    before = await AccessFlow.all().count()
    refused = await machine.begin(context, AccessPurpose.SIGN_IN, Malformed(reason), "fileNumber")
    assert refused == InvalidInput((InvalidField("fileNumber", f"IDENTIFIER_{reason.name}"),))
    assert await AccessFlow.all().count() == before


async def test_one_address_begins_so_many_walks_in_ten_minutes(
    context: Context, clock: Clock, gateways: Gateways
) -> None:
    settings = gateways.settings.model_copy(update={"access_flows_of_address_max": 3})
    context.gateways = replace(gateways, settings=settings)
    for _ in range(3):
        assert isinstance(await begin(context, nobodys_number()), KeypadShown)
    before = await AccessFlow.all().count()
    assert await begin(context, nobodys_number()) == Throttled(600)
    assert await AccessFlow.all().count() == before
    elsewhere = Context(gateways=context.gateways, address="192.0.2.2")
    assert isinstance(await begin(elsewhere, nobodys_number()), KeypadShown)
    clock.now += timedelta(minutes=10)
    assert isinstance(await begin(context, nobodys_number()), KeypadShown)


@pytest.mark.parametrize("known", [True, False])
async def test_one_address_begins_thirty_walks_of_a_subject_in_ten_minutes(
    context: Context, gateways: Gateways, access: Access, known: bool
) -> None:
    number = access.number if known else nobodys_number()
    unknown = replace(context, device_token="e" * 43)  # a browser that nobody trusts
    for _ in range(30):
        assert isinstance(await begin(unknown, number), KeypadShown)
    before = await AccessFlow.all().count()
    assert await begin(unknown, number) == Throttled(600)
    assert await AccessFlow.all().count() == before
    elsewhere = Context(gateways=gateways, address="192.0.2.77")
    assert isinstance(await begin(elsewhere, number), KeypadShown)  # nobody locks another out


async def test_walks_wait_while_nobody_can_count(context: Context, gateways: Gateways) -> None:
    down = RedisRateLimits("redis://127.0.0.1:1")  # nothing listens there
    before = await AccessFlow.all().count()
    try:
        context.gateways = replace(gateways, rate_limits=down)
        assert await begin(context, nobodys_number()) == TemporarilyUnavailable(5)
    finally:
        await down.close()
    assert await AccessFlow.all().count() == before


async def test_a_fresh_keypad_belongs_to_the_same_walk(context: Context, access: Access) -> None:
    step = await keypad_of(context, access.number)
    fresh = await machine.refresh_keypad(context, step.flow_token)
    assert isinstance(fresh, KeypadShown)
    assert (fresh.flow.id, fresh.flow_token) == (step.flow.id, step.flow_token)
    assert fresh.keypad.token != step.keypad.token


async def test_two_fresh_keypads_come_where_a_code_is_chosen(context: Context, access: Access) -> None:
    step = await new_code_asked(context, access.number, access.owner)
    fresh = await machine.refresh_keypad(context, step.flow_token)
    assert isinstance(fresh, NewCodeAsked)
    assert await keypads_of(step.flow) == 4
    assert len({step.first.token, step.second.token, fresh.first.token, fresh.second.token}) == 4


@pytest.mark.parametrize(
    ("_case", "token"),
    [("empty", ""), ("unknown", "A" * 43), ("long", "x" * 10_000), ("surrogate", "\ud800")],
)
async def test_no_walk_is_found_by_another_token(context: Context, _case: str, token: str) -> None:
    before = await Keypad.all().count()
    assert await machine.refresh_keypad(context, token) == FlowOver()
    assert await Keypad.all().count() == before


async def test_a_walk_that_expired_or_waits_for_something_else_shows_no_keypad(
    context: Context, access: Access, clock: Clock
) -> None:
    by_phone, step = await phone_asked(context, access.number), await keypad_of(context, access.number)
    assert await machine.refresh_keypad(context, by_phone.flow_token) == FlowOver()
    clock.now += QUARTER - SECOND
    assert isinstance(await machine.refresh_keypad(context, step.flow_token), KeypadShown)
    clock.now += SECOND
    assert await machine.refresh_keypad(context, step.flow_token) == FlowOver()
    assert await keypads_of(step.flow) == 2


async def test_one_walk_shows_sixty_keypads_again_and_keeps_the_latest_four(context: Context) -> None:
    step = await keypad_of(context, nobodys_number())
    shown = [step.keypad]
    for again in [machine.refresh_keypad, machine.resume] * 30:
        fresh = await again(context, step.flow_token)
        assert isinstance(fresh, KeypadShown)
        shown.append(fresh.keypad)
    for again in (machine.refresh_keypad, machine.resume):
        assert await again(context, step.flow_token) == Throttled(900)
    digests = [context.gateways.vault.token_digest(keypad.token).hex() for keypad in shown[-4:]]
    kept = await Keypad.filter(flow_id=step.flow.id).order_by("id")
    assert [keypad.token_digest for keypad in kept] == digests
