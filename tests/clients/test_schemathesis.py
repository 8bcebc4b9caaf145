"""Documents that schemathesis makes up from the schema: each answer is JSON, each error has a listed code."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio.to_thread
import pytest
import requests
import schemathesis
from graphql import (
    ArgumentNode,
    IntValueNode,
    NameNode,
    NullValueNode,
    Visitor,
    build_ast_schema,
    parse,
    print_ast,
    visit,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from engine.errors import Code
from feed.sample.demo import DEMO_CODE
from tests.journeys.browser import Browser
from tests.journeys.conftest import servers
from tests.journeys.personal import sample_customer
from tests.journeys.portal import CHEAP, Portal, run
from tests.node import ROOT

pytestmark = pytest.mark.anyio

EXAMPLES = {"Query": 16, "Mutation": 10}  # of each field
LISTED = {code.value for code in Code} | {"STEP_UP_REQUIRED"}
OUR_FAULT = {Code.INTERNAL_SERVER_ERROR, Code.DEADLINE_EXCEEDED, Code.SERVICE_UNAVAILABLE}
MEDIA_TYPES = ("application/json", "application/graphql-response+json")
# They end the session that asks, so they come last.
CLOSING = ("closeOtherSessions", "closeSession", "forgetDevice", "forgetAllDevices", "signOut")
OWN = """
{ customer { id contracts { id
    statements(first: 2) { nodes { id } } operations(first: 2) { nodes { id } } } } }
"""
NULLED = {"after", "last", "before", "year", "contractId"}
UNBOUNDED = dict.fromkeys(("budget_of_staff", "budget_of_customers", "budget_of_strangers"), 1_000_000_000)

READ_BY_ANYBODY = {"contact"}
READ_BY_CUSTOMERS = {"contact", "contracts", "customer", "node", "operations", "session", "statements"}
READ_BY_STAFF = {"contact", "staff"}
# They take ids that no made-up document is given.
NOT_REACHED = {"confirmContactChange", "closeSession", "forgetDevice"}


@dataclass
class Answers:
    """What came back: root fields that were more than null, codes of errors, statuses."""

    fields: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)

    def take(self, field_name: str, asked: str, response: Any) -> None:
        """Count an answer; fail with the document that led to it where it is not well-formed."""
        answer = json.loads(response.content)
        errors = answer.get("errors", [])
        codes = {error["extensions"]["code"] for error in errors}
        (media_type,) = response.headers["content-type"]
        assert media_type.partition(";")[0] in MEDIA_TYPES, (asked, media_type)
        assert response.status_code < 500, (asked, answer)
        assert codes <= LISTED - OUR_FAULT, (asked, errors)
        assert all(isinstance(error["message"], str) and error["message"] for error in errors), (
            asked,
            errors,
        )
        assert answer.keys() <= {"data", "errors", "extensions"}, (asked, answer)
        self.statuses[response.status_code] += 1
        self.codes.update(codes)
        self.fields[field_name] += any(value is not None for value in (answer.get("data") or {}).values())

    @property
    def reached(self) -> set[str]:
        return {name for name, count in self.fields.items() if count}


@pytest.fixture(scope="module")
def fuzzed_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """One that nothing else asks. It may write no traceback, and nothing of anybody, into its log."""
    with servers() as start:
        yield start(tmp_path_factory.mktemp("fuzzed"), **CHEAP, **UNBOUNDED)


def fields_of(loaded: Any, root: str) -> list[str]:
    """A root type's fields, those that end a session last."""
    operations = [operation.ok().definition for operation in loaded.get_all_operations()]
    names = [one.field_name for one in operations if one.root_type.name.capitalize() == root]
    return sorted(names, key=lambda name: CLOSING.index(name) if name in CLOSING else -1)


class _OrdinaryPage(Visitor):
    """Only the first three: of made-up cursors, sizes and years hardly any would be taken."""

    def enter_argument(self, node: ArgumentNode, *_: object) -> ArgumentNode | None:
        if node.name.value == "first":
            return ArgumentNode(name=NameNode(value="first"), value=IntValueNode(value="3"))
        return ArgumentNode(name=node.name, value=NullValueNode()) if node.name.value in NULLED else None


def fuzz(portal: Portal, root: str, headers: dict[str, str], ids: Sequence[str], only: str) -> Answers:
    """Documents for each field of a root type, or only one; half with ordinary pages, always the same."""
    answers = Answers()
    for scalar, strategy in _scalars(ids).items():
        schemathesis.graphql.scalar(scalar, strategy)
    loaded = schemathesis.graphql.from_url(f"{portal.url}/graphql")
    with requests.Session() as session:
        session.trust_env = False

        def send(name: str, case: Any, is_ordinary: bool) -> None:
            if is_ordinary:
                case.body = print_ast(visit(parse(case.body), _OrdinaryPage()))
            answers.take(name, case.body, case.call(session=session, headers=headers))

        for name in [only] if only else fields_of(loaded, root):
            strategy = loaded[root][name].as_strategy()
            examples = given(st.just(name), strategy, st.booleans())
            settings(
                max_examples=EXAMPLES[root],
                derandomize=True,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
            )(examples(send))()
    return answers


def _scalars(ids: Sequence[str]) -> dict[str, st.SearchStrategy[Any]]:
    amounts = st.decimals(-1_000_000, 1_000_000, places=2, allow_nan=False)
    return {
        "ID": (st.sampled_from(ids) | st.text(max_size=40)).map(nodes.String),
        "Money": amounts.map(lambda amount: nodes.String(str(amount))),
        "Rate": st.just(nodes.String("0.1990")),
        "Date": st.dates().map(lambda day: nodes.String(day.isoformat())),
        "DateTime": st.datetimes().map(lambda at: nodes.String(f"{at.isoformat()}Z")),
    }


async def own_ids(browser: Browser) -> list[str]:
    """The customer, contracts and what is theirs."""
    customer = (await browser.ask(OWN))["customer"]
    found = [customer["id"]]
    for contract in customer["contracts"]:
        listed = contract["statements"]["nodes"] + contract["operations"]["nodes"]
        found += [contract["id"], *(node["id"] for node in listed)]
    return found


async def fuzzed(
    portal: Portal, root: str, headers: dict[str, str], ids: Sequence[str] = ("x",), only: str = ""
) -> Answers:
    return await anyio.to_thread.run_sync(fuzz, portal, root, headers, ids, only)


def mutations() -> set[str]:
    schema = build_ast_schema(parse((ROOT / "schema" / "portal.graphql").read_text(encoding="utf-8")))
    assert schema.mutation_type is not None
    return set(schema.mutation_type.fields)


async def test_a_stranger_reads_what_is_public_and_is_refused_the_rest(fuzzed_portal: Portal) -> None:
    answers = await fuzzed(fuzzed_portal, "Query", {})

    assert answers.reached >= READ_BY_ANYBODY
    assert answers.reached & READ_BY_CUSTOMERS == READ_BY_ANYBODY
    assert answers.fields["contact"] > EXAMPLES["Query"] // 2
    assert answers.codes["UNAUTHENTICATED"] > EXAMPLES["Query"]
    assert answers.codes["BAD_USER_INPUT"] > EXAMPLES["Query"] // 2


async def test_a_stranger_gets_an_outcome_of_every_act(fuzzed_portal: Portal) -> None:
    answers = await fuzzed(fuzzed_portal, "Mutation", {})

    assert answers.reached == mutations() - NOT_REACHED
    assert answers.fields.total() > 10 * EXAMPLES["Mutation"]


@pytest.fixture
async def customer(fuzzed_portal: Portal) -> AsyncIterator[Browser]:
    async with Browser(fuzzed_portal) as browser:
        number = sample_customer("Pé").sign_in_numbers[0]
        assert (await browser.sign_in(number, DEMO_CODE, surely=True))["__typename"] == "SignedIn"
        yield browser


async def test_a_customer_reads_every_field(fuzzed_portal: Portal, customer: Browser) -> None:
    answers = await fuzzed(fuzzed_portal, "Query", {"Cookie": customer.cookie}, await own_ids(customer))

    assert answers.reached >= READ_BY_CUSTOMERS
    assert answers.fields.total() > 4 * EXAMPLES["Query"]


async def test_a_customer_gets_an_outcome_of_every_act(fuzzed_portal: Portal, customer: Browser) -> None:
    answers = await fuzzed(fuzzed_portal, "Mutation", {"Cookie": customer.cookie})

    assert answers.reached == mutations() - NOT_REACHED
    assert answers.fields.total() > 10 * EXAMPLES["Mutation"]


async def test_staff_read_who_they_are_and_act_within_their_scopes(fuzzed_portal: Portal) -> None:
    words = ("token", "--scope", "unlock", "--subject", "adviser-7")
    token = run(*words, cwd=fuzzed_portal.folder, **fuzzed_portal.settings).stdout.strip()
    fuzzed_portal.held |= {token, *token.split(".")}
    headers = {"Authorization": f"Bearer {token}"}
    asked = await fuzzed(fuzzed_portal, "Query", headers)
    acted = await fuzzed(fuzzed_portal, "Mutation", headers, only="unlockAccess")

    assert asked.reached >= READ_BY_STAFF
    assert asked.reached & READ_BY_CUSTOMERS == READ_BY_ANYBODY
    assert asked.fields["staff"] > EXAMPLES["Query"] // 2
    assert acted.reached == {"unlockAccess"}
