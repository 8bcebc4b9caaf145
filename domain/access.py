"""The way in as one table: which step comes next, from purpose, device, risk and the proofs given.

Sources: delegated regulation (EU) 2018/389 ("RTS"), art. 4 (two elements make an authentication strong) and
art. 10 (strong at the first access and every 180 days); EBA-Op-2019-06: a code by SMS proves possession, a
number printed on a card proves nothing. A device that gave back a code by SMS less than 180 days ago stands
for that proof at sign-in.
"""

from __future__ import annotations

from enum import StrEnum


class AccessPurpose(StrEnum):
    """What a flow is for."""

    SIGN_IN = "SIGN_IN"
    FIRST_CONNECTION = "FIRST_CONNECTION"
    FORGOTTEN_CODE = "FORGOTTEN_CODE"
    STEP_UP = "STEP_UP"
    CODE_CHANGE = "CODE_CHANGE"


class AccessStage(StrEnum):
    """Where a flow stands: what it waits for, or how it ended."""

    KEYPAD = "KEYPAD"
    PHONE = "PHONE"
    SMS_CODE = "SMS_CODE"
    NEW_CODE = "NEW_CODE"
    DONE = "DONE"
    CLOSED = "CLOSED"


def next_stage(
    purpose: AccessPurpose, *, code: bool, sms: bool, trusted: bool = False, wary: bool = False
) -> AccessStage:
    """The step after the proofs given: `code` the secret code, `sms` the one sent to the phone.

    `trusted` says that the device is known, `wary` that the site is under attack: then an unknown device
    proves the phone first, so that sprayed codes are not even looked at.
    """
    match purpose:
        case AccessPurpose.SIGN_IN if wary and not trusted and not sms:
            return AccessStage.PHONE
        case AccessPurpose.SIGN_IN if not code:
            return AccessStage.KEYPAD
        case AccessPurpose.SIGN_IN:
            return AccessStage.DONE if sms or trusted else AccessStage.SMS_CODE
        case AccessPurpose.STEP_UP if not code:
            return AccessStage.KEYPAD
        case AccessPurpose.STEP_UP:
            return AccessStage.DONE if sms else AccessStage.SMS_CODE
        case AccessPurpose.FORGOTTEN_CODE | AccessPurpose.FIRST_CONNECTION:
            return AccessStage.NEW_CODE if sms else AccessStage.PHONE
        case AccessPurpose.CODE_CHANGE:
            return AccessStage.NEW_CODE
