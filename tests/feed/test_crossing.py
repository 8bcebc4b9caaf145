"""Rows that are right alone and wrong together, in the feed or with what the database holds."""

from __future__ import annotations

import pytest

from tests.feed.conftest import Contents, Feed, Load, Rows
from tests.feed.feeds import row, together, whole

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
