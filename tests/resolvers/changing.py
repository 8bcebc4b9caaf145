"""Asking for a change of phone or e-mail, as a client does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from models import Confirmation, ContactPoint, Delivery
from resolvers import profiles
from resolvers.context import Context
from resolvers.profiles import ConfirmationSent
from tests.resolvers.walking import CODE_IN_TEXT

NEW_PHONE, NEW_EMAIL = "+33612345609", "c.durand@exemple.com"


@dataclass(frozen=True)
class Point:
    """One of the two things that change by a code."""

    ask: Callable[[Context, str], Awaitable[Any]]
    point: ContactPoint
    written: str
    kept: str
    masked: str

    def __str__(self) -> str:
        return self.point.value


PHONE = Point(
    profiles.request_phone_change, ContactPoint.PHONE, "06 12 34 56 09", NEW_PHONE, "06 ** ** ** 09"
)
EMAIL = Point(
    profiles.request_email_change, ContactPoint.EMAIL, f" {NEW_EMAIL} ", NEW_EMAIL, "c****@exemple.com"
)
POINTS = pytest.mark.parametrize("point", [PHONE, EMAIL], ids=str)


async def asked(context: Context, point: Point) -> tuple[Confirmation, str]:
    """The change asked for, and the code that was sent for it."""
    outcome = await point.ask(context, point.written)
    assert isinstance(outcome, ConfirmationSent)
    row = outcome.confirmation
    sent = await Delivery.owned_by(row.customer_id).filter(address=row.target).order_by("-id").first()
    assert sent is not None
    (code,) = CODE_IN_TEXT.findall(str(sent.body))
    return row, code
