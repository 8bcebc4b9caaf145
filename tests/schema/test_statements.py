"""A customer's statements, by contract and by year."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from models import Contract
from schema import ids
from schema.ids import Kind
from tests import cast
from tests.schema.asking import Asker
from tests.schema.ways import BOTH_WAYS

pytestmark = BOTH_WAYS

EVES = [date(2024, 12, 31), date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 1)]
LIST = "totalCount pageInfo { hasNextPage } nodes { number contract { id } }"
OF_CUSTOMER = f"query($year: Int) {{ customer {{ statements(year: $year) {{ {LIST} }} }} }}"
OF_ALL = f"""query($first: Int, $year: Int, $contract: ID) {{
    statements(first: $first, year: $year, contractId: $contract) {{ {LIST} }} }}"""
OF_EACH = f"""query($first: Int, $year: Int) {{
    contracts {{ id statements(first: $first, year: $year) {{ {LIST} }} }} }}"""


@pytest.fixture
async def credit(database: str) -> Contract:
    """One statement on each side of two New Years, and another contract with none."""
    owner = await cast.ines()
    credit, _ = await cast.contract(owner), await cast.contract(owner)
    for number, closed_on in enumerate(EVES, start=1):
        await cast.statement(credit, number, opened_on=closed_on, closed_on=closed_on)
    return credit


def numbers(page: Any) -> list[int]:
    return [node["number"] for node in page["nodes"]]


async def test_the_newest_statement_comes_first(ask: Asker, credit: Contract) -> None:
    page = (await ask(OF_ALL, await credit.customer, first=3))["statements"]
    assert (numbers(page), page["pageInfo"]["hasNextPage"], page["totalCount"]) == ([4, 3, 2], True, 4)


@pytest.mark.parametrize(("year", "held"), [(2023, []), (2024, [1]), (2025, [3, 2]), (2026, [4])])
async def test_a_year_holds_its_first_and_last_day(
    ask: Asker, credit: Contract, year: int, held: list[int]
) -> None:
    owner = await credit.customer
    for page in (
        (await ask(OF_ALL, owner, year=year))["statements"],
        (await ask(OF_CUSTOMER, owner, year=year))["customer"]["statements"],
    ):
        assert (numbers(page), page["totalCount"]) == (held, len(held))


async def test_each_contract_gets_its_own(ask: Asker, credit: Contract) -> None:
    owner = await credit.customer
    of_each = (await ask(OF_EACH, owner, first=1, year=2025))["contracts"]
    found = {one["id"]: (numbers(one["statements"]), one["statements"]["totalCount"]) for one in of_each}
    full = ids.encoded(Kind.CONTRACT, owner.id, credit.id)
    (empty,) = set(found) - {full}
    assert found == {full: ([3], 2), empty: ([], 0)}
    for contract, held in ((full, [4, 3, 2, 1]), (empty, [])):
        page = (await ask(OF_ALL, owner, contract=contract))["statements"]
        assert (numbers(page), page["totalCount"]) == (held, len(held))
        assert {node["contract"]["id"] for node in page["nodes"]} <= {contract}


async def test_anothers_contract_has_none(ask: Asker, credit: Contract) -> None:
    theirs = ids.encoded(Kind.CONTRACT, credit.customer_id, credit.id)
    page = (await ask(OF_ALL, await cast.marc(), contract=theirs))["statements"]
    assert (numbers(page), page["totalCount"]) == ([], 0)


@pytest.mark.parametrize("year", [1899, 2201, -1])
async def test_a_year_of_no_calendar_is_refused(ask: Asker, credit: Contract, year: int) -> None:
    owner, words = await credit.customer, f"`year` lies between 1900 and 2200, {year} does not"
    for query in (OF_ALL, OF_CUSTOMER, OF_EACH):
        assert (await ask(query, owner, year=year)).refused[1][0] == ("BAD_USER_INPUT", words)
