"""Bad rows: each is told with its place, and nothing of its customer changes."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from feed.report import Tally
from tests.feed.conftest import Contents, Load, Rows
from tests.feed.feeds import row, together, whole

SPOILT: list[tuple[str, dict[str, Any], str]] = [
    ("customers", {"birth_date": "1980-02-30"}, "birth_date is not a day of the calendar"),
    ("customers", {"postal_code": "3300"}, "postal_code is not a postal code of the country"),
    ("customers", {"country_code": ""}, "country_code is required in an address"),
    ("customers", {"address_line_1": ""}, "address_line_1 is required in an address"),
    ("customers", {"address_line_2": "x" * 39}, "address_line_2 has 39 characters, at most 38 are taken"),
    ("contracts", {"currency": "EURO"}, 'currency "EURO" is not a currency of ISO 4217, such as EUR'),
    ("contracts", {"status": "CLOSED"}, "closed_on is required once the contract is CLOSED"),
    ("contracts", {"closed_on": "2024-01-01"}, "closed_on is given though the contract is ACTIVE"),
    (
        "contracts",
        {"status": "CLOSED", "closed_on": "2022-02-28"},
        "closed_on 2022-02-28 comes before signed_on, 2022-03-01",
    ),
    ("contracts", {"ends_on": "2022-02-28"}, "ends_on 2022-02-28 comes before signed_on, 2022-03-01"),
    (
        "contracts",
        {"principal": "5.00"},
        "principal is given for a REVOLVING_CREDIT, which has a credit_limit instead",
    ),
    (
        "contracts",
        {"kind": "PERSONAL_LOAN"},
        "credit_limit is given for a PERSONAL_LOAN, which has a principal instead",
    ),
    ("cards", {"expires_on": ""}, "expires_on is required, and empty"),
    ("instalments", {"status": "PAID"}, "paid_on is required once the instalment is PAID"),
    ("instalments", {"paid_on": "2024-02-05"}, "paid_on is given though the instalment is UPCOMING"),
    ("instalments", {"outstanding_after": "-1"}, 'outstanding_after "-1" is negative'),
    (
        "instalments",
        {"principal": "90071992547409.91"},
        "principal with interest, insurance and fees, is beyond every amount",
    ),
    ("statements", {"opened_on": "2024-02-01"}, "closed_on 2024-01-31 comes before opened_on, 2024-02-01"),
    (
        "statements",
        {"payment_on": "2024-01-31"},
        "payment_on 2024-01-31 does not come after closed_on, 2024-01-31",
    ),
    ("statements", {"available": "-0.01"}, 'available "-0.01" is negative'),
    (
        "statements",
        {"instalment": "50.00", "instalment_interest": "50.01"},
        "instalment_interest is more than the instalment it is part of",
    ),
    ("operations", {"booked_on": ""}, "booked_on is required once the operation is BOOKED"),
    (
        "operations",
        {"status": "PENDING", "statement": ""},
        "booked_on is given though the operation is PENDING",
    ),
    (
        "operations",
        {"status": "PENDING", "booked_on": ""},
        "statement is given though the operation is PENDING",
    ),
    ("operations", {"label": "a\0b"}, 'label "a\\u0000b" holds a control character (U+0000)'),
    ("operations", {"label": "two\nlines"}, 'label "two\\u000alines" holds a line break'),
    (
        "operations",
        {"statement": "2"},
        "statement is neither in statements.csv nor in the database, for this contract",
    ),
    (
        "operations",
        {"card": "30609000000000002"},
        "card is neither in cards.csv nor in the database, for this contract",
    ),
    ("operations", {"contract": "REV-9999"}, "contract is neither in contracts.csv nor in the database"),
]


async def test_a_bad_row_keeps_its_new_customer_out(load_feed: Load, rows: Rows) -> None:
    spoilt = [whole(number) for number in range(1, len(SPOILT) + 1)]
    for feed, (name, cells, _) in zip(spoilt, SPOILT, strict=True):
        feed[name] = [{**feed[name][0], **cells}]
    good = whole(len(SPOILT) + 1)

    summary = await load_feed(together(*spoilt, good))

    told = sorted(
        (problem.customer, problem.file, f"{problem.field} {problem.reason}") for problem in summary.problems
    )
    assert told == sorted(
        (f"C{n}", f"{name}.csv", reason) for n, (name, _, reason) in enumerate(SPOILT, start=1)
    )
    assert (summary.customers_loaded, summary.customers_refused) == (1, len(SPOILT))
    for tally in summary.tallies.values():
        assert (tally.read, tally.inserted, tally.refused) == (len(SPOILT) + 1, 1, len(SPOILT))
    for entity in whole():
        assert await rows(f"SELECT count(*) AS found FROM {entity.removesuffix('s')}") == [{"found": 1}]
    assert await rows("SELECT reference FROM customer") == [{"reference": good["customers"][0]["customer"]}]
    assert await rows("SELECT count(*) AS found FROM identifier") == [{"found": 3}]


@pytest.mark.parametrize("name", list(whole()))
async def test_a_bad_row_leaves_a_known_customer_as_it_was(
    load_feed: Load, contents: Contents, name: str
) -> None:
    await load_feed(whole())
    before = await contents()
    feed = whole()
    changed = {
        "last_name": "Petit",
        "outstanding": "1.00",
        "outstanding_after": "1.00",
        "label": "x",
        "apr": "0.1",
    }
    for entity, [one] in feed.items():
        one |= {column: value for column, value in changed.items() if column in row(entity)}
    feed["operations"] += [row("operations", operation="OP-2")]
    feed[name][0] = (
        {**feed[name][0], "customer": "C1", "contract": "!"} if name != "customers" else {"customer": "C1"}
    )

    summary = await load_feed(feed)

    assert summary.customers_refused == 1
    assert all(tally.inserted == tally.changed == 0 for tally in summary.tallies.values())
    assert await contents() == before


async def test_what_only_the_database_can_refuse_is_found_by_halves(load_feed: Load, rows: Rows) -> None:
    feed = together(*(whole(number) for number in range(1, 9)))
    feed["cards"][2]["expires_on"] = feed["cards"][5]["expires_on"] = "2030-01-01"
    await rows("CREATE UNIQUE INDEX one_of_a_kind ON card (expires_on) WHERE expires_on = '2030-01-01'")
    try:
        summary = await load_feed(feed)
    finally:
        await rows("DROP INDEX one_of_a_kind")

    assert (summary.customers_loaded, summary.customers_refused) == (7, 1)
    assert summary.tallies["operations"] == Tally(read=8, inserted=7, refused=1)
    [problem] = summary.problems
    assert (problem.file, problem.line, problem.field, problem.customer) == (
        "customers.csv",
        None,
        None,
        "C6",
    )
    assert problem.reason.startswith("could not be written: ")
    assert {one["reference"] for one in await rows("SELECT reference FROM customer")} == {
        "C1", "C2", "C3", "C4", "C5", "C7", "C8",
    }  # fmt: skip


async def test_the_report_holds_every_bad_row_and_the_summary_the_first_fifty(
    load_feed: Load, report: Path
) -> None:
    bad = [row("operations", operation=f"OP-{number}", amount="", label="") for number in range(120)]

    summary = await load_feed(together(whole(2), {"operations": bad}))

    assert (summary.errors, len(summary.problems)) == (360, 50)
    with report.open(encoding="utf-8", newline="") as text:
        lines = list(csv.DictReader(text))
    assert len(lines) == 360
    assert [(int(line["line"]), line["field"], line["severity"]) for line in lines[:6]] == [
        (3, "label", "error"), (3, "amount", "error"), (3, "customer", "error"),
        (4, "label", "error"), (4, "amount", "error"), (4, "customer", "error"),
    ]  # fmt: skip
    assert {line["customer"] for line in lines} == {"C1"}
