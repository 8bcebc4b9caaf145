"""When wrong codes lock the access.

Sources: delegated regulation (EU) 2018/389 ("RTS"), art. 4(3)(b) (at most five consecutive failures, then a
block) and 4(4) (its length follows the risk; the customer is warned before a permanent one); NIST SP
800-63B revision 4 (draft), 5.2.2 (waits may grow; at most 100 consecutive failures in all). Hence rounds of
five tries, then 30 minutes, 2 hours, and 24 hours from the third round on; at 100 only a new code, by
recovery or by staff, opens again.

Tries are counted before the code is looked at: `count_try` gives the tally to store first, under the row's
lock or in one conditional update, so that parallel tries each take one. A right code then clears the tally.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

ATTEMPTS_MAX = 5
LOCKS = (timedelta(minutes=30), timedelta(hours=2), timedelta(hours=24))
FAILURES_MAX = 100


@dataclass(frozen=True, slots=True)
class Open:
    """A code may be tried, this many times before a lock."""

    attempts_left: int


@dataclass(frozen=True, slots=True)
class Locked:
    """No code is looked at until then; None: until a new code is set."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Counted:
    """The tally with one more try, stored before the code is looked at, and the tries left after it."""

    failures: int
    locked_until: datetime | None
    attempts_left: int


class Notice(IntEnum):
    """What a lock has to be told as, from the least grave to the gravest."""

    LOCKED = 1
    LAST_ROUND = 2
    FOR_GOOD = 3


def account(customer_id: int) -> str:
    """Whose tries are counted together: those for a customer, on all devices she does not trust."""
    return f"customer:{customer_id}"


def device(device_id: int) -> str:
    """Those on a device that a customer trusts."""
    return f"device:{device_id}"


def nobody(number: str) -> str:
    """Those for an identifier that nobody has."""
    return f"identifier:{number}"


def standing(failures: int, locked_until: datetime | None, now: datetime) -> Open | Locked:
    """What a subject with so many consecutive failures may do now."""
    if failures >= FAILURES_MAX:
        return Locked(None)
    if locked_until is not None and now < locked_until:
        return Locked(locked_until)
    return Open(ATTEMPTS_MAX - failures % ATTEMPTS_MAX)


def count_try(failures: int, locked_until: datetime | None, now: datetime) -> Counted | Locked:
    """Take one try. The last of a round locks before its outcome is known; a locked one is not counted."""
    match standing(failures, locked_until, now):
        case Locked() as locked:
            return locked
        case Open(attempts_left):
            wait = lock_after(failures + 1)
            return Counted(failures + 1, None if wait is None else now + wait, attempts_left - 1)


def lock_after(failures: int) -> timedelta | None:
    """How long the `failures`-th consecutive failure locks: nothing within a round, then ever longer."""
    rounds, within = divmod(failures, ATTEMPTS_MAX)
    return LOCKS[min(rounds, len(LOCKS)) - 1] if rounds and not within else None


def is_last_round(failures: int) -> bool:
    """Whether the tries left now are the last before the permanent lock: time to warn (RTS art. 4(4))."""
    return FAILURES_MAX - ATTEMPTS_MAX <= failures < FAILURES_MAX


def notice_of(failures: int, locked_until: datetime | None, now: datetime) -> Notice | None:
    """What there is to tell of a tally now: nothing within a round, nor of a lock that is over."""
    if failures >= FAILURES_MAX:
        return Notice.FOR_GOOD
    if is_last_round(failures):
        return Notice.LAST_ROUND
    return Notice.LOCKED if locked_until is not None and now < locked_until else None


def notice_due(
    failures: int, warned_failures: int, locked_until: datetime | None, now: datetime
) -> Notice | None:
    """The same, unless it was told already, when there were `warned_failures`."""
    at_the_lock = failures - failures % ATTEMPTS_MAX
    return notice_of(failures, locked_until, now) if warned_failures < at_the_lock else None
