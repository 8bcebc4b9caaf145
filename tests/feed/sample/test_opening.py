"""The sample in a database: the same sums on both kinds, codes that open, doors that stay shut."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tortoise.functions import Count, Sum

import models
from domain.attempts import LOCKS
from domain.audit import AuditKind
from domain.identifiers import CardOrCreditNumber, FileNumber
from domain.refusals import AccountLocked
from feed.load import Stopped, load
from feed.report import Summary
from feed.sample.cast import Access
from feed.sample.demo import DEMO_CODE
from feed.sample.opening import SampleLogin, SampleSummary, open_sample
from feed.sample.writing import FILES, write_customers
from gateways import Gateways
from models import AccessPurpose, AccessStage
from resolvers.access import Arrived, KeypadShown, SmsCodeAsked, begin
from resolvers.audits import Break, audit
from resolvers.context import Context
from resolvers.provisional_codes import enter_sms_code
from resolvers.secret_codes import Entry, WrongCredentials, enter_code
from tests.conftest import NOON
from tests.feed.sample.conftest import cast_on
from tests.resolvers.walking import CODE_IN_TEXT

pytestmark = pytest.mark.anyio

TODAY = NOON.date()
COUNTED = (models.Customer, models.Operation, models.Credential, models.Session, models.AuditEvent)


@pytest.fixture
async def sample(database: str, gateways: Gateways) -> SampleSummary:
    opened = await open_sample(gateways, TODAY)
    assert isinstance(opened, SampleSummary)
    return opened


def login_of(sample: SampleSummary, access: Access) -> SampleLogin:
    return next(login for login in sample.logins if login.access is access)


async def customer_of(login: SampleLogin) -> int:
    identifier = await models.Identifier.get(number=login.number)
    return int(identifier.customer_id)


async def sign_in(context: Context, number: str, code: str) -> object:
    """Walk from the identifier to the code, as a browser does."""
    identifier = CardOrCreditNumber(number) if number.startswith("3060") else FileNumber(number)
    step = await begin(context, AccessPurpose.SIGN_IN, identifier, "identifier")
    assert isinstance(step, KeypadShown)
    positions = [step.keypad.layout.index(digit) for digit in code]
    return await enter_code(context, step.flow_token, Entry(step.keypad.token, positions))


async def give_back_the_sms(context: Context, asked: object, customer_id: int) -> object:
    """The step that follows on a browser that nobody trusts yet."""
    assert isinstance(asked, SmsCodeAsked)
    order = await models.SmsOrder.filter(customer_id=customer_id).order_by("-id").first()
    assert order is not None
    [code] = CODE_IN_TEXT.findall(order.body)
    return await enter_sms_code(context, asked.flow_token, code)


async def summed(table: type[Any], column: str) -> tuple[int, int]:
    [found] = await table.annotate(rows=Count("id"), cents=Sum(column)).values("rows", "cents")
    return found["rows"], found["cents"]


async def counted() -> dict[str, int]:
    return {table.__name__: await table.all().count() for table in COUNTED}


async def test_sums_read_through_the_models_are_those_of_the_rows(sample: SampleSummary) -> None:
    histories = [history for one in cast_on(TODAY) for history in one.histories]
    contracts = [history.contract for history in histories]
    operations = [row.amount for history in histories for row in history.operations]
    instalments = [row.payment_cents for history in histories for row in history.instalments]
    statements = [row.closing_balance for history in histories for row in history.statements]
    owed, overdue = (sum(row.outstanding for row in contracts), sum(row.overdue for row in contracts))
    assert await summed(models.Contract, "outstanding_cents") == (len(contracts), owed)
    assert await summed(models.Contract, "overdue_cents") == (len(contracts), overdue)
    assert await summed(models.Operation, "amount_cents") == (len(operations), sum(operations))
    assert await summed(models.Instalment, "payment_cents") == (len(instalments), sum(instalments))
    assert await summed(models.Statement, "closing_balance_cents") == (len(statements), sum(statements))
    assert await models.Customer.all().count() == len(sample.logins) == 60
    moved: Counter[int] = Counter()
    for statement_id, cents in await models.Operation.all().values_list("statement_id", "amount_cents"):
        moved[statement_id] += cents
    for row in await models.Statement.all():
        assert row.opening_balance_cents + moved[row.id] == row.closing_balance_cents


async def test_every_row_is_taken_in_and_none_changes_when_loaded_again(
    sample: SampleSummary, gateways: Gateways, tmp_path: Path
) -> None:
    write_customers(tmp_path / "feed", cast_on(TODAY))
    url, report = gateways.settings.database_url, tmp_path / "report.csv"
    again = await load(tmp_path / "feed", url, now=NOON, report=report)
    assert isinstance(again, Summary)
    assert sample.loaded is not None
    for loaded in (sample.loaded, again):
        assert (loaded.errors, loaded.warnings, loaded.customers_refused) == (0, 0, 0)
    for kind in FILES:
        rows, name = sum(1 for one in cast_on(TODAY) for _ in one.rows(kind)), kind.FILE.removesuffix(".csv")
        assert sample.loaded.tallies[name].inserted == again.tallies[name].unchanged == rows


async def test_the_demonstration_customer_signs_in_by_each_number_held(
    sample: SampleSummary, context: Context
) -> None:
    camille = cast_on(TODAY)[0]
    assert sample.demo == SampleLogin("30601020304050600", DEMO_CODE, "Camille Lefèvre", Access.SEEN_RECENTLY)
    first, *others = camille.sign_in_numbers
    asked = await sign_in(context, first, DEMO_CODE)
    assert isinstance(await give_back_the_sms(context, asked, await customer_of(sample.demo)), Arrived)
    assert others
    for number in others:  # the browser is trusted by now
        assert isinstance(await sign_in(context, number, DEMO_CODE), Arrived)
    assert isinstance(await sign_in(context, sample.demo.number, "274917"), WrongCredentials)


async def test_each_door_is_as_open_as_the_role_says(sample: SampleSummary, context: Context) -> None:
    locked, out = login_of(sample, Access.LOCKED), login_of(sample, Access.LOCKED_OUT)
    assert await sign_in(context, locked.number, DEMO_CODE) == AccountLocked(NOON + LOCKS[-1])
    assert await sign_in(context, out.number, DEMO_CODE) == AccountLocked(None)
    stranger = login_of(sample, Access.NEVER_CONNECTED)
    assert stranger.code is None
    assert isinstance(await sign_in(context, stranger.number, DEMO_CODE), WrongCredentials)
    for access in (Access.CODE_CHOSEN, Access.PROVISIONAL, Access.PHONE_CHANGING):
        login = login_of(sample, access)
        asked = await sign_in(context, login.number, DEMO_CODE)
        assert isinstance(await give_back_the_sms(context, asked, await customer_of(login)), Arrived)


async def test_what_the_customers_did_before_is_there(sample: SampleSummary) -> None:
    ids = {login.access: await customer_of(login) for login in sample.logins}
    seen = await models.Session.owned_by(ids[Access.SEEN_RECENTLY])
    assert len(seen) >= 2
    assert all(session.closed_at and session.created_at < session.closed_at < NOON for session in seen)
    events = await models.AuditEvent.owned_by(ids[Access.SEEN_RECENTLY]).order_by("number")
    first = [event.kind for event in events[:4]]
    assert first == ["CODE_CHOSEN", "SIGNED_IN", "DEVICE_TRUSTED", "SIGNED_OUT"]
    (device,) = await models.Device.owned_by(ids[Access.SEEN_RECENTLY])
    assert {session.device_id for session in seen} == {device.id}
    assert device.strong_at == min(session.created_at for session in seen)
    flow = await models.AccessFlow.get(customer_id=ids[Access.PROVISIONAL])
    assert (flow.stage, flow.expires_at > NOON) == (AccessStage.NEW_CODE, True)
    [waiting] = await models.Confirmation.owned_by(ids[Access.PHONE_CHANGING])
    assert (waiting.used_at, waiting.expires_at > NOON) == (None, True)
    never = ids[Access.NEVER_CONNECTED]
    assert not await models.Credential.owned_by(never).exists()
    assert (await models.Customer.get(id=never)).phone_verified_at is None
    assert not await models.Delivery.all().exists()


async def test_every_access_log_is_a_chain_in_the_order_of_time(
    sample: SampleSummary, gateways: Gateways
) -> None:
    breaks: list[Break] = []
    audited = await audit(gateways.vault.seal, NOON, report=breaks.append)
    assert breaks == []
    assert (audited.facts, audited.unsealed) == (await models.AuditEvent.all().count(), 0)
    times: dict[int, list[datetime]] = {}
    for event in await models.AuditEvent.all().order_by("customer_id", "number"):
        times.setdefault(event.customer_id, []).append(event.at)
    assert all(given == sorted(given) for given in times.values())
    locked = await models.AuditEvent.filter(kind=AuditKind.ACCESS_LOCKED)
    assert Counter(event.details["notice"] for event in locked) == Counter(
        {Access.LOCKED: "LOCKED", Access.LOCKED_OUT: "FOR_GOOD"}[login.access]
        for login in sample.logins
        if login.access in (Access.LOCKED, Access.LOCKED_OUT)
    )


async def test_nobody_chose_a_code_before_being_a_customer(sample: SampleSummary) -> None:
    signed: dict[int, date] = {}
    for row in await models.Contract.all():
        signed[row.customer_id] = min(row.signed_on, signed.get(row.customer_id, row.signed_on))
    for credential in await models.Credential.all():
        assert signed[credential.customer_id] <= credential.chosen_at.date() <= TODAY


async def test_a_sample_that_is_there_stays_as_it_is(sample: SampleSummary, gateways: Gateways) -> None:
    before = await counted()
    for later in (TODAY, TODAY + timedelta(days=40)):
        again = await open_sample(gateways, later)
        assert again == SampleSummary(sample.logins, None)
    assert await counted() == before


async def test_an_interrupted_sample_is_completed(database: str, gateways: Gateways, tmp_path: Path) -> None:
    write_customers(tmp_path / "feed", cast_on(TODAY)[:7])
    await load(tmp_path / "feed", database, now=NOON, report=tmp_path / "report.csv")
    operations = await models.Operation.all().count()
    completed = await open_sample(gateways, TODAY + timedelta(days=1))
    assert isinstance(completed, SampleSummary)
    assert completed.loaded is not None
    assert completed.loaded.tallies["customers"].inserted == 53
    assert (
        await models.Operation.all().count() == operations + completed.loaded.tallies["operations"].inserted
    )
    never = sum(login.access is Access.NEVER_CONNECTED for login in completed.logins)
    assert await models.Credential.all().count() == 60 - never


async def test_a_database_without_tables_is_told(tmp_path: Path, gateways: Gateways) -> None:
    settings = gateways.settings.model_copy(update={"database_url": f"sqlite://{tmp_path}/empty.sqlite3"})
    stopped = await open_sample(replace(gateways, settings=settings), TODAY)
    assert isinstance(stopped, Stopped)
    assert "portal migrate" in str(stopped.problems[0])
