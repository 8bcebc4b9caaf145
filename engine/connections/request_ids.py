"""Ids of requests: sixteen random hexadecimal digits, in the answer and in each of its lines in the log."""

from __future__ import annotations

import os
import secrets

DIGITS = 16
DRAWN_AT_ONCE = 256  # each draw asks the system

_drawn: list[str] = []


def new_request_id() -> str:
    """An id for a request."""
    try:
        return _drawn.pop()
    except IndexError:
        digits = secrets.token_hex(DRAWN_AT_ONCE * DIGITS // 2)
        _drawn.extend(digits[at : at + DIGITS] for at in range(0, len(digits), DIGITS))
        return _drawn.pop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drawn.clear)
