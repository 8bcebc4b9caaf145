"""Limits that guard codes and messages stay closed when nobody can count."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from domain.refusals import TemporarilyUnavailable, Throttled
from gateways.rate_limits import Limit, RedisRateLimits
from resolvers import profiles, provisional_codes
from resolvers.context import Context
from resolvers.throttles import throttled
from tests import cast
from tests.cast import CAMILLE_PHONE, Access
from tests.conftest import Clock
from tests.resolvers.walking import phone_asked

TWICE = Limit("twice", count=2, seconds=60)


async def test_a_limit_grants_then_tells_how_long_to_wait(context: Context, clock: Clock) -> None:
    assert [await throttled(context, TWICE, "a") for _ in range(2)] == [None, None]
    clock.now += timedelta(seconds=45)
    assert await throttled(context, TWICE, "a") == Throttled(15)
    assert await throttled(context, TWICE, "b") is None
    clock.now += timedelta(seconds=15)
    assert await throttled(context, TWICE, "a") is None


async def test_nothing_is_sent_while_nobody_can_count(context: Context, access: Access) -> None:
    step = await phone_asked(context, access.number)
    signed_in = await cast.signed_in(context.gateways, access.owner)
    before = await cast.known_of(access.owner)
    down = RedisRateLimits("redis://127.0.0.1:1")  # nothing listens there
    try:
        context.gateways = signed_in.gateways = replace(context.gateways, rate_limits=down)
        refused = TemporarilyUnavailable(5)
        assert await throttled(context, TWICE, "a") == refused
        assert await provisional_codes.confirm_phone(context, step.flow_token, CAMILLE_PHONE) == refused
        assert await profiles.request_phone_change(signed_in, "+33612345609") == refused
    finally:
        await down.close()
    assert await cast.known_of(access.owner) == before
