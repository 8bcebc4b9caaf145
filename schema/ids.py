"""Ids as clients see them: opaque, strict, carrying the customer, so that any row is one keyed look-up."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import strawberry

from engine.errors import Refusal
from engine.planning import fields
from engine.planning.opaque import endings, opaque

NODE_ID = "Opaque id, unique over the whole schema and never changing"
NO_ROW = 0  # ids begin with the time, so no row has this one

_FORM = struct.Struct(">cQQ")
_HEAD = struct.Struct(">cQ")  # how it begins


class Kind(Enum):
    """What an id names. The letter is part of every id given out, so it never changes."""

    CUSTOMER = b"u"
    CONTRACT = b"c"
    CARD = b"k"
    INSTALMENT = b"i"
    STATEMENT = b"s"
    OPERATION = b"o"
    CONFIRMATION = b"f"
    SESSION = b"e"
    DEVICE = b"d"
    EVENT = b"l"


@dataclass(frozen=True)
class RowId:
    kind: Kind
    customer_id: int
    id: int


def encoded(kind: Kind, customer_id: int, row_id: int) -> strawberry.ID:
    """23 characters of URL-safe base64: kind, customer, row."""
    return strawberry.ID(opaque(_FORM.pack(kind.value, customer_id, row_id)))


def column(kind: Kind) -> Any:
    """The field `id` of a type whose rows are of a kind."""
    letter, pack = kind.value, _FORM.pack

    def encode(customer_id: int, row_id: int) -> str:
        return opaque(pack(letter, customer_id, row_id))

    if kind is Kind.CUSTOMER:
        return fields.column("id", read=lambda row_id: encode(row_id, row_id), description=NODE_ID)

    def encode_all(customer_id: int, row_ids: Sequence[int]) -> list[str]:
        beginning = opaque(_HEAD.pack(letter, customer_id))
        return [beginning + ending for ending in endings(row_ids)]

    return fields.column("customer_id", "id", read=encode, read_all=encode_all, description=NODE_ID)


def decoded(text: str, *kinds: Kind) -> RowId:
    """The row an id names. Any other text, or another kind than asked for, is refused."""
    try:
        packed = base64.b64decode(text.encode("ascii") + b"=", altchars=b"-_", validate=True)
        letter, customer_id, row_id = _FORM.unpack(packed)
        found = RowId(Kind(letter), customer_id, row_id)
    except (UnicodeEncodeError, binascii.Error, struct.error, ValueError):
        raise _malformed() from None
    if encoded(found.kind, customer_id, row_id) != text or max(customer_id, row_id) >= 1 << 63:
        raise _malformed()
    if kinds and found.kind not in kinds:
        expected = " or ".join(kind.name.lower() for kind in kinds)
        raise Refusal(f"This id names a {found.kind.name.lower()}, not a {expected}", "BAD_USER_INPUT")
    return found


def row_of(customer_id: int, text: str, *kinds: Kind) -> int:
    """The id of one of this customer's rows; another's row is not there for them, so it gives `NO_ROW`."""
    named = decoded(text, *kinds)
    return named.id if named.customer_id == customer_id else NO_ROW


def _malformed() -> Refusal:
    return Refusal("This is not an id given out by this server", "BAD_USER_INPUT")
