"""What a signed-in customer reads: all of it, nobody else's, the same whichever way it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from feed.sample.cast import Access
from feed.sample.customers import SampleCustomer
from feed.sample.demo import DEMO_CODE, DEMO_NUMBER
from tests.journeys.browser import Browser
from tests.journeys.personal import the_cast
from tests.journeys.portal import Portal

DASHBOARD = """
{ customer { id firstNames lastName contracts {
    __typename id label maskedNumber status outstandingPrincipal overdue nextInstalment { dueOn payment }
    statements(first: 3) { nodes { closedOn closingBalance } }
    operations(first: 5) { nodes { occurredOn label amount } } } } }
"""
OPERATIONS = """
query($first: Int, $after: String, $last: Int, $before: String) {
  operations(first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { id occurredOn } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }
"""
STATEMENTS = """
query($after: String) { statements(first: 20, after: $after) {
  nodes { id openingBalance closingBalance
    operations(first: 100) { nodes { amount } pageInfo { hasNextPage endCursor } } }
  pageInfo { hasNextPage endCursor } } }
"""
MORE_OF_A_STATEMENT = """
query($id: ID!, $after: String) { node(id: $id) { ... on Statement {
  operations(first: 100, after: $after) { nodes { amount } pageInfo { hasNextPage endCursor } } } } }
"""
EVERYTHING = """
{ customer { id contracts { __typename id
    statements(first: 2) { nodes { __typename id } } operations(first: 2) { nodes { __typename id } }
    nextInstalment { __typename id }
    ... on CardAccount { cards { __typename id } } ... on RevolvingCredit { cards { __typename id } }
    ... on PersonalLoan { amortisationTable { __typename id } } } } }
"""
NODE = "query($id: ID!) { node(id: $id) { __typename id } }"
LET_IN = (Access.CODE_CHOSEN, Access.SEEN_RECENTLY)  # and no other test changes their codes


@pytest.fixture
async def demo(shared_portal: Portal) -> AsyncIterator[Browser]:
    """The demonstration customer, signed in by SMS: so all operations may be read."""
    async with Browser(shared_portal) as browser:
        signed_in = await browser.sign_in(DEMO_NUMBER, DEMO_CODE, surely=True)
        assert signed_in["__typename"] == "SignedIn"
        yield browser


async def test_the_dashboard_shows_the_four_contracts(demo: Browser) -> None:
    customer = (await demo.ask(DASHBOARD))["customer"]
    kinds = [contract["__typename"] for contract in customer["contracts"]]
    assert sorted(kinds) == ["CardAccount", "PersonalLoan", "PersonalLoan", "RevolvingCredit"]
    for contract in customer["contracts"]:
        assert contract["maskedNumber"].count("•") >= 4
        days = [operation["occurredOn"] for operation in contract["operations"]["nodes"]]
        assert days == sorted(days, reverse=True)
        assert len(days) == 5


async def pages(browser: Browser, size: int, *, forward: bool) -> list[dict[str, Any]]:
    """All operations, page after page, in the order they came."""
    found, cursor, more = [], None, True
    while more:
        window = {"first": size, "after": cursor} if forward else {"last": size, "before": cursor}
        page = (await browser.ask(OPERATIONS, **window))["operations"]
        assert len(page["nodes"]) <= size
        found += page["nodes"] if forward else page["nodes"][::-1]
        cursor = page["pageInfo"]["endCursor" if forward else "startCursor"]
        more = page["pageInfo"]["hasNextPage" if forward else "hasPreviousPage"]
    assert len(found) == page["totalCount"]
    return found


async def test_pages_forward_and_backward_hold_every_operation_once(demo: Browser) -> None:
    forward = await pages(demo, 37, forward=True)
    assert len(forward) > 300
    assert len({operation["id"] for operation in forward}) == len(forward)
    days = [operation["occurredOn"] for operation in forward]
    assert days == sorted(days, reverse=True)
    assert (await pages(demo, 100, forward=True)) == forward
    assert (await pages(demo, 41, forward=False)) == forward[::-1]


def role_of(*last_names: str) -> list[SampleCustomer]:
    return [one for one in the_cast() if one.row.last_name in last_names]


async def test_every_statement_goes_from_its_opening_to_its_closing_balance_by_its_operations(
    shared_portal: Portal,
) -> None:
    cast = role_of("Lefèvre", "Le Goff", "L'Huillier", "Pé", "Œuvrard", "Rose-Adélaïde")
    assert len(cast) == 6
    for one in cast:
        async with Browser(shared_portal) as browser:
            await browser.sign_in(one.sign_in_numbers[0], DEMO_CODE, surely=True)
            checked = await _check_statements(browser)
            assert checked >= 20, one.row.last_name


async def _check_statements(browser: Browser) -> int:
    checked, cursor, more = 0, None, True
    while more:
        page = (await browser.ask(STATEMENTS, after=cursor))["statements"]
        for statement in page["nodes"]:
            opening, closing = Decimal(statement["openingBalance"]), Decimal(statement["closingBalance"])
            assert await _moved(browser, statement) == closing - opening, statement
            checked += 1
        more, cursor = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    return checked


async def _moved(browser: Browser, statement: dict[str, Any]) -> Decimal:
    """The sum of a statement's operations, which may be more than one page."""
    page, moved = statement["operations"], Decimal(0)
    while True:
        moved += sum(Decimal(operation["amount"]) for operation in page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            return moved
        cursor = page["pageInfo"]["endCursor"]
        page = (await browser.ask(MORE_OF_A_STATEMENT, id=statement["id"], after=cursor))["node"][
            "operations"
        ]


def ids_in(tree: Any) -> set[tuple[str, str]]:
    """Every id in an answer, with its type."""
    if isinstance(tree, list):
        return set().union(*map(ids_in, tree))
    if not isinstance(tree, dict):
        return set()
    own = {(tree["__typename"], tree["id"])} if {"__typename", "id"} <= tree.keys() else set()
    return own.union(*map(ids_in, tree.values()))


async def test_every_kind_of_id_leads_back_to_its_node_and_for_another_customer_to_nothing(
    demo: Browser, shared_portal: Portal
) -> None:
    found = ids_in(await demo.ask(EVERYTHING))
    kinds = {kind for kind, _ in found}
    assert {"RevolvingCredit", "CardAccount", "PersonalLoan", "Card", "Instalment"} <= kinds
    assert {"Statement", "Operation"} <= kinds
    one_of_each = {kind: id for kind, id in found}
    async with Browser(shared_portal) as stranger, Browser(shared_portal) as other:
        await other.sign_in(role_of("Le Goff")[0].sign_in_numbers[0], DEMO_CODE)
        for kind, id in one_of_each.items():
            assert await demo.ask(NODE, id=id) == {"node": {"__typename": kind, "id": id}}
            assert await other.ask(NODE, id=id) == {"node": None}
            assert await stranger.ask(NODE, id=id) == {"node": None}


async def test_two_hundred_dashboards_at_once_are_each_their_own_customers(shared_portal: Portal) -> None:
    cast = [one for one in the_cast() if one.role.access in LET_IN]
    browsers = [Browser(shared_portal) for _ in cast]
    try:
        numbers = [one.sign_in_numbers[0] for one in cast]
        signed = await asyncio.gather(
            *(b.sign_in(n, DEMO_CODE) for b, n in zip(browsers, numbers, strict=True))
        )
        assert [step["__typename"] for step in signed] == ["SignedIn"] * len(cast)
        alone = [await browser.ask(DASHBOARD) for browser in browsers]

        asked = [number % len(cast) for number in range(200)]
        together = await asyncio.gather(*(browsers[number].ask(DASHBOARD) for number in asked))
    finally:
        await asyncio.gather(*(browser.http.aclose() for browser in browsers))

    assert len(cast) > 50
    assert [answer == alone[number] for answer, number in zip(together, asked, strict=True)] == [True] * 200
    names = [(a["customer"]["firstNames"], a["customer"]["lastName"]) for a in alone]
    assert names == [(one.row.first_names, one.row.last_name) for one in cast]
