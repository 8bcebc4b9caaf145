"""Bad rows: each is told with its place, and nothing of its customer changes."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from feed.load import Stopped
from feed.report import Tally
from tests.feed.conftest import Contents, Feed, Load, Rows, TryLoad
from tests.feed.feeds import row, together, whole, write

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


CROSSED: list[tuple[str, Feed, list[str]]] = [
    (
        "unknown_customer",
        {"operations": [row("operations", customer="C9")]},
        ["operations.csv, line 3: customer is neither in customers.csv nor in the database"],
    ),
    (
        "same_customer_twice",
        {"customers": [row("customers")]},
        [
            "customers.csv, line 2: customer names the same customer as line 3",
            "customers.csv, line 3: customer names the same customer as line 2",
        ],
    ),
    (
        "same_operation_twice",
        {"operations": [row("operations")]},
        [
            "operations.csv, line 2: operation names the same operation as line 3",
            "operations.csv, line 3: operation names the same operation as line 2",
        ],
    ),
    (
        "two_statements_on_one_day",
        {"statements": [row("statements", number="2", opening_balance="120", closing_balance="120")]},
        [
            "statements.csv, line 2: closed_on is the same day as on line 3",
            "statements.csv, line 3: closed_on is the same day as on line 2",
        ],
    ),
    (
        "contract_of_another_customer",
        {"customers": [row("customers", customer="C3")], "operations": [row("operations", customer="C3")]},
        ["operations.csv, line 3: contract belongs to another customer"],
    ),
    (
        "one_contract_of_two_customers",
        {"customers": [row("customers", customer="C3")], "contracts": [row("contracts", customer="C3")]},
        [
            "contracts.csv, line 2: account_number is another contract's too, in contracts.csv, line 3",
            "contracts.csv, line 2: contract is another contract's too, in contracts.csv, line 3",
            "contracts.csv, line 3: account_number is another contract's too, in contracts.csv, line 2",
            "contracts.csv, line 3: contract is another contract's too, in contracts.csv, line 2",
        ],
    ),
    (
        "one_card_of_two_contracts",
        {
            "contracts": [row("contracts", contract="REV-0005", account_number="")],
            "cards": [row("cards", contract="REV-0005")],
        },
        [
            "cards.csv, line 2: number is another contract's too, in cards.csv, line 3",
            "cards.csv, line 3: number is another contract's too, in cards.csv, line 2",
        ],
    ),
    (
        "card_numbered_like_an_account",
        {
            "cards": [row("cards", number="30600000000000007")],
            "contracts": [row("contracts", contract="REV-0005", account_number="30600000000000007")],
        },
        [
            "contracts.csv, line 3: account_number is another contract's too, in cards.csv, line 3",
            "cards.csv, line 3: number is another contract's too, in contracts.csv, line 3",
        ],
    ),
    (
        "no_customer_but_a_contract_that_has_one",
        {"operations": [row("operations", customer="", operation="OP-2")]},
        ["operations.csv, line 3: customer is required, and empty"],
    ),
]


@pytest.mark.parametrize(("_case", "more", "problems"), CROSSED, ids=[case[0] for case in CROSSED])
async def test_rows_that_do_not_go_together(
    load_feed: Load, rows: Rows, _case: str, more: Feed, problems: list[str]
) -> None:
    summary = await load_feed(together(whole(1), more, {name: rows for name, rows in whole(2).items()}))

    assert sorted(map(str, summary.problems)) == sorted(problems)
    kept = {one["reference"] for one in await rows("SELECT reference FROM customer")}
    refused = {problem.customer or "C1" for problem in summary.problems}
    assert kept == {"C1", "C2"} - refused
    assert "C2" in kept


async def test_an_account_may_have_a_card_of_its_own_number(load_feed: Load, rows: Rows) -> None:
    feed = whole()
    number = feed["contracts"][0]["account_number"]
    feed["cards"][0]["number"] = feed["operations"][0]["card"] = number

    assert (await load_feed(feed)).errors == 0

    assert [one["number"] for one in await rows("SELECT number FROM identifier ORDER BY number")] == [
        number,
        "REV-0001",
    ]


async def test_what_belongs_to_somebody_else_already(load_feed: Load, contents: Contents) -> None:
    await load_feed(whole(1))
    before = await contents()
    theirs = whole(1)
    for lines in theirs.values():
        lines[0]["customer"] = "C2"

    summary = await load_feed(
        {"customers": theirs["customers"], "contracts": theirs["contracts"], "cards": theirs["cards"]}
    )

    assert [str(problem) for problem in summary.problems] == [
        "contracts.csv, line 2: account_number belongs to another customer already",
        "contracts.csv, line 2: contract belongs to another customer already",
        "cards.csv, line 2: number belongs to another customer already",
    ]
    assert await contents() == before


async def test_what_belongs_to_another_contract_already(load_feed: Load, contents: Contents) -> None:
    await load_feed(whole(1))
    before = await contents()

    summary = await load_feed(
        {
            "contracts": [row("contracts", contract="REV-0002", account_number="30600000000000001")],
            "cards": [row("cards", contract="REV-0002")],
        }
    )

    assert [str(problem) for problem in summary.problems] == [
        "contracts.csv, line 2: account_number is the number of another contract already",
        "cards.csv, line 2: number is the number of another contract already",
    ]
    assert await contents() == before


async def test_the_currency_of_a_contract_never_changes(load_feed: Load, contents: Contents) -> None:
    await load_feed(whole())
    before = await contents()

    summary = await load_feed({"contracts": [row("contracts", currency="CZK")]})

    assert [str(problem) for problem in summary.problems] == [
        "contracts.csv, line 2: currency is CZK, was EUR and stays so"
    ]
    assert await contents() == before


async def test_a_day_on_which_another_statement_was_closed(load_feed: Load, contents: Contents) -> None:
    await load_feed(whole())
    before = await contents()

    summary = await load_feed({"statements": [row("statements", number="2")]})

    assert [str(problem) for problem in summary.problems] == [
        "statements.csv, line 2: closed_on is the last day of statement 1 already"
    ]
    assert await contents() == before


async def test_a_bad_contract_makes_no_strangers_of_its_rows(load_feed: Load) -> None:
    feed = whole()
    feed["contracts"][0]["currency"] = "EURO"
    feed["customers"][0]["email"] = "nobody"

    summary = await load_feed(feed)

    assert [str(problem) for problem in summary.problems] == [
        "customers.csv, line 2: email is not an e-mail address that can be written to",
        'contracts.csv, line 2: currency "EURO" is not a currency of ISO 4217, such as EUR',
    ]


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


def ragged(text: str) -> str:
    first, second, *rest = text.split("\n")
    return "\n".join([first, second + ",more", rest[0].rpartition(",")[0], *rest[1:]])


@pytest.mark.parametrize(
    ("_case", "spoil", "problems"),
    [
        (
            "ragged",
            ragged,
            [
                "operations.csv, line 2: has 18 cells, the header names 17 columns",
                "operations.csv, line 3: has 16 cells, the header names 17 columns",
            ],
        ),
        (
            "open_quote",
            lambda text: text.replace("CB ", '"CB ', 1),
            ["operations.csv, line 2: label opens a quote that its line does not close"],
        ),
        (
            "endless_cell",
            lambda text: text.replace("CB ", "CB " * 100_000, 1),
            ["operations.csv, line 2: label makes a line of more than 131,072 characters"],
        ),
        (
            "latin_1",
            lambda text: text.replace("ÉPICERIE", "\udcc9PICERIE", 1),
            ['operations.csv, line 2: label "CB \\xc9PICERIE L\\u00c9ON" is not UTF-8'],
        ),
    ],
)
async def test_lines_that_are_no_records(
    load_feed: Load, tmp_path: Path, _case: str, spoil: Callable[[str], str], problems: list[str]
) -> None:
    directory = write(tmp_path / "spoilt", together(whole(1), whole(2), whole(3)))
    file = directory / "operations.csv"
    file.write_bytes(spoil(file.read_text(encoding="utf-8")).encode("utf-8", "surrogateescape"))

    summary = await load_feed(directory)

    assert [str(problem).replace("É", "\\u00c9") for problem in summary.problems] == problems
    assert (summary.customers_loaded, summary.customers_refused) == (3 - len(problems), len(problems))


def compressed(directory: Path) -> bytes:
    file = directory / "operations.csv"
    content = gzip.compress(file.read_bytes())
    file.unlink()
    return content


@pytest.mark.parametrize(
    ("_case", "spoil", "problem"),
    [
        ("cut", lambda content: content[:-20], "ends in the middle of its compressed data: rows are missing"),
        (
            "garbage_after",
            lambda content: content + b"garbage",
            "is not sound gzip: Not a gzipped file (b'ga')",
        ),
        ("not_gzip", lambda _: b"customer,contract", "is not sound gzip: Not a gzipped file (b'cu')"),
        ("wrong_checksum", lambda content: content[:-8] + b"\0" * 8, "is not sound gzip: CRC check failed"),
    ],
)
async def test_a_file_that_cannot_be_read_to_its_end_stops_everything(
    try_load: TryLoad,
    contents: Contents,
    tmp_path: Path,
    _case: str,
    spoil: Callable[[bytes], bytes],
    problem: str,
) -> None:
    before = await contents()
    directory = write(tmp_path / "spoilt", together(*(whole(number) for number in range(1, 200))))
    (directory / "operations.csv.gz").write_bytes(spoil(compressed(directory)))

    outcome = await try_load(directory)

    assert isinstance(outcome, Stopped)
    [told] = outcome.problems
    assert str(told).startswith(f"operations.csv.gz: {problem}")
    assert outcome.customers_loaded == 0
    assert await contents() == before


@pytest.mark.parametrize(
    ("_case", "prepare", "problems"),
    [
        (
            "no_directory",
            lambda directory: directory.rmdir(),
            ["{}: cannot be read: No such file or directory"],
        ),
        ("nothing", lambda directory: None, ["{}: holds no file of the feed, such as customers.csv"]),
        (
            "misspelt",
            lambda directory: (directory / "operation.csv").touch(),
            [
                "operation.csv: is no file of the feed, which are "
                "customers, contracts, cards, instalments, statements, operations (.csv or .csv.gz)"
            ],
        ),
        (
            "twice",
            lambda directory: [(directory / name).touch() for name in ("cards.csv", "cards.csv.gz")],
            ["cards.csv.gz: stands beside cards.csv: keep one"],
        ),
        (
            "directory",
            lambda directory: (directory / "cards.csv").mkdir(),
            ["cards.csv: cannot be read: Is a directory"],
        ),
        (
            "empty_files",
            lambda directory: [(directory / name).touch() for name in ("cards.csv", "statements.csv")],
            [
                "cards.csv, line 1: is empty: its first line must name the columns",
                "statements.csv, line 1: is empty: its first line must name the columns",
            ],
        ),
    ],
)
async def test_what_is_no_feed(
    try_load: TryLoad, tmp_path: Path, _case: str, prepare: Callable[[Path], Any], problems: list[str]
) -> None:
    directory = tmp_path / "strange"
    directory.mkdir()
    prepare(directory)

    outcome = await try_load(directory)

    assert isinstance(outcome, Stopped)
    assert [str(problem) for problem in outcome.problems] == [line.format(directory) for line in problems]


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
