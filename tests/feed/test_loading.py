"""Good feeds: what arrives, what a second run does, and what customers did in between."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import models
from domain.regimes import Regime
from feed.load import Stopped, load
from feed.report import Summary, Tally
from models.backends.opening import open_database
from tests.feed.conftest import NOW, Contents, Feed, Load, Rows
from tests.feed.feeds import row, together, whole, write


def tallies(summary: Summary) -> dict[str, tuple[int, int, int, int, int]]:
    """Read, inserted, changed, unchanged and refused rows of each file."""
    return {
        name: (tally.read, tally.inserted, tally.changed, tally.unchanged, tally.refused)
        for name, tally in summary.tallies.items()
    }


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


async def test_a_second_run_changes_nothing(load_feed: Load, contents: Contents) -> None:
    feed = together(whole(1), whole(2))
    await load_feed(feed)
    before = await contents()

    summary = await load_feed(feed)

    assert tallies(summary) == dict.fromkeys(feed, (2, 0, 0, 2, 0))
    assert await contents() == before


async def test_another_spelling_of_the_same_values_changes_nothing(
    load_feed: Load, contents: Contents
) -> None:
    await load_feed(whole())
    before = await contents()
    feed = whole()
    feed["customers"][0] |= {"phone": "06 12 34 56 78", "first_names": " Camille "}
    feed["contracts"][0] |= {"outstanding": "120", "apr": "0.209000", "iban": "FR14 20041010050500013M02606"}
    feed["operations"][0] |= {"amount": "120.0", "label": "CB E\u0301PICERIE LE\u0301ON"}

    summary = await load_feed(feed)

    assert tallies(summary) == dict.fromkeys(feed, (1, 0, 0, 1, 0))
    assert await contents() == before


async def test_only_the_row_that_changed_is_changed(load_feed: Load, contents: Contents) -> None:
    feed = together(whole(1), whole(2))
    await load_feed(feed)
    before = await contents()
    changes = {
        "customers": {"last_name": "Petit"},
        "contracts": {"outstanding": "90.00"},
        "cards": {"status": "BLOCKED"},
        "instalments": {"status": "PAID", "paid_on": "2024-02-06"},
        "statements": {"total_due": "50.00"},
        "operations": {"label": "Épicerie", "merchant": ""},
    }
    for name, cells in changes.items():
        feed[name][0] |= cells

    summary = await load_feed(feed)

    assert tallies(summary) == dict.fromkeys(feed, (2, 0, 1, 1, 0))
    after = await contents()
    changed = {table: [line for line in after[table] if line not in before[table]] for table in after}
    assert {table: len(lines) for table, lines in changed.items()} == {
        "customer": 1, "contract": 1, "card": 1, "instalment": 1, "statement": 1, "operation": 1,
        "customer_reference": 0, "identifier": 0,
    }  # fmt: skip
    assert (changed["customer"][0]["last_name"], changed["customer"][0]["version"]) == ("Petit", 2)
    assert (changed["contract"][0]["outstanding_cents"], changed["contract"][0]["version"]) == (9000, 2)
    assert changed["instalment"][0]["status"] == "PAID"
    assert (changed["operation"][0]["merchant"], changed["operation"][0]["search_text"]) == (None, "epicerie")
    ids = {table: sorted(line["id"] for line in lines if "id" in line) for table, lines in before.items()}
    assert ids == {
        table: sorted(line["id"] for line in lines if "id" in line) for table, lines in after.items()
    }


async def test_rows_that_leave_the_feed_stay(load_feed: Load, contents: Contents) -> None:
    await load_feed(together(whole(1), whole(2)))
    before = await contents()

    await load_feed(whole(1))

    assert await contents() == before


async def test_a_later_feed_may_bring_new_rows_alone(load_feed: Load, rows: Rows) -> None:
    await load_feed(whole())

    summary = await load_feed({"operations": [row("operations", operation="OP-2", amount="1.00")]})

    assert tallies(summary)["operations"] == (1, 1, 0, 0, 0)
    [operation] = await rows("SELECT statement_id, card_id FROM operation WHERE reference = 'OP-2'")
    [first] = await rows("SELECT statement_id, card_id FROM operation WHERE reference = 'OP-1'")
    assert operation == first


async def test_what_a_customer_changed_stands_until_the_lender_changes_it(
    load_feed: Load, database_url: str
) -> None:
    feed = whole()
    await load_feed(feed)
    async with open_database(database_url):
        await models.Customer.all().update(
            email="new@exemple.fr", email_verified_at=NOW, phone="+33687654321", phone_verified_at=NOW,
            address_lines=["1 place Neuve"], city="Lyon", postal_code="69001", version=4,
        )  # fmt: skip
        await models.Contract.all().update(statement_delivery=models.StatementDelivery.ELECTRONIC, version=2)

    assert tallies(await load_feed(feed)) == dict.fromkeys(feed, (1, 0, 0, 1, 0))
    feed["customers"][0] |= {"last_name": "Petit", "phone": "+33611111111"}
    feed["contracts"][0] |= {"outstanding": "90.00"}
    await load_feed(feed)

    async with open_database(database_url):
        customer, contract = await models.Customer.get(), await models.Contract.get()
    assert (customer.last_name, customer.version) == ("Petit", 5)
    assert (customer.email, customer.email_verified_at) == ("new@exemple.fr", NOW)
    assert (customer.address_lines, customer.city) == (["1 place Neuve"], "Lyon")
    assert (customer.phone, customer.phone_verified_at) == ("+33611111111", None)
    assert (contract.outstanding_cents, contract.statement_delivery, contract.version) == (
        9000, models.StatementDelivery.ELECTRONIC, 3,
    )  # fmt: skip


async def test_a_phone_that_the_lender_confirms_stays_verified(load_feed: Load, database_url: str) -> None:
    feed = whole()
    await load_feed(feed)
    async with open_database(database_url):
        await models.Customer.all().update(phone="+33687654321", phone_verified_at=NOW)

    feed["customers"][0]["phone"] = "+33687654321"
    await load_feed(feed)

    async with open_database(database_url):
        customer = await models.Customer.get()
    assert (customer.phone, customer.phone_verified_at) == ("+33687654321", NOW)


async def test_a_number_no_contract_has_any_more_signs_nobody_in(load_feed: Load, rows: Rows) -> None:
    feed = whole()
    await load_feed(feed)

    feed["contracts"][0]["account_number"] = "30600000000000777"
    await load_feed(feed)

    numbers = [one["number"] for one in await rows("SELECT number FROM identifier ORDER BY number")]
    assert numbers == ["30600000000000777", "30609000000000001", "REV-0001"]


async def test_compressed_files_with_other_line_ends_and_columns_elsewhere(
    load_feed: Load, contents: Contents, tmp_path: Path
) -> None:
    feed = together(whole(1), whole(2))
    await load_feed(feed)
    before = await contents()
    directory = write(tmp_path / "other", feed)
    for file in list(directory.iterdir()):
        lines = [line.split(",")[::-1] for line in file.read_text(encoding="utf-8").splitlines()]
        text = "".join(",".join(cells) + "\r\n" for cells in lines)
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(b"\xef\xbb\xbf" + text.encode()))
        file.unlink()

    summary = await load_feed(directory)

    assert tallies(summary) == dict.fromkeys(feed, (2, 0, 0, 2, 0))
    assert await contents() == before


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
        "database: lacks 0001_first_tables: run `portal migrate` first",
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
