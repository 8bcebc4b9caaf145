"""Keys of rows: time-ordered 63-bit integers made here, without a sequence in the database."""

from __future__ import annotations

import secrets
import threading
import time

EPOCH_MS = 1_577_836_800_000  # 2020-01-01T00:00:00Z
RANDOM_BITS = 21

_last = 0
_guard = threading.Lock()


def new_id() -> int:
    """A key larger than every earlier one of this process: 42 bits of milliseconds, then 21 random bits.

    Two processes may draw the same key in one millisecond with a chance of about one in two million; the
    primary keys of customer-owned rows also hold the customer, so such a meeting is harmless there, and the
    database refuses it elsewhere.
    """
    global _last
    drawn = ((time.time_ns() // 1_000_000 - EPOCH_MS) << RANDOM_BITS) | secrets.randbits(RANDOM_BITS)
    with _guard:
        _last = drawn if drawn > _last else _last + 1
        return _last
