"""Deprecated members: each says since when, until when it stays at least, and what to use instead.

The reason reads ``Since 2026-11-23, until 2027-05-23: use `Operation.category` `` and becomes part of the
printed schema. No clock is asked: a day that has come removes nothing, and fails no check.
"""

from __future__ import annotations

import re
from datetime import date

from graphql import DirectiveNode, StringValueNode, parse

from schema.coordinates import members

FORM = "Since YYYY-MM-DD, until YYYY-MM-DD: use …"
_REASON = re.compile(r"Since ([0-9]{4}-[0-9]{2}-[0-9]{2}), until ([0-9]{4}-[0-9]{2}-[0-9]{2}): use \S.*")


def undated(sdl: str) -> list[str]:
    """A sentence for each deprecated member that does not say all of it."""
    told = []
    for coordinate, member in members(parse(sdl)):
        for directive in member.directives or ():
            if directive.name.value == "deprecated" and not _is_dated(_reason(directive)):
                told.append(f"{coordinate} is deprecated, and its reason does not read `{FORM}`")
    return told


def _reason(directive: DirectiveNode) -> str:
    given = {argument.name.value: argument.value for argument in directive.arguments or ()}
    reason = given.get("reason")
    return reason.value if isinstance(reason, StringValueNode) else ""


def _is_dated(reason: str) -> bool:
    found = _REASON.fullmatch(reason)
    if found is None:
        return False
    try:
        since, until = map(date.fromisoformat, found.groups())
    except ValueError:
        return False
    return since < until
