"""How surely a session's customer is known, by the age of the last strong authentication.

Strong is the secret code together with a code sent by SMS, or with a device that gave one back before.
Sources: delegated regulation (EU) 2018/389 ("RTS"), art. 10: balance and operations of the last 90 days need
it every 180 days, older operations each time; directive (EU) 2015/2366, art. 97(1)(c): what may imply fraud,
such as a change of the phone number, needs it then and there, within five minutes here.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum

STRONG_LIFE = timedelta(days=180)
RECENT = timedelta(minutes=5)
OPEN_HISTORY = timedelta(days=90)
CLOCK_STEP_MAX = timedelta(minutes=1)


class Assurance(StrEnum):
    """From the least to the most sure."""

    PROVISIONAL = "PROVISIONAL"
    CODE_ONLY = "CODE_ONLY"
    STRONG = "STRONG"
    STRONG_IN_SESSION = "STRONG_IN_SESSION"
    STRONG_RECENT = "STRONG_RECENT"

    def suffices(self, needed: Assurance) -> bool:
        """Whether it is at least as sure as what is needed."""
        return _RANKS[self] >= _RANKS[needed]


_RANKS = {assurance: rank for rank, assurance in enumerate(Assurance)}


def assurance(
    *, provisional: bool, strong_at: datetime | None, sms_at: datetime | None, now: datetime
) -> Assurance:
    """Of a session whose proof is of `strong_at`, given for the session itself at `sms_at` if at all.

    A proof from the future, after a clock's step, is none.
    """
    if provisional:
        return Assurance.PROVISIONAL
    if strong_at is None or strong_at > now + CLOCK_STEP_MAX or strong_at + STRONG_LIFE <= now:
        return Assurance.CODE_ONLY
    if sms_at is None:
        return Assurance.STRONG
    return Assurance.STRONG_RECENT if now < sms_at + RECENT else Assurance.STRONG_IN_SESSION


def open_since(today: date) -> date:
    """The first day whose operations need no new proof."""
    return today - OPEN_HISTORY
