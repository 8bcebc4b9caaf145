"""The database undoes a transaction at one of its rows, as when its disk is full or its server dies there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError

import models
from models import AccessFlow, AccessStage
from models.backends.errors import DatabaseUnavailable
from resolvers import sessions
from resolvers.access import Arrived, KeypadShown, NewCodeAsked, SmsCodeAsked, resume
from resolvers.context import Context
from resolvers.secret_codes import enter_code
from resolvers.sessions import Cookie
from resolvers.step_up import step_up
from tests import cast
from tests.cast import CODE, OTHER_CODE, Access
from tests.resolvers.walking import (
    again,
    asked_for_sms,
    choose,
    elsewhere,
    entry,
    give_back,
    keypad_of,
    new_code_asked,
    sms_asked,
)

SQLITE = """CREATE TRIGGER undoing BEFORE INSERT ON {0}
    BEGIN SELECT RAISE(ROLLBACK, 'there is no space left'); END"""
POSTGRES = """CREATE OR REPLACE FUNCTION die() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END';
    CREATE TRIGGER undoing BEFORE INSERT ON {0} EXECUTE FUNCTION die()"""


@asynccontextmanager
async def undone_at(table: str) -> AsyncIterator[None]:
    """While this lasts, whoever writes a row of the table loses the whole transaction."""
    database = get_connection("default")
    postgres = database.capabilities.dialect == "postgres"
    await database.execute_script((POSTGRES if postgres else SQLITE).format(table))
    try:
        with pytest.raises(DatabaseUnavailable if postgres else IntegrityError):
            yield
    finally:
        await database.execute_script(f"DROP TRIGGER undoing{f' ON {table}' if postgres else ''}")


Act = Callable[[], Awaitable[Any]]


async def by_code(context: Context, access: Access) -> Act:
    async def sign_in() -> Any:
        step = await keypad_of(again(context), access.number)
        return await enter_code(again(context), step.flow_token, entry(step.keypad, CODE))

    return sign_in


async def by_sms(context: Context, access: Access) -> Act:
    unknown = elsewhere(context)
    step = await asked_for_sms(unknown, access.number)
    return lambda: give_back(again(unknown), step, access.owner)


async def recovering(context: Context, access: Access) -> Act:
    step = await sms_asked(context, access.number, str(access.owner.phone))
    return lambda: give_back(again(context), step, access.owner)


async def choosing(context: Context, access: Access) -> Act:
    unknown = elsewhere(context)
    step = await new_code_asked(unknown, access.number, access.owner)

    async def choice() -> Any:
        shown: Any = await resume(again(unknown), step.flow_token)
        return await choose(again(unknown), shown, OTHER_CODE)

    return choice


async def stepping_up(context: Context, access: Access) -> Act:
    signed_in = again(context, session_token=await cast.session_token(context.gateways, access.owner))
    step = await step_up(signed_in)
    assert isinstance(step, SmsCodeAsked)
    return lambda: give_back(again(signed_in), step, access.owner)


@pytest.mark.parametrize(
    ("prepare", "table"),
    [
        *((by_code, table) for table in ("session", "audit_event")),
        *((by_sms, table) for table in ("device", "delivery", "session", "audit_event")),
        *((recovering, table) for table in ("session",)),
        *((choosing, table) for table in ("credential", "device", "session", "delivery", "audit_event")),
        *((stepping_up, table) for table in ("audit_event",)),
    ],
)
async def test_nothing_of_it_is_kept_and_the_same_act_works_afterwards(
    context: Context,
    access: Access,
    cookies: list[Cookie],
    wakings: list[None],
    prepare: Callable[[Context, Access], Awaitable[Act]],
    table: str,
) -> None:
    act = await prepare(context, access)
    before = await cast.known_of(access.owner)
    cookies.clear()
    wakings.clear()
    async with undone_at(table):
        await act()
    assert (await cast.known_of(access.owner), cookies, wakings) == (before, [], [])
    assert await AccessFlow.filter(customer_id=access.owner.id, stage=AccessStage.DONE).count() == 0

    outcome = await act()
    assert isinstance(outcome, NewCodeAsked if prepare is recovering else Arrived)
    (cookie,) = cookies
    assert await sessions.resume(context.gateways, cookie.token) is not None


@pytest.mark.parametrize("table", ["keypad", "sms_order"])
async def test_a_step_that_could_not_be_shown_may_be_asked_for_again(
    context: Context, access: Access, table: str
) -> None:
    before = await cast.known_of(access.owner)
    unknown = elsewhere(context)
    if table == "keypad":
        async with undone_at(table):
            await keypad_of(unknown, access.number)
        assert isinstance(await keypad_of(again(unknown), access.number), KeypadShown)
    else:
        async with undone_at(table):
            await asked_for_sms(unknown, access.number)
        flow = await AccessFlow.filter(customer_id=access.owner.id).get()
        assert (flow.stage, flow.sms_digest) == (AccessStage.KEYPAD, None)
        assert await models.SmsOrder.filter(customer_id=access.owner.id).count() == 0
        assert isinstance(await asked_for_sms(again(unknown), access.number), SmsCodeAsked)
        before["sms_order"] = (await cast.known_of(access.owner))["sms_order"]
    assert await cast.known_of(access.owner) == before
