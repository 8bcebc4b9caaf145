"""The table of steps, row by row; and whatever the way, no session without two elements."""

from __future__ import annotations

from itertools import product

import pytest

from domain.access import AccessPurpose, AccessStage, next_stage

SIGN_IN, STEP_UP = AccessPurpose.SIGN_IN, AccessPurpose.STEP_UP
KEYPAD, PHONE, SMS_CODE, NEW_CODE, DONE = (
    AccessStage.KEYPAD,
    AccessStage.PHONE,
    AccessStage.SMS_CODE,
    AccessStage.NEW_CODE,
    AccessStage.DONE,
)
BY_PHONE = [AccessPurpose.FORGOTTEN_CODE, AccessPurpose.FIRST_CONNECTION]


@pytest.mark.parametrize(
    ("trusted", "wary", "walk"),
    [
        (False, False, [KEYPAD, SMS_CODE, DONE]),
        (True, False, [KEYPAD, DONE]),
        (True, True, [KEYPAD, DONE]),
        (False, True, [PHONE, KEYPAD, DONE]),
    ],
)
def test_signing_in_walks_by_device_and_risk(trusted: bool, wary: bool, walk: list[AccessStage]) -> None:
    assert list(_walk(SIGN_IN, trusted, wary)) == walk


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("wary", [True, False])
def test_a_step_up_asks_for_both_even_on_a_trusted_device(trusted: bool, wary: bool) -> None:
    assert list(_walk(STEP_UP, trusted, wary)) == [KEYPAD, SMS_CODE, DONE]


@pytest.mark.parametrize("purpose", BY_PHONE)
@pytest.mark.parametrize(("trusted", "wary"), list(product([True, False], repeat=2)))
def test_a_code_is_chosen_once_the_phone_is_proven(purpose: AccessPurpose, trusted: bool, wary: bool) -> None:
    for code in (True, False):
        assert next_stage(purpose, code=code, sms=False, trusted=trusted, wary=wary) is PHONE
        assert next_stage(purpose, code=code, sms=True, trusted=trusted, wary=wary) is NEW_CODE


def test_a_code_that_is_changed_in_a_session_is_chosen_at_once() -> None:
    for code, sms, trusted, wary in product([True, False], repeat=4):
        stage = next_stage(AccessPurpose.CODE_CHANGE, code=code, sms=sms, trusted=trusted, wary=wary)
        assert stage is NEW_CODE


@pytest.mark.parametrize("purpose", list(AccessPurpose))
def test_no_walk_ends_without_the_code_and_a_phone_or_a_trusted_device(purpose: AccessPurpose) -> None:
    for code, sms, trusted, wary in product([True, False], repeat=4):
        if next_stage(purpose, code=code, sms=sms, trusted=trusted, wary=wary) is DONE:
            assert code
            assert sms or (trusted and purpose is SIGN_IN)


@pytest.mark.parametrize("purpose", list(AccessPurpose))
def test_the_device_alone_decides_while_nothing_is_proven(purpose: AccessPurpose) -> None:
    """What a stranger sees first is the same for whoever has the identifier, or nobody."""
    unknown = {next_stage(purpose, code=False, sms=False, trusted=False, wary=wary) for wary in (True, False)}
    assert unknown <= {KEYPAD, PHONE, NEW_CODE}
    assert (NEW_CODE in unknown) == (purpose is AccessPurpose.CODE_CHANGE)


def _walk(purpose: AccessPurpose, trusted: bool, wary: bool) -> list[AccessStage]:
    """The steps of somebody who gives each proof when it is asked for."""
    code = sms = False
    steps: list[AccessStage] = []
    while not steps or steps[-1] is not DONE:
        steps.append(next_stage(purpose, code=code, sms=sms, trusted=trusted, wary=wary))
        code |= steps[-1] is KEYPAD
        sms |= steps[-1] in (SMS_CODE, PHONE)
        assert len(steps) < 5
    return steps
