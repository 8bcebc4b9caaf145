"""The loaded customers ask for themselves, over HTTP, and read what their source row says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

import models
from gateways.settings import Settings
from resolvers import sessions
from server import create_app
from tests.real_data import berka, uci
from tests.real_data.conftest import Loaded

CARD_HOLDER = """{ contracts { __typename currency status ... on CardAccount { creditLimit }
  statements(last: 6) { totalCount nodes { closingBalance } }
  operations(first: 100, order: OLDEST_FIRST) { nodes { occurredOn kind amount } } } }"""
BORROWER = """{ contracts { __typename currency status signedOn
  ... on PersonalLoan { principal months amortisationTable { payment } } } }"""


@asynccontextmanager
async def asking(loaded: Loaded, folder: Path, reference: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client that holds the session of one loaded customer."""
    settings = Settings(
        data_directory=folder,
        database_url=loaded.url,
        digest_memory_kib=8,
        digest_passes=1,
        log_level="error",
    )
    app = create_app(settings)
    async with app.router.lifespan_context(app) as state:
        assert state is not None

        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "state": dict(state)}, receive, send)

        lookup = await models.CustomerReference.get(reference=reference)
        now = state["gateways"].clock()  # just proven: what these customers did is years old
        opened = await sessions.open_session(
            state["gateways"], lookup.customer_id, strong_at=now, sms_at=now, code_at=now
        )
        transport = httpx.ASGITransport(served)
        headers = {"Cookie": f"session={opened.cookie.token}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://portal", headers=headers
        ) as client:
            yield client


async def answer(client: httpx.AsyncClient, query: str) -> Any:
    response = await client.post("/graphql", json={"query": query})
    body = response.json()
    assert (response.status_code, body.get("errors")) == (200, None)
    return body["data"]


@pytest.mark.parametrize("known", uci.KNOWN, ids=lambda known: known.reference)
async def test_a_card_holder_reads_six_statements(loaded: Loaded, known: uci.Known, tmp_path: Path) -> None:
    async with asking(loaded, tmp_path, known.reference) as client:
        (contract,) = (await answer(client, CARD_HOLDER))["contracts"]

    assert (contract["__typename"], contract["currency"]) == ("CardAccount", "TWD")
    assert (contract["status"], contract["creditLimit"]) == (known.status, known.credit_limit)
    assert contract["statements"]["totalCount"] == 6
    balances = [statement["closingBalance"] for statement in contract["statements"]["nodes"]]
    assert tuple(reversed(balances)) == known.closing_balances
    operations = [
        (operation["occurredOn"], operation["kind"], operation["amount"])
        for operation in contract["operations"]["nodes"]
    ]
    assert tuple(operations) == known.operations


@pytest.mark.parametrize("known", berka.KNOWN, ids=lambda known: known.reference)
async def test_a_borrower_reads_the_schedule(loaded: Loaded, known: berka.Known, tmp_path: Path) -> None:
    async with asking(loaded, tmp_path, known.reference) as client:
        contracts = (await answer(client, BORROWER))["contracts"]

    (loan,) = [contract for contract in contracts if contract["__typename"] == "PersonalLoan"]
    assert (loan["currency"], loan["status"], loan["signedOn"]) == ("CZK", known.status, known.signed_on)
    assert (loan["principal"], loan["months"]) == (known.principal, known.months)
    assert [row["payment"] for row in loan["amortisationTable"]] == [known.instalment] * known.months
