"""Bearer tokens of the lender's staff: who may be believed, and the two ways it can fail."""

from __future__ import annotations

from typing import Protocol

from domain.staff import Staff

# Signatures only, and none with a shared secret. A key is for those of its kind alone.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
USUAL_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")


class BadToken(Exception):
    """The token is not to be believed. The words say why, and repeat nothing of it."""


class StaffTokensUnavailable(Exception):
    """The keys to check tokens with were never had, or are too old, and the provider does not answer."""


class StaffTokens(Protocol):
    """Tells who sent a token. Returns, or raises `BadToken` or `StaffTokensUnavailable`."""

    async def verify(self, token: str) -> Staff:
        """The member of staff the token was made for."""

    async def close(self) -> None:
        """Let go of what is held."""


class NoStaffTokens:
    """Nobody is staff here: production without a provider."""

    async def verify(self, token: str) -> Staff:
        """Refuse it."""
        raise BadToken("no provider of staff tokens is set")

    async def close(self) -> None:
        """Hold nothing."""
