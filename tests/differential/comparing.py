"""Many random queries of each damage, in both ways.

`PORTAL_TEST_QUERIES=5000` asks so many of each damage, `PORTAL_TEST_SEED=7` begins with another world.
"""

from __future__ import annotations

import os
from random import Random

import pytest
from graphql import parse, validate
from starlette.applications import Starlette
from tortoise.models import Model

import models
from gateways import Gateways
from schema.root import build_schema
from tests.differential.both_ways import Asked, Judge
from tests.differential.damages import DAMAGES, inflict, texts_of
from tests.differential.queries import Queries
from tests.differential.shrinking import shrunk
from tests.differential.worlds import Maker, World
from tests.models.scene import OWNED_TABLES

QUERIES = int(os.environ.get("PORTAL_TEST_QUERIES", "300"))
FIRST_SEED = int(os.environ.get("PORTAL_TEST_SEED", "0"))
QUERIES_OF_A_WORLD = 100
COMPILED_MIN = 0.9  # of those that go well
SHOWN_MAX = 3_000

MARKS = [
    pytest.mark.anyio,
    # graphql-core drops coroutines of resolvers where a failure makes them needless.
    pytest.mark.filterwarnings("ignore:.*was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


async def compare(damage: str, url: str, application: Starlette, gateways: Gateways) -> None:
    """Fail with the first query that is answered in two ways, made small."""
    judge, count = Judge(application, gateways), 0
    schema = build_schema()._schema
    while count < QUERIES:
        seed = FIRST_SEED + count // QUERIES_OF_A_WORLD
        queries = Queries(schema, await _made(seed, damage, url, gateways), f"{damage} {seed}")
        until = min(QUERIES, (count // QUERIES_OF_A_WORLD + 1) * QUERIES_OF_A_WORLD)
        while count < until:
            requests = queries.asked()
            if validate(schema, parse(requests[0].text)):
                continue  # fields that cannot be merged, in one of many
            for asked in requests:
                count += 1
                difference = await judge.differs(asked)
                if difference is not None:
                    small = await shrunk(schema, asked, judge.fails)
                    pytest.fail(_told(seed, asked, difference, small, await judge.differs(small)))
    assert judge.share >= COMPILED_MIN, judge.ways


async def _made(seed: int, damage: str, url: str, gateways: Gateways) -> World:
    """The rows of a seed in an emptied database, and what is wrong with them."""
    tables: list[type[Model]] = [*OWNED_TABLES, models.Customer]
    await inflict(url, [f'DELETE FROM "{table._meta.db_table}"' for table in tables])
    world = await Maker(seed).make(gateways)
    await inflict(url, texts_of(DAMAGES[damage](Random(f"{damage} {seed}"), world)))
    return world


def _told(seed: int, asked: Asked, difference: str, small: Asked, less: str | None) -> str:
    return "\n\n".join(
        [
            f"PORTAL_TEST_SEED={seed}",
            difference[:SHOWN_MAX],
            f"{asked.text}\n{asked.variables}",
            f"made smaller:\n{small.text}\n{small.variables}\n{(less or '')[:SHOWN_MAX]}",
        ]
    )
