"""One valid row of every table, so that a test can spoil exactly one thing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import Any, Self

from tortoise.models import Model

import models
from gateways import Gateways
from models.backends.rows import is_owned
from tests import cast
from tests.conftest import NOON

TABLES: tuple[type[Model], ...] = tuple(
    thing for thing in vars(models).values() if isinstance(thing, type) and issubclass(thing, Model)
)
OWNED_TABLES = tuple(table for table in TABLES if is_owned(table))


@dataclass
class Scene:
    """Camille has one row of each kind; Marc has parents of his own."""

    gateways: Gateways
    camille: models.Customer
    marc: models.Customer
    credit: models.Contract
    card: models.Card
    statement: models.Statement
    operation: models.Operation
    device: models.Device
    flow: models.AccessFlow
    marcs: dict[str, Any]

    @property
    def parents(self) -> dict[str, Any]:
        """Camille's rows that others of hers may point at."""
        rows = (self.credit, self.card, self.statement, self.operation, self.device)
        return dict(zip(("contract", "card", "statement", "operation", "device"), rows, strict=True))

    @classmethod
    async def set(cls, gateways: Gateways) -> Self:
        camille, marc = await cast.camille(), await cast.marc()
        credit, marcs_loan = await cast.contract(camille), await cast.contract(marc)
        marcs = {
            "contract": marcs_loan,
            "card": await cast.card(marcs_loan),
            "statement": await cast.statement(marcs_loan),
            "operation": await cast.operation(marcs_loan),
            "device": await device(marc),
        }
        card, statement, trusted = (
            await cast.card(credit),
            await cast.statement(credit),
            await device(camille),
        )
        bought = await cast.operation(credit)
        return cls(gateways, camille, marc, credit, card, statement, bought, trusted, await flow(), marcs)

    async def make(self, table: type[Model], **columns: Any) -> Any:
        """A valid row of Camille's, but for the columns given."""
        return await BUILDERS[table](self, **columns)


async def flow(**columns: Any) -> models.AccessFlow:
    given = {
        "token_digest": token_hex(32),
        "purpose": models.AccessPurpose.SIGN_IN,
        "stage": models.AccessStage.KEYPAD,
        "subject_key": token_hex(32),
        "created_at": NOON,
        "expires_at": NOON + timedelta(minutes=15),
    }
    return await models.AccessFlow.create(**{**given, **columns})


async def keypad(of: models.AccessFlow, **columns: Any) -> models.Keypad:
    given = {"token_digest": token_hex(32), "flow_id": of.id, "layout": "0123456789"}
    return await models.Keypad.create(**{"expires_at": NOON + timedelta(minutes=2), **given, **columns})


async def session(owner: models.Customer, **columns: Any) -> models.Session:
    given = {
        "customer_id": owner.id,
        "token_digest": token_hex(32),
        "strong_at": NOON,
        "created_at": NOON,
        "seen_at": NOON,
        "expires_at": NOON + timedelta(hours=12),
    }
    return await models.Session.create(**{**given, **columns})


async def device(owner: models.Customer, **columns: Any) -> models.Device:
    given = {"customer_id": owner.id, "token_digest": token_hex(32), "label": "Firefox, Windows"}
    at = {"created_at": NOON, "strong_at": NOON, "seen_at": NOON}
    return await models.Device.create(**{**given, **at, **columns})


async def audit_head(owner: models.Customer, **columns: Any) -> models.AuditHead:
    return await models.AuditHead.create(**{"customer_id": owner.id, **columns})


async def sms_order(**columns: Any) -> models.SmsOrder:
    return await models.SmsOrder.create(**{"body": "Bonjour", "useless_at": NOON, **columns})


async def audit_event(owner: models.Customer, **columns: Any) -> models.AuditEvent:
    return await models.AuditEvent.create(
        **{"customer_id": owner.id, "kind": "SIGNED_IN", "at": NOON, **columns}
    )


async def news(owner: models.Customer, of: models.Statement, **columns: Any) -> models.News:
    """Of the statement, unless it is said to be of an operation."""
    given = {"statement_id": of.id} if "operation_id" not in columns else {}
    return await models.News.create(**{"customer_id": owner.id, "at": NOON, **given, **columns})


async def tally(**columns: Any) -> models.AttemptTally:
    return await models.AttemptTally.create(**{"subject_key": token_hex(32), "updated_at": NOON, **columns})


async def reference(owner: models.Customer, **columns: Any) -> models.CustomerReference:
    return await models.CustomerReference.create(
        **{"reference": token_hex(8), "customer_id": owner.id, **columns}
    )


async def identifier(of: models.Contract, **columns: Any) -> models.Identifier:
    given = {"number": token_hex(8), "customer_id": of.customer_id, "contract_id": of.id}
    return await models.Identifier.create(**{**given, **columns})


BUILDERS: dict[type[Model], Callable[..., Awaitable[Model]]] = {
    models.AccessFlow: lambda scene, **columns: flow(**columns),
    models.AttemptTally: lambda scene, **columns: tally(**columns),
    models.AuditEvent: lambda scene, **columns: audit_event(scene.camille, **columns),
    models.AuditHead: lambda scene, **columns: audit_head(scene.camille, **columns),
    models.Card: lambda scene, **columns: cast.card(scene.credit, **columns),
    models.Confirmation: lambda scene, **columns: cast.confirmation(scene.gateways, scene.camille, **columns),
    models.Contract: lambda scene, **columns: cast.contract(scene.camille, **columns),
    models.Credential: lambda scene, **columns: cast.credential(scene.gateways, scene.camille, **columns),
    models.Customer: lambda scene, **columns: cast.customer(**columns),
    models.CustomerReference: lambda scene, **columns: reference(scene.camille, **columns),
    models.Delivery: lambda scene, **columns: cast.delivery(scene.camille, **columns),
    models.Device: lambda scene, **columns: device(scene.camille, **columns),
    models.Identifier: lambda scene, **columns: identifier(scene.credit, **columns),
    models.Instalment: lambda scene, **columns: cast.instalment(scene.credit, **columns),
    models.Keypad: lambda scene, **columns: keypad(scene.flow, **columns),
    models.News: lambda scene, **columns: news(scene.camille, scene.statement, **columns),
    models.Operation: lambda scene, **columns: cast.operation(
        scene.credit, **{"statement_id": scene.statement.id, "card_id": scene.card.id, **columns}
    ),
    models.Session: lambda scene, **columns: session(scene.camille, **columns),
    models.SmsOrder: lambda scene, **columns: sms_order(**columns),
    models.Statement: lambda scene, **columns: cast.statement(scene.credit, **{"number": 2, **columns}),
}
