"""Browsers: each has a cookie of its own; one that gave back a code by SMS is trusted for a while."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from typing import Any

from domain import browsers
from domain.assurance import CLOCK_STEP_MAX, STRONG_LIFE
from models import Device
from resolvers.context import Context
from resolvers.sessions import Cookie

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
COOKIE_SECONDS = 400 * 86_400  # browsers keep no cookie longer (RFC 6265bis, 5.5)
LISTED_MAX = 50


def known_by(context: Context) -> str:
    """The token of the browser that asks; a browser without one is given one."""
    if (token := _token(context)) is None:
        token = context.gateways.vault.token()
        context.hold_device(Cookie(token, COOKIE_SECONDS))
    return token


def digest_of(context: Context) -> str | None:
    """What a flow is bound to: the digest of the browser's token, None for a browser without one."""
    token = _token(context)
    return None if token is None else context.gateways.vault.token_digest(token).hex()


async def trusted(context: Context, customer_id: int | None) -> Device | None:
    """The device that asks, if the customer's own and proven by SMS within 180 days.

    Asks the database as much for an identifier that nobody has.
    """
    now = context.now
    mine = Device.owned_by(customer_id or 0).filter(token_digest=_digest(context, customer_id or 0))
    return await mine.get_or_none(
        revoked_at=None, strong_at__gt=now - STRONG_LIFE, strong_at__lte=now + CLOCK_STEP_MAX
    )


async def trust(context: Context, customer_id: int, strong_at: datetime) -> tuple[Device, bool]:
    """Trust the device that asks, in the transaction at hand; and whether it is new to the customer."""
    known_by(context)
    digest, label = _digest(context, customer_id), await label_of(context)
    mine = Device.owned_by(customer_id).filter(token_digest=digest, revoked_at=None)
    if await mine.update(strong_at=strong_at, seen_at=context.now, label=label):
        return await mine.get(), False
    columns: dict[str, Any] = {
        "token_digest": digest,
        "label": label,
        "created_at": context.now,
        "seen_at": context.now,
    }
    return await Device.create(customer_id=customer_id, strong_at=strong_at, **columns), True


async def label_of(context: Context) -> str:
    """How the browser that asks is called."""
    return await asyncio.to_thread(browsers.label, context.user_agent)


async def list_for_customer(customer_id: int) -> list[Device]:
    """The devices a customer trusts, the latest used first."""
    rows = Device.owned_by(customer_id).filter(revoked_at=None)
    return await rows.order_by("-seen_at", "-id").limit(LISTED_MAX)


async def revoke_all(customer_id: int, now: datetime) -> int:
    """Trust none of the customer's devices any more, in the transaction at hand."""
    return await Device.owned_by(customer_id).filter(revoked_at=None).update(revoked_at=now)


def _digest(context: Context, customer_id: int) -> str:
    return context.gateways.vault.keyed("device", f"{customer_id}:{_token(context)}").hex()


def _token(context: Context) -> str | None:
    token = context.device_token
    return token if token is not None and TOKEN.fullmatch(token) else None
