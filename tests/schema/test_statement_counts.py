"""How many SQL statements a query costs, which neither contracts nor operations raise."""

from __future__ import annotations

import re
from datetime import date

import pytest

from models import Contract, ContractKind, Customer, Operation
from schema import ids
from schema.ids import Kind
from tests import cast
from tests.models.scene import OWNED_TABLES
from tests.recording import recorded
from tests.schema.asking import Asker
from tests.schema.queries import DASHBOARD, TOTALS
from tests.schema.ways import BOTH_WAYS, COMPILED, ORDINARY

BOTH = (ContractKind.REVOLVING_CREDIT, ContractKind.PERSONAL_LOAN)
OWNED = "|".join(table._meta.db_table for table in OWNED_TABLES)
READ = re.compile(rf'\b(?:FROM|JOIN|UPDATE|INTO) "(?:{OWNED})"')
OF_THE_CUSTOMER = re.compile(r'"customer_id"\s*=')


async def space_of(owner: Customer, contracts_count: int, operations_count: int) -> list[Contract]:
    """Contracts of both shapes in turn, each with so many operations, on statements and cards of its own."""
    contracts = []
    for number in range(contracts_count):
        of = await cast.contract(owner, BOTH[number % 2])
        listed = [await cast.statement(of, 1), await cast.statement(of, 2)]
        card = await cast.card(of)
        for due in range(1, 4):
            await cast.instalment(of, due)
        await Operation.bulk_create(
            [
                cast.operation_row(of, statement_id=listed[row % 2].id, card_id=card.id)
                for row in range(operations_count)
            ]
        )
        contracts.append(of)
    return contracts


async def counted(ask: Asker, query: str, owner: Customer) -> int:
    """Statements that a query costs whoever has asked before, so that their session is foreseen as it is."""
    await ask(query, owner)
    async with recorded() as sent:
        answer = await ask(query, owner)
    assert answer.errors == []
    assert all(answer.data.values()), answer
    return len(sent.statements)


def kind_of(way: str, kept_url: str) -> str:
    """What decides how many statements there are: the way and, where queries are planned, the database."""
    return kept_url.partition(":")[0] if way == COMPILED else way


@BOTH_WAYS
@pytest.mark.parametrize("query", [DASHBOARD, TOTALS], ids=["dashboard", "totals"])
@pytest.mark.parametrize(("contracts_count", "operations_count"), [(2, 5), (8, 5), (2, 500), (8, 100)])
async def test_a_query_costs_the_same_whatever_there_is(
    ask: Asker, query: str, contracts_count: int, operations_count: int, way: str, kept_url: str
) -> None:
    """Planned for PostgreSQL: one; beside other lists one for the contracts and one for all their statements.

    For SQLite: session and customer, contracts, and one for each list below them, those of one type alone
    too. By graphql-core: session,
    customer, contracts, and one for each relation: seven of the dashboard (next instalments, statements,
    operations, cards, tables, contracts and statements and cards of operations), or the pages and the counts
    of three levels and two lists.
    """
    owner = await cast.camille()
    await space_of(owner, contracts_count, operations_count)
    expected = {
        "postgres": {DASHBOARD: 1, TOTALS: 3},
        "sqlite": {DASHBOARD: 9, TOTALS: 8},
        ORDINARY: {DASHBOARD: 11, TOTALS: 13},
    }
    assert await counted(ask, query, owner) == expected[kind_of(way, kept_url)][query]


@BOTH_WAYS
async def test_one_contract_costs_what_four_cost(ask: Asker, way: str, kept_url: str) -> None:
    counts = []
    for contracts_count in (1, 4):
        owner = await cast.camille()
        for _ in range(contracts_count):
            of = await cast.contract(owner)
            await cast.operation(of, statement_id=(await cast.statement(of)).id)
        counts.append(await counted(ask, DASHBOARD, owner))
    assert counts == [{"postgres": 1, "sqlite": 9, ORDINARY: 9}[kind_of(way, kept_url)]] * 2


@BOTH_WAYS
async def test_every_statement_names_the_customer(ask: Asker) -> None:
    owner = await cast.camille()
    await space_of(owner, 2, 5)
    await ask.token_of(owner)
    for query in (DASHBOARD, TOTALS):
        async with recorded() as sent:
            await ask(query, owner)
        reads = [(sql, len(READ.findall(sql))) for sql in sent.statements]
        assert sum(count for _, count in reads) >= len(sent.statements) - 1
        for sql, count in reads:
            assert len(OF_THE_CUSTOMER.findall(sql)) == count, sql


@BOTH_WAYS
@pytest.mark.parametrize(
    ("_case", "query", "of_postgres", "of_sqlite", "ordinary"),
    [
        ("a page", "{ operations { nodes { id } } }", 1, 2, 2),
        ("its total", "{ operations { totalCount } }", 1, 2, 3),
        ("a page of statements", "{ statements { nodes { id } } }", 1, 2, 2),
        ("their total", "{ statements { totalCount nodes { id } } }", 1, 3, 3),
        ("pages of contracts", "{ contracts { operations { nodes { id } } } }", 1, 3, 3),
        ("their totals", "{ contracts { operations { totalCount } } }", 1, 3, 4),
        ("both totals", "{ contracts { operations { totalCount } statements { totalCount } } }", 1, 4, 6),
        ("contracts", "{ contracts { label } }", 1, 2, 2),
        ("contact", "{ contact { phone openNow } }", 1, 1, 1),  # the session, whose customer pays
        ("three roots", "{ customer { id } contracts { id } operations { nodes { id } } }", 1, 3, 4),
    ],
)
async def test_only_what_is_asked_for_is_read(
    ask: Asker,
    _case: str,
    query: str,
    of_postgres: int,
    of_sqlite: int,
    ordinary: int,
    way: str,
    kept_url: str,
) -> None:
    owner = await cast.ines()
    await space_of(owner, 2, 3)
    expected = {"postgres": of_postgres, "sqlite": of_sqlite, ORDINARY: ordinary}
    assert await counted(ask, query, owner) == expected[kind_of(way, kept_url)]


async def test_a_stranger_costs_nothing(ask: Asker) -> None:
    async with recorded() as sent:
        answer = await ask("{ customer { id } contracts { id } operations { nodes { id } } }")
    assert answer.data == {"customer": None, "contracts": None, "operations": None}
    assert sent.statements == []


async def test_nodes_of_one_kind_are_read_together_and_anothers_not_at_all(ask: Asker) -> None:
    owner, other = await cast.ines(), await cast.marc()
    contracts, others = await space_of(owner, 3, 0), await space_of(other, 1, 0)
    await ask.token_of(owner)
    own = [ids.encoded(Kind.CONTRACT, owner.id, row.id) for row in contracts]
    foreign = ids.encoded(Kind.CONTRACT, other.id, others[0].id)
    query = """query($a: ID!, $b: ID!, $c: ID!) {
        a: node(id: $a) { id } b: node(id: $b) { id } c: node(id: $c) { id } }"""
    async with recorded() as sent:
        answer = await ask(query, owner, a=own[0], b=own[2], c=foreign)
    assert answer.data == {"a": {"id": own[0]}, "b": {"id": own[2]}, "c": None}
    assert len(sent.statements) == 2


async def test_the_years_of_statements_are_read_by_their_days(ask: Asker) -> None:
    owner = await cast.ines()
    of = await cast.contract(owner)
    days = [date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 1)]
    for number, day in enumerate(days, start=1):
        await cast.statement(of, number, opened_on=day, closed_on=day)
    query = "query($year: Int) { statements(year: $year) { totalCount nodes { closedOn } } }"
    found = {year: (await ask(query, owner, year=year))["statements"] for year in (2024, 2025, 2026, None)}
    assert {year: page["totalCount"] for year, page in found.items()} == {2024: 0, 2025: 2, 2026: 1, None: 3}
    assert found[2025]["nodes"] == [{"closedOn": "2025-12-31"}, {"closedOn": "2025-01-01"}]
    for year in (1899, 2201, 0, -1, 2**31 - 1):
        words = f"`year` lies between 1900 and 2200, {year} does not"
        assert (await ask(query, owner, year=year)).refused[1] == [("BAD_USER_INPUT", words)]
