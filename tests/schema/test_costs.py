"""Every list of the schema says how long it is, and honest clients stay far below what is allowed."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    FragmentDefinitionNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    OperationDefinitionNode,
    get_introspection_query,
    get_named_type,
    get_nullable_type,
    is_introspection_type,
    is_list_type,
    parse,
    validate,
)

from domain.keypad import KEYS
from domain.opening_hours import WEEKLY_HOURS
from domain.staff import StaffScope
from engine.documents.cost_directives import ListSize
from engine.documents.costs import Costs
from engine.documents.prices import said_of
from engine.documents.sensitive import OneSensitiveField, is_sensitive
from engine.limits import Limits
from engine.planning.connections import PAGE_DEFAULT, PAGE_MAX
from resolvers import devices, sessions
from schema.root import build_schema
from tests.schema.queries import DASHBOARD, TOTALS
from tests.schema.roots import ROOTS

SCHEMA = build_schema()
COSTS = Costs(SCHEMA, Limits())
COST_MAX = Limits().cost_max

ALL_OF_OPERATIONS = """{ operations(first: 100) {
    totalCount hiddenBefore pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node {
        id kind status occurredOn bookedOn label merchant category amount principal interest insurance fees
        contract { __typename id version kind status regime label maskedNumber currency signedOn closedOn apr
            borrowingRate outstandingPrincipal overdue directDebit { maskedIban day }
            insurance { label monthlyCost } statementDelivery }
        statement { id number openedOn closedOn paymentOn openingBalance closingBalance creditLimit
            availableCredit instalment instalmentInterest insurance totalDue apr }
        card { id maskedNumber expiresOn status } } } } }"""
LOANS = """{ customer { contracts { label
    ... on PersonalLoan { amortisationTable {
        number dueOn status paidOn payment principal outstandingAfter } }
    ... on DebtConsolidation { amortisationTable {
        number dueOn payment principal outstandingAfter } } } } }"""
ACCESS = """{ customer { sessions { id label current device { id label } } devices { id label strongDueAt }
    accessLog(first: 100) { nodes { id kind at browser text } pageInfo { endCursor } } } }"""
INTROSPECTION = get_introspection_query(
    **{name: True for name in inspect.signature(get_introspection_query).parameters}
)
HONEST = {
    "dashboard": (DASHBOARD, 1_884),
    "totals": (TOTALS, 658),
    "a page of all of operations": (ALL_OF_OPERATIONS, 1_543),
    "loans": (LOANS, 2_072),
    "access": (ACCESS, 434),
    "contact": ("{ contact { phone openNow nextOpening } }", 2),
}
DISHONEST = {
    "pages in pages": "{ contracts { statements(first: 100) { nodes { ...S } } } } "
    "fragment S on Statement { operations { nodes { id } } }",
    "contracts of operations": "{ operations(first: 100) { nodes { contract { ...C } } } } "
    "fragment C on Contract { operations(first: 100) { nodes { id } } }",
    "thirty introspections": "{ "
    + " ".join(f"a{n}: __schema {{ types {{ ...T }} }}" for n in range(30))
    + " } fragment T on __Type { name description fields { name description args { name } type { name } } }",
    "fields of types of fields": "{ "
    + " ".join(
        f"a{n}: __schema {{ types {{ fields {{ type {{ fields {{ name }} }} }} }} }}" for n in range(15)
    )
    + " }",
}


def points(text: str, variables: dict[str, Any] | None = None) -> int:
    node = parse(text)
    assert validate(SCHEMA._schema, node) == []
    operation = next(one for one in node.definitions if isinstance(one, OperationDefinitionNode))
    fragments = {one.name.value: one for one in node.definitions if isinstance(one, FragmentDefinitionNode)}
    return COSTS.of(operation, fragments, variables or {})


def fields() -> Iterator[tuple[str, GraphQLField]]:
    for kind in SCHEMA._schema.type_map.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not is_introspection_type(kind):
            yield from ((f"{kind.name}.{name}", given) for name, given in kind.fields.items())


LISTS = {name: given for name, given in fields() if is_list_type(get_nullable_type(given.type))}
PAGES = {name: given for name, given in fields() if get_named_type(given.type).name.endswith("Connection")}


def sized(given: GraphQLField) -> ListSize | None:
    return said_of(given, ListSize)


def test_every_list_says_how_long_it_is() -> None:
    """Edges and nodes are as long as the field above them says, and are only reached through such a field."""
    in_pages = {name for name in LISTS if name.partition(".")[0].endswith("Connection")}
    assert {name.partition(".")[2] for name in in_pages} == {"edges", "nodes"}
    assert [name for name in LISTS if name not in in_pages and sized(LISTS[name]) is None] == []


def test_every_page_says_what_it_does() -> None:
    assert len(PAGES) >= 10
    for name, given in PAGES.items():
        said = sized(given)
        assert said is not None, name
        assert said.assumed_size == PAGE_MAX == 100
        assert said.slicing_argument_default_value == PAGE_DEFAULT == 20
        assert said.slicing_arguments == ["first", "last"]
        assert said.sized_fields == ["edges", "nodes"]
        assert said.require_one_slicing_argument is False
        assert {"first", "last"} <= set(given.args)


def test_lists_without_pages_are_as_long_as_what_makes_them() -> None:
    """Where nothing in the code says so, it is what is usual: one list to review."""
    told = {name: said.assumed_size for name, given in LISTS.items() if (said := sized(given))}
    assert told == {
        "Query.contracts": 10,
        "Customer.contracts": 10,
        "Customer.pendingChanges": 2,
        "Customer.sessions": sessions.LISTED_MAX,
        "Customer.devices": devices.LISTED_MAX,
        "RevolvingCredit.cards": 3,
        "CardAccount.cards": 3,
        "PersonalLoan.amortisationTable": 120,
        "DebtConsolidation.amortisationTable": 120,
        "PostalAddress.lines": 4,
        "Contact.hours": len(WEEKLY_HOURS),
        "Keypad.keys": KEYS,
        "InvalidInput.fields": 10,
        "Staff.scopes": len(StaffScope),
    }


@pytest.mark.parametrize("name", HONEST)
def test_what_honest_clients_ask_costs_less_than_half_of_what_is_allowed(name: str) -> None:
    text, expected = HONEST[name]
    assert points(text) == expected
    assert 2 * expected <= COST_MAX


@pytest.mark.parametrize("name", ROOTS)
def test_every_root_field_is_allowed(name: str) -> None:
    assert points(ROOTS[name].query) <= COST_MAX / 3


def test_the_readme_tells_these_figures() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    told = [COST_MAX, HONEST["dashboard"][1], HONEST["a page of all of operations"][1]]
    assert [points for points in told if f"{points:,}" not in readme] == []


def test_graphiql_may_ask_for_the_schema_but_not_over_and_over() -> None:
    assert 500 < points(INTROSPECTION) < COST_MAX / 2


@pytest.mark.parametrize("name", DISHONEST)
def test_what_multiplies_is_not_allowed(name: str) -> None:
    assert points(DISHONEST[name]) > COST_MAX


# What tries a secret.

SECRETS = {"code", "identifier", "entry", "phone", "first", "second", "email", "confirmationId"}
BEGINNINGS = {"stepUp", "changeCode", "resendSmsCode"}  # they lead to a code, or send one


def mutations() -> dict[str, GraphQLField]:
    kind = SCHEMA._schema.mutation_type
    assert kind is not None
    return dict(kind.fields)


def _takes(arguments: dict[str, GraphQLArgument]) -> Iterator[str]:
    for name, argument in arguments.items():
        yield name
        named = get_named_type(argument.type)
        if isinstance(named, GraphQLInputObjectType):
            yield named.name


def test_every_act_that_takes_a_secret_or_leads_to_one_is_sensitive() -> None:
    kind = SCHEMA._schema.mutation_type
    assert kind is not None
    inputs = {"KeypadEntry", "Identifier"}
    taking = {name for name, act in mutations().items() if {*_takes(act.args)} & (SECRETS | inputs)}
    assert len(taking) >= 10
    assert {name for name in kind.fields if is_sensitive(kind, name)} == taking | BEGINNINGS


def test_two_sensitive_acts_are_refused_whichever_they_are() -> None:
    kind = SCHEMA._schema.mutation_type
    assert kind is not None
    for name in kind.fields:
        text = f"mutation {{ a: {name} ...F }} fragment F on Mutation {{ logIn }}"
        found = [error.message for error in validate(SCHEMA._schema, parse(text), [OneSensitiveField])]
        expected = [f"An operation may have one of these fields, once: {name}, logIn."]
        assert found == (expected if is_sensitive(kind, name) else [])
