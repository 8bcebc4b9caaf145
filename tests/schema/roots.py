"""Every root field, and what a stranger, the owner and another customer get of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from gateways import Gateways
from models import ContractKind, Customer
from resolvers import sessions
from resolvers.access import ShownKeypad
from resolvers.context import Context
from resolvers.news import Place
from schema import ids
from schema.ids import Kind
from schema.news import cursor
from tests import cast
from tests.cast import BROWSER, CAMILLE_PHONE, CODE, OTHER_CODE
from tests.following import told_of
from tests.resolvers.walking import codes_sent_to, entry, keypad_of, new_code_asked, phone_asked, sms_asked

TYPE = "{ __typename ... on Problem { code } }"
CLOSED = TYPE.replace(" }", " } ... on SessionsClosed { sessionsClosed }", 1)
FORGOTTEN = TYPE.replace(" }", " } ... on DevicesForgotten { devicesForgotten sessionsClosed }", 1)
UNAUTHENTICATED = "UNAUTHENTICATED"
NOT_SIGNED_IN = {"__typename": "NotSignedIn", "code": UNAUTHENTICATED}


@dataclass(frozen=True)
class Stage:
    """Camille, who owns everything here and can sign in, and Marc, who has a space of his own."""

    gateways: Gateways
    access: cast.Access
    marc: Customer

    @property
    def camille(self) -> Customer:
        return self.access.owner

    @property
    def stranger(self) -> Context:
        return Context(gateways=self.gateways, address="192.0.2.1", device_token=BROWSER)

    def id_of(self, kind: Kind, row_id: int) -> str:
        return ids.encoded(kind, self.camille.id, row_id)

    @classmethod
    async def set(cls, gateways: Gateways) -> Stage:
        stage = cls(gateways, await cast.camille_with_access(gateways), await cast.marc())
        await cast.statement(stage.access.contract)
        await cast.operation(stage.access.contract, label="Boulangerie")
        await cast.contract(stage.marc, ContractKind.PERSONAL_LOAN, label="Prêt de Marc")
        return stage


@dataclass(frozen=True)
class Root:
    """One root field: what is asked, and the three answers."""

    query: str
    stranger: Any
    owner: Any
    other: Any
    variables: Callable[[Stage], Awaitable[dict[str, Any]]] | None = None
    stranger_code: str | None = None


def everyone(query: str, answer: Any, variables: Callable[[Stage], Awaitable[dict[str, Any]]]) -> Root:
    """What does not depend on who asks: the way in."""
    return Root(query, answer, answer, answer, variables)


def typed(name: str, code: str | None = None) -> dict[str, str]:
    return {"__typename": name} if code is None else {"__typename": name, "code": code}


def pressed(shown: ShownKeypad, code: str) -> dict[str, Any]:
    given = entry(shown, code)
    return {"challengeId": given.keypad_token, "positions": given.positions}


async def _number(stage: Stage) -> dict[str, Any]:
    return {"number": stage.access.number}


async def _contract(stage: Stage) -> dict[str, Any]:
    return {"id": stage.id_of(Kind.CONTRACT, stage.access.contract.id)}


async def _at_keypad(stage: Stage) -> dict[str, Any]:
    step = await keypad_of(stage.stranger, stage.access.number)
    return {"flow": step.flow_token}


async def _with_code(stage: Stage) -> dict[str, Any]:
    step = await keypad_of(stage.stranger, stage.access.number)
    return {"flow": step.flow_token, "entry": pressed(step.keypad, CODE)}


async def _at_phone(stage: Stage) -> dict[str, Any]:
    step = await phone_asked(stage.stranger, stage.access.number)
    return {"flow": step.flow_token, "phone": CAMILLE_PHONE}


async def _too_early(stage: Stage) -> dict[str, Any]:
    step = await sms_asked(stage.stranger, stage.access.number, CAMILLE_PHONE)
    return {"flow": step.flow_token}


async def _with_sms_code(stage: Stage) -> dict[str, Any]:
    step = await sms_asked(stage.stranger, stage.access.number, CAMILLE_PHONE)
    return {"flow": step.flow_token, "code": (await codes_sent_to(stage.camille))[-1]}


async def _with_new_code(stage: Stage) -> dict[str, Any]:
    step = await new_code_asked(stage.stranger, stage.access.number, stage.camille)
    first, second = pressed(step.first, OTHER_CODE), pressed(step.second, OTHER_CODE)
    return {"flow": step.flow_token, "first": first, "second": second}


async def _confirmation(stage: Stage) -> dict[str, Any]:
    row = await cast.confirmation(stage.gateways, stage.camille, "123456")
    return {"id": stage.id_of(Kind.CONFIRMATION, row.id)}


async def _session(stage: Stage) -> dict[str, Any]:
    """A session of Camille's on no device she trusts."""
    now = stage.gateways.clock()
    opened = await sessions.open_session(stage.gateways, stage.camille.id, strong_at=now)
    return {"id": stage.id_of(Kind.SESSION, opened.row.id)}


async def _device(stage: Stage) -> dict[str, Any]:
    row = await cast.device(stage.gateways, stage.camille)
    return {"id": stage.id_of(Kind.DEVICE, row.id)}


async def _since_ever(stage: Stage) -> dict[str, Any]:
    """What the first operation of Camille's would have been told after."""
    await told_of(await cast.operation(stage.access.contract, label="Boulangerie"))
    return {"after": cursor(Place(0, stage.gateways.clock()))}


_BEGIN = "mutation($number: String!) {{ {0}(identifier: {{cardOrCreditNumber: $number}}) {1} }}"

ROOTS: dict[str, Root] = {
    "Query.session": Root(
        "{ session { current assurance } }",
        None,
        {"current": True, "assurance": "STRONG_RECENT"},
        {"current": True, "assurance": "STRONG_RECENT"},
    ),
    "Query.customer": Root(
        "{ customer { firstNames } }", None, {"firstNames": "Camille"}, {"firstNames": "Marc"}
    ),
    "Query.contracts": Root(
        "{ contracts { label } }",
        None,
        [{"label": "Contrat"}],
        [{"label": "Prêt de Marc"}],
        stranger_code=UNAUTHENTICATED,
    ),
    "Query.statements": Root(
        "query($id: ID!) { statements(contractId: $id) { totalCount nodes { number } } }",
        None,
        {"totalCount": 1, "nodes": [{"number": 1}]},
        {"totalCount": 0, "nodes": []},
        _contract,
        stranger_code=UNAUTHENTICATED,
    ),
    "Query.operations": Root(
        "query($id: ID!) { operations(filter: {contractIds: [$id]}) { totalCount nodes { label } } }",
        None,
        {"totalCount": 1, "nodes": [{"label": "Boulangerie"}]},
        {"totalCount": 0, "nodes": []},
        _contract,
        stranger_code=UNAUTHENTICATED,
    ),
    "Query.contact": Root(
        "{ contact { phone } }", {"phone": "30 26"}, {"phone": "30 26"}, {"phone": "30 26"}
    ),
    "Query.node": Root(
        "query($id: ID!) { node(id: $id) { ... on Contract { label } } }",
        None,
        {"label": "Contrat"},
        None,
        _contract,
    ),
    "Query.budget": Root(
        "{ budget { limit } }", {"limit": 3_000_000}, {"limit": 3_000_000}, {"limit": 3_000_000}
    ),
    "Query.staff": Root("{ staff { subject scopes } }", None, None, None),
    "Mutation.logIn": everyone(_BEGIN.format("logIn", TYPE), typed("KeypadStep"), _number),
    "Mutation.recoverCode": everyone(_BEGIN.format("recoverCode", TYPE), typed("PhoneStep"), _number),
    "Mutation.connectFirstTime": everyone(
        _BEGIN.format("connectFirstTime", TYPE), typed("PhoneStep"), _number
    ),
    "Mutation.stepUp": Root(
        f"mutation {{ stepUp {TYPE} }}", NOT_SIGNED_IN, typed("SmsCodeStep"), typed("SmsCodeStep")
    ),
    "Mutation.changeCode": Root(
        f"mutation {{ changeCode {TYPE} }}", NOT_SIGNED_IN, typed("NewCodeStep"), typed("NewCodeStep")
    ),
    "Mutation.resumeAccess": everyone(
        f"mutation($flow: ID!) {{ resumeAccess(flowId: $flow) {TYPE} }}", typed("KeypadStep"), _at_keypad
    ),
    "Mutation.refreshKeypad": everyone(
        f"mutation($flow: ID!) {{ refreshKeypad(flowId: $flow) {TYPE} }}", typed("KeypadStep"), _at_keypad
    ),
    "Mutation.enterCode": everyone(
        f"mutation($flow: ID!, $entry: KeypadEntry!) {{ enterCode(flowId: $flow, entry: $entry) {TYPE} }}",
        typed("SignedIn"),
        _with_code,
    ),
    "Mutation.confirmPhone": everyone(
        f"mutation($flow: ID!, $phone: String!) {{ confirmPhone(flowId: $flow, phone: $phone) {TYPE} }}",
        typed("SmsCodeStep"),
        _at_phone,
    ),
    "Mutation.resendSmsCode": everyone(
        f"mutation($flow: ID!) {{ resendSmsCode(flowId: $flow) {TYPE} }}",
        typed("Throttled", "THROTTLED"),
        _too_early,
    ),
    "Mutation.enterSmsCode": everyone(
        f"mutation($flow: ID!, $code: String!) {{ enterSmsCode(flowId: $flow, code: $code) {TYPE} }}",
        typed("NewCodeStep"),
        _with_sms_code,
    ),
    "Mutation.chooseCode": everyone(
        "mutation($flow: ID!, $first: KeypadEntry!, $second: KeypadEntry!) "
        f"{{ chooseCode(flowId: $flow, first: $first, second: $second) {TYPE} }}",
        typed("FlowOver", "FLOW_OVER"),  # it goes with the provisional session, which none of them holds
        _with_new_code,
    ),
    "Mutation.unlockAccess": everyone(
        "mutation($number: String!) { unlockAccess(identifier: {cardOrCreditNumber: $number}, "
        f'reason: "Called") {TYPE} }}',
        typed("ScopeMissing", "FORBIDDEN"),
        _number,
    ),
    "Mutation.signOut": Root(
        "mutation { signOut(everywhere: true) { sessionsClosed } }",
        {"sessionsClosed": 0},
        {"sessionsClosed": 1},
        {"sessionsClosed": 1},
    ),
    "Mutation.closeSession": Root(
        f"mutation($id: ID!) {{ closeSession(sessionId: $id) {CLOSED} }}",
        NOT_SIGNED_IN,
        {"__typename": "SessionsClosed", "sessionsClosed": 1},
        {"__typename": "SessionsClosed", "sessionsClosed": 0},
        _session,
    ),
    "Mutation.closeOtherSessions": Root(
        f"mutation {{ closeOtherSessions {CLOSED} }}",
        NOT_SIGNED_IN,
        {"__typename": "SessionsClosed", "sessionsClosed": 1},
        {"__typename": "SessionsClosed", "sessionsClosed": 0},
        _session,
    ),
    "Mutation.forgetDevice": Root(
        f"mutation($id: ID!) {{ forgetDevice(deviceId: $id) {FORGOTTEN} }}",
        NOT_SIGNED_IN,
        {"__typename": "DevicesForgotten", "devicesForgotten": 1, "sessionsClosed": 1},
        {"__typename": "DevicesForgotten", "devicesForgotten": 0, "sessionsClosed": 0},
        _device,
    ),
    "Mutation.forgetAllDevices": Root(
        f"mutation {{ forgetAllDevices {FORGOTTEN} }}",
        NOT_SIGNED_IN,
        {"__typename": "DevicesForgotten", "devicesForgotten": 1, "sessionsClosed": 0},
        {"__typename": "DevicesForgotten", "devicesForgotten": 1, "sessionsClosed": 0},
    ),
    "Mutation.changeAddress": Root(
        'mutation { changeAddress(expectedVersion: 1, address: {lines: ["1 rue X"], postalCode: "75001", '
        'city: "Paris"}) { __typename ... on Problem { code } '
        "... on AddressChanged { customer { firstNames } } } }",
        NOT_SIGNED_IN,
        {"__typename": "AddressChanged", "customer": {"firstNames": "Camille"}},
        {"__typename": "AddressChanged", "customer": {"firstNames": "Marc"}},
    ),
    "Mutation.requestPhoneChange": Root(
        f'mutation {{ requestPhoneChange(phone: "0612345609") {TYPE} }}',
        NOT_SIGNED_IN,
        typed("ConfirmationSent"),
        typed("ConfirmationSent"),
    ),
    "Mutation.requestEmailChange": Root(
        f'mutation {{ requestEmailChange(email: "c@exemple.com") {TYPE} }}',
        NOT_SIGNED_IN,
        typed("ConfirmationSent"),
        typed("ConfirmationSent"),
    ),
    "Mutation.confirmContactChange": Root(
        f'mutation($id: ID!) {{ confirmContactChange(confirmationId: $id, code: "123456") {TYPE} }}',
        NOT_SIGNED_IN,
        typed("ContactChanged"),
        typed("ConfirmationOver", "CONFIRMATION_OVER"),
        _confirmation,
    ),
}

# What is followed, and all that each is told at once; a stranger is told the code alone.
STREAMS: dict[str, Root] = {
    "Subscription.news": Root(
        "subscription($after: String) { news(after: $after) { __typename "
        "... on NewOperation { operation { label } } } }",
        [UNAUTHENTICATED, "end"],
        [typed("NewsBegun"), {**typed("NewOperation"), "operation": {"label": "Boulangerie"}}],
        [typed("NewsBegun")],
        _since_ever,
    ),
}
