"""Staff tokens of an OpenID Connect provider, checked with the keys it publishes.

The keys are kept and fetched anew in the background, so that a provider that is down is not missed for a day.
A token that names an unknown key has them fetched at once, as after a rotation, but not at every stranger's
will. Nothing is fetched from an address that a token names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import structlog

from domain.staff import Staff
from gateways.staff_tokens import BadToken, StaffTokensUnavailable
from gateways.token_keys import TokenKeys
from gateways.token_rules import TokenRules

_log = structlog.get_logger("staff-tokens")

DISCOVERY = "/.well-known/openid-configuration"
KEYS_FRESH = timedelta(minutes=10)
KEYS_LIFE = timedelta(hours=24)  # without a word from the provider
UNKNOWN_KEY_PAUSE = timedelta(seconds=30)
FAILURE_PAUSE = timedelta(seconds=5)
FETCH_SECONDS_MAX = 5.0
BYTES_MAX = 500_000


class NoAnswer(Exception):
    """The provider did not answer, or not as a provider answers. The words repeat nothing it said."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The keys, and when the provider gave them."""

    keys: TokenKeys
    fetched_at: datetime


class ProviderStaffTokens:
    """Tokens of one issuer. Its keys are fetched when they are first needed, never at start."""

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        algorithms: Collection[str],
        clock: Callable[[], datetime],
        fetch_seconds_max: float = FETCH_SECONDS_MAX,
    ) -> None:
        self._issuer = issuer
        self._clock = clock
        self._rules = TokenRules(issuer=issuer, audience=audience, algorithms=algorithms, clock=clock)
        self._seconds_max = fetch_seconds_max
        self._is_safe = urlsplit(issuer).scheme == "https"
        # Certificates take a while to load. No redirect is followed.
        self._http = httpx.AsyncClient(timeout=fetch_seconds_max, verify=self._is_safe)
        self._kept: Kept | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._failed_at: datetime | None = None
        self._searched_at: datetime | None = None

    async def verify(self, token: str) -> Staff:
        """Who the provider says it is. Strangers' tokens cost one search for new keys in half a minute."""
        named, before = self._rules.named(token), self._kept
        keys = await self._keys()
        if named.key_id not in keys and self._kept is before and self._may_search():
            keys = await self._searched(keys)
        key = keys.find(named.key_id, named.algorithm)
        if key is None:
            raise BadToken("its key is unknown, or is not for its algorithm")
        return self._rules.staff(token, named, key)

    async def close(self) -> None:
        """Stop what is being fetched, and close the connections."""
        if self._fetching is not None:
            self._fetching.cancel()
            with suppress(asyncio.CancelledError):
                await self._fetching
        await self._http.aclose()

    async def _keys(self) -> TokenKeys:
        """The keys kept. Old ones are used once more while new ones are fetched; too old ones never."""
        kept = self._kept
        if kept is None or self._clock() - kept.fetched_at >= KEYS_LIFE:
            if self._fetching is not None or self._is_over(self._failed_at, FAILURE_PAUSE):
                await self._fetch()
            if self._kept is kept or self._kept is None:
                raise StaffTokensUnavailable
            return self._kept.keys
        if self._is_over(kept.fetched_at, KEYS_FRESH) and self._is_over(self._failed_at, FAILURE_PAUSE):
            self._begin_to_fetch()
        return kept.keys

    def _may_search(self) -> bool:
        return self._is_over(self._searched_at, UNKNOWN_KEY_PAUSE)

    async def _searched(self, keys: TokenKeys) -> TokenKeys:
        """The keys of this moment, for a token that names one that was not there."""
        if self._fetching is None:
            self._searched_at = self._clock()
        await self._fetch()
        return keys if self._kept is None else self._kept.keys

    async def _fetch(self) -> None:
        """Fetch the keys, or wait for whoever fetches them already. A request that ends stops nothing."""
        await asyncio.shield(self._begin_to_fetch())

    def _begin_to_fetch(self) -> asyncio.Task[None]:
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._refresh())
        return self._fetching

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(self._seconds_max):
                self._kept = Kept(await self._published(), self._clock())
            self._failed_at = None
        except (NoAnswer, ValueError, httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            self._failed_at = self._clock()
            _log.warning("keys of staff tokens not fetched", reason=type(error).__name__)
        finally:
            self._fetching = None

    async def _published(self) -> TokenKeys:
        """The key set to which the issuer's own document leads (OpenID Connect Discovery, section 4)."""
        found = await self._read(self._issuer.removesuffix("/") + DISCOVERY)
        if found.get("issuer") != self._issuer:
            raise NoAnswer("the document is of another issuer")
        address = found.get("jwks_uri")
        if not isinstance(address, str) or not self._may_hold_keys(address):
            raise NoAnswer("the keys are not at an address as safe as the issuer's")
        return TokenKeys.read(await self._read(address))

    def _may_hold_keys(self, address: str) -> bool:
        """Whether an address is as safe as the issuer's: nobody on the way may put in other keys."""
        scheme = urlsplit(address).scheme
        return scheme == "https" or (scheme == "http" and not self._is_safe)

    async def _read(self, url: str) -> dict[str, Any]:
        # Not compressed: a small answer could become one that fills the memory.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        async with self._http.stream("GET", url, headers=headers) as answer:
            if answer.status_code != httpx.codes.OK or "Content-Encoding" in answer.headers:
                raise NoAnswer("not answered, or not plainly")
            body = bytearray()
            async for part in answer.aiter_raw():
                body += part
                if len(body) > BYTES_MAX:
                    raise NoAnswer("answered too much")
        try:
            read = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise NoAnswer("answered no JSON") from None
        if not isinstance(read, dict):
            raise NoAnswer("answered no object")
        return read

    def _is_over(self, since: datetime | None, pause: timedelta) -> bool:
        """Whether a pause has passed. A clock that was put back must not make one endless."""
        return since is None or not timedelta() <= self._clock() - since < pause
