"""Secrets: digests of codes, keyed lookups, tokens and signatures. Nothing here can be turned back."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

import anyio
from anyio import to_thread
from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from argon2.low_level import Type, hash_secret, verify_secret

from domain.audit import SEAL
from gateways.peppers import Pepper, check_peppers

OWASP_MEMORY_KIB = 19_456
OWASP_PASSES = 2
LANES = 1
SALT_BYTES = 16
DIGEST_BYTES = 32
WAITING_MAX = 200
MAC_BYTES = 32


class VaultBusy(Exception):
    """Too many digests are waiting for their turn: answer "try again later"."""


class Seal:
    """Seals texts that are kept: with the newest pepper, whose id the seal begins with."""

    def __init__(self, peppers: Mapping[str, bytes], newest: str) -> None:
        self._peppers = peppers
        self._newest = newest

    def __call__(self, text: str) -> str:
        """The seal of a text: at most 77 characters, such as 2026a$9f86…."""
        return self._made(self._newest, text)

    def holds(self, text: str, seal: str) -> bool | None:
        """Whether the seal is the text's; None when its pepper was taken away, so that nobody can tell."""
        if not SEAL.fullmatch(seal):
            return False
        id, _, _ = seal.partition("$")
        return hmac.compare_digest(self._made(id, text), seal) if id in self._peppers else None

    def _made(self, id: str, text: str) -> str:
        return f"{id}${_mac(self._peppers[id], 'audit', text).hex()}"


class Vault:
    """The first pepper makes new digests and seals; all of them check old ones; the last one keys lookups.

    Lookups keep the last pepper so that adding a new one moves no stored key (a locked account stays
    locked). They change once, when the oldest pepper is taken away.
    """

    def __init__(
        self,
        peppers: Sequence[Pepper],
        *,
        memory_kib: int = OWASP_MEMORY_KIB,
        passes: int = OWASP_PASSES,
        threads_max: int = 2,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        if not peppers:
            raise ValueError("a vault needs a pepper")
        check_peppers(peppers)
        self._peppers = {pepper.id: pepper.secret for pepper in peppers}
        self._newest = peppers[0].id
        self._lookup_secret = peppers[-1].secret
        self.seal = Seal(self._peppers, self._newest)
        self._memory_kib = memory_kib
        self._passes = passes
        self._threads = anyio.CapacityLimiter(threads_max)
        self._waiting_max = waiting_max
        self.decoy = self._make(secrets.token_urlsafe(16))

    async def digest(self, code: str) -> str:
        """The digest to keep for a code: the pepper's id, then argon2id over an HMAC with that pepper."""
        self.refuse_a_crowd()
        return await to_thread.run_sync(self._make, code, limiter=self._threads)

    async def matches(self, code: str, digest: str) -> bool:
        """Whether the code made the digest. Takes as long for `decoy` and for a digest it cannot read."""
        self.refuse_a_crowd()
        return await to_thread.run_sync(self._check, code, digest, limiter=self._threads)

    def needs_rehash(self, digest: str) -> bool:
        """Whether a digest was made with an older pepper or other costs: replace it at the next sign-in."""
        id, _, encoded = digest.partition("$")
        if id != self._newest:
            return True
        try:
            now = extract_parameters(f"${encoded}")
        except InvalidHashError:
            return True
        return (now.type, now.memory_cost, now.time_cost, now.parallelism) != (
            Type.ID,
            self._memory_kib,
            self._passes,
            LANES,
        )

    def keyed(self, purpose: str, value: str) -> bytes:
        """The 32 bytes under which a value is looked up without being stored. Purposes never meet."""
        return _mac(self._lookup_secret, f"key/{purpose}", value)

    def sms_digest(self, confirmation_id: int | str, code: str) -> bytes:
        """The 32 bytes kept of a code sent by SMS or e-mail, worth nothing in another confirmation."""
        return _mac(self._lookup_secret, "sms", str(confirmation_id), code)

    @staticmethod
    def token() -> str:
        """A new secret for a cookie or a link: 43 characters, 256 bits."""
        return secrets.token_urlsafe(32)

    @staticmethod
    def token_digest(token: str) -> bytes:
        """What is stored of a token: 32 bytes."""
        return hashlib.sha256(_bytes(token)).digest()

    def sign(self, purpose: str, text: str, expires_at: datetime) -> str:
        """A token for a link that says `text`, readable by its holder, until then and for that purpose."""
        body = f"{self._newest}.{int(expires_at.timestamp())}.{text}"
        mac = _mac(self._peppers[self._newest], f"sign/{purpose}", body)
        return base64.urlsafe_b64encode(mac + _bytes(body)).rstrip(b"=").decode()

    def unsign(self, purpose: str, token: str, now: datetime) -> str | None:
        """The text of a token of `sign`, or None when it is foreign, changed or expired."""
        try:
            raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), b"-_", validate=True)
            body = raw[MAC_BYTES:].decode()
        except (ValueError, binascii.Error):
            return None
        id, _, rest = body.partition(".")
        mac = _mac(self._peppers.get(id, self._lookup_secret), f"sign/{purpose}", body)
        if id not in self._peppers or not hmac.compare_digest(mac, raw[:MAC_BYTES]):
            return None
        expires, _, text = rest.partition(".")
        return text if now.timestamp() < int(expires) else None

    def _make(self, code: str) -> str:
        encoded = hash_secret(
            self._peppered(self._newest, code),
            os.urandom(SALT_BYTES),
            time_cost=self._passes,
            memory_cost=self._memory_kib,
            parallelism=LANES,
            hash_len=DIGEST_BYTES,
            type=Type.ID,
        )
        return self._newest + encoded.decode()

    def _check(self, code: str, digest: str) -> bool:
        id, dollar, encoded = digest.partition("$")
        if id in self._peppers:
            try:
                return self._verify((dollar + encoded).encode(), self._peppered(id, code))
            except VerifyMismatchError:
                return False
            except (VerificationError, UnicodeEncodeError):
                pass
        self._check(code, self.decoy)
        return False

    def _verify(self, encoded: bytes, peppered: bytes) -> bool:
        return verify_secret(encoded, peppered, Type.ID)

    def _peppered(self, id: str, code: str) -> bytes:
        return _mac(self._peppers[id], "code", code)

    def refuse_a_crowd(self) -> None:
        """Raise `VaultBusy` while too many wait: whoever would come last is told so first."""
        if self._threads.statistics().tasks_waiting >= self._waiting_max:
            raise VaultBusy(f"{self._waiting_max} digests are waiting")


def _mac(secret: bytes, purpose: str, *values: str) -> bytes:
    # Each part is preceded by its length, so that ("1", "23") and ("12", "3") differ.
    parts = (_bytes(part) for part in (purpose, *values))
    return hmac.digest(secret, b"".join(len(part).to_bytes(4) + part for part in parts), "sha256")


def _bytes(text: str) -> bytes:
    # JSON can carry lone surrogates: they are a wrong code, not an error.
    return text.encode("utf-8", "surrogatepass")
