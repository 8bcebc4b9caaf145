"""How a browser is called in the list of a customer's devices: "Firefox, Windows"."""

from __future__ import annotations

import re

USER_AGENT_LENGTH_MAX = 400
# An app may call itself anything: neither numbers nor addresses of a stranger get into letters to a customer.
NAME = re.compile(r"[A-Za-z]+(?: [A-Za-z]+){0,3}")
NAME_LENGTH_MAX = 30


def label(user_agent: str) -> str:
    """Browser and system of a `User-Agent` (RFC 9110, 10.1.5); empty when neither is known."""
    # Its tables take a tenth of a second to build: whoever never signs in does not wait for them.
    from ua_parser import parse

    found = parse(user_agent[:USER_AGENT_LENGTH_MAX])
    names = [part.family for part in (found.user_agent, found.os) if part is not None]
    return ", ".join(name for name in names if len(name) <= NAME_LENGTH_MAX and NAME.fullmatch(name))
