"""Should the doors to customers' rows ever break, nothing of another customer comes out."""

from __future__ import annotations

from typing import Any

import pytest
from tortoise.queryset import QuerySet

import models
from engine.planning import ordinary
from engine.planning.keysets import Part
from gateways import Gateways
from models.owned import OwnedModel
from schema import ids
from schema.gate import SessionGate
from schema.ids import Kind
from tests.cast import CODE
from tests.schema.asking import Asker
from tests.schema.queries import DASHBOARD
from tests.schema.roots import TYPE, Stage

QUERIES = {
    "contracts": "{ contracts { label } }",
    "statements": "{ statements { nodes { number } } }",
    "operations": "{ operations { nodes { label } } }",
    "customer": DASHBOARD,
    "node": "query($id: ID!) { node(id: $id) { id } }",
    "devices": "{ customer { devices { label } } }",
}
INTERNAL = "INTERNAL_SERVER_ERROR"


@pytest.fixture
def broken_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queries that should name the customer name nobody, but for the one by which the session is found.

    Each field reads for itself: the planner, which leaves no query without the customer, has no say.
    """

    def everybodys(table: Any, _customer_id: int) -> QuerySet[Any]:
        rows: QuerySet[Any] = table.all()
        return rows

    def whosever(table: Any, _owner: int, part: Part) -> QuerySet[Any]:
        rows: QuerySet[Any] = table.filter(**dict(part.conditions))
        return rows

    monkeypatch.setattr(SessionGate, "claim", lambda _gate, _context: None)
    monkeypatch.setattr(ordinary, "owned_rows", whosever)
    for table in vars(models).values():
        if isinstance(table, type) and issubclass(table, OwnedModel) and table is not models.Session:
            monkeypatch.setattr(table, "owned_by", classmethod(everybodys), raising=False)


@pytest.mark.parametrize("_query", QUERIES)
async def test_a_foreign_row_is_an_internal_error(
    ask: Asker, gateways: Gateways, _query: str, broken_door: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Logged as one, without a word of whose it is."""
    stage = await Stage.set(gateways)
    await models.Operation.filter(customer_id=stage.marc.id).delete()
    token, variables = await ask.token_of(stage.marc), {}
    if _query == "node":  # under his own name
        variables["id"] = ids.encoded(Kind.CONTRACT, stage.marc.id, stage.access.contract.id)
    response = await ask.send([("Cookie", f"session={token}")], QUERIES[_query], **variables)
    assert {error["extensions"]["code"] for error in response.json()["errors"]} == {INTERNAL}
    assert "Contrat" not in response.text
    assert "Boulangerie" not in response.text
    logged = capsys.readouterr().out
    assert "A query found another customer's row of " in logged


async def test_a_browser_may_sign_in_another_customer(ask: Asker, gateways: Gateways) -> None:
    """While one is signed in, and in one document with acts of the first."""
    stage = await Stage.set(gateways)
    begin = f"""mutation($number: String!) {{
        mine: closeOtherSessions {TYPE}
        hers: logIn(identifier: {{cardOrCreditNumber: $number}}, accessibleKeypad: true) {{
            __typename ... on KeypadStep {{ flowId keypad {{ challengeId keys {{ position label }} }} }} }}
        mineAgain: forgetAllDevices {TYPE} }}"""
    begun = await ask(begin, stage.marc, number=stage.access.number)
    assert begun["mine"] == {"__typename": "SessionsClosed"}
    assert begun["mineAgain"] == {"__typename": "DevicesForgotten"}

    keypad = begun["hers"]["keypad"]
    position = {key["label"]: key["position"] for key in keypad["keys"]}
    entry = {"challengeId": keypad["challengeId"], "positions": [position[digit] for digit in CODE]}
    go_on = f"""mutation($flow: ID!, $entry: KeypadEntry!) {{
        mine: closeOtherSessions {TYPE}
        hers: enterCode(flowId: $flow, entry: $entry) {{
            __typename ... on SignedIn {{ customer {{ firstNames }} session {{ current assurance }} }} }}
        hersAgain: closeOtherSessions {TYPE} }}"""
    done = await ask(go_on, stage.marc, flow=begun["hers"]["flowId"], entry=entry)
    assert done["mine"] == {"__typename": "SessionsClosed"}
    assert done["hers"] == {
        "__typename": "SignedIn",
        "customer": {"firstNames": "Camille"},
        "session": {"current": True, "assurance": "STRONG"},
    }
    assert done["hersAgain"] == {"__typename": "SessionsClosed"}
