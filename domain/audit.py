"""The access log as a chain: what facts and ends of chains say when they are sealed, what is kept elsewhere.

Each fact is sealed together with the seal before it, and both ends of a chain are sealed too: without the key
nobody changes, inserts, reorders or leaves out anything unnoticed. Who puts a whole earlier state of the
tables back leaves seals that hold: that shows only against an `Anchor` kept where the tables are not.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SEAL = re.compile(r"[0-9A-Za-z]{1,12}\$[0-9a-f]{64}")
ANCHOR = re.compile(r"([0-9]{8}T[0-9]{6}Z)-([0-9a-f]{64})")
ANCHOR_FORM = "%Y%m%dT%H%M%SZ"


class AuditKind(StrEnum):
    """What can happen to a customer's access."""

    CODE_CHOSEN = "CODE_CHOSEN"
    SIGNED_IN = "SIGNED_IN"
    STEPPED_UP = "STEPPED_UP"
    SIGNED_OUT = "SIGNED_OUT"
    SESSION_CLOSED = "SESSION_CLOSED"
    DEVICE_TRUSTED = "DEVICE_TRUSTED"
    DEVICE_FORGOTTEN = "DEVICE_FORGOTTEN"
    ADDRESS_CHANGED = "ADDRESS_CHANGED"
    PHONE_CHANGE_REQUESTED = "PHONE_CHANGE_REQUESTED"
    PHONE_CHANGED = "PHONE_CHANGED"
    EMAIL_CHANGE_REQUESTED = "EMAIL_CHANGE_REQUESTED"
    EMAIL_CHANGED = "EMAIL_CHANGED"
    ACCESS_LOCKED = "ACCESS_LOCKED"
    ACCESS_UNLOCKED = "ACCESS_UNLOCKED"
    RECOVERY_REFUSED = "RECOVERY_REFUSED"


def fact_text(
    seal_before: str,
    *,
    customer_id: int,
    id: int,
    number: int | None,
    kind: str,
    at: datetime,
    session_id: int | None,
    label: str,
    details: Mapping[str, Any],
) -> str:
    """What the seal of a fact is made over: another text for every other fact, the same on both databases."""
    parts = [
        "fact",
        seal_before,
        customer_id,
        id,
        number,
        kind,
        _microseconds(at),
        session_id,
        label,
        details,
    ]
    return json.dumps(parts, sort_keys=True, separators=(",", ":"))


def head_text(
    *, customer_id: int, first_number: int, purged_seal: str, last_number: int, last_seal: str
) -> str:
    """What the seal of a chain's ends is made over."""
    parts = ["head", customer_id, first_number, purged_seal, last_number, last_seal]
    return json.dumps(parts, separators=(",", ":"))


def _microseconds(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def has_float(details: object) -> bool:
    """Whether a number in there might come back from a database written otherwise than it was sealed."""
    if isinstance(details, Mapping):
        return any(map(has_float, details.values()))
    if isinstance(details, list | tuple):
        return any(map(has_float, details))
    return isinstance(details, float)


@dataclass(frozen=True, slots=True)
class Anchor:
    """How far every chain had come at an instant, in one digest."""

    at: datetime
    digest: str

    def __str__(self) -> str:
        return f"{self.at.strftime(ANCHOR_FORM)}-{self.digest}"

    @classmethod
    def parse(cls, text: str) -> Anchor | None:
        """The anchor a text writes, None if it writes none."""
        found = ANCHOR.fullmatch(text.strip())
        try:
            at = found and datetime.strptime(found[1], ANCHOR_FORM).replace(tzinfo=UTC)
        except ValueError:
            return None
        return Anchor(at, found[2]) if found and at else None


class ChainsDigest:
    """Becomes an anchor: takes each customer's last fact of its instant, in the order of customers."""

    def __init__(self, at: datetime) -> None:
        self.at = at.astimezone(UTC).replace(microsecond=0)
        self._sha256 = hashlib.sha256()

    def add(self, customer_id: int, number: int, seal: str) -> None:
        """Take one customer's; one without a fact is left out."""
        if number:
            self._sha256.update(f"{customer_id} {number} {seal}\n".encode())

    def anchor(self) -> Anchor:
        return Anchor(self.at, self._sha256.hexdigest())
