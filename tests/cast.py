"""A small cast, and builders whose keywords override what a test cares about.

Camille has everything on file, Marc reads English, Inès is new. What a builder makes is valid on its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import models
from domain.folding import folded
from gateways import Gateways
from models import ContractKind
from resolvers import sessions
from resolvers.context import Context
from tests.conftest import BROWSER as BROWSER
from tests.conftest import NOON
from tests.known import columns_of as columns_of
from tests.known import known_of as known_of

TODAY = date(2026, 6, 15)
CODE = "274963"  # no reason to refuse it
OTHER_CODE = "850274"
CAMILLE_PHONE = "+33612345601"

_numbers = count(1)


async def customer(**columns: Any) -> models.Customer:
    given = {
        "reference": f"R{next(_numbers):06d}",
        "first_names": "Dominique",
        "last_name": "Personne",
        "created_at": NOON - timedelta(days=400),
    }
    return await models.Customer.create(**{**given, **columns})


async def camille(**columns: Any) -> models.Customer:
    """Has everything on file."""
    given = {
        "title": models.Title.MS,
        "first_names": "Camille",
        "last_name": "Durand",
        "birth_date": date(1988, 3, 14),
        "email": "camille@exemple.fr",
        "phone": CAMILLE_PHONE,
        "address_lines": ["8 rue des Lilas"],
        "postal_code": "33000",
        "city": "Bordeaux",
        "country_code": "FR",
    }
    return await customer(**{**given, **columns})


async def marc(**columns: Any) -> models.Customer:
    """Reads English, has no e-mail address on file."""
    given = {
        "title": models.Title.MR,
        "first_names": "Marc",
        "last_name": "Petit",
        "birth_date": date(1975, 11, 2),
        "phone": "+33612345602",
        "locale": models.Locale.EN_GB,
    }
    return await customer(**{**given, **columns})


async def ines(**columns: Any) -> models.Customer:
    """Has a phone and nothing else."""
    return await customer(
        **{"first_names": "Inès", "last_name": "Haddad", "phone": "+33612345603", **columns}
    )


async def contract(
    owner: models.Customer, kind: ContractKind = ContractKind.REVOLVING_CREDIT, **columns: Any
) -> models.Contract:
    """A contract in force, of the kind."""
    number = next(_numbers)
    given: dict[str, Any] = {
        "customer_id": owner.id,
        "file_number": f"F-{number:06d}",
        "kind": kind,
        "status": models.ContractStatus.ACTIVE,
        "regime": "LAGARDE_2011",
        "label": "Contrat",
        "currency": "EUR",
        "signed_on": date(2024, 1, 15),
        "outstanding_cents": 120_000,
    }
    if kind in (ContractKind.REVOLVING_CREDIT, ContractKind.CARD_ACCOUNT):
        given |= {"account_number": f"3060{number:013d}", "credit_limit_cents": 300_000}
    else:
        given |= {"principal_cents": 500_000, "months": 48, "ends_on": date(2028, 2, 5)}
    return await models.Contract.create(**{**given, **columns})


async def card(on: models.Contract, **columns: Any) -> models.Card:
    given = {
        "customer_id": on.customer_id,
        "contract_id": on.id,
        "number": f"3060{next(_numbers):013d}",
        "expires_on": date(2028, 6, 30),
        "status": models.CardStatus.ACTIVE,
    }
    return await models.Card.create(**{**given, **columns})


async def instalment(of: models.Contract, number: int = 1, **columns: Any) -> models.Instalment:
    """To come, 100.00 in all, in July 2026 if it is the first."""
    given = {
        "customer_id": of.customer_id,
        "contract_id": of.id,
        "number": number,
        "due_on": date(2026, 7, 5) + timedelta(days=30 * (number - 1)),
        "status": models.InstalmentStatus.UPCOMING,
        "payment_cents": 10_000,
        "principal_cents": 9_000,
        "interest_cents": 1_000,
        "outstanding_after_cents": 100_000,
    }
    return await models.Instalment.create(**{**given, **columns})


async def statement(of: models.Contract, number: int = 1, **columns: Any) -> models.Statement:
    """Of one month of thirty days, the first one January 2026."""
    opened_on = date(2026, 1, 1) + timedelta(days=30 * (number - 1))
    given = {
        "customer_id": of.customer_id,
        "contract_id": of.id,
        "number": number,
        "opened_on": opened_on,
        "closed_on": opened_on + timedelta(days=29),
        "opening_balance_cents": 100_000,
        "closing_balance_cents": 120_000,
    }
    return await models.Statement.create(**{**given, **columns})


def operation_row(of: models.Contract, **columns: Any) -> models.Operation:
    """An operation not saved yet, for many at once."""
    given = {
        "customer_id": of.customer_id,
        "contract_id": of.id,
        "reference": f"O{next(_numbers):06d}",
        "kind": models.OperationKind.PURCHASE,
        "status": models.OperationStatus.BOOKED,
        "occurred_on": TODAY,
        "booked_on": TODAY,
        "label": "Achat",
        "amount_cents": 1_250,
    }
    given |= columns
    given["search_text"] = folded(f"{given['label']} {given.get('merchant') or ''}")
    return models.Operation(**given)


async def operation(of: models.Contract, **columns: Any) -> models.Operation:
    row = operation_row(of, **columns)
    await row.save()
    return row


def nobodys_number() -> str:
    """A card or credit number that no customer has, another at each call."""
    return f"30609{next(_numbers):012d}"


async def identifier(of: models.Contract, number: str) -> models.Identifier:
    """What the owner of the contract types to sign in."""
    return await models.Identifier.create(number=number, customer_id=of.customer_id, contract_id=of.id)


async def credential(
    gateways: Gateways, owner: models.Customer, code: str = CODE, **columns: Any
) -> models.Credential:
    digest = await gateways.vault.digest(code)
    given = {"customer_id": owner.id, "code_digest": digest, "chosen_at": NOON - timedelta(days=30)}
    return await models.Credential.create(**{**given, **columns})


async def confirmation(
    gateways: Gateways, owner: models.Customer, code: str = "123456", **columns: Any
) -> models.Confirmation:
    """A phone number that waits for its code."""
    now = gateways.clock()
    given = {
        "customer_id": owner.id,
        "point": models.ContactPoint.PHONE,
        "target": "+33612345609",
        "code_digest": "",
        "reference": "7F",
        "created_at": now,
        "expires_at": now + timedelta(minutes=10),
    }
    row = models.Confirmation(**{**given, **columns})
    row.code_digest = gateways.vault.sms_digest(str(row.id), code).hex()
    await row.save()
    return row


def delivery_row(to: models.Customer, now: datetime = NOON, **columns: Any) -> models.Delivery:
    given = {"channel": models.Channel.SMS, "address": CAMILLE_PHONE, "body": "Bonjour", "due_at": now}
    return models.Delivery(**{"customer_id": to.id, "created_at": now, **given, **columns})


async def delivery(to: models.Customer, now: datetime = NOON, **columns: Any) -> models.Delivery:
    row = delivery_row(to, now, **columns)
    await row.save()
    return row


async def session_token(gateways: Gateways, owner: models.Customer, **columns: Any) -> str:
    """The cookie of a session that has just been opened, as surely as can be."""
    now = gateways.clock()
    given = {"strong_at": now, "sms_at": now, "code_at": now, "device_id": (await device(gateways, owner)).id}
    opened = await sessions.open_session(gateways, owner.id, **{**given, **columns})
    return opened.cookie.token


async def device(
    gateways: Gateways, owner: models.Customer, token: str = BROWSER, **columns: Any
) -> models.Device:
    """A browser the customer trusted a day ago, if it is not known yet, by what its cookie holds."""
    digest = gateways.vault.keyed("device", f"{owner.id}:{trusting_token(token)}").hex()
    known = await models.Device.owned_by(owner.id).get_or_none(token_digest=digest, revoked_at=None)
    yesterday = gateways.clock() - timedelta(days=1)
    at = {"created_at": yesterday, "strong_at": yesterday, "seen_at": yesterday}
    given = {"customer_id": owner.id, "token_digest": digest, "label": "Firefox, Windows", **at}
    return known or await models.Device.create(**{**given, **columns})


def trusting_token(cookie: str) -> str:
    """Of the tokens of a device cookie the one made last, when trust was."""
    return cookie.split(".")[:2][-1]


async def signed_in(gateways: Gateways, owner: models.Customer, **columns: Any) -> Context:
    """The context of an operation the customer asks for."""
    token = await session_token(gateways, owner, **columns)
    return Context(gateways=gateways, address="192.0.2.1", session_token=token, device_token=BROWSER)


@dataclass(frozen=True)
class Access:
    """A customer, the number she types and the code she presses."""

    owner: models.Customer
    contract: models.Contract
    number: str
    code: str = CODE


async def camille_with_access(gateways: Gateways, **columns: Any) -> Access:
    """Camille with a revolving credit, whose number and code let her in on the browser she trusts."""
    owner = await camille(**columns)
    credit = await contract(owner)
    assert credit.account_number is not None
    await identifier(credit, credit.account_number)
    await credential(gateways, owner)
    await device(gateways, owner)
    return Access(owner, credit, credit.account_number)
