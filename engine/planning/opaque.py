"""Opaque texts for clients: packed bytes in URL-safe base64 without padding (RFC 4648, section 5).

Those of rows have 17 bytes: nine that say what the text is, and the eight of the row's id. Nine bytes are
twelve characters of their own, so the texts of many rows are a beginning and one of many endings, which are
made together.
"""

from __future__ import annotations

import struct
from binascii import b2a_base64
from collections.abc import Sequence
from functools import lru_cache

_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def opaque(packed: bytes) -> str:
    """As `base64.urlsafe_b64encode` without its padding; it is made twice for each row of an answer."""
    return b2a_base64(packed, newline=False).translate(_URL_SAFE, b"=").decode()


def endings(ids: Sequence[int]) -> list[str]:
    """The last eleven characters of the texts of rows, by their ids: eight bytes, and one that is cut off."""
    packed = _ids(len(ids)).pack(*ids)
    text = b2a_base64(packed, newline=False).translate(_URL_SAFE).decode()
    return [text[at : at + 11] for at in range(0, 12 * len(ids), 12)]


@lru_cache(maxsize=256)
def _ids(count: int) -> struct.Struct:
    return struct.Struct(">" + "Qx" * count)
