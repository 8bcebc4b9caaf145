"""Getting in: mutations that go from an identifier to a session, one typed step after another."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import strawberry

from domain import identifiers
from engine.documents.sensitive import SENSITIVE
from resolvers import access, provisional_codes, secret_codes, sessions, step_up
from resolvers.secret_codes import Entry
from resolvers.step_up import StepUpAsked
from schema.access_rules import act
from schema.access_steps import (
    AccessStep,
    KeypadStep,
    NewCodeStep,
    PhoneStep,
    SignedIn,
    SmsCodeStep,
    StepUpRequired,
    refusal_of,
    step_of,
)
from schema.costs import DIGEST, DIGESTS, STEP
from schema.enums import AccessPurpose, Assurance, Weakness
from schema.problems import (
    AccountLocked,
    FlowOver,
    InvalidInput,
    NoPhone,
    NotSignedIn,
    Problem,
    TemporarilyUnavailable,
    Throttled,
    WrongCode,
    named,
)
from schema.viewers import Info


@strawberry.type(description="The session is closed and its cookie erased")
class SignedOut:
    sessions_closed: int = strawberry.field(description="How many sessions were closed; 0 for a stranger")


@strawberry.type(description="Identifier or code is wrong; which of them is never said")
class WrongCredentials(Problem):
    code: str = named("WRONG_CREDENTIALS")
    attempts_left: int = strawberry.field(description="How many more wrong codes are taken before a lock")
    next: AccessStep = strawberry.field(description="Where to try again")


@strawberry.type(description="The keypad is expired, used or another's; no try was counted")
class KeypadOver(Problem):
    code: str = named("KEYPAD_OVER")
    next: AccessStep = strawberry.field(description="The same step with a fresh keypad")


@strawberry.type(description="The two entries of the new code differ")
class CodesDiffer(Problem):
    code: str = named("CODES_DIFFER")
    next: AccessStep = strawberry.field(description="Where to choose again")


@strawberry.type(description="The new code is too easy to guess")
class WeakCode(Problem):
    code: str = named("WEAK_CODE")
    weakness: Weakness = strawberry.field(description="Why it is easy to guess")
    next: AccessStep = strawberry.field(description="Where to choose again")


AccessResult = Annotated[
    KeypadStep
    | PhoneStep
    | SmsCodeStep
    | NewCodeStep
    | SignedIn
    | WrongCredentials
    | WrongCode
    | WeakCode
    | CodesDiffer
    | KeypadOver
    | FlowOver
    | AccountLocked
    | NoPhone
    | StepUpRequired
    | NotSignedIn
    | InvalidInput
    | Throttled
    | TemporarilyUnavailable,
    strawberry.union(
        "AccessResult",
        description="Next step of the access machine, which the server decides, or what stands in the way",
    ),
]


@strawberry.input(one_of=True, description="What the customer signs in with: exactly one of the two")
class Identifier:
    card_or_credit_number: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="17 digits that begin 3060, as on the card or the revolving credit; spaces do not matter",
    )
    file_number: str | None = strawberry.field(
        default=strawberry.UNSET, description="Number of a contract's file, as on the lender's letters"
    )

    def read(self, *, check_luhn: bool) -> tuple[str, identifiers.Identifier | identifiers.Malformed]:
        """The field that was given, and what it says."""
        if isinstance(self.file_number, str):
            return "fileNumber", identifiers.file_number(self.file_number)
        number = self.card_or_credit_number or ""
        return "cardOrCreditNumber", identifiers.card_or_credit_number(number, check_luhn=check_luhn)


@strawberry.input(description="What was pressed on a keypad")
class KeypadEntry:
    challenge_id: strawberry.ID = strawberry.field(description="The keypad's `challengeId`")
    positions: list[int] = strawberry.field(
        description="Positions of the six keys pressed, each 0 to 9, in order"
    )

    def read(self) -> Entry:
        return Entry(self.challenge_id, self.positions)


FlowId = Annotated[strawberry.ID, strawberry.argument(description="The step's `flowId`")]
GivenIdentifier = Annotated[Identifier, strawberry.argument(description="Number that says who wants in")]


Accessible = Annotated[
    bool, strawberry.argument(description="Give every key a label for assistive technology")
]


@strawberry.type
class AccessMutations:
    @strawberry.mutation(
        description="Begin to sign in: the keypad follows, whatever the identifier",
        directives=[SENSITIVE, STEP],
    )
    async def log_in(
        self, info: Info, identifier: GivenIdentifier, accessible_keypad: Accessible = False
    ) -> AccessResult:
        return await _begin(info, AccessPurpose.SIGN_IN, identifier, accessible_keypad)

    @strawberry.mutation(
        description="Begin to choose a new code because the old one is forgotten",
        directives=[SENSITIVE, STEP],
    )
    async def recover_code(
        self, info: Info, identifier: GivenIdentifier, accessible_keypad: Accessible = False
    ) -> AccessResult:
        return await _begin(info, AccessPurpose.FORGOTTEN_CODE, identifier, accessible_keypad)

    @strawberry.mutation(
        description="Begin to create the customer area: choose a first code", directives=[SENSITIVE, STEP]
    )
    async def connect_first_time(
        self, info: Info, identifier: GivenIdentifier, accessible_keypad: Accessible = False
    ) -> AccessResult:
        return await _begin(info, AccessPurpose.FIRST_CONNECTION, identifier, accessible_keypad)

    @strawberry.mutation(
        description="Begin to prove again who is signed in, for what needs it. Ends in a surer session, "
        "under a new cookie",
        directives=[SENSITIVE, STEP],
    )
    async def step_up(self, info: Info, accessible_keypad: Accessible = False) -> AccessResult:
        return _answer(await step_up.step_up(info.context, accessible=accessible_keypad))

    @act(
        description="Begin to change the secret code while signed in",
        assurance=Assurance.STRONG_RECENT,
        directives=[SENSITIVE, STEP],
    )
    async def change_code(self, info: Info, accessible_keypad: Accessible = False) -> AccessResult:
        return _answer(await step_up.change_code(info.context, accessible=accessible_keypad))

    @strawberry.mutation(
        description="Where a flow of this browser stands, with fresh keypads: for a page loaded again",
        directives=[STEP],
    )
    async def resume_access(self, info: Info, flow_id: FlowId) -> AccessResult:
        return _answer(await access.resume(info.context, flow_id))

    @strawberry.mutation(description="Fresh keypads for a step that shows some", directives=[STEP])
    async def refresh_keypad(self, info: Info, flow_id: FlowId) -> AccessResult:
        return _answer(await access.refresh_keypad(info.context, flow_id))

    @strawberry.mutation(
        description="Answer a KeypadStep: the secret code, as positions", directives=[SENSITIVE, DIGEST]
    )
    async def enter_code(
        self,
        info: Info,
        flow_id: FlowId,
        entry: Annotated[
            KeypadEntry, strawberry.argument(description="The secret code, pressed on the keypad of the step")
        ],
    ) -> AccessResult:
        return _answer(await secret_codes.enter_code(info.context, flow_id, entry.read()))

    @strawberry.mutation(
        description="Answer a PhoneStep: the last phone number the lender was given",
        directives=[SENSITIVE, STEP],
    )
    async def confirm_phone(
        self,
        info: Info,
        flow_id: FlowId,
        phone: Annotated[
            str,
            strawberry.argument(description="The phone number, such as 06 12 34 56 78 or +33 6 12 34 56 78"),
        ],
    ) -> AccessResult:
        return _answer(await provisional_codes.confirm_phone(info.context, flow_id, phone))

    @strawberry.mutation(
        description="Ask for another SMS, from `resendAllowedAt` on; the code before no longer works",
        directives=[SENSITIVE, STEP],
    )
    async def resend_sms_code(self, info: Info, flow_id: FlowId) -> AccessResult:
        return _answer(await provisional_codes.resend_sms_code(info.context, flow_id))

    @strawberry.mutation(
        description="Answer an SmsCodeStep: the provisional code", directives=[SENSITIVE, STEP]
    )
    async def enter_sms_code(
        self,
        info: Info,
        flow_id: FlowId,
        code: Annotated[str, strawberry.argument(description="The digits, `codeLength` of them")],
        trust_device: Annotated[
            bool,
            strawberry.argument(
                description="Ask this browser for the secret code alone for 180 days; no on a shared one"
            ),
        ] = True,
    ) -> AccessResult:
        entered = provisional_codes.enter_sms_code(info.context, flow_id, code, trust_device=trust_device)
        return _answer(await entered)

    @strawberry.mutation(
        description="Answer a NewCodeStep: the new code, twice. Other sessions are closed",
        directives=[SENSITIVE, DIGESTS],
    )
    async def choose_code(
        self,
        info: Info,
        flow_id: FlowId,
        first: Annotated[KeypadEntry, strawberry.argument(description="The new code, on the first keypad")],
        second: Annotated[KeypadEntry, strawberry.argument(description="The new code, on the second keypad")],
    ) -> AccessResult:
        return _answer(await secret_codes.choose_code(info.context, flow_id, first.read(), second.read()))

    @strawberry.mutation(
        description="Close this session, or every session of the customer", directives=[STEP]
    )
    async def sign_out(
        self,
        info: Info,
        everywhere: Annotated[
            bool, strawberry.argument(description="Close all sessions, on all devices")
        ] = False,
    ) -> SignedOut:
        outcome = await sessions.sign_out(info.context, everywhere=everywhere)
        return SignedOut(sessions_closed=outcome.sessions_closed)


async def _begin(info: Info, purpose: AccessPurpose, given: Identifier, accessible: bool) -> Any:
    field, read = given.read(check_luhn=info.context.gateways.settings.check_luhn)
    return _answer(await access.begin(info.context, purpose, read, field, accessible=accessible))


Outcome: TypeAlias = access.Step | access.Refused | secret_codes.Entered | secret_codes.Chosen | StepUpAsked


def _answer(outcome: Outcome) -> Any:
    """The next step, the end, or what stands in the way."""
    match outcome:
        case secret_codes.WrongCredentials(attempts_left, following):
            return WrongCredentials(attempts_left=attempts_left, next=step_of(following))
        case secret_codes.KeypadOver(following):
            return KeypadOver(next=step_of(following))
        case secret_codes.CodesDiffer(following):
            return CodesDiffer(next=step_of(following))
        case secret_codes.WeakCode(weakness, following):
            return WeakCode(weakness=weakness, next=step_of(following))
        case step if isinstance(step, access.STEPS):
            return step_of(step)
        case refusal:
            return refusal_of(refusal)
