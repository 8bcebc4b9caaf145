"""Sessions: opened, resumed with each request, closed."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tortoise.transactions import in_transaction

import models
from gateways import Gateways
from models.backends.errors import DatabaseTrouble

if TYPE_CHECKING:
    from resolvers.context import Context

SEEN_EVERY = timedelta(seconds=30)  # a session's last sight is written at most this often
TOKEN_LENGTH_MAX = 200


@dataclass(frozen=True)
class Cookie:
    """What the session cookie becomes; an empty token erases it."""

    token: str
    seconds: int


@dataclass(frozen=True)
class SignedOut:
    sessions_closed: int


async def open_session(gateways: Gateways, customer_id: int, assurance: models.Assurance) -> Cookie:
    """Open a session, inside the transaction of what earned it. The token is known to the cookie alone."""
    now, seconds = gateways.clock(), gateways.settings.session_seconds_max
    secret = gateways.vault.token()
    await models.Session.create(
        customer_id=customer_id,
        token_digest=gateways.vault.token_digest(secret).hex(),
        assurance=assurance,
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(seconds=seconds),
    )
    return Cookie(f"{_customer_part(customer_id)}.{secret}", seconds)


async def resume(gateways: Gateways, token: str) -> models.Session | None:
    """The open session of a cookie's token, its life prolonged; None when closed, idle too long or forged."""
    customer_id, secret = _parts(token)
    if customer_id is None:
        return None
    now, idle = gateways.clock(), timedelta(seconds=gateways.settings.session_idle_seconds)
    digest = gateways.vault.token_digest(secret).hex()
    row = await models.Session.owned_by(customer_id).get_or_none(token_digest=digest, closed_at=None)
    if row is None or row.expires_at <= now or row.seen_at + idle <= now:
        return None
    if row.assurance is models.Assurance.PROVISIONAL:
        return None
    if row.seen_at + min(SEEN_EVERY, idle / 10) <= now:
        with suppress(DatabaseTrouble):  # a full disk or a locked file leaves reading open
            await models.Session.owned_by(customer_id).filter(id=row.id, closed_at=None).update(seen_at=now)
    return row


async def close(gateways: Gateways, token: str) -> None:
    """Close the session of a cookie's token, if it is one: another takes its place."""
    customer_id, secret = _parts(token)
    if customer_id is not None:
        rows = models.Session.owned_by(customer_id).filter(closed_at=None)
        digest = gateways.vault.token_digest(secret).hex()
        await rows.filter(token_digest=digest).update(closed_at=gateways.clock())


async def sign_out(context: Context, *, everywhere: bool) -> SignedOut:
    """Close this session, or all of the customer's. A stranger has none to close."""
    viewer = await context.viewer()
    context.set_session(Cookie("", 0))
    context.forget_viewer()
    context.session_token = None
    if viewer is None:
        return SignedOut(0)
    async with in_transaction():
        rows = models.Session.owned_by(viewer.customer_id).filter(closed_at=None)
        closed = await (rows if everywhere else rows.filter(id=viewer.session_id)).update(
            closed_at=context.now
        )
        await models.AuditEvent.record(
            viewer.customer_id,
            "SIGNED_OUT",
            context.now,
            session_id=viewer.session_id,
            sessions_closed=closed,
        )
    return SignedOut(closed)


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
