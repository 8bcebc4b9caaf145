"""Good feeds: what arrives, and what is told on the way."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import models
from domain.regimes import Regime
from feed.load import Stopped, load
from feed.report import Tally
from models.backends.opening import open_database
from tests.feed.conftest import NOW, Feed, Load, Rows, tallies
from tests.feed.feeds import row, together, whole, write


async def test_every_cell_arrives_in_its_column(load_feed: Load, database_url: str) -> None:
    summary = await load_feed(whole())

    assert tallies(summary) == dict.fromkeys(whole(), (1, 1, 0, 0, 0))
    assert (summary.customers_loaded, summary.customers_refused, summary.errors, summary.warnings) == (
        1,
        0,
        0,
        0,
    )
    async with open_database(database_url):
        customer = await models.Customer.get()
        contract, card = await models.Contract.get(), await models.Card.get()
        instalment, statement = await models.Instalment.get(), await models.Statement.get()
        operation = await models.Operation.get()
    assert (customer.reference, customer.title, customer.first_names) == ("C1", models.Title.MS, "Camille")
    assert (customer.birth_date, customer.email, customer.phone) == (
        date(1980, 5, 17), "camille@exemple.fr", "+33612345678",
    )  # fmt: skip
    assert (customer.address_lines, customer.postal_code, customer.city, customer.country_code) == (
        ["12 rue des Lilas"], "33000", "Bordeaux", "FR",
    )  # fmt: skip
    assert (customer.version, customer.created_at, customer.locale) == (1, NOW, models.Locale.FR_FR)
    assert (contract.customer_id, contract.file_number, contract.account_number) == (
        customer.id, "REV-0001", "30600000000000001",
    )  # fmt: skip
    assert (contract.kind, contract.status, contract.regime, contract.currency) == (
        models.ContractKind.REVOLVING_CREDIT, models.ContractStatus.ACTIVE, Regime.LAGARDE_2011, "EUR",
    )  # fmt: skip
    assert (contract.apr_yearly, contract.credit_limit_cents) == (Decimal("0.2090"), 300000)
    assert (contract.overdue_cents, contract.principal_cents) == (0, None)
    assert (card.contract_id, card.number, card.expires_on) == (
        contract.id,
        "30609000000000001",
        date(2027, 12, 31),
    )
    assert (instalment.payment_cents, instalment.insurance_cents, instalment.status) == (
        5000, 0, models.InstalmentStatus.UPCOMING,
    )  # fmt: skip
    assert (statement.contract_id, statement.closing_balance_cents, statement.available_cents) == (
        contract.id, 12000, None,
    )  # fmt: skip
    assert (operation.contract_id, operation.statement_id, operation.card_id) == (
        contract.id,
        statement.id,
        card.id,
    )
    assert (operation.reference, operation.amount_cents, operation.booked_on) == (
        "OP-1",
        12000,
        date(2024, 1, 11),
    )
    assert operation.search_text == "cb epicerie leon epicerie leon"


async def test_customers_are_found_by_their_numbers(load_feed: Load, rows: Rows) -> None:
    await load_feed(together(whole(1), whole(2)))

    references = await rows(
        "SELECT r.reference FROM customer_reference r JOIN customer c ON c.id = r.customer_id"
    )
    assert sorted(one["reference"] for one in references) == ["C1", "C2"]
    identifiers = await rows(
        "SELECT i.number, c.file_number FROM identifier i "
        "JOIN contract c ON c.customer_id = i.customer_id AND c.id = i.contract_id ORDER BY i.number"
    )
    assert [(one["number"], one["file_number"]) for one in identifiers] == [
        ("30600000000000001", "REV-0001"),
        ("30600000000000002", "REV-0002"),
        ("30609000000000001", "REV-0001"),
        ("30609000000000002", "REV-0002"),
        ("REV-0001", "REV-0001"),
        ("REV-0002", "REV-0002"),
    ]


async def test_a_header_alone_is_an_entity_without_rows(load_feed: Load, tmp_path: Path) -> None:
    feed = whole()
    directory = write(tmp_path / "other", {**feed, "operations": [], "cards": []})
    write(directory, {"operations": [row("operations")]})
    header = (directory / "operations.csv").read_text(encoding="utf-8").partition("\n")[0]
    (directory / "operations.csv").write_text(header, encoding="utf-8")

    assert tallies(await load_feed(directory))["operations"] == (0, 0, 0, 0, 0)


async def test_a_customer_without_address_or_phone(load_feed: Load, database_url: str) -> None:
    bare = {"customer": "C1", "first_names": "Ana", "last_name": "Novák"}
    await load_feed({"customers": [bare]})

    async with open_database(database_url):
        customer = await models.Customer.get()
    assert customer.address_lines == []
    assert {customer.phone, customer.city, customer.title} == {None}
    assert customer.locale is models.Locale.FR_FR


async def test_a_statement_that_its_operations_do_not_explain_is_loaded_with_a_warning(
    load_feed: Load, report: Path
) -> None:
    feed = whole()
    feed["statements"][0]["closing_balance"] = "121.50"

    summary = await load_feed(feed)

    assert summary.tallies["statements"] == Tally(read=1, inserted=1)
    assert (summary.errors, summary.warnings, summary.customers_refused) == (0, 1, 0)
    assert [str(problem) for problem in summary.problems] == [
        "statements.csv, line 2: closing_balance differs from opening balance and operations by 150 cents"
    ]
    assert report.read_text(encoding="utf-8").splitlines() == [
        "file,line,field,reason,customer,severity",
        "statements.csv,2,closing_balance,"
        "differs from opening balance and operations by 150 cents,C1,warning",
    ]


async def test_a_report_is_removed_once_nothing_is_wrong(load_feed: Load, report: Path) -> None:
    feed = whole()
    feed["statements"][0]["closing_balance"] = "121.50"
    await load_feed(feed)
    assert report.exists()

    await load_feed(whole())

    assert list(report.parent.glob("feed-report*")) == []


async def test_progress_is_told_to_the_end(load_feed: Load, tmp_path: Path) -> None:
    class Told:
        def __init__(self) -> None:
            self.files: dict[str, tuple[int, int]] = {}
            self.merged: list[tuple[int, int]] = []
            self.checked = 0

        def reading(self, file: str, bytes_read: int, bytes_total: int) -> None:
            self.files[file] = bytes_read, bytes_total

        def checking(self) -> None:
            self.checked += 1

        def merging(self, customers_done: int, customers_total: int) -> None:
            self.merged.append((customers_done, customers_total))

    told = Told()
    directory = write(tmp_path / "other", together(*(whole(number) for number in range(1, 8))))
    await load_feed(directory, progress=told, batch_records=12)

    sizes = {file.name: file.stat().st_size for file in directory.iterdir()}
    assert told.files == {name: (size, size) for name, size in sizes.items()}
    assert told.checked == 1
    assert told.merged == [(0, 7), (1, 7), (3, 7), (5, 7), (7, 7)]


async def test_a_database_that_was_not_migrated_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite3").touch()
    directory = write(tmp_path / "feed", whole())

    outcomes = [
        await load(directory, f"sqlite://{tmp_path / name}", now=datetime(2026, 1, 1, tzinfo=UTC))
        for name in ("empty.sqlite3", "none.sqlite3")
    ]

    assert [
        str(problem) for outcome in outcomes if isinstance(outcome, Stopped) for problem in outcome.problems
    ] == [
        "database: lacks 0001_first_tables, 0002_access_machine, 0003_news: run `portal migrate` first",
        "database: is not there: `portal migrate` makes it",
    ]
    assert not (tmp_path / "none.sqlite3").exists()


async def test_the_summary_in_words(load_feed: Load, report: Path) -> None:
    feed: Feed = together(whole(1), {"customers": [row("customers", customer="C2", email="nobody")]})
    assert list((await load_feed(feed)).lines()) == [
        "                    read    inserted     changed   unchanged     refused",
        "customers              2           1           0           0           1",
        "contracts              1           1           0           0           0",
        "cards                  1           1           0           0           0",
        "instalments            1           1           0           0           0",
        "statements             1           1           0           0           0",
        "operations             1           1           0           0           0",
        "1 customers loaded, 1 refused",
        f"1 errors and 0 warnings, all in {report}",
    ]
