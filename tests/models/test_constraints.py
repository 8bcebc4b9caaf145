"""Each check and each unique key of the models, violated on both databases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from tortoise.exceptions import IntegrityError
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

import models
from tests.conftest import NOON
from tests.models.scene import TABLES, Scene

DAY = date(2026, 1, 30)  # on which the second statement of a builder closes, or about


@dataclass(frozen=True)
class Spoilt:
    """Columns that break one constraint of a row that is valid otherwise."""

    name: str
    columns: dict[str, Any]
    case: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.case}".strip()


def spoilt(name: str, case: str = "", **columns: Any) -> Spoilt:
    return Spoilt(name, columns, case)


CHECKS: dict[type[Model], list[Spoilt]] = {
    models.AccessFlow: [
        spoilt("access_flow_has_a_life", expires_at=NOON),
        spoilt("access_flow_tries_not_negative", tries=-1),
    ],
    models.AttemptTally: [spoilt("attempt_tally_not_negative", failures=-1)],
    models.AuditEvent: [spoilt("audit_event_number_from_one", number=0)],
    models.AuditHead: [spoilt("audit_head_not_negative", last_number=-1)],
    models.Card: [
        spoilt("card_number_begins_3060", "other prefix", number="40600000000000017"),
        spoilt("card_number_begins_3060", "16 digits", number="3060000000000017"),
    ],
    models.Confirmation: [
        spoilt("confirmation_tries_not_negative", tries=-1),
        spoilt("confirmation_has_a_life", expires_at=NOON),
    ],
    models.Contract: [
        spoilt("contract_currency_iso", currency="EU"),
        spoilt("contract_limit_not_negative", credit_limit_cents=-1),
        spoilt("contract_principal_positive", principal_cents=0),
        spoilt("contract_overdue_not_negative", overdue_cents=-1),
        spoilt("contract_debit_day_of_month", "0", debit_day=0),
        spoilt("contract_debit_day_of_month", "32", debit_day=32),
        spoilt(
            "contract_closed_after_signed",
            status="CLOSED",
            signed_on=date(2024, 1, 2),
            closed_on=date(2024, 1, 1),
        ),
        spoilt("contract_closed_has_its_day", "without", status="CLOSED"),
        spoilt("contract_closed_has_its_day", "in force", closed_on=date(2026, 1, 1)),
        spoilt("contract_version_positive", version=0),
    ],
    models.Customer: [
        spoilt("customer_version_positive", version=0),
        spoilt("customer_phone_international", phone="0612345601"),
    ],
    models.Delivery: [
        spoilt("delivery_sent_has_its_time", "without", state="SENT", body=None),
        spoilt("delivery_sent_has_its_time", "waiting", sent_at=NOON),
        spoilt("delivery_waiting_has_a_body", body=None),
        spoilt("delivery_tries_not_negative", tries=-1),
    ],
    models.Instalment: [
        spoilt("instalment_number_from_one", number=0),
        spoilt("instalment_parts_sum", payment_cents=10_001),
        spoilt("instalment_outstanding_not_negative", outstanding_after_cents=-1),
        spoilt("instalment_paid_has_its_day", "without", status="PAID"),
        spoilt("instalment_paid_has_its_day", "to come", paid_on=DAY),
    ],
    models.Keypad: [spoilt("keypad_ten_keys", layout="012345678")],
    models.News: [spoilt("news_of_one_thing", statement_id=None)],
    models.Operation: [
        spoilt("operation_booked_has_its_day", "without", booked_on=None),
        spoilt("operation_booked_has_its_day", "pending", status="PENDING", statement_id=None),
        spoilt("operation_on_statement_is_booked", status="PENDING", booked_on=None),
    ],
    models.Session: [spoilt("session_has_a_life", expires_at=NOON)],
    models.Statement: [
        spoilt("statement_number_from_one", number=0),
        spoilt("statement_period_forward", opened_on=DAY, closed_on=DAY - timedelta(days=1)),
        spoilt("statement_paid_after_closing", closed_on=DAY, opened_on=DAY, payment_on=DAY),
        spoilt("statement_available_not_negative", available_cents=-1),
        spoilt("statement_interest_within_instalment", instalment_cents=1, instalment_interest_cents=2),
    ],
}

# The second row with these columns is refused.
UNIQUES: dict[type[Model], list[Spoilt]] = {
    models.AccessFlow: [spoilt("token_digest", token_digest="a" * 64)],
    models.AuditEvent: [spoilt("audit_event_number_once", number=7)],
    models.Card: [spoilt("card_number_once", number="30600000000000025")],
    models.Contract: [spoilt("contract_file_number_once", file_number="F-1")],
    models.Credential: [spoilt("credential_one_in_force", replaced_at=None)],
    models.Device: [spoilt("device_once", token_digest="a" * 64)],
    models.Instalment: [spoilt("instalment_number_once", number=7)],
    models.Keypad: [spoilt("token_digest", token_digest="a" * 64)],
    models.Operation: [spoilt("operation_reference_once", reference="O-1")],
    models.Session: [spoilt("session_token_once", token_digest="a" * 64)],
    models.Statement: [
        spoilt("statement_number_once", number=7),
        spoilt("statement_day_once", closed_on=date(2026, 7, 30)),
    ],
}

# What must differ in the first row, so that only one key can refuse the second.
APART: dict[str, dict[str, Any]] = {
    "statement_number_once": {"closed_on": date(2026, 8, 30)},
    "statement_day_once": {"number": 3},
}


def _each(table_of: dict[type[Model], list[Spoilt]]) -> list[Any]:
    return [
        pytest.param(table, case, id=f"{table.__name__}-{case}")
        for table, cases in table_of.items()
        for case in cases
    ]


def _names(table_of: dict[type[Model], list[Spoilt]]) -> set[tuple[str, str]]:
    return {(table.__name__, case.name) for table, cases in table_of.items() for case in cases}


def _declared(kind: type[CheckConstraint | UniqueConstraint]) -> set[tuple[str, str]]:
    return {
        (table.__name__, str(constraint.name))
        for table in TABLES
        for constraint in table._meta.constraints
        if isinstance(constraint, kind)
    }


def _unique_columns() -> set[tuple[str, str]]:
    return {
        (table.__name__, name)
        for table in TABLES
        for name, column in table._meta.fields_map.items()
        if column.unique and not column.pk
    }


def _columns_of(table: type[Model], name: str) -> tuple[str, ...]:
    for constraint in table._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and constraint.name == name:
            return tuple(constraint.fields)
    return (name,)


def test_every_check_of_the_models_has_a_case() -> None:
    assert _names(CHECKS) == _declared(CheckConstraint)


def test_every_unique_key_of_the_models_has_a_case() -> None:
    assert _names(UNIQUES) == _declared(UniqueConstraint) | _unique_columns()
    assert not any(table._meta.unique_together for table in TABLES)


@pytest.mark.parametrize(("table", "_case"), _each(CHECKS))
async def test_a_check_refuses_the_row_and_says_its_name(
    scene: Scene, table: type[Model], _case: Spoilt
) -> None:
    before = await table.all().count()
    with pytest.raises(IntegrityError) as refused:
        await scene.make(table, **_case.columns)
    assert _case.name in str(refused.value)
    assert await table.all().count() == before


@pytest.mark.parametrize(("table", "_case"), _each(UNIQUES))
async def test_a_unique_key_refuses_the_second_row(scene: Scene, table: type[Model], _case: Spoilt) -> None:
    await scene.make(table, **_case.columns, **APART.get(_case.name, {}))
    before = await table.all().count()
    with pytest.raises(IntegrityError) as refused:
        await scene.make(table, **_case.columns)
    columns = ", ".join(f"{table._meta.db_table}.{name}" for name in _columns_of(table, _case.name))
    assert _case.name in str(refused.value) or columns in str(refused.value)
    assert await table.all().count() == before


async def test_replaced_codes_are_kept_beside_the_one_in_force(scene: Scene) -> None:
    for _ in range(2):
        await scene.make(models.Credential, replaced_at=NOON)
    await scene.make(models.Credential)
    assert await models.Credential.owned_by(scene.camille.id).filter(replaced_at=None).count() == 1


async def test_a_browser_may_be_trusted_again_after_it_was_forgotten(scene: Scene) -> None:
    for _ in range(2):
        await scene.make(models.Device, token_digest="b" * 64, revoked_at=NOON)
    await scene.make(models.Device, token_digest="b" * 64)
    hers = models.Device.owned_by(scene.camille.id).filter(token_digest="b" * 64)
    assert (await hers.count(), await hers.filter(revoked_at=None).count()) == (3, 1)


@pytest.mark.parametrize(("_case", "columns"), [("first", {"debit_day": 1}), ("last", {"debit_day": 31})])
async def test_the_bounds_of_the_debit_day_are_taken(
    scene: Scene, _case: str, columns: dict[str, int]
) -> None:
    row = await scene.make(models.Contract, **columns)
    assert row.debit_day == columns["debit_day"]
