"""gql, the Python client: the schema fetched, documents checked against it, queries built on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from decimal import Decimal
from typing import Any

import pytest
from gql import Client, GraphQLRequest, gql
from gql.client import AsyncClientSession
from gql.dsl import DSLInlineFragment, DSLQuery, DSLSchema, dsl_gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
from gql.utilities import update_schema_enum, update_schema_scalar
from graphql import GraphQLError, GraphQLScalarType

from models.contracts import ContractKind
from tests.clients.conftest import on_both
from tests.clients.sample import are_the_newest, bare, by_label, contract_labels, contracts, operations
from tests.journeys.browser import Browser

pytestmark = pytest.mark.anyio

CONTRACTS = gql("{ customer { firstNames contracts { label outstandingPrincipal } } }")
OPERATIONS = """
query Operations($first: Int, $only: OperationFilter) {
  operations(first: $first, filter: $only) { totalCount nodes { occurredOn label amount } } }
"""
CHANGE_ADDRESS = gql(
    """
    mutation ChangeAddress($version: Int!, $address: AddressInput!) {
      changeAddress(expectedVersion: $version, address: $address) {
        __typename ... on Problem { code } ... on InvalidInput { fields { field rule } } } }
    """
)


def client(url: str, cookie: str = "", **headers: str) -> Client:
    """Set up as its documentation says."""
    transport = HTTPXAsyncTransport(url=url, headers={"Cookie": cookie, **headers}, trust_env=False)
    return Client(
        transport=transport, fetch_schema_from_transport=True, introspection_args={"specified_by_url": True}
    )


@pytest.fixture
async def session(url: str, demo: Browser) -> AsyncIterator[AsyncClientSession]:
    async with client(url, demo.cookie) as session:
        yield session


def schema_of(session: AsyncClientSession) -> Any:
    assert session.client.schema is not None
    return session.client.schema


@on_both
async def test_asks_a_query_that_fits_the_schema_it_fetched(session: AsyncClientSession) -> None:
    answer = await session.execute(CONTRACTS)

    assert answer["customer"]["firstNames"] == "Camille"
    assert by_label(answer["customer"]["contracts"]) == contract_labels()
    assert schema_of(session).type_map["Money"].specified_by_url is not None


async def test_refuses_what_does_not_fit_the_schema_before_it_is_sent(session: AsyncClientSession) -> None:
    with pytest.raises(GraphQLError, match="Cannot query field 'custommer' on type 'Query'"):
        await session.execute(gql("{ custommer { firstNames } }"))


async def test_builds_queries_on_the_schema(session: AsyncClientSession) -> None:
    of = DSLSchema(schema_of(session))
    card = DSLInlineFragment().on(of.CardAccount).select(of.CardAccount.creditLimit)
    fields = (
        of.Customer.firstNames,
        of.Customer.contracts(kinds=["CARD_ACCOUNT"]).select(of.Contract.label, card),
    )
    answer = await session.execute(dsl_gql(DSLQuery(of.Query.customer.select(*fields))))

    account = {"label": "Compte carte Sérénité", "creditLimit": "6000.00"}
    assert answer == {"customer": {"firstNames": "Camille", "contracts": [account]}}


async def test_reads_amounts_and_names_as_values_of_python(session: AsyncClientSession) -> None:
    money = GraphQLScalarType("Money", serialize=str, parse_value=Decimal)
    update_schema_scalar(schema_of(session), "Money", money)
    update_schema_enum(schema_of(session), "ContractKind", ContractKind)
    document = gql("{ customer { contracts { kind outstandingPrincipal } } }")
    answer = await session.execute(document, parse_result=True)

    told = [(one["kind"], one["outstandingPrincipal"]) for one in answer["customer"]["contracts"]]
    wanted = [(ContractKind(one["kind"]), Decimal(one["outstandingPrincipal"])) for one in contracts()]
    assert sorted(told) == sorted(wanted)
    assert {type(kind) for kind, _ in told} == {ContractKind}


async def test_variables_go_with_the_query(session: AsyncClientSession) -> None:
    shown = gql(OPERATIONS)
    page = await session.execute(GraphQLRequest(shown, variable_values={"first": 9}))
    bounds = {"first": 9, "only": {"amount": {"min": "12.40", "max": "12.40"}, "kinds": ["PURCHASE"]}}
    few = (await session.execute(GraphQLRequest(shown, variable_values=bounds)))["operations"]

    assert len(page["operations"]["nodes"]) == 9
    assert are_the_newest(bare(page["operations"]["nodes"]))
    assert {one["amount"] for one in few["nodes"]} <= {"12.40"}
    assert 0 < few["totalCount"] <= len([one for one in operations() if one["amount"] == "12.40"])


async def test_an_error_comes_with_its_code_and_what_could_be_answered(session: AsyncClientSession) -> None:
    too_many = gql("{ contact { phone } operations(first: 1000) { totalCount } }")
    with pytest.raises(TransportQueryError) as raised:
        await session.execute(too_many)

    assert [error["extensions"]["code"] for error in raised.value.errors or []] == ["BAD_USER_INPUT"]
    assert raised.value.data == {"contact": {"phone": "30 26"}, "operations": None}


async def test_a_refusal_of_a_mutation_is_data(session: AsyncClientSession) -> None:
    address = {"lines": [], "postalCode": "7", "city": "Brest"}
    given = {"version": 1, "address": address}
    answer = await session.execute(GraphQLRequest(CHANGE_ADDRESS, variable_values=given))

    assert answer["changeAddress"]["__typename"] == "InvalidInput"
    assert {one["field"] for one in answer["changeAddress"]["fields"]} == {"lines", "postalCode"}


async def test_a_token_that_is_not_believed_is_an_error_with_a_code(url: str) -> None:
    stranger = client(url, Authorization="Bearer eyJ.e30.x")
    stranger.fetch_schema_from_transport = False
    with pytest.raises(TransportQueryError) as raised:
        await stranger.execute_async(gql("{ staff { subject } }"))
    assert [error["extensions"]["code"] for error in raised.value.errors or []] == ["UNAUTHENTICATED"]


async def test_follows_news_over_a_web_socket(url: str, demo: Browser) -> None:
    transport = WebsocketsTransport(url.replace("http", "ws"), headers={"Cookie": demo.cookie})
    news = gql("subscription News($after: String) { news(after: $after) { __typename cursor } }")
    async with Client(transport=transport) as session:
        async with aclosing(session.subscribe(news)) as told:
            begun = await anext(told)
        contact = await session.execute(gql("{ contact { phone } }"))
        wrong = GraphQLRequest(news, variable_values={"after": "nowhere"})
        with pytest.raises(TransportQueryError) as raised:
            await anext(session.subscribe(wrong))

    assert begun["news"]["__typename"] == "NewsBegun"
    assert contact == {"contact": {"phone": "30 26"}}
    assert [error["extensions"]["code"] for error in raised.value.errors or []] == ["BAD_USER_INPUT"]
