"""What a token must be to be believed (RFC 7519, 8725, 9068): one way for the provider's and for our own.

The token's header is a stranger's word until the signature is checked. Of it only the name of the key and
the algorithm are used, each to look something up in what we hold; keys and addresses in it are ignored.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import ClaimError, JoseError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from domain.staff import Staff, StaffScope
from gateways.staff_tokens import ALGORITHMS, BadToken

TOKEN_LENGTH_MAX = 8_192
HEADER_LENGTH_MAX = 4_096  # some carry a certificate
LEEWAY_SECONDS = 60
LIFE_MAX = timedelta(hours=24)  # a token cannot be taken back before it expires
COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
SUBJECT = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")  # OpenID Connect Core, section 2
ACCESS_TOKEN, ANY_TOKEN = "at+jwt", "jwt"
CHECKED = ("iss", "aud", "exp", "nbf", "iat", "sub")
# What only a token made for a client, to say who signed in there, carries (OpenID Connect Core).
OF_ID_TOKENS = frozenset({"nonce", "at_hash", "c_hash", "s_hash"})


class Algorithms(JWSRegistry):
    """The algorithms that are allowed, and none that a library recommends."""

    max_header_length = HEADER_LENGTH_MAX

    def __init__(self, allowed: Collection[str]) -> None:
        # RFC 7515, section 4: what a header says beyond what is understood is ignored, save under `crit`.
        super().__init__(algorithms=frozenset(allowed).intersection(ALGORITHMS), strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        """The algorithm of a name, without the library's warnings, which are about defaults."""
        if not self.allowed or name not in self.allowed:
            raise BadToken("its algorithm is not allowed")
        return self.algorithms[name]


@dataclass(frozen=True, slots=True)
class Named:
    """What a token's header says of how it is signed. Nobody vouches for it yet."""

    key_id: str
    algorithm: str
    type: str


class TokenRules:
    """Reads tokens of one issuer for one audience."""

    def __init__(
        self, *, issuer: str, audience: str, algorithms: Collection[str], clock: Callable[[], datetime]
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._algorithms = Algorithms(algorithms)
        self._clock = clock

    def named(self, token: str) -> Named:
        """The key and the algorithm that the token names, both ones that may be."""
        if len(token) > TOKEN_LENGTH_MAX:
            raise BadToken("it is too long")
        if not COMPACT.fullmatch(token):
            raise BadToken("it is no signed token")
        header = _object(token.partition(".")[0])
        id, algorithm, type = header.get("kid"), header.get("alg"), header.get("typ", ANY_TOKEN)
        if not isinstance(algorithm, str):
            raise BadToken("it names no algorithm")
        self._algorithms.get_alg(algorithm)
        if "crit" in header:
            raise BadToken("it wants something understood that is not")
        if not isinstance(id, str):
            raise BadToken("it names no key")
        kind = type.lower().removeprefix("application/") if isinstance(type, str) else ""
        if kind not in (ACCESS_TOKEN, ANY_TOKEN):
            raise BadToken("it is a token of another type")
        return Named(id, algorithm, kind)

    def staff(self, token: str, named: Named, key: Key) -> Staff:
        """Whom the token was made for, once its signature and every claim are right."""
        try:
            signed = jws.deserialize_compact(token, key, registry=self._algorithms)
        except (JoseError, ValueError, TypeError):
            raise BadToken("its signature is wrong") from None
        claims = _json(signed.payload)
        self._check(claims, named.type)
        expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
        return Staff(subject=claims["sub"], scopes=_scopes(claims), expires_at=expires_at)

    def _check(self, claims: dict[str, Any], type: str) -> None:
        now = int(self._clock().timestamp())
        registry = JWTClaimsRegistry(
            now=now,
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            registry.validate({name: claims[name] for name in CHECKED if name in claims})
        except ClaimError as error:
            raise BadToken(f"its claim {error.claim} is wrong or missing") from None
        if claims["exp"] > now + LIFE_MAX.total_seconds():
            raise BadToken("it lives too long")
        if not SUBJECT.fullmatch(claims["sub"]):
            raise BadToken("its claim sub is wrong or missing")
        if type != ACCESS_TOKEN:
            self._check_is_for_us_alone(claims)

    def _check_is_for_us_alone(self, claims: dict[str, Any]) -> None:
        """A token that does not say it is an access token may be one that tells a client who signed in."""
        if claims["aud"] not in (self._audience, [self._audience]) or not OF_ID_TOKENS.isdisjoint(claims):
            raise BadToken("it was made for a client")


def _scopes(claims: dict[str, Any]) -> frozenset[StaffScope]:
    """One string as in RFC 8693, section 4.2, or a list, as `scope` or `scp`. Unknown ones are not ours."""
    given = claims.get("scope", claims.get("scp", ""))
    named = given.split() if isinstance(given, str) else given
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise BadToken("its claim scope is wrong or missing")
    return frozenset(scope for scope in StaffScope if scope.value in named)


def _object(part: str) -> dict[str, Any]:
    try:
        return _json(base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True))
    except ValueError:
        raise BadToken("it is no signed token") from None


def _json(text: bytes) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):  # nested a thousand times
        raise BadToken("it is no signed token") from None
    if not isinstance(read, dict):
        raise BadToken("it is no signed token")
    return read
