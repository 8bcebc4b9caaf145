"""The next load: what changes, what does not, and what customers did in between."""

from __future__ import annotations

import gzip
from pathlib import Path

import models
from models.backends.opening import open_database
from tests.feed.conftest import NOW, Contents, Load, Rows, tallies
from tests.feed.feeds import row, together, whole, write


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
    assert (customer.former_phone, customer.phone_changed_at) == ("+33687654321", NOW)
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
    assert (customer.former_phone, customer.phone_changed_at) == (None, None)


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
