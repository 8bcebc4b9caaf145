"""Operations of before 90 days, wherever a client reaches them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from domain.assurance import Assurance
from gateways import Gateways
from models import Operation, OperationStatus
from schema import ids
from schema.ids import Kind
from tests import cast
from tests.levels import token_at
from tests.recording import recorded
from tests.schema.asking import Answer, Asker
from tests.schema.ways import BOTH_WAYS, COMPILED

pytestmark = BOTH_WAYS

FIRST = date(2026, 3, 17)  # 90 days before the cast's day
DAY = timedelta(days=1)
LIST = """hiddenBefore totalCount nodes { label } edges { cursor }
    pageInfo { hasNextPage hasPreviousPage }"""
WAYS: dict[str, tuple[str, list[Any]]] = {
    "operations": (f"{{ operations(ARGUMENTS) {{ {LIST} }} }}", ["operations"]),
    "of the customer": (
        f"{{ customer {{ operations(ARGUMENTS) {{ {LIST} }} }} }}",
        ["customer", "operations"],
    ),
    "of a contract": (
        f"{{ contracts {{ operations(ARGUMENTS) {{ {LIST} }} }} }}",
        ["contracts", 0, "operations"],
    ),
    "of a statement": (
        f"{{ statements {{ nodes {{ operations(ARGUMENTS) {{ {LIST} }} }} }} }}",
        ["statements", "nodes", 0, "operations"],
    ),
    "of a contract's statement": (
        f"{{ contracts {{ statements(first: 10) {{ nodes {{ operations(ARGUMENTS) {{ {LIST} }} }} }} }} }}",
        ["contracts", 0, "statements", "nodes", 0, "operations"],
    ),
}
FILTERED = [way for way in WAYS if "statement" not in way]
NODE = "query($id: ID!) { node(id: $id) { ... on Operation { label } } }"
HIDDEN, SHOWN = "2026-03-17", None
MESSAGE = "This needs a session of assurance STRONG_IN_SESSION: call `stepUp`, then ask again"
REFUSED = {"code": "STEP_UP_REQUIRED", "assurance": "STRONG_IN_SESSION"}


class Ledger:
    """Camille's statement, with one operation before the first open day and one on it."""

    def __init__(self, ask: Asker, gateways: Gateways) -> None:
        self._ask = ask
        self._gateways = gateways

    async def write(self, *, old: bool = True) -> Ledger:
        self.owner = await cast.camille()
        credit = await cast.contract(self.owner)
        listed = (await cast.statement(credit)).id
        self.new = await cast.operation(credit, occurred_on=FIRST, label="Ouverte", statement_id=listed)
        self.old: Operation | None = None
        if old:
            self.old = await cast.operation(
                credit, occurred_on=FIRST - DAY, label="Ancienne", statement_id=listed
            )
        return self

    async def asked(self, known: Assurance, query: str, **variables: Any) -> Answer:
        token = await token_at(self._gateways, self.owner, known)
        return await self._ask.with_session(token, query, **variables)

    async def read(self, known: Assurance, way: str, arguments: str = "first: 5") -> Any:
        query, path = WAYS[way]
        found = await self.asked(known, query.replace("ARGUMENTS", arguments))
        assert found.errors == []
        at = found.data
        for step in path:
            at = at[step]
        return at

    def id_of(self, row: Operation | None) -> str:
        assert row is not None
        return ids.encoded(Kind.OPERATION, self.owner.id, row.id)


@pytest.fixture
def ledger(ask: Asker, gateways: Gateways) -> Ledger:
    return Ledger(ask, gateways)


def labels(page: Any) -> list[str]:
    return [node["label"] for node in page["nodes"]]


@pytest.mark.parametrize("_way", WAYS)
async def test_they_are_hidden_until_a_step_up_and_the_list_says_so(ledger: Ledger, _way: str) -> None:
    await ledger.write()
    hidden = await ledger.read(Assurance.STRONG, _way)
    assert (labels(hidden), hidden["totalCount"], hidden["hiddenBefore"]) == (["Ouverte"], 1, HIDDEN)
    assert hidden["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False}
    for known in (Assurance.STRONG_IN_SESSION, Assurance.STRONG_RECENT):
        shown = await ledger.read(known, _way)
        assert (labels(shown), shown["totalCount"]) == (["Ouverte", "Ancienne"], 2)
        assert shown["hiddenBefore"] is SHOWN


@pytest.mark.parametrize("_way", WAYS)
async def test_the_list_does_not_tell_whether_there_are_any(ledger: Ledger, _way: str) -> None:
    bare, full = await ledger.write(old=False), Ledger(ledger._ask, ledger._gateways)
    await full.write()
    without, with_old = [await one.read(Assurance.STRONG, _way) for one in (bare, full)]
    for page in (without, with_old):
        assert len(page.pop("edges")) == 1  # their cursors name another row
    assert without == with_old


@pytest.mark.parametrize("_way", WAYS)
@pytest.mark.parametrize("window", ["first: 5, after: CURSOR", "last: 5", "last: 5, before: CURSOR"])
async def test_no_page_reaches_them(ledger: Ledger, _way: str, window: str) -> None:
    """Neither by the cursor of an older page, nor from the end."""
    await ledger.write()
    shown = await ledger.read(Assurance.STRONG_IN_SESSION, _way)
    assert len(shown["edges"]) == 2
    for edge in shown["edges"]:
        arguments = window.replace("CURSOR", f'"{edge["cursor"]}"')
        assert "Ancienne" not in labels(await ledger.read(Assurance.STRONG, _way, arguments))


@pytest.mark.parametrize("_way", FILTERED)
async def test_a_filter_that_begins_before_is_refused(ledger: Ledger, _way: str) -> None:
    """Whether there are any or not."""
    await ledger.write(old=False)
    query, path = WAYS[_way]
    early = 'filter: {occurredOn: {from: "2026-03-16"}}'
    answer = await ledger.asked(Assurance.STRONG, query.replace("ARGUMENTS", early))
    (error,) = answer.errors
    assert (error["message"], error["extensions"], error["path"]) == (MESSAGE, REFUSED, path)
    shown = await ledger.read(Assurance.STRONG_IN_SESSION, _way, early)
    assert (labels(shown), shown["hiddenBefore"]) == (["Ouverte"], SHOWN)
    in_time = early.replace("16", "17")
    assert labels(await ledger.read(Assurance.STRONG, _way, in_time)) == ["Ouverte"]


@pytest.mark.parametrize("_way", FILTERED)
@pytest.mark.parametrize(
    "filter",
    [
        'occurredOn: {to: "2026-03-16"}',
        'text: "ancienne"',
        "statuses: [PENDING]",
        'amount: {min: "1.00"}, occurredOn: {to: "2026-03-16"}',
    ],
)
async def test_no_filter_finds_them(ledger: Ledger, _way: str, filter: str) -> None:
    await ledger.write()
    pending: dict[str, Any] = {"status": OperationStatus.PENDING, "booked_on": None, "statement_id": None}
    assert ledger.old is not None
    await Operation.owned_by(ledger.owner.id).filter(id=ledger.old.id).update(**pending)
    found = await ledger.read(Assurance.STRONG, _way, f"filter: {{{filter}}}")
    assert (labels(found), found["totalCount"], found["hiddenBefore"]) == ([], 0, HIDDEN)


async def test_one_is_refused_by_its_id(ledger: Ledger) -> None:
    """One that is not there, or is another's, is not."""
    await ledger.write()
    other = await Ledger(ledger._ask, ledger._gateways).write()
    refused = await ledger.asked(Assurance.STRONG, NODE, id=ledger.id_of(ledger.old))
    (error,) = refused.errors
    assert (refused.data, error["message"], error["extensions"]) == ({"node": None}, MESSAGE, REFUSED)
    for row_id in (other.id_of(other.old), ids.encoded(Kind.OPERATION, ledger.owner.id, 1)):
        assert (await ledger.asked(Assurance.STRONG, NODE, id=row_id)).refused == ({"node": None}, [])
    shown = await ledger.asked(Assurance.STRONG_IN_SESSION, NODE, id=ledger.id_of(ledger.old))
    assert shown["node"] == {"label": "Ancienne"}
    new = await ledger.asked(Assurance.STRONG, NODE, id=ledger.id_of(ledger.new))
    assert new["node"] == {"label": "Ouverte"}


async def test_the_rest_of_an_answer_comes_beside_a_refusal(ledger: Ledger) -> None:
    await ledger.write()
    query = """query($id: ID!) { old: node(id: $id) { id } customer { firstNames }
        operations { nodes { label } } }"""
    answer = await ledger.asked(Assurance.STRONG, query, id=ledger.id_of(ledger.old))
    assert answer.codes == ["STEP_UP_REQUIRED"]
    assert answer.data == {
        "old": None,
        "customer": {"firstNames": "Camille"},
        "operations": {"nodes": [{"label": "Ouverte"}]},
    }


@pytest.mark.parametrize("known", [Assurance.STRONG, Assurance.STRONG_IN_SESSION])
async def test_ten_contracts_are_still_read_at_once(
    ledger: Ledger, known: Assurance, way: str, kept_url: str
) -> None:
    await ledger.write()
    for _ in range(9):
        await cast.operation(await cast.contract(ledger.owner), occurred_on=FIRST)
    query = "{ contracts { operations(first: 2) { hiddenBefore totalCount nodes { label } } } }"
    await ledger.asked(known, query)
    async with recorded() as sent:
        answer = await ledger.asked(known, query)
    assert len(answer["contracts"]) == 10
    is_one = way == COMPILED and kept_url.startswith("postgres")
    assert len([sql for sql in sent.statements if '"operation"' in sql]) == (1 if is_one else 2)
