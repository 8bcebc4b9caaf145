"""The budget as clients see it, and the refusal where it does not suffice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.documents.costs import Charge
from engine.errors import Refusal
from gateways import Gateways
from resolvers.context import Context
from schema.budget import charge
from schema.root import build_schema
from tests import cast
from tests.conftest import NOON, Clock

IN_A_MINUTE = NOON + timedelta(minutes=1)
ASKED = "{ budget { requested limit remaining resetsAt } }"


async def asked(context: Context) -> object:
    result = await build_schema().execute(ASKED, context_value=context)
    assert result.errors is None
    assert result.data is not None
    return result.data["budget"]


@pytest.fixture
async def hers(database: str, gateways: Gateways) -> Context:
    """An operation of Camille's, who may spend 10,000 points."""
    settings = gateways.settings.model_copy(update={"budget_of_customers": 10_000})
    return await cast.signed_in(replace(gateways, settings=settings), await cast.camille())


async def test_what_was_charged_is_told_in_the_answer(hers: Context) -> None:
    charged = await charge(hers, 12)

    assert charged == Charge(requested=12, limit=10_000, remaining=9_988, resets_at=IN_A_MINUTE)
    assert await asked(hers) == {
        "requested": 12,
        "limit": 10_000,
        "remaining": 9_988,
        "resetsAt": "2026-06-15T10:01:00+00:00",
    }


async def test_asking_costs_nothing_where_nothing_was_charged(hers: Context) -> None:
    first = await asked(hers)

    assert first == await asked(hers)
    assert first == {
        "requested": 0,
        "limit": 10_000,
        "remaining": 10_000,
        "resetsAt": "2026-06-15T10:01:00+00:00",
    }


async def test_what_does_not_fit_is_refused_until_the_minute_is_over(hers: Context, clock: Clock) -> None:
    await charge(hers, 9_000)
    clock.now += timedelta(seconds=17.5)

    with pytest.raises(Refusal) as caught:
        await charge(hers, 1_001)
    clock.now += timedelta(seconds=42.5)
    again = await charge(hers, 1_001)

    assert caught.value.status == 429
    assert caught.value.all_headers() == {"Retry-After": "43"}
    assert caught.value.formatted() == {
        "message": "The operation costs 1001 points, 1000 of 10000 are left",
        "extensions": {
            "cost": {"requested": 1_001, "limit": 10_000, "remaining": 1_000},
            "code": "TOO_MANY_REQUESTS",
            "retryAfterSeconds": 43,
        },
    }
    assert again.remaining == 8_999
