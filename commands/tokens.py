"""Staff tokens for developers, whom no provider of the lender knows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from commands.line import stop
from domain.staff import StaffScope
from gateways import open_staff_tokens
from gateways.local_staff_tokens import LocalStaffTokens
from gateways.settings import Settings
from gateways.staff_tokens import BadToken


async def sign(settings: Settings, subject: str, scopes: Collection[StaffScope], minutes: int) -> str:
    """A token that a server with these settings believes."""
    if settings.is_production:
        stop("token works in development only: in production the provider of PORTAL_STAFF_ISSUER gives them.")
    tokens = open_staff_tokens(settings)
    if not isinstance(tokens, LocalStaffTokens):
        await tokens.close()
        stop("PORTAL_STAFF_ISSUER is set: its tokens are the ones that are believed.")
    token = tokens.signed(subject, scopes, timedelta(minutes=minutes))
    try:
        await tokens.verify(token)
    except BadToken:
        stop("A subject is 1 to 255 plain characters, without a space at either end.")
    return token
