"""Each limit grants what it says, shuts out nobody who is known, and closes when nobody can count."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from domain.refusals import TemporarilyUnavailable, Throttled
from gateways.rate_limits import Limit, RateLimits, RedisRateLimits
from resolvers import profiles, provisional_codes
from resolvers.context import Context
from resolvers.throttles import (
    FLOWS_OF_DEVICE,
    FLOWS_OF_SUBJECT,
    TRIES_OF_DEVICE,
    PhoneFirst,
    flow_refused,
    is_wary,
    note_failure,
    note_sms_failure,
    sms_is_wary,
    sms_refused,
    throttled,
    try_refused,
)
from tests import cast
from tests.cast import CAMILLE_PHONE, CODE, OTHER_CODE, Access
from tests.conftest import NOON, Clock
from tests.gateways.conftest import redis_client as redis_client
from tests.gateways.conftest import redis_url as redis_url
from tests.kept import ON_ONE
from tests.models import scene
from tests.resolvers.walking import phone_asked

TWICE = Limit("twice", count=2, seconds=60)
CLOSED = TemporarilyUnavailable(5)
# Small, and each another number, so that what refuses is known by when it does.
SMALL = {
    "access_flows_of_address_max": 7,
    "access_tries_of_address_max": 6,
    "access_tries_of_code_max": 3,
    "access_failures_max": 5,
    "sms_of_address_max": 4,
    "sms_of_site_max": 2,
    "sms_failures_max": 3,
}
PROOFS = [
    pytest.param({"device_id": 7}, id="trusted device"),
    pytest.param({"session_id": 7}, id="session"),
    pytest.param({"sms_at": NOON}, id="phone proven"),
]


@pytest.fixture
async def in_redis(redis_url: str, redis_client: Redis) -> AsyncIterator[RedisRateLimits]:
    prefix = f"test-{uuid.uuid4().hex}"
    limits = RedisRateLimits(redis_url, prefix=prefix)
    yield limits
    await limits.close()
    async for key in redis_client.scan_iter(f"{prefix}*"):
        await redis_client.delete(key)


@pytest.fixture(params=["memory", "redis"])
def site(request: pytest.FixtureRequest, context: Context) -> Context:
    """A stranger's operation on a site with small limits, counted in memory or in Redis."""
    limits: RateLimits = context.gateways.rate_limits
    if request.param == "redis":
        limits = request.getfixturevalue("in_redis")
    settings = context.gateways.settings.model_copy(update=SMALL)
    context.gateways = replace(context.gateways, rate_limits=limits, settings=settings)
    return context


@pytest.fixture
async def away(context: Context) -> AsyncIterator[Context]:
    """Nobody can count."""
    down = RedisRateLimits("redis://127.0.0.1:1")  # nothing listens there
    context.gateways = replace(context.gateways, rate_limits=down)
    yield context
    await down.close()


def elsewhere(context: Context, network: int, **changes: Any) -> Context:
    """Another stranger, of another network."""
    return replace(context, address=f"198.51.100.{network}", **changes)


async def fail(context: Context, times: int) -> None:
    for _ in range(times):
        await note_failure(context, await scene.flow())


def granted(outcomes: Sequence[object]) -> int:
    """How many were granted before the first refusal; all that follow must be refused too."""
    count = 0
    while count < len(outcomes) and outcomes[count] is None:
        count += 1
    assert all(isinstance(outcome, Throttled) for outcome in outcomes[count:])
    return count


async def test_a_limit_grants_then_tells_how_long_to_wait(context: Context, clock: Clock) -> None:
    assert [await throttled(context, TWICE, "a") for _ in range(2)] == [None, None]
    clock.now += timedelta(seconds=45)
    assert await throttled(context, TWICE, "a") == Throttled(15)
    assert await throttled(context, TWICE, "b") is None
    clock.now += timedelta(seconds=15)
    assert await throttled(context, TWICE, "a") is None


@ON_ONE
async def test_walks_begun_from_one_network(site: Context) -> None:
    """Its addresses count together, and browsers without cookies do not help."""
    walks = [
        await flow_refused(replace(site, address=f"2001:db8::{n}", device_token=f"{n}"), f"subject {n}")
        for n in range(9)
    ]
    assert granted(walks) == 7
    assert await flow_refused(replace(site, address="2001:db8:0:1::1"), "subject 0") is None


@ON_ONE
async def test_walks_begun_for_one_subject_from_one_network(site: Context) -> None:
    many = site.gateways.settings.model_copy(update={"access_flows_of_address_max": 1_000})
    site.gateways = replace(site.gateways, settings=many)
    walks = [await flow_refused(site, "subject") for _ in range(FLOWS_OF_SUBJECT.count + 2)]
    assert granted(walks) == 30
    assert await flow_refused(site, "another") is None
    assert await flow_refused(elsewhere(site, 1), "subject") is None


@ON_ONE
async def test_walks_begun_in_one_browser(site: Context) -> None:
    """Wherever it goes, and even where it is trusted."""
    walks = [
        await flow_refused(elsewhere(site, n, device_token="browser"), f"subject {n}", trusted=n % 2 == 0)
        for n in range(FLOWS_OF_DEVICE.count + 2)
    ]
    assert granted(walks) == 60
    assert await flow_refused(elsewhere(site, 99, device_token="another"), "subject") is None


@ON_ONE
async def test_strangers_of_a_network_do_not_shut_out_a_trusted_device(site: Context) -> None:
    assert granted([await flow_refused(site, f"subject {n}") for n in range(9)]) == 7
    hers = replace(site, device_token="browser")
    assert [await flow_refused(hers, "hers", trusted=True) for _ in range(9)] == [None] * 9


@ON_ONE
async def test_codes_tried_from_one_network(site: Context) -> None:
    flow = await scene.flow()
    tries = [await try_refused(site, flow, f"{n:06}") for n in range(8)]
    assert granted(tries) == 6
    assert {type(outcome) for outcome in tries[6:]} == {Throttled}
    assert await try_refused(elsewhere(site, 1), flow, "000000") is None


@ON_ONE
async def test_one_code_sprayed_over_many_accounts_from_everywhere(site: Context) -> None:
    sprayed = [await try_refused(elsewhere(site, n), await scene.flow(), CODE) for n in range(6)]
    assert granted(sprayed) == 3
    assert {type(outcome) for outcome in sprayed[3:]} == {PhoneFirst}
    assert await try_refused(elsewhere(site, 9), await scene.flow(), OTHER_CODE) is None


@ON_ONE
async def test_no_key_can_be_read(context: Context, in_redis: RedisRateLimits, redis_client: Redis) -> None:
    """Neither the code, nor the address, nor the browser's cookie, nor whose walk it is."""
    gateways = replace(context.gateways, rate_limits=in_redis)
    named = replace(context, gateways=gateways, device_token="Cookie_1")
    await flow_refused(named, "Camille_1")
    await try_refused(named, await scene.flow(device_digest="Browser_1"), CODE)
    await sms_refused(named)

    keys = " ".join([key.decode() async for key in redis_client.scan_iter("test-*")])
    assert keys.count("access-") == 8
    for secret in (CODE, named.address, "Cookie_1", "Camille_1", "Browser_1"):
        assert secret not in keys


@ON_ONE
async def test_codes_tried_in_one_browser(site: Context) -> None:
    """Even where it is trusted, and wherever it goes."""
    flow = await scene.flow(device_digest="browser", device_id=7)
    tries = [await try_refused(elsewhere(site, n), flow, CODE) for n in range(TRIES_OF_DEVICE.count + 2)]
    assert granted(tries) == 30
    assert await try_refused(site, await scene.flow(device_digest="another", device_id=7), CODE) is None


@ON_ONE
@pytest.mark.parametrize("proof", PROOFS)
async def test_strangers_do_not_shut_out_who_is_proven(site: Context, proof: dict[str, Any]) -> None:
    stranger, known = await scene.flow(), await scene.flow(**proof)
    assert granted([await try_refused(site, stranger, CODE) for _ in range(8)]) == 3
    await fail(site, 9)
    assert isinstance(await try_refused(site, stranger, OTHER_CODE), Throttled)

    assert [await try_refused(site, known, CODE) for _ in range(9)] == [None] * 9


@ON_ONE
async def test_wrong_codes_make_the_site_wary_until_they_are_old(
    site: Context, clock: Clock, request: pytest.FixtureRequest
) -> None:
    await fail(site, 4)
    assert await is_wary(site) is False
    await fail(site, 1)
    assert await is_wary(site) is await is_wary(elsewhere(site, 1)) is True
    if "redis" not in request.node.callspec.id:
        clock.now += timedelta(minutes=10)
        assert await is_wary(site) is False


@ON_ONE
@pytest.mark.parametrize("proof", PROOFS)
async def test_what_fails_where_somebody_is_proven_alarms_nobody(
    site: Context, proof: dict[str, Any]
) -> None:
    flow = await scene.flow(**proof)
    for _ in range(9):
        await note_failure(site, flow)
    assert await is_wary(site) is False


@ON_ONE
async def test_a_walk_begun_before_the_attack_tries_no_code_during_it(site: Context) -> None:
    before = await scene.flow()
    await fail(site, 5)
    refused = await try_refused(elsewhere(site, 1), before, CODE)
    assert isinstance(refused, PhoneFirst)
    assert 590 <= refused.retry_after_seconds <= 600
    assert await try_refused(elsewhere(site, 1), await scene.flow(wary=True, sms_at=NOON), CODE) is None


@ON_ONE
async def test_sms_asked_for_from_one_network(site: Context) -> None:
    """Whether they leave or not, in the same number and the same words."""
    stay = [await sms_refused(site, leaves=False) for _ in range(6)]
    leave = [await sms_refused(elsewhere(site, 1), leaves=n < 1) for n in range(6)]
    assert granted(stay) == granted(leave) == 4
    assert await sms_refused(elsewhere(site, 2), leaves=False) is None
    assert [await sms_refused(site, leaves=False, proven=True) for _ in range(6)] == [None] * 6


@ON_ONE
async def test_sms_that_leave_are_counted_for_the_whole_site(site: Context) -> None:
    """Those that stay use up nothing; once it is used up, all are refused alike."""
    stayed = [await sms_refused(elsewhere(site, n), leaves=False) for n in range(9)]
    left = [await sms_refused(elsewhere(site, n + 9), leaves=True, proven=n == 0) for n in range(2)]
    assert stayed + left == [None] * 11

    alike = [await sms_refused(elsewhere(site, 20 + n), leaves=n % 2 == 0) for n in range(6)]
    assert granted(alike) == 0
    assert isinstance(await sms_refused(elsewhere(site, 30), proven=True), Throttled)


@ON_ONE
async def test_wrong_codes_of_sms_make_the_next_ones_long_for_a_day(
    site: Context, clock: Clock, request: pytest.FixtureRequest
) -> None:
    for _ in range(2):
        await note_sms_failure(site)
    assert await sms_is_wary(site) is False
    await note_sms_failure(elsewhere(site, 1))
    assert await sms_is_wary(site) is True
    if "redis" not in request.node.callspec.id:
        clock.now += timedelta(days=1)
        assert await sms_is_wary(site) is False


@ON_ONE
async def test_each_limit_is_free_again_when_its_time_is_over(context: Context, clock: Clock) -> None:
    once = context.gateways.settings.model_copy(update=dict.fromkeys(SMALL, 1))
    context.gateways = replace(context.gateways, settings=once)
    flow = await scene.flow()

    async def begin() -> object:
        return await flow_refused(context, "subject")

    async def spray() -> object:
        somewhere = replace(context, address=clock.now.isoformat())
        return await try_refused(somewhere, flow, CODE)

    async def ask_for_sms() -> object:
        return await sms_refused(context, leaves=False)

    for act, seconds in ((begin, 600), (spray, 3_600), (ask_for_sms, 86_400)):
        assert await act() is None
        clock.now += timedelta(seconds=seconds - 1)
        assert await act() == (PhoneFirst(1) if act is spray else Throttled(1))
        clock.now += timedelta(seconds=1)
        assert await act() is None


@ON_ONE
@pytest.mark.parametrize("columns", [{}, {"device_digest": "browser", "device_id": 7}])
async def test_ways_in_are_closed_while_nobody_can_count(away: Context, columns: dict[str, Any]) -> None:
    flow = await scene.flow(**columns)
    for context in (away, replace(away, device_token="browser")):
        assert await flow_refused(context, "subject") == CLOSED
    assert await flow_refused(replace(away, device_token="browser"), "subject", trusted=True) == CLOSED
    assert await try_refused(away, flow, CODE) == CLOSED
    assert await is_wary(away) == await sms_is_wary(away) == CLOSED
    for leaves in (True, False):
        assert await sms_refused(away, leaves=leaves) == CLOSED
        assert await sms_refused(away, leaves=leaves, proven=True) == CLOSED
    await note_failure(away, flow)  # the try was counted before
    await note_sms_failure(away)


async def test_nothing_is_sent_while_nobody_can_count(context: Context, access: Access) -> None:
    step = await phone_asked(context, access.number)
    signed_in = await cast.signed_in(context.gateways, access.owner)
    before = await cast.known_of(access.owner)
    down = RedisRateLimits("redis://127.0.0.1:1")  # nothing listens there
    try:
        context.gateways = signed_in.gateways = replace(context.gateways, rate_limits=down)
        assert await throttled(context, TWICE, "a") == CLOSED
        assert await provisional_codes.confirm_phone(context, step.flow_token, CAMILLE_PHONE) == CLOSED
        assert await profiles.request_phone_change(signed_in, "+33612345609") == CLOSED
    finally:
        await down.close()
    assert await cast.known_of(access.owner) == before
