"""The steps of the access machine, and what may stand in their way, as clients see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeAlias, assert_never

import strawberry

from engine.documents.cost_directives import list_size
from models import AccessFlow
from resolvers import access, profiles
from resolvers.access import ShownKeypad
from resolvers.step_up import StepUpAsked
from schema import problems
from schema.customers import Customer
from schema.enums import AccessPurpose, Assurance
from schema.glyphs import GLYPHS
from schema.problems import Problem, named, problem_of
from schema.sessions import Session
from schema.viewers import Info, not_signed_in


@strawberry.type(description="One of ten keys")
class KeypadKey:
    position: int = strawberry.field(
        description="What to send when the key is pressed: its place among the keys, 0 to 9"
    )
    glyph: str = strawberry.field(description="Image of the digit on the key, as a `data:` URL of an SVG")
    label: str | None = strawberry.field(
        description="Name of the digit for assistive technology, only on an accessible keypad"
    )


@strawberry.type(description="Ten keys in an order drawn for this keypad alone")
class Keypad:
    challenge_id: strawberry.ID = strawberry.field(description="Sent back with the positions pressed")
    keys: list[KeypadKey] = strawberry.field(
        description="The keys in the order they are shown", directives=[list_size(len(GLYPHS))]
    )
    expires_at: datetime = strawberry.field(description="When the keypad can no longer be used (UTC)")

    @classmethod
    def of(cls, shown: ShownKeypad, flow: AccessFlow) -> Keypad:
        keys = [
            KeypadKey(position=position, glyph=GLYPHS[digit], label=digit if flow.accessible else None)
            for position, digit in enumerate(shown.layout)
        ]
        return cls(challenge_id=strawberry.ID(shown.token), keys=keys, expires_at=shown.expires_at)


@strawberry.interface(description="Where a flow stands on the way in")
class FlowStep:
    flow_id: strawberry.ID = strawberry.field(description="Sent back with the answer to this step")
    purpose: AccessPurpose = strawberry.field(description="What the flow is for")
    expires_at: datetime = strawberry.field(description="When the flow can no longer go on (UTC)")


@strawberry.type(description="Next: press the secret code, with `enterCode`")
class KeypadStep(FlowStep):
    keypad: Keypad = strawberry.field(description="The keys to press")


@strawberry.type(description="Next: give the last phone number the lender was given, with `confirmPhone`")
class PhoneStep(FlowStep):
    pass


@strawberry.type(
    description="Next: enter the code sent by SMS, with `enterSmsCode`. After a right secret code it goes to "
    "the phone on file; after a PhoneStep only if the number is the customer's, which the answer never says"
)
class SmsCodeStep(FlowStep):
    sms_reference: str = strawberry.field(
        description="Reference that the SMS repeats, two characters such as 7F"
    )
    code_length: int = strawberry.field(description="Digits of the code: 6, or 10 while somebody guesses")
    sms_expires_at: datetime = strawberry.field(description="When the code can no longer be used (UTC)")
    resend_allowed_at: datetime = strawberry.field(description="When another SMS may be asked for (UTC)")


@strawberry.type(description="Next: press a new secret code twice, on two keypads, with `chooseCode`")
class NewCodeStep(FlowStep):
    first: Keypad = strawberry.field(description="Keypad on which the new code is pressed")
    second: Keypad = strawberry.field(description="Keypad on which the new code is pressed again")


@strawberry.type(description="The walk is over: the answer sets the session's cookie, a new one each time")
class SignedIn:
    customer_id: strawberry.Private[int]

    @strawberry.field(description="Who is signed in")
    async def customer(self) -> Customer:
        return Customer(row=await profiles.read(self.customer_id))

    @strawberry.field(description="The session that was opened, or made surer")
    async def session(self, info: Info) -> Session:
        row = await info.context.session()
        if row is None:
            raise not_signed_in()
        return await Session.of(info.context, row)


AccessStep: TypeAlias = Annotated[
    KeypadStep | PhoneStep | SmsCodeStep | NewCodeStep | SignedIn,
    strawberry.union("AccessStep", description="A step of the access machine"),
]


@strawberry.type(
    description="This needs a surer session. A step-up has begun: answer its steps, then ask for this again"
)
class StepUpRequired(Problem):
    code: str = named("STEP_UP_REQUIRED")
    assurance: Assurance = strawberry.field(description="How sure the session must be")
    next: AccessStep = strawberry.field(description="First step of the step-up")


def refusal_of(refusal: problems.Common | StepUpAsked) -> Any:
    """What stands in the way of an act, as its type of the schema."""
    if isinstance(refusal, StepUpAsked):
        return StepUpRequired(assurance=refusal.needed, next=step_of(refusal.next))
    return problem_of(refusal)


def step_of(step: access.Step) -> Any:
    """A step of the machine as its type of the schema."""
    match step:
        case access.KeypadShown(_, flow, shown):
            return KeypadStep(**_walk(step), keypad=Keypad.of(shown, flow))
        case access.NewCodeAsked(_, flow, first, second):
            return NewCodeStep(**_walk(step), first=Keypad.of(first, flow), second=Keypad.of(second, flow))
        case access.PhoneAsked():
            return PhoneStep(**_walk(step))
        case access.SmsCodeAsked(_, flow):
            assert flow.sms_reference is not None
            assert flow.sms_expires_at is not None
            assert flow.sms_resend_at is not None
            return SmsCodeStep(
                **_walk(step),
                sms_reference=flow.sms_reference,
                code_length=flow.sms_length,
                sms_expires_at=flow.sms_expires_at,
                resend_allowed_at=flow.sms_resend_at,
            )
        case access.Arrived(_, customer_id):
            return SignedIn(customer_id=customer_id)
        case never:
            assert_never(never)


def _walk(
    step: access.KeypadShown | access.NewCodeAsked | access.PhoneAsked | access.SmsCodeAsked,
) -> dict[str, Any]:
    return {
        "flow_id": strawberry.ID(step.flow_token),
        "purpose": step.flow.purpose,
        "expires_at": step.flow.expires_at,
    }
