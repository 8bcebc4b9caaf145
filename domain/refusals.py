"""What may stand in a customer's way: refusals are values, each named by the fact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class NotSignedIn:
    """The act needs a signed-in customer."""


@dataclass(frozen=True)
class InvalidField:
    """One value given is not acceptable, and by which rule."""

    field: str
    rule: str


@dataclass(frozen=True)
class InvalidInput:
    """All the values that are not acceptable, so that a form shows them at once."""

    fields: tuple[InvalidField, ...]


@dataclass(frozen=True)
class Throttled:
    """Too many tries: come back later."""

    retry_after_seconds: int


@dataclass(frozen=True)
class WrongCode:
    """A code sent by SMS or e-mail is wrong."""

    attempts_left: int


@dataclass(frozen=True)
class AccountLocked:
    """Too many wrong codes in a row (RTS 2018/389 art. 4(3)(b)); `until` None: until a new code is chosen."""

    until: datetime | None


@dataclass(frozen=True)
class FlowOver:
    """The flow is unknown, expired, used, or not at this step: begin again."""


@dataclass(frozen=True)
class ConfirmationOver:
    """The confirmation is unknown, expired, used or out of tries: ask for another."""


@dataclass(frozen=True)
class VersionConflict:
    """Someone changed it in between: read it again."""

    current_version: int


@dataclass(frozen=True)
class TemporarilyUnavailable:
    """A neighbour this act depends on does not answer. Nothing was changed."""

    retry_after_seconds: int


@dataclass(frozen=True)
class NoPhone:
    """The next step is a code by SMS, and no number on file takes one: an adviser must be called."""
