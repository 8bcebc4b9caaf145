"""Development signs its own staff tokens, and reads them as it would read a provider's."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from domain.staff import Staff, StaffScope
from gateways.local_staff_tokens import ISSUER, KEY_FILE, LocalStaffTokens, kept_key
from gateways.peppers import Damaged
from gateways.staff_tokens import BadToken
from tests.conftest import NOON, Clock
from tests.gateways.provider import key, signed

HOUR = timedelta(hours=1)
CLAIMS = {"iss": ISSUER, "aud": "portal", "sub": "dev", "exp": int(NOON.timestamp()) + 60, "scope": "unlock"}


@pytest.fixture
def tokens(tmp_path: Path, clock: Clock) -> LocalStaffTokens:
    return LocalStaffTokens(tmp_path / "data", audience="portal", clock=clock)


async def refused(tokens: LocalStaffTokens, token: str) -> str:
    with pytest.raises(BadToken) as caught:
        await tokens.verify(token)
    return str(caught.value)


async def test_what_was_signed_is_believed_until_it_expires(tokens: LocalStaffTokens, clock: Clock) -> None:
    token = tokens.signed("dev", [StaffScope.UNLOCK, StaffScope.ANALYTICS], HOUR)

    staff = Staff("dev", frozenset({StaffScope.UNLOCK, StaffScope.ANALYTICS}), NOON + HOUR)
    assert await tokens.verify(token) == staff
    clock.now += HOUR + timedelta(seconds=59)
    assert await tokens.verify(token) == staff
    clock.now += timedelta(seconds=1)
    assert await refused(tokens, token) == "its claim exp is wrong or missing"


async def test_a_token_without_a_scope_may_nothing(tokens: LocalStaffTokens) -> None:
    assert (await tokens.verify(tokens.signed("dev", [], HOUR))).scopes == frozenset()


async def test_tokens_survive_a_restart_and_are_worth_nothing_elsewhere(
    tokens: LocalStaffTokens, tmp_path: Path, clock: Clock
) -> None:
    token = tokens.signed("dev", [], HOUR)

    again = LocalStaffTokens(tmp_path / "data", audience="portal", clock=clock)
    assert (await again.verify(token)).subject == "dev"
    elsewhere = LocalStaffTokens(tmp_path / "other", audience="portal", clock=clock)
    assert await refused(elsewhere, token) == "its key is unknown, or is not for its algorithm"
    for_others = LocalStaffTokens(tmp_path / "data", audience="other", clock=clock)
    assert await refused(for_others, token) == "its claim aud is wrong or missing"


async def test_another_key_under_the_same_name_is_not_believed(
    tokens: LocalStaffTokens, tmp_path: Path
) -> None:
    kid = kept_key(tmp_path / "data").kid
    header = {"alg": "ES256", "kid": kid}

    assert (await tokens.verify(signed(header, CLAIMS, kept_key(tmp_path / "data")))).subject == "dev"
    assert await refused(tokens, signed(header, CLAIMS, key("ES256"))) == "its signature is wrong"
    rsa = signed({"alg": "RS256", "kid": kid}, CLAIMS, key("RS256"))
    assert await refused(tokens, rsa) == "its algorithm is not allowed"


async def test_nothing_is_made_before_a_token_comes(tokens: LocalStaffTokens, tmp_path: Path) -> None:
    assert list(tmp_path.iterdir()) == []

    await refused(tokens, "no token")
    assert list(tmp_path.iterdir()) == []


def test_the_key_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    first = kept_key(folder)

    assert kept_key(folder) == first
    assert kept_key(tmp_path / "other") != first
    assert (folder / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = {str(found.kid) for found in pool.map(lambda _: kept_key(tmp_path), range(64))}

    assert len(made) == 1


_PUBLIC = json.dumps(key("ES256").as_dict(private=False))
_OTHER_KIND = json.dumps(key("RS256").as_dict(private=True))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", "{}", '{"kty": "EC"}', _PUBLIC, _OTHER_KIND])
def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / KEY_FILE).write_text(text)

    with pytest.raises(Damaged, match=f"{KEY_FILE} is damaged: delete it"):
        kept_key(tmp_path)

    assert (tmp_path / KEY_FILE).read_text() == text
