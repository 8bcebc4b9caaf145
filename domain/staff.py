"""Whom the lender employs, and what each may do here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class StaffScope(StrEnum):
    """What a member of staff may do, as the token's `scope` names it."""

    ANALYTICS = "analytics"
    ADVISER = "adviser"
    UNLOCK = "unlock"


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff, as the lender's identity provider names them."""

    subject: str
    scopes: frozenset[StaffScope]
    expires_at: datetime
