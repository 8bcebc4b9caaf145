"""The database is lost at every moment of an act: a try stays counted, and nothing is half done.

The act is done again and again, each time by another customer, and loses the database one pause later than
the time before, until it comes to its end first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

import models
from domain.refusals import WrongCode
from gateways import Gateways
from gateways.peppers import Pepper
from models import AccessFlow, AccessStage, AttemptTally, AuditEvent, Credential, Device, Keypad, Session
from models.backends.errors import DatabaseTrouble
from resolvers import access as machine
from resolvers import sessions
from resolvers.access import Arrived, NewCodeAsked, SmsCodeAsked
from resolvers.context import Context
from resolvers.provisional_codes import enter_sms_code, resend_sms_code
from resolvers.secret_codes import WrongCredentials, choose_code, enter_code
from resolvers.sessions import Cookie
from tests import cast
from tests.cast import CODE, OTHER_CODE, Access, camille_with_access
from tests.conftest import Clock
from tests.resolvers.losing import Losable, WatchedVault, losable_database, lost_at
from tests.resolvers.walking import (
    again,
    asked_for_sms,
    choose,
    codes_sent_to,
    elsewhere,
    entry,
    keypad_of,
    new_code_asked,
    press,
)

PAUSES_MAX = 150


@pytest.fixture(scope="module")
async def losable(kept_url: str) -> AsyncIterator[Losable]:
    async with losable_database(kept_url) as database:
        yield database


@pytest.fixture(scope="module")
def database(losable: Losable, kept_url: str) -> str:
    """In the place of the one that cannot be lost."""
    return kept_url


@pytest.fixture
def vault() -> WatchedVault:
    return WatchedVault([Pepper("test", b"p" * 32)], memory_kib=8, passes=1)


@pytest.fixture
def context(database: str, gateways: Gateways, vault: WatchedVault, cookies: list[Cookie]) -> Context:
    watched = replace(gateways, vault=vault)
    return Context(watched, "192.0.2.1", device_token=cast.BROWSER, set_session=cookies.append)


Act: TypeAlias = Callable[[], Coroutine[Any, Any, Any]]
Prepare: TypeAlias = Callable[[Context, Access], Awaitable[Act]]


class Losses:
    """Each time the act of a customer of its own, with the database lost one pause later."""

    def __init__(
        self, losable: Losable, context: Context, vault: WatchedVault, cookies: list[Cookie]
    ) -> None:
        self._losable = losable
        self._context = context
        self._vault = vault
        self._cookies = cookies
        self.kinds: set[type] = set()

    async def of(self, prepare: Prepare) -> AsyncIterator[tuple[Context, Access, Any]]:
        """The operation, the customer, and what came of the act; the database is back each time."""
        for pause in range(1, PAUSES_MAX):
            await models.Identifier.all().delete()
            access = await camille_with_access(self._context.gateways)
            context = replace(self._context, address=f"198.51.100.{pause}", device_token=f"{pause:043}")
            act = await prepare(context, access)
            self._cookies.clear()
            self._vault.looks = 0
            lost, outcome = await lost_at(self._losable, act(), pause)
            assert isinstance(outcome, DatabaseTrouble) or not isinstance(outcome, Exception), outcome
            self.kinds.add(type(outcome))
            yield context, access, outcome
            if not lost:
                return
        raise AssertionError(f"the act did not end within {PAUSES_MAX} pauses")


@pytest.fixture
def losses(losable: Losable, context: Context, vault: WatchedVault, cookies: list[Cookie]) -> Losses:
    return Losses(losable, context, vault, cookies)


async def flow_of(access: Access, **columns: Any) -> AccessFlow:
    return await AccessFlow.filter(customer_id=access.owner.id, **columns).order_by("id").get()


async def assert_signed_in_or_not(
    context: Context, access: Access, outcome: Any, cookies: list[Cookie]
) -> bool:
    """The walk is done, the session there and the log says so; or none of it. The cookie comes last."""
    flow = await AccessFlow.filter(customer_id=access.owner.id).order_by("-id").first()
    assert flow is not None
    done = flow.stage is AccessStage.DONE
    assert await Session.owned_by(access.owner.id).filter(provisional=False).count() == int(done)
    signed_in = AuditEvent.owned_by(access.owner.id).filter(kind__in=["SIGNED_IN", "CODE_CHOSEN"])
    assert await signed_in.count() == int(done)
    assert len(cookies) == int(isinstance(outcome, Arrived))
    for cookie in cookies:
        assert await sessions.resume(context.gateways, cookie.token) is not None
    return done


async def test_a_wrong_code_that_was_looked_at_stays_counted(losses: Losses, vault: WatchedVault) -> None:
    async def prepare(context: Context, access: Access) -> Act:
        step = await keypad_of(context, access.number)
        return lambda: enter_code(context, step.flow_token, entry(step.keypad, OTHER_CODE))

    async for context, access, outcome in losses.of(prepare):
        flow, failures = await flow_of(access), 0
        tally = await AttemptTally.get_or_none(subject_key=flow.subject_key)
        failures = 0 if tally is None else tally.failures
        assert failures >= vault.looks
        assert flow.tries >= failures
        used = await Keypad.filter(flow_id=flow.id).exclude(used_at=None).count()
        assert used >= failures, "a keypad that was looked at serves nobody again"
        if isinstance(outcome, WrongCredentials):
            assert (failures, outcome.attempts_left) == (1, 4)
        assert await Session.owned_by(access.owner.id).count() == 0
        retried = await press(again(context), access.number, OTHER_CODE)
        assert isinstance(retried, WrongCredentials)
        assert retried.attempts_left == 4 - failures
    assert WrongCredentials in losses.kinds
    assert len(losses.kinds) >= 2


async def test_a_right_code_signs_in_or_not_at_all(
    losses: Losses, vault: WatchedVault, cookies: list[Cookie]
) -> None:
    async def prepare(context: Context, access: Access) -> Act:
        await cast.device(context.gateways, access.owner, str(context.device_token))
        step = await keypad_of(context, access.number)
        return lambda: enter_code(context, step.flow_token, entry(step.keypad, CODE))

    async for context, access, outcome in losses.of(prepare):
        done = await assert_signed_in_or_not(context, access, outcome, cookies)
        flow = await flow_of(access)
        tally = await AttemptTally.get_or_none(subject_key=flow.subject_key)
        failures = 0 if tally is None else tally.failures
        assert failures >= vault.looks or flow.code_at is not None, "counted until it is known to be right"
        assert done == (isinstance(outcome, Arrived)) or isinstance(outcome, DatabaseTrouble)
        assert isinstance(await press(again(context), access.number), Arrived)
    assert Arrived in losses.kinds


async def test_a_wrong_code_by_sms_that_was_looked_at_stays_counted(
    losses: Losses, vault: WatchedVault
) -> None:
    async def prepare(context: Context, access: Access) -> Act:
        step = await asked_for_sms(context, access.number)
        (code,) = await codes_sent_to(access.owner)
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        return lambda: enter_sms_code(context, step.flow_token, wrong)

    async for _context, access, outcome in losses.of(prepare):
        flow = await flow_of(access)
        assert flow.sms_tries >= vault.looks
        assert flow.tries >= flow.sms_tries
        assert await Session.owned_by(access.owner.id).count() == 0
        if isinstance(outcome, WrongCode):
            assert (outcome.attempts_left, flow.sms_tries) == (4, 1)
    assert WrongCode in losses.kinds


async def test_a_right_code_by_sms_signs_in_or_may_be_given_again(
    losses: Losses, cookies: list[Cookie], clock: Clock
) -> None:
    given: dict[int, tuple[str, str]] = {}

    async def prepare(context: Context, access: Access) -> Act:
        step = await asked_for_sms(context, access.number)
        (code,) = await codes_sent_to(access.owner)
        given[access.owner.id] = (step.flow_token, code)
        return lambda: enter_sms_code(context, step.flow_token, code)

    async for context, access, outcome in losses.of(prepare):
        done = await assert_signed_in_or_not(context, access, outcome, cookies)
        digest = context.gateways.vault.keyed(
            "device", f"{access.owner.id}:{cast.trusting_token(str(context.device_token))}"
        ).hex()
        trusted = await Device.owned_by(access.owner.id).filter(token_digest=digest).count()
        told = await models.Delivery.owned_by(access.owner.id).filter(address="camille@exemple.fr").count()
        assert trusted == told == int(done)
        if not done:
            context = again(context)
            assert isinstance(await enter_sms_code(context, *given[access.owner.id]), Arrived)
        assert isinstance(await press(elsewhere(context, str(context.device_token)), access.number), Arrived)
    assert Arrived in losses.kinds


async def test_an_sms_is_ordered_with_the_step_it_belongs_to(losses: Losses, clock: Clock) -> None:
    async def prepare(context: Context, access: Access) -> Act:
        step = await asked_for_sms(context, access.number)
        flow = await flow_of(access)
        assert flow.sms_resend_at is not None
        clock.now = flow.sms_resend_at
        return lambda: resend_sms_code(context, step.flow_token)

    async for _context, access, outcome in losses.of(prepare):
        flow = await flow_of(access)
        assert len(await codes_sent_to(access.owner)) == flow.sms_count
        assert flow.sms_count == 2 or isinstance(outcome, DatabaseTrouble)
    assert SmsCodeAsked in losses.kinds


async def test_a_new_code_is_chosen_with_all_that_goes_with_it_or_not_at_all(
    losses: Losses, cookies: list[Cookie]
) -> None:
    async def prepare(context: Context, access: Access) -> Act:
        await cast.session_token(context.gateways, access.owner)
        await Session.owned_by(access.owner.id).update(provisional=True)  # told apart from the one to come
        step = await new_code_asked(context, access.number, access.owner)
        entries = [entry(shown, OTHER_CODE) for shown in (step.first, step.second)]
        walks[access.owner.id] = step.flow_token
        return lambda: choose_code(context, step.flow_token, *entries)

    walks: dict[int, str] = {}
    async for context, access, outcome in losses.of(prepare):
        done = await assert_signed_in_or_not(context, access, outcome, cookies)
        hers = Credential.owned_by(access.owner.id)
        assert (await hers.count(), await hers.filter(replaced_at=None).count()) == (1 + int(done), 1)
        still_open = await Session.owned_by(access.owner.id).filter(closed_at=None).count()
        assert still_open == (1 if done else 2)
        forgotten = await Device.owned_by(access.owner.id).exclude(revoked_at=None).count()
        assert forgotten == int(done)
        told = await models.Delivery.owned_by(access.owner.id).filter(address="camille@exemple.fr").count()
        assert told == 2 * int(done)
        if not done:
            context = again(context)
            shown = await machine.resume(context, walks[access.owner.id])
            assert isinstance(shown, NewCodeAsked)
            assert isinstance(await choose(context, shown, OTHER_CODE), Arrived)
        at_home = elsewhere(context, str(context.device_token))
        assert isinstance(await press(at_home, access.number, OTHER_CODE), Arrived)
    assert Arrived in losses.kinds
