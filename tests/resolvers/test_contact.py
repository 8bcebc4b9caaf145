"""Whether the phone is answered, now and at an instant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from resolvers import contact
from resolvers.context import Context
from tests.conftest import NOON, Clock

ASSUMPTION = datetime(2026, 8, 15, 10, 0, tzinfo=UTC)  # a Saturday, and a holiday


async def test_the_clock_tells_whether_it_is_open_now(context: Context, clock: Clock) -> None:
    assert contact.open_at(context, None)
    assert contact.next_opening(context, None) == NOON
    clock.now = NOON + timedelta(hours=8)  # 20:00 in Paris
    assert not contact.open_at(context, None)
    assert contact.next_opening(context, None) == datetime(2026, 6, 16, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(("closed", "answers"), [(True, False), (False, True)])
async def test_holidays_are_a_setting(context: Context, closed: bool, answers: bool) -> None:
    gateways = context.gateways
    settings = gateways.settings.model_copy(update={"phone_closed_on_holidays": closed})
    context.gateways = replace(gateways, settings=settings)
    assert contact.open_at(context, ASSUMPTION) is answers
    opening = contact.next_opening(context, ASSUMPTION)
    assert opening == (ASSUMPTION if answers else datetime(2026, 8, 17, 6, 0, tzinfo=UTC))
