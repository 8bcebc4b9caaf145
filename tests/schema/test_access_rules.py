"""What `@access` prints is what happens: for every field and every act that carries it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import strawberry
from graphql import DirectiveNode, EnumValueNode, FieldDefinitionNode, ObjectTypeDefinitionNode, parse
from strawberry.types.field import StrawberryField

from domain.assurance import Assurance
from domain.staff import Staff, StaffScope
from engine.errors import Refusal
from gateways import Gateways
from gateways.local_staff_tokens import LocalStaffTokens
from resolvers.context import Context, Viewer
from schema.access_rules import Access, Guard, StreamGuard, guarded
from schema.root import build_schema, print_schema
from schema.viewers import Info
from tests import cast
from tests.conftest import NOON
from tests.following import opened
from tests.levels import SIGNED_IN, signed_in_at, token_at
from tests.schema.asking import Asker
from tests.schema.roots import ROOTS, STREAMS, UNAUTHENTICATED, Stage
from tests.schema.ways import BOTH_WAYS

pytestmark = BOTH_WAYS

MUTATION, SUBSCRIPTION = "Mutation.", "Subscription."


@dataclass(frozen=True)
class Rule:
    """What the printed schema says of one field."""

    assurance: Assurance | None = None
    scope: StaffScope | None = None

    @classmethod
    def of(cls, directive: DirectiveNode) -> Rule:
        given = {
            argument.name.value: argument.value.value
            for argument in directive.arguments or ()
            if isinstance(argument.value, EnumValueNode)
        }
        return cls(
            Assurance[given["assurance"]] if "assurance" in given else None,
            StaffScope[given["scope"]] if "scope" in given else None,
        )


def printed() -> dict[str, Rule]:
    """Every field that carries `@access` in the printed schema."""
    found: dict[str, Rule] = {}
    for definition in parse(print_schema()).definitions:
        if isinstance(definition, ObjectTypeDefinitionNode):
            for field in definition.fields or ():
                for rule in _rules(field):
                    found[f"{definition.name.value}.{field.name.value}"] = Rule.of(rule)
    return found


def _rules(field: FieldDefinitionNode) -> list[DirectiveNode]:
    return [directive for directive in field.directives or () if directive.name.value == "access"]


def declared() -> Iterator[tuple[str, StrawberryField]]:
    """Every field of the running schema as it was declared."""
    schema = build_schema()
    for name, kind in schema._schema.type_map.items():
        definition = kind.extensions.get("strawberry-definition")
        for field in getattr(definition, "fields", ()):
            yield f"{name}.{schema.config.name_converter.get_graphql_name(field)}", field


PRINTED = printed()
SURE = {name: rule.assurance for name, rule in PRINTED.items() if rule.assurance}
FOLLOWED = {name: needed for name, needed in SURE.items() if name.startswith(SUBSCRIPTION)}
READ = {name: needed for name, needed in SURE.items() if not name.startswith((MUTATION, SUBSCRIPTION))}
DONE = {name: needed for name, needed in SURE.items() if name.startswith(MUTATION)}


def test_what_is_asked_for() -> None:
    """One list to review."""
    strong, recent = Rule(Assurance.STRONG), Rule(Assurance.STRONG_RECENT)
    assert {
        "Query.customer": strong,
        "Query.contracts": strong,
        "Query.statements": strong,
        "Query.operations": strong,
        "Query.node": strong,
        "Mutation.changeAddress": strong,
        "Mutation.confirmContactChange": strong,
        "Mutation.closeSession": strong,
        "Mutation.closeOtherSessions": strong,
        "Mutation.forgetDevice": strong,
        "Mutation.forgetAllDevices": strong,
        "Mutation.requestPhoneChange": recent,
        "Mutation.requestEmailChange": recent,
        "Mutation.changeCode": recent,
        "Mutation.unlockAccess": Rule(scope=StaffScope.UNLOCK),
        "Subscription.news": strong,
    } == PRINTED


def test_a_field_that_says_so_is_guarded_by_the_same_words() -> None:
    """No field has one without the other; acts are tried below, one by one."""
    carrying = {}
    for name, field in declared():
        rules = [rule for rule in field.directives or () if isinstance(rule, Access)]
        guards = [guard.rule for guard in field.extensions if isinstance(guard, Guard | StreamGuard)]
        if rules:
            carrying[name] = Rule(rules[0].assurance or None, rules[0].scope or None)
        if name.startswith(MUTATION):
            assert guards == []
        else:
            assert [id(rule) for rule in guards] == [id(rule) for rule in rules], name
    assert carrying == PRINTED


@pytest.mark.parametrize("known", Assurance)
def test_a_guard_tells_beforehand_whom_it_lets_through(known: Assurance) -> None:
    viewer = Viewer(1, known, NOON.date())
    for needed in Assurance:
        guard = Guard(Access(assurance=needed), null_for_strangers=False)
        assert guard.allows(viewer) is known.suffices(needed)
    for staff in StaffScope:
        assert not Guard(Access(scope=staff), null_for_strangers=False).allows(viewer)


def test_whoever_reads_the_schema_finds_the_rule() -> None:
    rule = build_schema()._schema.get_directive("access")
    assert rule is not None
    assert {name: str(taken.type) for name, taken in rule.args.items()} == {
        "assurance": "Assurance",
        "scope": "StaffScope",
    }
    assert "\ndirective @access(\n" in print_schema()


@dataclass(frozen=True)
class Asked:
    """A root field asked in a session of Camille's, and what the tables hold of her before and after."""

    data: Any
    errors: list[dict[str, Any]]
    changed: bool

    @classmethod
    async def of(cls, ask: Asker, gateways: Gateways, name: str, known: Assurance) -> Asked:
        stage, root = await Stage.set(gateways), ROOTS[name]
        variables = await root.variables(stage) if root.variables else {}
        token = await token_at(gateways, stage.camille, known)
        before = await cast.known_of(stage.camille)
        answer = await ask.with_session(token, root.query, **variables)
        return cls(answer.data, answer.errors, await cast.known_of(stage.camille) != before)


CASES = [(name, known) for name in READ for known in SIGNED_IN]


@pytest.mark.parametrize(("name", "known"), CASES)
async def test_a_field_is_read_by_sessions_that_are_sure_enough(
    ask: Asker, gateways: Gateways, name: str, known: Assurance, capsys: pytest.CaptureFixture[str]
) -> None:
    """Others are told how to become so, in an answer like any other: nothing is masked nor reported."""
    field, needed = name.partition(".")[2], READ[name]
    asked = await Asked.of(ask, gateways, name, known)
    if known.suffices(needed):
        assert (asked.data, asked.errors) == ({field: ROOTS[name].owner}, [])
        return
    assert asked.data == {field: None}
    (error,) = asked.errors
    assert error["message"] == (
        f"This needs a session of assurance {needed.value}: call `stepUp`, then ask again"
    )
    assert error["extensions"] == {"code": "STEP_UP_REQUIRED", "assurance": needed.value}
    assert error["path"] == [field]
    assert "request failed" not in capsys.readouterr().out


@pytest.mark.parametrize("name", READ)
async def test_a_stranger_and_who_may_only_choose_a_code_read_nothing(
    ask: Asker, gateways: Gateways, name: str
) -> None:
    field, root = name.partition(".")[2], ROOTS[name]
    asked = await Asked.of(ask, gateways, name, Assurance.PROVISIONAL)
    codes = [root.stranger_code] if root.stranger_code else []
    assert asked.data == {field: None}
    assert [error["extensions"]["code"] for error in asked.errors] == codes


async def told_to(gateways: Gateways, name: str, known: Assurance) -> list[Any]:
    """What a stream tells a session of Camille's at once."""
    stage, root = await Stage.set(gateways), STREAMS[name]
    variables = await root.variables(stage) if root.variables else {}
    context = await signed_in_at(gateways, stage.camille, known)
    async with opened(context, root.query, **variables) as stream:
        return await stream.told()


@pytest.mark.parametrize("name", FOLLOWED)
@pytest.mark.parametrize("known", Assurance)
async def test_a_stream_is_followed_by_sessions_that_are_sure_enough(
    database: str, gateways: Gateways, name: str, known: Assurance
) -> None:
    told = await told_to(gateways, name, known)
    if known is Assurance.PROVISIONAL:
        assert told == [UNAUTHENTICATED, "end"]
    elif known.suffices(FOLLOWED[name]):
        assert told == STREAMS[name].owner
    else:
        assert told == ["STEP_UP_REQUIRED", "end"]


ACTS = [(name, known) for name in DONE for known in SIGNED_IN]
STEP = """{ __typename ... on Problem { code message(locale: EN_GB) }
    ... on StepUpRequired { assurance next { __typename } } }"""


@pytest.mark.parametrize(("name", "known"), ACTS)
async def test_an_act_is_done_by_sessions_that_are_sure_enough(
    ask: Asker, gateways: Gateways, name: str, known: Assurance
) -> None:
    """Others get the first step of the step-up, and nothing of the customer's changes."""
    field, needed = name.partition(".")[2], DONE[name]
    asked = await Asked.of(ask, gateways, name, known)
    assert asked.errors == []
    kind = asked.data[field]["__typename"]
    if known.suffices(needed):
        assert kind in (ROOTS[name].owner["__typename"], "KeypadStep")  # the code was not entered just now
        return
    assert asked.data[field] == {"__typename": "StepUpRequired", "code": "STEP_UP_REQUIRED"}
    assert not asked.changed


@pytest.mark.parametrize("name", DONE)
async def test_what_an_act_asks_for_is_what_is_printed(ask: Asker, gateways: Gateways, name: str) -> None:
    """A typed step-up, whose first step is the keypad."""
    stage, root = await Stage.set(gateways), ROOTS[name]
    variables = await root.variables(stage) if root.variables else {}
    token = await token_at(gateways, stage.camille, Assurance.CODE_ONLY)
    query = f"{root.query.rpartition(' { __typename')[0]} {STEP} }}"
    assert (await ask.with_session(token, query, **variables))[name.removeprefix(MUTATION)] == {
        "__typename": "StepUpRequired",
        "code": "STEP_UP_REQUIRED",
        "message": "To go on, confirm that it is you.",
        "assurance": DONE[name].value,
        "next": {"__typename": "KeypadStep"},
    }


SCOPED = {name: rule.scope for name, rule in PRINTED.items() if rule.scope}


@pytest.mark.parametrize("name", SCOPED)
async def test_an_act_of_staff_needs_its_scope(ask: Asker, gateways: Gateways, name: str) -> None:
    assert isinstance(gateways.staff_tokens, LocalStaffTokens)
    stage, root, field = await Stage.set(gateways), ROOTS[name], name.partition(".")[2]
    variables = await root.variables(stage) if root.variables else {}
    before = await cast.known_of(stage.camille)
    others = [scope for scope in StaffScope if scope is not SCOPED[name]]
    token = gateways.staff_tokens.signed("adviser-7", others, timedelta(minutes=1))
    response = await ask.send([("Authorization", f"Bearer {token}")], root.query, **variables)
    assert response.json() == {"data": {field: {"__typename": "ScopeMissing", "code": "FORBIDDEN"}}}
    assert await cast.known_of(stage.camille) == before


@strawberry.type
class Small:
    """A schema of fields that nobody has yet."""

    @guarded(description="Of staff", scope=StaffScope.ANALYTICS)
    async def figures(self, info: Info) -> int:
        return 7

    @guarded(description="Of staff, to a customer too", scope=StaffScope.ADVISER, assurance=Assurance.STRONG)
    async def both(self, info: Info) -> int:
        return 7

    @guarded(description="Not a coroutine", scope=StaffScope.ANALYTICS)
    def plain(self) -> int:
        return 7


@pytest.mark.parametrize("field", ["figures", "plain"])
@pytest.mark.parametrize(
    ("scopes", "code"),
    [
        (None, UNAUTHENTICATED),
        ((), "FORBIDDEN"),
        ((StaffScope.UNLOCK, StaffScope.ADVISER), "FORBIDDEN"),
        ((StaffScope.ANALYTICS,), None),
    ],
)
async def test_a_field_of_staff_needs_its_scope(
    gateways: Gateways, field: str, scopes: tuple[StaffScope, ...] | None, code: str | None
) -> None:
    staff = None if scopes is None else Staff("analyst-1", frozenset(scopes), NOON)
    context = Context(gateways=gateways, address="", staff=staff)
    result = await strawberry.Schema(Small).execute(f"{{ {field} }}", context_value=context)
    if code is None:
        assert (result.data, result.errors) == ({field: 7}, None)
        return
    assert result.errors is not None
    refused = result.errors[0].original_error
    assert isinstance(refused, Refusal)
    assert (refused.code, result.data) == (code, None)


async def test_a_rule_that_asks_for_two_things_needs_both(gateways: Gateways) -> None:
    staff = Staff("adviser-1", frozenset({StaffScope.ADVISER}), NOON)
    context = Context(gateways=gateways, address="", staff=staff)
    result = await strawberry.Schema(Small).execute("{ both }", context_value=context)
    assert result.errors is not None
    refused = result.errors[0].original_error
    assert isinstance(refused, Refusal)
    assert refused.code == UNAUTHENTICATED


def test_a_rule_asks_for_something() -> None:
    with pytest.raises(AssertionError, match="asks for nothing"):
        guarded(description="Anything")
