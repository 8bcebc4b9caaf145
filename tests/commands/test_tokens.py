"""Staff tokens for developers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.staff import Staff, StaffScope
from gateways import open_staff_tokens
from gateways.settings import Settings
from gateways.vault import OWASP_MEMORY_KIB, OWASP_PASSES
from tests.commands.conftest import Type
from tests.journeys.portal import PRODUCTION


def believed(folder: Path, token: str) -> Staff:
    """Whom a server on the same data folder takes the token's bearer for."""
    return asyncio.run(open_staff_tokens(Settings(data_directory=folder)).verify(token))


def test_a_token_is_one_that_a_server_believes(type_: Type, tmp_path: Path) -> None:
    words = ("--scope", "analytics", "--scope", "unlock", "--subject", "anne", "--minutes", "5")
    result = type_("token", *words)

    assert (result.exit_code, result.stderr) == (0, "")
    staff = believed(tmp_path / "data", result.stdout.strip())
    assert staff.subject == "anne"
    assert staff.scopes == {StaffScope.ANALYTICS, StaffScope.UNLOCK}
    left = staff.expires_at - datetime.now(UTC)
    assert timedelta(minutes=3) < left <= timedelta(minutes=5)


def test_it_is_listed_among_the_commands(type_: Type) -> None:
    assert " token " in type_().stdout


def test_without_words_it_is_a_developer_who_may_nothing_for_an_hour(type_: Type, tmp_path: Path) -> None:
    staff = believed(tmp_path / "data", type_("token").stdout.strip())

    assert (staff.subject, staff.scopes) == ("developer", frozenset())
    assert timedelta(minutes=58) < staff.expires_at - datetime.now(UTC) <= timedelta(minutes=60)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--scope", "everything"), "'--scope'"),
        (("--minutes", "0"), "'--minutes'"),
        (("--minutes", "1441"), "'--minutes'"),
        (("--minutes", "long"), "'--minutes'"),
    ],
)
def test_words_it_does_not_know_are_named(type_: Type, words: tuple[str, ...], told: str) -> None:
    result = type_("token", *words)

    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


@pytest.mark.parametrize("subject", ["", " anne", "a\nb", "é", "a" * 256])
def test_a_subject_that_no_server_believes_is_refused(type_: Type, subject: str) -> None:
    result = type_("token", "--subject", subject)

    told = "A subject is 1 to 255 plain characters, without a space at either end.\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", told)


def test_production_signs_nothing(type_: Type, tmp_path: Path) -> None:
    strong = {"digest_memory_kib": OWASP_MEMORY_KIB, "digest_passes": OWASP_PASSES}
    result = type_("token", **PRODUCTION, **strong, database_url=f"sqlite://{tmp_path}/portal.sqlite3")

    told = "token works in development only: in production the provider of PORTAL_STAFF_ISSUER gives them.\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", told)
    assert list(tmp_path.iterdir()) == []


def test_beside_a_provider_nothing_is_signed(type_: Type, tmp_path: Path) -> None:
    result = type_("token", staff_issuer="http://127.0.0.1:9")

    told = "PORTAL_STAFF_ISSUER is set: its tokens are the ones that are believed.\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", told)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_key_is_named(type_: Type, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "development-staff-key.json").write_text("{}")
    result = type_("token")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "development-staff-key.json is damaged: delete it to have it made again" in result.stderr


def test_wrong_settings_are_told(type_: Type) -> None:
    result = type_("token", staff_algorithms="HS256")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("1 setting is wrong:\n  PORTAL_STAFF_ALGORITHMS must be some of RS256")
