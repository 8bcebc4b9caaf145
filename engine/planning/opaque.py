"""Opaque texts for clients: packed bytes in URL-safe base64 without padding (RFC 4648, section 5)."""

from __future__ import annotations

from binascii import b2a_base64

_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def opaque(packed: bytes) -> str:
    """As `base64.urlsafe_b64encode` without its padding; it is made twice for each row of an answer."""
    return b2a_base64(packed, newline=False).translate(_URL_SAFE, b"=").decode()
