"""Real data, converted and loaded: nothing is lost, nothing is added, to the cent."""

from __future__ import annotations

import filecmp
from pathlib import Path
from typing import Any

import pytest
from tortoise.connection import get_connection

import models
from domain.money import decimal_text
from feed.load import load
from feed.report import Summary, Tally
from models.backends.opening import open_database
from tests.real_data import berka, uci
from tests.real_data.conftest import NOW, Feeds, Loaded
from tests.real_data.sources import source


async def ask(loaded: Loaded, sql: str) -> list[tuple[Any, ...]]:
    async with open_database(loaded.url):
        rows = await get_connection("default").execute_query_dict(sql)
    return [tuple(dict(row).values()) for row in rows]


def test_what_the_converters_make_and_leave_out(feeds: Feeds) -> None:
    assert feeds.cards_made == uci.Counts(
        customers=30_000,
        limits=5_024_529_680,
        first_bills=1_536_699_927,
        statements=180_000,
        payments=143_103,
        paid=949_541_777,
        purchases=131_033,
        refunds=619,
        dropped={"EDUCATION": 30_000, "MARRIAGE": 30_000, "PAY_2 to PAY_6": 150_000, "next_payment": 6_636},
    )
    made = feeds.loans_made
    assert (made.loans, made.lent, made.cards) == (682, 103_261_740, 170)
    assert (made.instalments, made.missed, made.statements, made.operations) == (24_888, 145, 6_612, 38_063)
    assert made.dropped == {
        "accounts without a loan": 3_818,
        "cards of other accounts": 722,
        "second persons": 869,
        "permanent orders": 6_471,
        "transactions of other accounts": 41_239,
    }


def test_the_official_file_of_transactions_is_taken_once(feeds: Feeds, tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    for file in source("berka").iterdir():
        (folder / file.name).symlink_to(file)
    (folder / "trans.asc").symlink_to(source("berka") / "trans_1993-01_1994-03.asc")

    made = berka.convert(folder, tmp_path / "feed")

    assert made.dropped["transactions repeated"] == 49_102
    assert made.operations == feeds.loans_made.operations
    assert filecmp.cmp(tmp_path / "feed" / "statements.csv", feeds.loans / "statements.csv", shallow=False)


def test_everything_is_loaded_and_every_statement_equals_its_operations(loaded: Loaded) -> None:
    assert loaded.cards == Summary(
        tallies={
            "customers": Tally(read=30_000, inserted=30_000),
            "contracts": Tally(read=30_000, inserted=30_000),
            "cards": Tally(read=30_000, inserted=30_000),
            "instalments": Tally(),
            "statements": Tally(read=180_000, inserted=180_000),
            "operations": Tally(read=274_755, inserted=274_755),
        },
        customers_loaded=30_000,
    )
    assert loaded.loans == Summary(
        tallies={
            "customers": Tally(read=682, inserted=682),
            "contracts": Tally(read=1_364, inserted=1_364),
            "cards": Tally(read=170, inserted=170),
            "instalments": Tally(read=24_888, inserted=24_888),
            "statements": Tally(read=6_612, inserted=6_612),
            "operations": Tally(read=38_063, inserted=38_063),
        },
        customers_loaded=682,
    )


async def test_the_sums_of_the_card_accounts(loaded: Loaded) -> None:
    [accounts] = await ask(
        loaded,
        "SELECT count(*) AS accounts, sum(credit_limit_cents) AS limits, sum(outstanding_cents) AS owed, "
        "sum(CASE WHEN status = 'LATE' THEN 1 ELSE 0 END) AS late FROM contract WHERE currency = 'TWD'",
    )
    assert accounts == (30_000, 5_024_529_680_00, 1_536_699_927_00, 6_818)
    bills = await ask(
        loaded,
        "SELECT s.number, count(*) AS bills, sum(s.closing_balance_cents) AS billed FROM statement s "
        "JOIN contract c ON c.customer_id = s.customer_id AND c.id = s.contract_id "
        "WHERE c.currency = 'TWD' GROUP BY s.number ORDER BY s.number",
    )
    assert [(number, count) for number, count, _ in bills] == [(number, 30_000) for number in range(1, 7)]
    assert bills[-1] == (6, 30_000, 1_536_699_927_00)
    payments = await ask(
        loaded,
        "SELECT count(*) AS payments, sum(o.amount_cents) AS paid FROM operation o "
        "JOIN contract c ON c.customer_id = o.customer_id AND c.id = o.contract_id "
        "WHERE c.currency = 'TWD' AND o.kind = 'INSTALMENT'",
    )
    assert payments == [(143_103, -949_541_777_00)]


async def test_the_sums_of_the_loans(loaded: Loaded) -> None:
    loans = await ask(
        loaded,
        "SELECT status, count(*) AS loans, sum(principal_cents) AS lent FROM contract "
        "WHERE currency = 'CZK' AND kind = 'PERSONAL_LOAN' GROUP BY status ORDER BY status",
    )
    assert [(status, count) for status, count, _ in loans] == [("ACTIVE", 403), ("CLOSED", 203), ("LATE", 76)]
    assert sum(lent for _, _, lent in loans) == 103_261_740_00
    [schedules] = await ask(
        loaded, "SELECT count(*) AS instalments, sum(principal_cents) AS principal FROM instalment"
    )
    assert schedules == (24_888, 103_261_740_00)
    [overdue] = await ask(
        loaded,
        "SELECT (SELECT sum(overdue_cents) FROM contract WHERE currency = 'CZK') AS overdue, "
        "(SELECT sum(payment_cents) FROM instalment WHERE status = 'MISSED') AS missed",
    )
    assert overdue[0] == overdue[1]


async def test_everybody_has_numbers_of_their_own(loaded: Loaded) -> None:
    [numbers] = await ask(
        loaded,
        "SELECT (SELECT count(*) FROM identifier) AS numbers, "
        "(SELECT count(*) FROM customer_reference) AS people, "
        "(SELECT count(DISTINCT phone) FROM customer) AS phones, "
        "(SELECT count(DISTINCT email) FROM customer) AS mails",
    )
    accounts, loans, cards = 30_000 + 682, 682, 30_000 + 170
    assert numbers == (2 * accounts + loans + cards, 30_682, 30_682, 30_682)


@pytest.mark.parametrize("known", uci.KNOWN, ids=lambda known: known.reference)
async def test_card_holders_of_the_source(loaded: Loaded, known: uci.Known) -> None:
    async with open_database(loaded.url):
        lookup = await models.CustomerReference.get(reference=known.reference)
        contract = await models.Contract.owned_by(lookup.customer_id).get()
        statements = await models.Statement.owned_by(lookup.customer_id).order_by("closed_on")
        operations = await models.Operation.owned_by(lookup.customer_id).order_by("occurred_on")
    assert (contract.file_number, contract.status, contract.currency) == (
        known.file_number,
        known.status,
        "TWD",
    )
    assert decimal_text(contract.credit_limit_cents or 0) == known.credit_limit
    assert (
        tuple(decimal_text(statement.closing_balance_cents) for statement in statements)
        == known.closing_balances
    )
    assert known.operations == tuple(
        (str(operation.occurred_on), operation.kind.value, decimal_text(operation.amount_cents))
        for operation in operations
    )


@pytest.mark.parametrize("known", berka.KNOWN, ids=lambda known: known.reference)
async def test_borrowers_of_the_source(loaded: Loaded, known: berka.Known) -> None:
    async with open_database(loaded.url):
        lookup = await models.CustomerReference.get(reference=known.reference)
        contract = await models.Contract.owned_by(lookup.customer_id).get(file_number=known.file_number)
        schedule = await models.Instalment.owned_by(lookup.customer_id).order_by("number")
    assert (contract.status, str(contract.signed_on), contract.months) == (
        known.status,
        known.signed_on,
        known.months,
    )
    assert decimal_text(contract.principal_cents or 0) == known.principal
    assert {decimal_text(instalment.payment_cents) for instalment in schedule} == {known.instalment}
    assert len(schedule) == known.months


async def test_a_second_run_changes_nothing(loaded: Loaded, feeds: Feeds, tmp_path: Path) -> None:
    again = await load(feeds.loans, loaded.url, now=NOW, report=tmp_path / "report.csv")

    assert isinstance(again, Summary)
    assert {
        name: (tally.inserted, tally.changed, tally.unchanged) for name, tally in again.tallies.items()
    } == {name: (0, 0, tally.read) for name, tally in loaded.loans.tallies.items()}
