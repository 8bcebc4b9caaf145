"""What a load writes of what is new: all that customers did not have, and nothing else."""

from __future__ import annotations

from typing import Any

import models
from models.backends.opening import open_database
from models.ids import new_id
from tests.feed.conftest import NOW, Feed, Load, Rows, TryLoad
from tests.feed.feeds import row, together, whole

TOLD = """
    SELECT c.reference, o.reference AS operation, s.number AS statement FROM news AS n
    JOIN customer AS c ON c.id = n.customer_id
    LEFT JOIN operation AS o ON o.customer_id = n.customer_id AND o.id = n.operation_id
    LEFT JOIN statement AS s ON s.customer_id = n.customer_id AND s.id = n.statement_id
    ORDER BY c.reference, n.id
"""


def bought(number: int, day: str, customer: int = 1, **cells: Any) -> dict[str, Any]:
    """An operation that no statement lists."""
    owner = {"customer": f"C{customer}", "contract": f"REV-{customer:04d}"}
    apart = {"operation": f"OP-{number}", "statement": "", "card": ""}
    return row("operations", **owner, **apart, occurred_on=day, booked_on=day, **cells)


def february(customer: int = 1) -> dict[str, Any]:
    owner = {"customer": f"C{customer}", "contract": f"REV-{customer:04d}"}
    days = {"opened_on": "2024-02-01", "closed_on": "2024-02-29", "payment_on": "2024-03-05"}
    return row("statements", **owner, number="2", **days, opening_balance="120.00", closing_balance="120.00")


async def told(rows: Rows) -> list[tuple[str, str | int]]:
    return [(found["reference"], found["operation"] or found["statement"]) for found in await rows(TOLD)]


async def test_the_first_load_of_a_customer_is_no_news(load_feed: Load, rows: Rows) -> None:
    await load_feed(together(whole(1), whole(2)))
    assert await told(rows) == []


async def test_what_comes_later_is_news_in_the_order_of_its_days(load_feed: Load, rows: Rows) -> None:
    await load_feed(together(whole(1), whole(2)))
    feed: Feed = {
        "operations": [bought(4, "2024-03-01"), bought(3, "2024-02-29"), bought(2, "2024-02-02", customer=2)],
        "statements": [february()],
    }
    await load_feed(feed)
    assert await told(rows) == [("C1", "OP-3"), ("C1", 2), ("C1", "OP-4"), ("C2", "OP-2")]
    (at,) = {str(found["at"])[:19] for found in await rows("SELECT at FROM news")}
    assert at == NOW.isoformat(" ")[:19]


async def test_a_later_load_tells_of_its_own_rows_alone(load_feed: Load, rows: Rows) -> None:
    await load_feed(whole())
    first, second = bought(2, "2024-03-02"), bought(3, "2024-03-01")
    await load_feed({"operations": [first]})
    await load_feed({"operations": [first, second]})
    assert await told(rows) == [("C1", "OP-2"), ("C1", "OP-3")]


async def test_what_is_the_same_or_corrected_is_no_news(load_feed: Load, rows: Rows) -> None:
    feed = whole()
    await load_feed(feed)
    await load_feed(feed)
    feed["operations"][0] |= {"label": "Corrigé"}
    feed["statements"][0] |= {"total_due": "50.00"}
    await load_feed(feed)
    assert await told(rows) == []


async def test_a_new_contract_brings_news(load_feed: Load, rows: Rows) -> None:
    feed = whole()
    await load_feed(feed)
    second = {"contract": "REV-0009", "account_number": "30600000000000009"}
    feed["contracts"].append(row("contracts", **second))
    feed["operations"].append({**bought(1, "2024-01-05"), "contract": "REV-0009"})
    await load_feed(feed)
    assert await told(rows) == [("C1", "OP-1")]


async def test_a_customer_who_was_refused_is_told_by_the_load_that_takes_the_rows(
    load_feed: Load, try_load: TryLoad, rows: Rows
) -> None:
    await load_feed(whole())
    bad = {"operations": [bought(2, "2024-03-01"), bought(3, "2024-03-02", amount="many")]}
    await try_load(bad)
    assert await told(rows) == []
    await load_feed({"operations": [bought(2, "2024-03-01"), bought(3, "2024-03-02")]})
    assert await told(rows) == [("C1", "OP-2"), ("C1", "OP-3")]


async def test_every_customer_of_every_batch_is_told(load_feed: Load, rows: Rows) -> None:
    feed = together(*(whole(number) for number in range(1, 8)))
    await load_feed(feed, batch_records=10)
    feed["operations"] += [bought(2, "2024-03-01", customer=number) for number in range(1, 8)]
    await load_feed(feed, batch_records=10)
    assert await told(rows) == [(f"C{number}", "OP-2") for number in range(1, 8)]


async def test_news_come_behind_those_of_a_machine_whose_clock_is_ahead(
    load_feed: Load, rows: Rows, database_url: str
) -> None:
    await load_feed(whole())
    ahead = new_id() + (1 << 50)
    async with open_database(database_url):
        customer = await models.Customer.get(reference="C1")
        statement = await models.Statement.owned_by(customer.id).get()
        columns = {"customer_id": customer.id, "statement_id": statement.id, "at": NOW}
        await models.News.create(id=ahead, **columns)
    await load_feed({"operations": [bought(2, "2024-03-01"), bought(3, "2024-03-02")]})
    assert await told(rows) == [("C1", 1), ("C1", "OP-2"), ("C1", "OP-3")]
    found = await rows("SELECT id FROM news ORDER BY id")
    assert [line["id"] - ahead for line in found] == [0, 1, 2]
