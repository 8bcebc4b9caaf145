"""On tables split by customer, no statement of a customer's request touches two partitions."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from starlette.applications import Starlette

from gateways import Gateways
from gateways.budgets import MemoryBudgets
from gateways.messages import MemoryMessages
from gateways.peppers import Pepper
from gateways.rate_limits import MemoryRateLimits
from gateways.settings import Settings
from gateways.staff_tokens import NoStaffTokens
from gateways.vault import Vault
from models.backends.opening import open_database
from tests.conftest import Clock
from tests.partitions import SCHEMA, partitioned, partitions_touched
from tests.recording import Sent, recorded
from tests.schema.asking import Asker
from tests.schema.queries import DASHBOARD, TOTALS
from tests.schema.roots import ROOTS, Stage
from tests.schema.ways import BOTH_WAYS

pytestmark = BOTH_WAYS


@pytest.fixture
async def split(postgres_url: str) -> AsyncIterator[str]:
    """The models work on tables split into four."""
    async with partitioned(postgres_url) as url, open_database(url):
        yield url


@pytest.fixture
def neighbours(split: str, tmp_path: Path, clock: Clock) -> Gateways:
    return Gateways(
        settings=Settings(data_directory=tmp_path, database_url=split, digest_memory_kib=8, digest_passes=1),
        messages=MemoryMessages(),
        vault=Vault([Pepper("test", b"p" * 32)], memory_kib=8, passes=1),
        rate_limits=MemoryRateLimits(),
        budgets=MemoryBudgets(),
        staff_tokens=NoStaffTokens(),
        clock=clock,
        random=random.Random(7),
    )


async def assert_one_partition(url: str, sent: Sent) -> set[str]:
    """Explain every statement; the tables they read or change, each in the one partition of the customer."""
    connection = await asyncpg.connect(url)
    tables: set[str] = set()
    parts: set[str] = set()
    try:
        for sql, values in sent.everything:
            if not sql.startswith(("SELECT", "UPDATE", "DELETE", "INSERT")):
                continue
            touched = await partitions_touched(connection, sql, values)
            for table, names in touched.items():
                assert len(names) == 1, sql
                tables.add(table)
                parts |= {name.rpartition("_")[2] for name in names}
    finally:
        await connection.close()
    assert len(parts) <= 1, "customer and rows are split by the same hash"
    return tables


async def test_every_request_of_a_customer_stays_in_one_partition(
    neighbours: Gateways, split: str, application: Starlette
) -> None:
    ask = Asker(application, neighbours)
    met: set[str] = set()
    for name, root in ROOTS.items():
        stage = await Stage.set(neighbours)
        await ask.token_of(stage.camille)
        variables: dict[str, Any] = await root.variables(stage) if root.variables else {}
        async with recorded() as sent:
            answer = await ask(root.query, stage.camille, **variables)
        assert answer[name.partition(".")[2]] == root.owner
        met |= await assert_one_partition(split, sent)
    for query in (DASHBOARD, TOTALS):
        stage = await Stage.set(neighbours)
        await ask.token_of(stage.camille)
        async with recorded() as sent:
            assert (await ask(query, stage.camille))["customer"] is not None
        met |= await assert_one_partition(split, sent)
    assert met == {
        "audit_event",
        "card",
        "confirmation",
        "contract",
        "credential",
        "customer",
        "device",
        "instalment",
        "operation",
        "session",
        "statement",
    }


async def test_a_statement_that_forgets_the_customer_would_be_seen(split: str) -> None:
    connection = await asyncpg.connect(split)
    try:
        touched = await partitions_touched(connection, "SELECT * FROM contract WHERE id = $1", (1,))
        assert await connection.fetchval("SELECT current_schema()") == SCHEMA
    finally:
        await connection.close()
    assert touched == {"contract": {f"contract_{part}" for part in range(4)}}
