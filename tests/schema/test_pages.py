"""Pages through the API: walked to the end, and hostile arguments refused."""

from __future__ import annotations

import base64
import struct
from datetime import date, timedelta
from typing import Any

import pytest

from engine.planning.connections import cursor
from engine.planning.keysets import Key, Order
from models import Contract, Customer, Operation
from tests import cast
from tests.cast import TODAY
from tests.kept import ON_ONE
from tests.schema.asking import Asker
from tests.schema.ways import BOTH_WAYS

pytestmark = BOTH_WAYS

PAGE = """query(
    $first: Int, $after: String, $last: Int, $before: String, $order: OperationOrder! = NEWEST_FIRST) {
    operations(first: $first, after: $after, last: $last, before: $before, order: $order) {
        nodes { label } edges { cursor node { label } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
STATEMENTS = PAGE.replace(", $order: OperationOrder! = NEWEST_FIRST", "").replace(", order: $order", "")
STATEMENTS = STATEMENTS.replace("operations", "statements").replace("label", "number")
IN_CONTRACT = PAGE.replace("{\n    operations", "{ contracts {\n    operations") + " }"

NEWEST, OLDEST, LARGEST = Order("occurred_on"), Order("occurred_on", descending=False), Order("amount_cents")


@pytest.fixture
async def credit(database: str) -> Contract:
    """Nine operations, three a day, so that days are tied."""
    credit = await cast.contract(await cast.ines())
    rows = [
        cast.operation_row(credit, label=f"{number}", occurred_on=TODAY + timedelta(days=number // 3))
        for number in range(9)
    ]
    await Operation.bulk_create(rows)
    return credit


@pytest.fixture
async def ines(credit: Contract) -> Customer:
    return await Customer.get(id=credit.customer_id)


def labels(page: Any) -> str:
    assert page["nodes"] == [edge["node"] for edge in page["edges"]]
    return "".join(node["label"] for node in page["nodes"])


async def test_walking_forward_meets_everything_once(ask: Asker, ines: Customer) -> None:
    walked, after = [], None
    while True:
        page = (await ask(PAGE, ines, first=4, after=after))["operations"]
        walked.append((labels(page), page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]))
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert walked == [("8765", True, False), ("4321", True, True), ("0", False, True)]


async def test_walking_backward_meets_everything_once(ask: Asker, ines: Customer) -> None:
    walked, before = [], None
    while True:
        page = (await ask(PAGE, ines, last=4, before=before))["operations"]
        walked.append((labels(page), page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]))
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    assert walked == [("3210", False, True), ("7654", True, True), ("8", True, False)]


async def test_after_and_before_close_a_window(ask: Asker, ines: Customer) -> None:
    edges = (await ask(PAGE, ines, first=9))["operations"]["edges"]
    window = {"after": edges[1]["cursor"], "before": edges[6]["cursor"]}
    assert labels((await ask(PAGE, ines, first=3, **window))["operations"]) == "654"
    assert labels((await ask(PAGE, ines, last=3, **window))["operations"]) == "543"
    crossed = {"after": edges[6]["cursor"], "before": edges[1]["cursor"]}
    assert labels((await ask(PAGE, ines, first=3, **crossed))["operations"]) == ""


async def test_the_page_of_a_contract_is_walked_the_same_way(ask: Asker, ines: Customer) -> None:
    first = (await ask(IN_CONTRACT, ines, first=4))["contracts"][0]["operations"]
    second = (await ask(IN_CONTRACT, ines, first=5, after=first["pageInfo"]["endCursor"]))["contracts"][0]
    assert labels(first) + labels(second["operations"]) == "876543210"


async def test_the_four_orders(ask: Asker) -> None:
    owner = await cast.ines()
    credit = await cast.contract(owner)
    for day, cents in ((0, -5), (1, 7), (2, 0)):
        await cast.operation(
            credit, label=f"{day}", occurred_on=TODAY - timedelta(days=day), amount_cents=cents
        )
    orders = {"NEWEST_FIRST": "012", "OLDEST_FIRST": "210", "LARGEST_FIRST": "120", "SMALLEST_FIRST": "021"}
    found = {order: labels((await ask(PAGE, owner, order=order))["operations"]) for order in orders}
    assert found == orders


async def test_an_empty_page_has_no_cursors(ask: Asker, ines: Customer) -> None:
    assert (await ask(PAGE, ines, first=0))["operations"] == {
        "nodes": [],
        "edges": [],
        "pageInfo": {
            "hasNextPage": True,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        },
    }


async def test_twenty_are_given_to_who_names_no_number(ask: Asker, credit: Contract, ines: Customer) -> None:
    await Operation.bulk_create([cast.operation_row(credit) for _ in range(12)])
    for nothing in ({}, {"first": None, "last": None, "after": None, "before": None}):
        assert len((await ask(PAGE, ines, **nothing))["operations"]["nodes"]) == 20


async def test_a_hundred_are_given_at_most(ask: Asker, credit: Contract, ines: Customer) -> None:
    await Operation.bulk_create([cast.operation_row(credit) for _ in range(95)])
    assert len((await ask(PAGE, ines, first=100))["operations"]["nodes"]) == 100
    assert len((await ask(PAGE, ines, last=100))["operations"]["nodes"]) == 100


BETWEEN = "`{0}` lies between 0 and 100, {1} does not"


@ON_ONE
@pytest.mark.parametrize("query", [PAGE, STATEMENTS, IN_CONTRACT], ids=["list", "statements", "nested"])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"first": -1}, BETWEEN.format("first", -1)),
        ({"first": 101}, BETWEEN.format("first", 101)),
        ({"first": 2**31 - 1}, BETWEEN.format("first", 2**31 - 1)),
        ({"last": -1}, BETWEEN.format("last", -1)),
        ({"last": 101}, BETWEEN.format("last", 101)),
        ({"last": -(2**31)}, BETWEEN.format("last", -(2**31))),
        ({"first": 1, "last": 1}, "Give `first` or `last`, not both"),
    ],
    ids=str,
)
async def test_a_size_out_of_bounds_is_refused(
    ask: Asker, ines: Customer, query: str, arguments: dict[str, int], words: str
) -> None:
    assert (await ask(query, ines, **arguments)).refused[1] == [("BAD_USER_INPUT", words)]


@ON_ONE
@pytest.mark.parametrize("size", [2**31, -(2**31) - 1, 2**64, 1.5, "1", True, [1]], ids=str)
async def test_a_size_that_is_no_int_is_refused_before_anything_runs(
    ask: Asker, ines: Customer, size: Any
) -> None:
    answer = await ask(PAGE, ines, first=size)
    assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"])


def hostile_cursors() -> dict[str, str]:
    good = cursor(NEWEST, Key(TODAY, 2**62 + 1))

    def packed(tag: bytes, value: int, row_id: int) -> str:
        return base64.urlsafe_b64encode(struct.pack(">cqQ", tag, value, row_id)).rstrip(b"=").decode()

    day = TODAY.toordinal()
    assert packed(b"o", day, 2**62 + 1) == good
    return {
        "empty": "",
        "a letter": "a",
        "cut": good[:-1],
        "cut to two thirds": good[:16],
        "longer": f"{good}A",
        "padded": f"{good}=",
        "a space": f"{good} ",
        "the other alphabet": packed(b"o", day, 2**63 - 1).replace("_", "/"),
        "of the other direction": cursor(OLDEST, Key(TODAY, 1)),
        "of amounts": cursor(LARGEST, Key(5, 1)),
        "of statements": cursor(Order("closed_on"), Key(TODAY, 1)),
        "no day": packed(b"o", 0, 1),
        "a negative day": packed(b"o", -1, 1),
        "the day after the last": packed(b"o", date.max.toordinal() + 1, 1),
        "a day of 63 bits": packed(b"o", 2**63 - 1, 1),
        "a row of 64 bits": packed(b"o", day, 2**63),
        "an offset": base64.b64encode(b"arrayconnection:5").decode(),
        "unicode": "é" * 23,
        "nul": "\0" * 23,
    }


@ON_ONE
@pytest.mark.parametrize("argument", ["after", "before"])
@pytest.mark.parametrize("_case", hostile_cursors())
async def test_a_cursor_that_was_not_given_out_is_refused(
    ask: Asker, ines: Customer, argument: str, _case: str
) -> None:
    answer = await ask(PAGE, ines, **{argument: hostile_cursors()[_case]})
    words = f"`{argument}` is not a cursor of this list in this order"
    assert answer.refused[1] == [("BAD_USER_INPUT", words)]


@pytest.mark.parametrize(
    "key",
    [Key(date.min, 0), Key(date.max, 2**63 - 1)],
    ids=["first of all places", "last of all places"],
)
async def test_the_outermost_places_are_places(ask: Asker, ines: Customer, key: Key) -> None:
    page = (await ask(PAGE, ines, after=cursor(NEWEST, key)))["operations"]
    assert labels(page) == ("" if key.value == date.min else "876543210")


@pytest.mark.parametrize(("amount", "found"), [(-(2**63), ""), (2**63 - 1, "876543210")])
async def test_the_outermost_amounts_are_places(ask: Asker, ines: Customer, amount: int, found: str) -> None:
    after = cursor(LARGEST, Key(amount, 1))
    page = (await ask(PAGE, ines, after=after, order="LARGEST_FIRST"))["operations"]
    assert labels(page) == found


async def test_another_customers_cursor_is_a_place_and_shows_nothing_of_theirs(
    ask: Asker, ines: Customer, credit: Contract
) -> None:
    theirs = await cast.operation(
        await cast.contract(await cast.marc()), label="x", occurred_on=TODAY + timedelta(days=1)
    )
    page = (await ask(PAGE, ines, after=cursor(NEWEST, NEWEST.key_of(theirs))))["operations"]
    assert labels(page) == "543210"
