"""The application's own answers on the express lane."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.applications import Starlette

from engine.http.express import Express
from gateways import Gateways
from tests import cast
from tests.schema.asking import Asker

pytestmark = pytest.mark.anyio

OWN = "{ customer { firstNames contracts { label } } session { assurance } }"


def lane_of(application: Starlette) -> Express:
    """The outermost of the middleware."""
    stack: Any = application.middleware_stack
    assert isinstance(stack.app, Express)
    return stack.app


@contextmanager
def closed(lane: Express) -> Iterator[None]:
    """While this lasts, every request goes the ordinary way."""
    path, lane._path = lane._path, "nowhere"
    try:
        yield
    finally:
        lane._path = path


async def test_a_customer_reads_the_same_on_either_way(
    ask: Asker, application: Starlette, gateways: Gateways
) -> None:
    access = await cast.camille_with_access(gateways)
    marc = await cast.marc()
    await ask(OWN, as_=access.owner)
    lane = lane_of(application)
    for customer in (access.owner, marc, None):
        with closed(lane):
            before = lane.answered
            ordinary = await ask(OWN, as_=customer)
        assert lane.answered == before
        swift = await ask(OWN, as_=customer)
        # What a stranger may not read is told by the ordinary way.
        assert (swift, lane.answered) == (ordinary, before + (customer is not None))


async def test_each_asks_on_the_lane_as_oneself(
    ask: Asker, application: Starlette, gateways: Gateways
) -> None:
    access, marc = await cast.camille_with_access(gateways), await cast.marc()
    query = "{ customer { firstNames } }"
    await ask(query, as_=marc)
    before = lane_of(application).answered
    names = [
        (await ask(query, as_=customer))["customer"]["firstNames"] for customer in (access.owner, marc) * 3
    ]
    assert names == [access.owner.first_names, marc.first_names] * 3
    assert lane_of(application).answered == before + 6
