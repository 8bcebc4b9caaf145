"""The steps of the access machine, and what may stand in their way, as clients see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_never

import strawberry

from models import AccessFlow
from resolvers import access
from resolvers.access import ShownKeypad
from schema.enums import AccessPurpose
from schema.glyphs import GLYPHS


@strawberry.type(description="One of ten keys")
class KeypadKey:
    position: int = strawberry.field(description="What to send when the key is pressed, 0 to 9")
    glyph: str = strawberry.field(description="Image of the digit on the key, as a `data:` URL of an SVG")
    label: str | None = strawberry.field(
        description="Name of the digit for assistive technology, only on an accessible keypad"
    )


@strawberry.type(description="Ten keys in an order drawn for this keypad alone")
class Keypad:
    challenge_id: strawberry.ID = strawberry.field(description="Sent back with the positions pressed")
    keys: list[KeypadKey] = strawberry.field(description="The keys in the order they are shown")
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
    description="Next: enter the code sent by SMS, with `enterSmsCode`. The SMS leaves only if the phone "
    "number is the customer's; the answer never says whether it is"
)
class SmsCodeStep(FlowStep):
    sms_reference: str = strawberry.field(description="Reference that the SMS repeats, such as 7F")
    sms_expires_at: datetime = strawberry.field(description="When the code can no longer be used (UTC)")
    resend_allowed_at: datetime = strawberry.field(description="When another SMS may be asked for (UTC)")


@strawberry.type(description="Next: press a new secret code twice, on two keypads, with `chooseCode`")
class NewCodeStep(FlowStep):
    first: Keypad = strawberry.field(description="Keys for the new code")
    second: Keypad = strawberry.field(description="Keys for the new code again")


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
                sms_expires_at=flow.sms_expires_at,
                resend_allowed_at=flow.sms_resend_at,
            )
        case never:
            assert_never(never)


def _walk(step: access.Step) -> dict[str, Any]:
    return {
        "flow_id": strawberry.ID(step.flow_token),
        "purpose": step.flow.purpose,
        "expires_at": step.flow.expires_at,
    }
