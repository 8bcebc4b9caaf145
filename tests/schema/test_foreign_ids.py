"""What is another customer's is answered like what is not there, wherever an id is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, get_named_type

from gateways import Gateways
from models import AuditEvent, Contract, Customer
from models.ids import new_id
from resolvers.sessions import open_session
from schema import ids
from schema.ids import Kind
from schema.root import build_schema
from tests import cast
from tests.conftest import NOON
from tests.kept import ON_ONE
from tests.schema.asking import Asker
from tests.schema.ways import BOTH_WAYS

pytestmark = BOTH_WAYS

NODE = "query($id: ID!) { node(id: $id) { __typename id } }"
STATEMENTS = "query($id: ID!) { statements(contractId: $id) { totalCount nodes { id } } }"
OPERATIONS = "query($id: ID!) { operations(filter: {contractIds: [$id]}) { totalCount nodes { id } } }"
OF_CUSTOMER = OPERATIONS.replace("{ operations", "{ customer { operations").replace("} }", "} } }")
OF_CONTRACTS = OF_CUSTOMER.replace("customer", "contracts")
CONFIRM = """mutation($id: ID!) { confirmContactChange(confirmationId: $id, code: "123456") {
    __typename ... on Problem { code message } } }"""
CLOSE = """mutation($id: ID!) { closeSession(sessionId: $id) {
    __typename ... on SessionsClosed { sessionsClosed } } }"""
FORGET = """mutation($id: ID!) { forgetDevice(deviceId: $id) {
    __typename ... on DevicesForgotten { devicesForgotten sessionsClosed } } }"""

# Where an id of a row is taken, and where an id is a token of the way in, which names no row.
OF_ROWS = {
    "Query.node(id)": NODE,
    "Query.statements(contractId)": STATEMENTS,
    "OperationFilter.contractIds": OPERATIONS,
    "Mutation.confirmContactChange(confirmationId)": CONFIRM,
    "Mutation.closeSession(sessionId)": CLOSE,
    "Mutation.forgetDevice(deviceId)": FORGET,
}
TOKENS = {"KeypadEntry.challengeId"} | {
    f"Mutation.{name}(flowId)"
    for name in (
        "resumeAccess",
        "refreshKeypad",
        "enterCode",
        "confirmPhone",
        "resendSmsCode",
        "enterSmsCode",
        "chooseCode",
    )
}


def test_every_argument_that_takes_an_id_is_known_here() -> None:
    found = set()
    for name, kind in build_schema()._schema.type_map.items():
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
            for field, defined in kind.fields.items():
                for argument, given in defined.args.items():
                    if get_named_type(given.type).name == "ID":
                        found.add(f"{name}.{field}({argument})")
        elif isinstance(kind, GraphQLInputObjectType):
            fields = kind.fields.items()
            found |= {f"{name}.{field}" for field, at in fields if get_named_type(at.type).name == "ID"}
    assert found == set(OF_ROWS) | TOKENS


@dataclass(frozen=True)
class Rows:
    """One row of each kind of one customer."""

    owner: Customer
    of: dict[Kind, int]

    @classmethod
    async def make(cls, gateways: Gateways, owner: Customer) -> Rows:
        credit = await cast.contract(owner)
        listed, card = await cast.statement(credit), await cast.card(credit)
        made: dict[Kind, Any] = {
            Kind.CUSTOMER: owner,
            Kind.CONTRACT: credit,
            Kind.CARD: card,
            Kind.INSTALMENT: await cast.instalment(credit),
            Kind.STATEMENT: listed,
            Kind.OPERATION: await cast.operation(credit, statement_id=listed.id, card_id=card.id),
            Kind.CONFIRMATION: await cast.confirmation(gateways, owner, "123456"),
            Kind.SESSION: (await open_session(gateways, owner.id, strong_at=None)).row,
            Kind.DEVICE: await cast.device(gateways, owner),
            Kind.EVENT: await AuditEvent.record(owner.id, "SIGNED_IN", NOON, gateways.vault.seal),
        }
        return cls(owner, {kind: row.id for kind, row in made.items()})

    def id_of(self, kind: Kind) -> str:
        return ids.encoded(kind, self.owner.id, self.of[kind])


TYPES = {
    Kind.CUSTOMER: "Customer",
    Kind.CONTRACT: "RevolvingCredit",
    Kind.CARD: "Card",
    Kind.INSTALMENT: "Instalment",
    Kind.STATEMENT: "Statement",
    Kind.OPERATION: "Operation",
    Kind.EVENT: "AccessEvent",
}


def strangers_to(hers: Rows, his: Rows, kind: Kind) -> dict[str, str]:
    """Ids that must all be answered like one that was never given out."""
    return {
        "not there": ids.encoded(kind, hers.owner.id, new_id()),
        "another's": his.id_of(kind),
        "another's row under her name": ids.encoded(kind, hers.owner.id, his.of[kind]),
        "her row under another's name": ids.encoded(kind, his.owner.id, hers.of[kind]),
        "nobody's": ids.encoded(kind, 0, hers.of[kind]),
    }


@pytest.mark.parametrize("kind", Kind)
async def test_a_node_is_found_by_its_owner_alone(ask: Asker, gateways: Gateways, kind: Kind) -> None:
    hers, his = [await Rows.make(gateways, owner) for owner in (await cast.camille(), await cast.marc())]
    own = await ask(NODE, hers.owner, id=hers.id_of(kind))
    found = {"__typename": TYPES[kind], "id": hers.id_of(kind)} if kind in TYPES else None
    assert own["node"] == found
    for row_id in (*strangers_to(hers, his, kind).values(),):
        assert (await ask(NODE, hers.owner, id=row_id)).refused == ({"node": None}, [])
    assert (await ask(NODE, None, id=hers.id_of(kind))).refused == ({"node": None}, [])


Reader = Callable[[Any], Any]
LISTS: dict[str, tuple[str, Reader]] = {
    "statements": (STATEMENTS, lambda data: data["statements"]),
    "operations": (OPERATIONS, lambda data: data["operations"]),
    "operations of the customer": (OF_CUSTOMER, lambda data: data["customer"]["operations"]),
    "operations of a contract": (OF_CONTRACTS, lambda data: data["contracts"][0]["operations"]),
}


@pytest.mark.parametrize("_case", LISTS)
async def test_a_list_is_empty_for_a_contract_that_is_not_hers(
    ask: Asker, gateways: Gateways, _case: str
) -> None:
    hers, his = [await Rows.make(gateways, owner) for owner in (await cast.camille(), await cast.marc())]
    query, read = LISTS[_case]
    own = read((await ask(query, hers.owner, id=hers.id_of(Kind.CONTRACT))).data)
    assert own["totalCount"] == len(own["nodes"]) == 1
    for name, row_id in strangers_to(hers, his, Kind.CONTRACT).items():
        answer = await ask(query, hers.owner, id=row_id)
        assert (answer.errors, read(answer.data)) == ([], {"totalCount": 0, "nodes": []}), name


async def test_rows_of_two_customers_may_share_an_id(ask: Asker) -> None:
    camille, marc = await cast.camille(), await cast.marc()
    ours = await cast.contract(camille, label="Le sien")
    await Contract.create(**{**cast.columns_of(ours), "customer_id": marc.id, "label": "Le mien"})
    query = "query($id: ID!) { node(id: $id) { ... on Contract { label } } }"
    for asking, label in ((camille, "Le sien"), (marc, "Le mien")):
        answer = await ask(query, asking, id=ids.encoded(Kind.CONTRACT, asking.id, ours.id))
        assert answer["node"] == {"label": label}


async def test_a_confirmation_that_is_not_hers_is_over(ask: Asker, gateways: Gateways) -> None:
    hers, his = [await Rows.make(gateways, owner) for owner in (await cast.camille(), await cast.marc())]
    await ask.token_of(hers.owner)
    before = [await cast.known_of(rows.owner) for rows in (hers, his)]
    over = {
        "__typename": "ConfirmationOver",
        "code": "CONFIRMATION_OVER",
        "message": "Ce code n'est plus valable. Demandez-en un autre.",
    }
    for name, row_id in strangers_to(hers, his, Kind.CONFIRMATION).items():
        assert (await ask(CONFIRM, hers.owner, id=row_id))["confirmContactChange"] == over, name
    assert [await cast.known_of(rows.owner) for rows in (hers, his)] == before


REVOKED: dict[Kind, tuple[str, dict[str, Any]]] = {
    Kind.SESSION: (CLOSE, {"closeSession": {"__typename": "SessionsClosed", "sessionsClosed": 0}}),
    Kind.DEVICE: (
        FORGET,
        {"forgetDevice": {"__typename": "DevicesForgotten", "devicesForgotten": 0, "sessionsClosed": 0}},
    ),
}


@pytest.mark.parametrize("kind", REVOKED)
async def test_a_session_or_device_that_is_not_hers_is_left_alone(
    ask: Asker, gateways: Gateways, kind: Kind
) -> None:
    hers, his = [await Rows.make(gateways, owner) for owner in (await cast.camille(), await cast.marc())]
    await ask.token_of(hers.owner)
    before = [await cast.known_of(rows.owner) for rows in (hers, his)]
    query, nothing = REVOKED[kind]
    for name, row_id in strangers_to(hers, his, kind).items():
        assert (await ask(query, hers.owner, id=row_id)).refused == (nothing, []), name
    assert [await cast.known_of(rows.owner) for rows in (hers, his)] == before


@ON_ONE
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.CONTRACT])
@pytest.mark.parametrize("query", [STATEMENTS, OPERATIONS])
async def test_an_id_of_another_kind_is_refused(ask: Asker, query: str, kind: Kind) -> None:
    answer = await ask(query, await cast.ines(), id=ids.encoded(kind, 1, 2))
    words = f"This id names a {kind.name.lower()}, not a contract"
    assert answer.refused[1] == [("BAD_USER_INPUT", words)]
