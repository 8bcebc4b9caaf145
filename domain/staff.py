"""Whom the lender employs, and what each may do here."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum

REASON_LENGTH_MIN = 3
REASON_LENGTH_MAX = 200


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


class BadReason(Enum):
    """Why the reason given for an act is not one."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    CHARACTERS = "characters"


def reason_given(text: str) -> str | BadReason:
    """Why a member of staff does something, as it is kept: one line of plain text."""
    reason = text.strip()
    if len(reason) < REASON_LENGTH_MIN:
        return BadReason.TOO_SHORT
    if len(reason) > REASON_LENGTH_MAX:
        return BadReason.TOO_LONG
    # Control and format characters, half characters, ends of lines and paragraphs.
    if any(unicodedata.category(character)[0] == "C" or character in "\u2028\u2029" for character in reason):
        return BadReason.CHARACTERS
    return reason
