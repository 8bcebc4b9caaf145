"""The public keys of a provider (RFC 7517), each for the algorithms it may verify and for no other.

A set is read leniently, as RFC 7517 wants it: a key of another kind, use or size is left out and spoils
nothing. What is left is strict: a key is found by its id and the token's algorithm together, or not at all.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

KEYS_MAX = 100
KID_LENGTH_MAX = 200
RSA_BITS_MIN = 2_048
RSA_BITS_MAX = 8_192  # a larger one takes long to check, which strangers can have done for nothing
RSA_EXPONENT_MIN = 65_537  # one verifies whatever is signed with it; three has a history
RSA_EXPONENT_MAX = 2**32
MEMBER_LENGTH_MAX = 1_400  # of a modulus of 8,192 bits

RSA_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
CURVES: Mapping[tuple[str, str], frozenset[str]] = {
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    # The same signature under its old and its new name (RFC 9864).
    ("OKP", "Ed25519"): frozenset({"EdDSA", "Ed25519"}),
}


class NoKeySet(ValueError):
    """What the provider sent is no key set."""


@dataclass(frozen=True, slots=True)
class TokenKey:
    """One public key."""

    id: str
    algorithms: frozenset[str]
    key: Key


class TokenKeys:
    """The keys of one set. A key listed twice is one key; two keys under one name are none."""

    def __init__(self, keys: list[TokenKey]) -> None:
        self._named: dict[tuple[str, str], dict[str, Key]] = defaultdict(dict)
        self._ids = frozenset(key.id for key in keys)
        for key in keys:
            for algorithm in key.algorithms:
                self._named[key.id, algorithm][key.key.thumbprint()] = key.key

    @classmethod
    def read(cls, document: object) -> TokenKeys:
        """The keys of a document of RFC 7517, section 5."""
        listed = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(listed, list) or len(listed) > KEYS_MAX:
            raise NoKeySet(f"no list of {KEYS_MAX} keys at most")
        return cls([key for key in map(_read, listed) if key is not None])

    def __contains__(self, id: str) -> bool:
        return id in self._ids

    def find(self, id: str, algorithm: str) -> Key | None:
        """The one key of this name that may verify this algorithm."""
        found = list(self._named.get((id, algorithm), {}).values())
        return found[0] if len(found) == 1 else None


def _read(jwk: object) -> TokenKey | None:
    if not isinstance(jwk, dict) or not _is_for_signatures(jwk):
        return None
    id, kind, curve = jwk.get("kid"), jwk.get("kty"), jwk.get("crv")
    algorithms = RSA_ALGORITHMS if kind == "RSA" else CURVES.get((str(kind), str(curve)), frozenset())
    if "alg" in jwk:
        algorithms &= {str(jwk["alg"])}
    if not algorithms or not isinstance(id, str) or not 0 < len(id) <= KID_LENGTH_MAX:
        return None
    try:
        key = _rsa(jwk) if kind == "RSA" else _on_curve(jwk)
    except (JoseError, ValueError):
        return None
    return TokenKey(id, algorithms, key)


def _is_for_signatures(jwk: Mapping[str, Any]) -> bool:
    """Whether it is public, and made to verify. A private key in a public place is everybody's."""
    operations = jwk.get("key_ops", ["verify"])
    may_verify = isinstance(operations, list) and "verify" in operations
    return "d" not in jwk and jwk.get("use", "sig") == "sig" and may_verify


def _rsa(jwk: Mapping[str, Any]) -> Key:
    modulus, exponent = _members(jwk, "n", "e")
    bits, power = _number(modulus).bit_length(), _number(exponent)
    if not RSA_BITS_MIN <= bits <= RSA_BITS_MAX or not RSA_EXPONENT_MIN <= power <= RSA_EXPONENT_MAX:
        raise ValueError("a key of this size is not used")
    return RSAKey.import_key({"kty": "RSA", "n": modulus, "e": exponent})


def _on_curve(jwk: Mapping[str, Any]) -> Key:
    if jwk["kty"] == "OKP":
        (x,) = _members(jwk, "x")
        return OKPKey.import_key({"kty": "OKP", "crv": jwk["crv"], "x": x})
    x, y = _members(jwk, "x", "y")
    return ECKey.import_key({"kty": "EC", "crv": jwk["crv"], "x": x, "y": y})


def _members(jwk: Mapping[str, Any], *names: str) -> list[str]:
    found = [jwk.get(name) for name in names]
    if not all(isinstance(value, str) and 0 < len(value) <= MEMBER_LENGTH_MAX for value in found):
        raise ValueError("a member is missing or too long")
    return [str(value) for value in found]


def _number(text: str) -> int:
    return int.from_bytes(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True), "big")
