"""Browsers: each has a cookie of its own; one that gave back a code by SMS is trusted for a while.

The cookie holds tokens parted by dots: the browser's own, to which walks are bound, then one for each
customer who trusts it. These are made when trust is: a cookie that somebody knew before proves nothing.
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from typing import Any

from tortoise.queryset import QuerySet

from domain import browsers
from domain.assurance import CLOCK_STEP_MAX, STRONG_LIFE
from models import Device
from resolvers.context import Context
from resolvers.sessions import Cookie

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
COOKIE_SECONDS = 400 * 86_400  # browsers keep no cookie longer (RFC 6265bis, 5.5)
LISTED_MAX = 50
CUSTOMERS_MAX = 5  # who trust one browser


def known_by(context: Context) -> str:
    """The token of the browser that asks; a browser without one is given one."""
    if not (tokens := _tokens(context)):
        tokens = [context.gateways.vault.token()]
        context.hold_device(Cookie(tokens[0], COOKIE_SECONDS))
    return tokens[0]


def digest_of(context: Context) -> str | None:
    """What a flow is bound to: the digest of the browser's token, None for a browser without one."""
    tokens = _tokens(context)
    return context.gateways.vault.token_digest(tokens[0]).hex() if tokens else None


async def trusted(context: Context, customer_id: int | None) -> Device | None:
    """The device that asks, if the customer's own and proven by SMS within 180 days.

    Asks the database as much for an identifier that nobody has.
    """
    now = context.now
    mine = _known(context, customer_id or 0).filter(
        strong_at__gt=now - STRONG_LIFE, strong_at__lte=now + CLOCK_STEP_MAX
    )
    return await mine.order_by("-strong_at").first()


async def trust(context: Context, customer_id: int, strong_at: datetime) -> tuple[Device, bool]:
    """Trust the device that asks, in the transaction at hand; and whether it is new to the customer."""
    seen: dict[str, Any] = {
        "strong_at": strong_at,
        "seen_at": context.now,
        "label": await label_of(context),
    }
    known = await _known(context, customer_id).order_by("-strong_at").first()
    if known is not None:
        await Device.owned_by(customer_id).filter(id=known.id).update(**seen)
        return known.update_from_dict(seen), False
    token, (own, *others) = context.gateways.vault.token(), [known_by(context), *_tokens(context)[1:]]
    context.hold_device(Cookie(".".join([own, token, *others[: CUSTOMERS_MAX - 1]]), COOKIE_SECONDS))
    columns = {**seen, "token_digest": _digest(context, customer_id, token), "created_at": context.now}
    return await Device.create(customer_id=customer_id, **columns), True


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


def _known(context: Context, customer_id: int) -> QuerySet[Device]:
    """The customer's rows of the browser that asks; one at most, but for a cookie that was put together."""
    digests = [_digest(context, customer_id, token) for token in _tokens(context) or [""]]
    return Device.owned_by(customer_id).filter(token_digest__in=digests, revoked_at=None)


def _digest(context: Context, customer_id: int, token: str) -> str:
    return context.gateways.vault.keyed("device", f"{customer_id}:{token}").hex()


def _tokens(context: Context) -> list[str]:
    """What the cookie holds, nothing if it is none of ours."""
    tokens = (context.device_token or "").split(".", CUSTOMERS_MAX + 1)
    is_ours = len(tokens) <= CUSTOMERS_MAX + 1 and all(map(TOKEN.fullmatch, tokens))
    return tokens if is_ours else []
