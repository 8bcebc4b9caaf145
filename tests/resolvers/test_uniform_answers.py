"""A stranger cannot tell a customer from nobody: not by the words, the work, nor the time of an answer.

The time is judged by chance: how often a known number took longer than an unknown one, over pairs asked one
after the other in random order. One half is what guessing gives. A test shows that one more statement would
be noticed.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

import models
from gateways import Gateways
from gateways.settings import Settings
from models import AccessPurpose
from resolvers.access import KeypadShown, PhoneAsked, SmsCodeAsked
from resolvers.context import Context
from resolvers.provisional_codes import confirm_phone, enter_sms_code
from resolvers.secret_codes import WrongCredentials, enter_code
from tests import cast
from tests.cast import OTHER_CODE, nobodys_number
from tests.recording import recorded
from tests.resolvers.walking import begin, entry

PAIRS = 150
ROUNDS_MAX = 3
ADVANTAGE_MAX = 0.25  # of a guess that is always right; chance alone stays under it in 997 of 1,000 rounds
PHONE = "+33612345601"
VALUE = re.compile(r"'(?:[^']|'')*'|\b[0-9]+\b|\bNULL\b")


@dataclass(frozen=True)
class Person:
    """A number to ask with, and whether somebody has it."""

    number: str
    phone: str
    known: bool


Prepare = Callable[[Context, Person], Awaitable[Callable[[], Awaitable[Any]]]]


@pytest.fixture
def settings(database_url: str, tmp_path: Any) -> Settings:
    """Nothing is throttled: what is compared are answers that were given."""
    return Settings(
        data_directory=tmp_path,
        database_url=database_url,
        digest_memory_kib=8,
        digest_passes=1,
        access_flows_of_address_max=1_000_000,
        access_tries_of_address_max=1_000_000,
        access_tries_of_code_max=1_000_000,
        access_failures_max=1_000_000,
        sms_of_address_max=1_000_000,
        sms_of_site_max=1_000_000,
    )


async def customers(gateways: Gateways, count: int) -> list[Person]:
    made = []
    for _ in range(count):
        owner = await cast.customer(phone=PHONE, email="camille@exemple.fr")
        credit = await cast.contract(owner)
        number = str(credit.account_number)
        await cast.identifier(credit, number)
        await cast.credential(gateways, owner)
        await cast.device(gateways, owner)
        made.append(Person(number, PHONE, known=True))
    return made


def nobody(count: int) -> list[Person]:
    return [Person(nobodys_number(), PHONE, known=False) for _ in range(count)]


def stranger(gateways: Gateways) -> Context:
    """Each from another address and in a browser of its own."""
    address = f"2001:db8:{random.randrange(1 << 16):x}:{random.randrange(1 << 16):x}::1"
    return Context(gateways=gateways, address=address, device_token=gateways.vault.token())


async def beginning(context: Context, person: Person) -> Callable[[], Awaitable[Any]]:
    return lambda: begin(context, person.number)


async def beginning_to_recover(context: Context, person: Person) -> Callable[[], Awaitable[Any]]:
    return lambda: begin(context, person.number, AccessPurpose.FORGOTTEN_CODE)


async def entering_a_code(context: Context, person: Person) -> Callable[[], Awaitable[Any]]:
    step = await begin(context, person.number)
    assert isinstance(step, KeypadShown)
    return lambda: enter_code(context, step.flow_token, entry(step.keypad, OTHER_CODE))


async def giving_the_phone(context: Context, person: Person) -> Callable[[], Awaitable[Any]]:
    """Of a customer the right one: an SMS leaves."""
    step = await begin(context, person.number, AccessPurpose.FORGOTTEN_CODE)
    assert isinstance(step, PhoneAsked)
    return lambda: confirm_phone(context, step.flow_token, person.phone)


async def entering_an_sms_code(context: Context, person: Person) -> Callable[[], Awaitable[Any]]:
    step = await (await giving_the_phone(context, person))()
    assert isinstance(step, SmsCodeAsked)
    return lambda: enter_sms_code(context, step.flow_token, "000000")


ACTS: dict[str, Prepare] = {
    prepare.__name__: prepare
    for prepare in (
        beginning,
        beginning_to_recover,
        entering_a_code,
        giving_the_phone,
        entering_an_sms_code,
    )
}


@pytest.mark.parametrize("act", ACTS)
async def test_the_same_work_is_done_for_a_customer_and_for_nobody(
    database: str, gateways: Gateways, act: str
) -> None:
    (known,), (unknown,) = await customers(gateways, 1), nobody(1)
    work = []
    for person in (known, unknown):
        asked = await ACTS[act](stranger(gateways), person)
        async with recorded() as sent:
            await asked()
        work.append([sql for sql, _ in sent.everything])
    assert len(work[0]) >= 2
    assert _shapes(work[0]) == _shapes(work[1])


@pytest.mark.parametrize("act", ACTS)
async def test_the_time_of_an_answer_does_not_tell_who_is_a_customer(
    database: str, gateways: Gateways, act: str
) -> None:
    found = []
    for _ in range(ROUNDS_MAX):
        found.append(await advantage(gateways, ACTS[act]))
        if abs(found[-1]) < ADVANTAGE_MAX:
            return
    pytest.fail(f"{act}: a customer is told from nobody with an advantage of {found}")


async def test_one_more_statement_for_customers_would_be_noticed(database: str, gateways: Gateways) -> None:
    async def talkative(context: Context, person: Person) -> Callable[[], Awaitable[Any]]:
        asked = await entering_a_code(context, person)

        async def with_one_more() -> Any:
            answer = await asked()
            if person.known:
                await models.Customer.filter(phone=PHONE).limit(1)
            return answer

        return with_one_more

    found: list[float] = []
    while not found or (found[-1] <= ADVANTAGE_MAX and len(found) < ROUNDS_MAX):
        found.append(await advantage(gateways, talkative))
    assert found[-1] > ADVANTAGE_MAX, found


async def test_a_wrong_code_and_nobody_are_answered_in_the_same_words(
    database: str, gateways: Gateways
) -> None:
    (known,), (unknown,) = await customers(gateways, 1), nobody(1)
    answers = []
    for person in (known, unknown):
        answer = await (await entering_a_code(stranger(gateways), person))()
        assert isinstance(answer, WrongCredentials)
        assert isinstance(answer.next, KeypadShown)
        answers.append((answer.attempts_left, len(answer.next.flow_token), len(answer.next.keypad.token)))
    assert answers[0] == answers[1]


async def advantage(gateways: Gateways, prepare: Prepare) -> float:
    """From -1 to 1: twice the share of pairs in which the customer's answer took longer, less one."""
    longer = 0
    for pair in zip(await customers(gateways, PAIRS), nobody(PAIRS), strict=True):
        times: dict[bool, float] = {}
        asked = [(person.known, await prepare(stranger(gateways), person)) for person in pair]
        for known, answer in random.sample(asked, 2):
            began = time.perf_counter()
            await answer()
            times[known] = time.perf_counter() - began
        longer += times[True] > times[False]
    return 2 * longer / PAIRS - 1


def _shapes(statements: list[str]) -> list[str]:
    """Statements without their values, where a driver writes them in."""
    return [VALUE.sub("?", sql) for sql in statements]
