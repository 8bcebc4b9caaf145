"""Staff tokens of a developer's machine: signed with a key made once, read like any other."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from domain.staff import Staff, StaffScope
from gateways.peppers import Damaged, write_once
from gateways.staff_tokens import BadToken

if TYPE_CHECKING:
    from joserfc.jwk import ECKey

    from gateways.token_keys import TokenKeys
    from gateways.token_rules import TokenRules

KEY_FILE = "development-staff-key.json"
ISSUER = "urn:portal:development"
ALGORITHM = "ES256"


class LocalStaffTokens:
    """Signs tokens and believes its own. Key and libraries are loaded when a token is first seen."""

    def __init__(self, folder: Path, *, audience: str, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._audience = audience
        self._clock = clock

    async def verify(self, token: str) -> Staff:
        """Who it says it is."""
        named = self._rules.named(token)
        key = self._keys.find(named.key_id, named.algorithm)
        if key is None:
            raise BadToken("its key is unknown, or is not for its algorithm")
        return self._rules.staff(token, named, key)

    async def close(self) -> None:
        """Hold nothing."""

    def signed(self, subject: str, scopes: Collection[StaffScope], life: timedelta) -> str:
        """A token for these scopes, until then."""
        from joserfc import jwt

        now = int(self._clock().timestamp())
        claims = {
            "iss": ISSUER,
            "aud": self._audience,
            "sub": subject,
            "iat": now,
            "exp": now + int(life.total_seconds()),
            "scope": " ".join(sorted(scopes)),
        }
        header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])

    @cached_property
    def _key(self) -> ECKey:
        return kept_key(self._folder)

    @cached_property
    def _keys(self) -> TokenKeys:
        from gateways.token_keys import TokenKeys

        return TokenKeys.read({"keys": [self._key.as_dict(private=False)]})

    @cached_property
    def _rules(self) -> TokenRules:
        from gateways.token_rules import TokenRules

        return TokenRules(issuer=ISSUER, audience=self._audience, algorithms=[ALGORITHM], clock=self._clock)


def kept_key(folder: Path) -> ECKey:
    """The signing key of a developer's machine, made once, so that tokens survive a restart."""
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey

    path = folder / KEY_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = ECKey.generate_key("P-256", auto_kid=True)
        write_once(path, json.dumps(made.as_dict(private=True)))
    try:
        key = ECKey.import_key(json.loads(path.read_text()))
        if not key.is_private or key.curve_name != "P-256" or not key.kid:
            raise ValueError("not the key that was made")
    except (JoseError, ValueError, KeyError, TypeError) as error:
        advice = "delete it to have it made again (the tokens signed with it are then lost)"
        raise Damaged(f"{path} is damaged: {advice}") from error
    return key
