"""Sessions: opened, resumed with each request, made surer, listed, closed."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tortoise.transactions import in_transaction

import models
from domain.assurance import CLOCK_STEP_MAX, Assurance, assurance
from gateways import Gateways
from models import Session, SessionColumns
from models.backends.errors import DatabaseTrouble

if TYPE_CHECKING:
    from resolvers.context import Context

SEEN_EVERY = timedelta(seconds=30)  # a session's last sight is written at most this often
WARNED_BEFORE = timedelta(minutes=1)
TOKEN_LENGTH_MAX = 200
LISTED_MAX = 50
NO_COOKIE_SECONDS = 0


@dataclass(frozen=True)
class Cookie:
    """What a cookie becomes; an empty token erases it."""

    token: str
    seconds: int


NO_COOKIE = Cookie("", NO_COOKIE_SECONDS)


@dataclass(frozen=True)
class Opened:
    """A new session, and the cookie that holds its token."""

    row: Session
    cookie: Cookie


@dataclass(frozen=True)
class SignedOut:
    sessions_closed: int


async def open_session(
    gateways: Gateways,
    customer_id: int,
    *,
    strong_at: datetime | None,
    lasts: timedelta | None = None,
    **columns: Any,
) -> Opened:
    """Open a session, inside the transaction of what earned it. The token is known to the cookie alone."""
    now, life = gateways.clock(), lasts or timedelta(seconds=gateways.settings.session_seconds_max)
    secret = gateways.vault.token()
    row = await Session.create(
        customer_id=customer_id,
        token_digest=gateways.vault.token_digest(secret).hex(),
        strong_at=strong_at,
        created_at=now,
        seen_at=now,
        expires_at=now + life,
        **columns,
    )
    return Opened(row, _cookie(row, secret, now))


async def resume(gateways: Gateways, token: str) -> Session | None:
    """The open session of a cookie's token; None when closed, idle too long or forged."""
    customer_id, digest = claim_of(gateways, token)
    if customer_id is None:
        return None
    row = await Session.owned_by(customer_id).get_or_none(token_digest=digest, closed_at=None)
    return row if row is not None and is_open(gateways, row) else None


def claim_of(gateways: Gateways, token: str) -> tuple[int | None, str]:
    """The customer that a cookie's token names, None where it names none, and the digest of its secret."""
    customer_id, secret = _parts(token)
    return customer_id, "" if customer_id is None else gateways.vault.token_digest(secret).hex()


def customer_of(token: str) -> int | None:
    """The customer that a cookie's token names, whether it is worth anything or not."""
    return _parts(token)[0]


def is_open(gateways: Gateways, row: Session | SessionColumns) -> bool:
    """Whether a session may still be used. One seen in the future, after a clock's step, may not."""
    now = gateways.clock()
    return row.closed_at is None and row.seen_at <= now + CLOCK_STEP_MAX and now < ends_at(gateways, row)


def idle_expires_at(gateways: Gateways, row: Session | SessionColumns) -> datetime:
    """When the session ends unless something is asked before."""
    return row.seen_at + timedelta(seconds=gateways.settings.session_idle_seconds)


def ends_at(gateways: Gateways, row: Session | SessionColumns) -> datetime:
    """When the session ends if nothing is asked before: idle too long, or at the end of its whole life."""
    return min(row.expires_at, idle_expires_at(gateways, row))


def warn_at(gateways: Gateways, row: Session | SessionColumns) -> datetime:
    """When the customer is to be told that the session is about to end."""
    return ends_at(gateways, row) - WARNED_BEFORE


def assurance_of(row: Session | SessionColumns, now: datetime) -> Assurance:
    """How surely the session's customer is known."""
    return assurance(provisional=row.provisional, strong_at=row.strong_at, sms_at=row.sms_at, now=now)


async def touch(gateways: Gateways, row: Session | SessionColumns) -> None:
    """Something was asked: the session's idle life begins anew."""
    now, idle = gateways.clock(), timedelta(seconds=gateways.settings.session_idle_seconds)
    if row.seen_at + min(SEEN_EVERY, idle / 10) <= now:
        with suppress(DatabaseTrouble):  # a full disk or a locked file leaves reading open
            await Session.owned_by(row.customer_id).filter(id=row.id, closed_at=None).update(seen_at=now)
            if isinstance(row, Session):
                row.seen_at = now


async def strengthen(
    gateways: Gateways, row: Session, *, code_at: datetime, sms_at: datetime
) -> Cookie | None:
    """Make an open session surer, under a new token: the one before is worth nothing from here on.

    None when it was closed, or made surer by somebody else, since it was read.
    """
    secret, now = gateways.vault.token(), gateways.clock()
    digest = gateways.vault.token_digest(secret).hex()
    as_read = Session.owned_by(row.customer_id).filter(
        id=row.id, token_digest=row.token_digest, closed_at=None
    )
    made = await as_read.update(
        token_digest=digest, code_at=code_at, strong_at=sms_at, sms_at=sms_at, seen_at=now
    )
    return _cookie(row, secret, now) if made else None


async def close(gateways: Gateways, token: str) -> None:
    """Close the session of a cookie's token, if it is one: another takes its place."""
    customer_id, secret = _parts(token)
    if customer_id is not None:
        rows = Session.owned_by(customer_id).filter(closed_at=None)
        digest = gateways.vault.token_digest(secret).hex()
        await rows.filter(token_digest=digest).update(closed_at=gateways.clock())


async def sign_out(context: Context, *, everywhere: bool) -> SignedOut:
    """Close this session, or all of the customer's. A stranger has none to close.

    A provisional session closes itself alone: it may do nothing to the customer's others.
    """
    row = await context.session()
    context.hold_session(NO_COOKIE)
    if row is None:
        return SignedOut(0)
    async with in_transaction():
        rows = Session.owned_by(row.customer_id).filter(closed_at=None)
        those = rows if everywhere and not row.provisional else rows.filter(id=row.id)
        closed = await those.update(closed_at=context.now)
        await record(context, row, "SIGNED_OUT", sessions_closed=closed)
    context.sessions_changed(row.customer_id)
    return SignedOut(closed)


async def open_ones(context: Context, customer_id: int) -> list[Session]:
    """The customer's open sessions, the latest seen first."""
    rows = Session.owned_by(customer_id).filter(closed_at=None, expires_at__gt=context.now)
    latest = await rows.order_by("-seen_at", "-id").limit(LISTED_MAX)
    return [row for row in latest if is_open(context.gateways, row)]


async def record(context: Context, row: Session, kind: str, **details: Any) -> None:
    """Write into the customer's access log what a session did, in the transaction of what it tells."""
    seal = context.gateways.vault.seal
    given = {"session_id": row.id, "label": row.label, **details}
    await models.AuditEvent.record(row.customer_id, kind, context.now, seal, **given)


def _cookie(row: Session, secret: str, now: datetime) -> Cookie:
    seconds = int((row.expires_at - now).total_seconds())
    return Cookie(f"{_customer_part(row.customer_id)}.{secret}", seconds)


def _customer_part(customer_id: int) -> str:
    return base64.urlsafe_b64encode(customer_id.to_bytes(8, "big")).rstrip(b"=").decode()


def _parts(token: str) -> tuple[int | None, str]:
    """Customer and secret of a token; the customer leads to the one shard where the session can be."""
    customer, dot, secret = token.partition(".")
    if len(token) > TOKEN_LENGTH_MAX or not dot or not token.isascii():
        return None, ""
    try:
        packed = base64.b64decode(customer.encode() + b"=", altchars=b"-_", validate=True)
    except binascii.Error:
        return None, ""
    customer_id = int.from_bytes(packed, "big")
    if len(packed) != 8 or customer_id >= 1 << 63 or _customer_part(customer_id) != customer:
        return None, ""
    return customer_id, secret
