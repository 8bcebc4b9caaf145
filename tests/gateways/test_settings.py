from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from gateways.mistakes import SettingsMistakes
from gateways.peppers import Pepper
from gateways.settings import Settings, secret_fields, settings_table

SECRET = "s3cr3t-" * 5
PRODUCTION = {
    "PORTAL_ENV": "production",
    "PORTAL_DATABASE_URL": f"postgresql://portal:{SECRET}@db:5432/portal",
    "PORTAL_PEPPERS": f"2026a:{SECRET}",
    "PORTAL_PUBLIC_URL": "https://www.example.com/",
    "PORTAL_SMS_URL": f"jsons://user:{SECRET}@sms.example.com/{{to}}",
    "PORTAL_EMAIL_URL": f"mailtos://user:{SECRET}@smtp.example.com?to={{to}}",
}


def mistakes(environ: dict[str, str]) -> dict[str, str]:
    with pytest.raises(SettingsMistakes) as caught:
        Settings.read(environ)
    assert SECRET not in str(caught.value)
    return {mistake.name: mistake.words for mistake in caught.value.mistakes}


def test_development_needs_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.read({"PATH": "/bin", "PORTALS": "x"})

    assert (settings.env, settings.is_production) == ("development", False)
    assert settings.database_url == f"sqlite://{tmp_path}/data/portal.sqlite3"
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.origins == {"http://127.0.0.1:8000"}
    assert settings.redis_url is None


def test_production_starts_with_what_it_requires() -> None:
    settings = Settings.read(PRODUCTION)

    assert settings.is_production
    assert settings.peppers == (Pepper("2026a", SECRET.encode()),)
    assert settings.origins == {"https://www.example.com"}


def test_every_kind_of_value_is_read() -> None:
    settings = Settings.read({
        "PORTAL_PORT": " 8080 ",
        "portal_host": "::1",
        "PORTAL_DATA_DIRECTORY": "/srv/portal",
        "PORTAL_CHECK_LUHN": "yes",
        "PORTAL_ALLOWED_ORIGINS": "https://a.example.com, http://localhost:3000,",
        "PORTAL_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8, ::1",
        "PORTAL_PEPPERS": f"b:{SECRET}2,a:{SECRET}1",
        "PORTAL_REDIS_URL": "redis://cache:6379/1",
        "PORTAL_STAFF_ISSUER": "https://login.example.com/realms/staff/",
        "PORTAL_STAFF_ALGORITHMS": "ES256, RS256",
        "PORTAL_LOG_LEVEL": "",
    })  # fmt: skip

    assert (settings.port, settings.host, settings.check_luhn) == (8080, "::1", True)
    assert settings.database_url == "sqlite:///srv/portal/portal.sqlite3"
    assert settings.public_url == "http://[::1]:8080"
    assert settings.allowed_origins == ("https://a.example.com", "http://localhost:3000")
    assert settings.trusted_proxies == tuple(map(ip_network, ("127.0.0.1", "10.0.0.0/8", "::1")))
    assert [pepper.id for pepper in settings.peppers] == ["b", "a"]
    assert settings.staff_issuer == "https://login.example.com/realms/staff/"
    assert settings.staff_algorithms == ("ES256", "RS256")
    assert settings.log_level == "info"


@pytest.mark.parametrize(
    "url",
    ["sqlite://:memory:", "sqlite:///srv/portal.sqlite3", "postgres://db/portal", "postgresql:///portal"],
)
def test_every_way_to_write_a_database_is_taken_as_it_is(url: str) -> None:
    assert Settings(database_url=url).database_url == url


def test_by_hand_looks_at_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_PORT", "9999")

    assert Settings().port == 8000
    assert Settings(port=0).port == 0


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1


def test_all_mistakes_come_in_one_message() -> None:
    with pytest.raises(SettingsMistakes) as caught:
        Settings.read({
            "PORTAL_ENV": "production",
            "PORTAL_DATABSE_URL": f"postgresql://portal:{SECRET}@db/portal",
            "PORTAL_PEPPERS": f"2026a:{SECRET[:31]}",
            "PORTAL_PORT": "http",
            "PORTAL_WORKERS": "4",
            "PORTAL_TRUSTED_PROXIES": "10.0.0.1/8",
            "PORTAL_PUBLIC_URL": "http://www.example.com",
        })  # fmt: skip

    assert str(caught.value).splitlines() == [
        "9 settings are wrong:",
        "  PORTAL_DATABASE_URL is required in production: "
        "an address such as postgresql://user:password@host/portal",
        "  PORTAL_DATABSE_URL is unknown: did you mean PORTAL_DATABASE_URL?",
        "  PORTAL_EMAIL_URL is required in production: the Apprise URL of the e-mail service",
        "  PORTAL_PEPPERS needs 32 characters or more after the colon of pepper 1",
        "  PORTAL_PORT must be a whole number, not 'http'",
        "  PORTAL_PUBLIC_URL must be https in production",
        "  PORTAL_REDIS_URL is required in production with more than one worker: "
        "each would count tries for itself",
        "  PORTAL_SMS_URL is required in production: the Apprise URL of the SMS service",
        "  PORTAL_TRUSTED_PROXIES must be addresses or networks such as 127.0.0.1 or 10.0.0.0/8, "
        "parted by commas, not '10.0.0.1/8'",
    ]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORTAL_ENV", "prod", "must be 'development' or 'production', not 'prod'"),
        ("PORTAL_PORT", "65536", "must be at most 65535, not '65536'"),
        ("PORTAL_PORT", "80.5", "must be a whole number, not '80.5'"),
        ("PORTAL_PORT", "9" * 5_000, "is too large a number"),
        ("PORTAL_CHECK_LUHN", "maybe", "must be true or false, not 'maybe'"),
        ("PORTAL_LOG_LEVEL", "loud", "must be 'debug', 'info', 'warning' or 'error', not 'loud'"),
        ("PORTAL_SESSION_IDLE_SECONDS", "301", "must be at most 300, not '301'"),
        ("PORTAL_CONNECTIONS_MAX", "9", "must be at least 10, not '9'"),
        ("PORTAL_HEADER_SECONDS_MAX", "61", "must be at most 60, not '61'"),
        ("PORTAL_DATA_DIRECTORY", "a?b", "must not contain ? or #, not 'a?b'"),
        ("PORTAL_PUBLIC_URL", "www.example.com", "must be an address that begins with https:// or http://"),
        ("PORTAL_ALLOWED_ORIGINS", "https://a.fr/x", "must be origins such as https://www.example.com"),
        ("PORTAL_ALLOWED_ORIGINS", "*", "must be an address that begins with https:// or http://"),
        ("PORTAL_DATABASE_URL", "mysql://db/portal", "must be an address that begins with sqlite:// or"),
        ("PORTAL_DATABASE_URL", "postgresql://", "must be an address that begins with sqlite:// or"),
        ("PORTAL_DATABASE_URL", "postgresql://db:port/x", "must be an address that begins with sqlite:// or"),
        ("PORTAL_REDIS_URL", "localhost:6379", "must be an address that begins with redis:// or"),
        ("PORTAL_SMS_URL", "json://host/", "must be an Apprise URL with {to} where the recipient goes"),
        ("PORTAL_PEPPERS", SECRET, "needs an id, a colon and a secret in pepper 1, as in 2026a:secret"),
        ("PORTAL_STAFF_ISSUER", "login.example.com", "must be an address that begins with https:// or"),
        ("PORTAL_STAFF_ISSUER", "https://a.fr/?x=1", "must be an issuer such as https://login.example.com/"),
        ("PORTAL_STAFF_ISSUER", "https://u:p@a.fr", "must be an issuer such as https://login.example.com/"),
        ("PORTAL_STAFF_ALGORITHMS", "HS256", "must be some of RS256, RS384, RS512, PS256, PS384, PS512, ES"),
        ("PORTAL_STAFF_ALGORITHMS", "RS256,none", "must be some of RS256, RS384, RS512, PS256, PS384, PS5"),
        ("PORTAL_STAFF_ALGORITHMS", ",", "must be some of RS256, RS384, RS512, PS256, PS384, PS512, ES256"),
        ("PORTAL_SMS_CODE", "x", "is unknown: did you mean PORTAL_SMS_URL?"),
        ("PORTAL_ZZZZZZ", "x", "is unknown"),
    ],
)
def test_a_mistake_is_told_in_plain_words(name: str, value: str, words: str) -> None:
    assert mistakes({name: value})[name].startswith(words)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"PORTAL_ALLOWED_ORIGINS": "http://www.example.com"}, "PORTAL_ALLOWED_ORIGINS"),
        ({"PORTAL_DIGEST_MEMORY_KIB": "19455"}, "PORTAL_DIGEST_MEMORY_KIB"),
        ({"PORTAL_DIGEST_PASSES": "1"}, "PORTAL_DIGEST_PASSES"),
        ({"PORTAL_WORKERS": "2"}, "PORTAL_REDIS_URL"),
        ({"PORTAL_PEPPERS": ""}, "PORTAL_PEPPERS"),
        ({"PORTAL_STAFF_ISSUER": "http://login.example.com"}, "PORTAL_STAFF_ISSUER"),
        ({"PORTAL_FREE_DOCUMENTS": "everyone"}, "PORTAL_FREE_DOCUMENTS"),
    ],
)
def test_production_refuses_what_development_allows(changes: dict[str, str], name: str) -> None:
    assert list(mistakes(PRODUCTION | changes)) == [name]
    assert Settings.read(changes).env == "development"


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"PORTAL_SMS_URL": "json://host/{to}"}, "PORTAL_EMAIL_URL"),
        ({"PORTAL_EMAIL_URL": "json://host/{to}"}, "PORTAL_SMS_URL"),
        ({"PORTAL_DELIVERIES_HOLD_SECONDS": "200"}, "PORTAL_DELIVERIES_HOLD_SECONDS"),
        ({"PORTAL_DELIVERIES_RETRY_SECONDS_MAX": "9"}, "PORTAL_DELIVERIES_RETRY_SECONDS_MAX"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(environ: dict[str, str], name: str) -> None:
    assert list(mistakes(environ)) == [name]


def test_by_hand_the_same_rules_hold_and_no_secret_is_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(env="production", database_url=f"mysql://{SECRET}", sms_url=f"json://{SECRET}")

    assert SECRET not in str(caught.value)


def test_settings_of_tests_are_not_ours() -> None:
    assert Settings.read({"PORTAL_TEST_REDIS_URL": "redis://x"}).redis_url is None


def test_printed_settings_hold_no_secret() -> None:
    settings = Settings.read({**PRODUCTION, "PORTAL_REDIS_URL": f"redis://:{SECRET}@cache"})

    assert SECRET not in repr(settings) + str(settings)
    assert secret_fields() == {"database_url", "redis_url", "peppers", "sms_url", "email_url"}


def test_the_table_tells_every_setting() -> None:
    table = settings_table()

    assert [name for name, _, _ in table] == [f"PORTAL_{field.upper()}" for field in Settings.model_fields]
    assert all(description and "|" not in description for _, _, description in table)
    assert ("PORTAL_CHECK_LUHN", "false", "Refuse 17-digit numbers that fail the Luhn check") in table
    assert {default for name, default, _ in table if re.search("URL|PEPPERS", name)} == {""}


def test_who_may_send_any_document_follows_the_environment() -> None:
    assert Settings.read({}).free_documents == "everyone"
    assert Settings.read(PRODUCTION).free_documents == "staff"
    assert Settings.read({**PRODUCTION, "PORTAL_FREE_DOCUMENTS": "nobody"}).free_documents == "nobody"
    given = Settings.read({"PORTAL_TRUSTED_DOCUMENTS": "/etc/app.json, web.json"})
    assert given.trusted_documents == (Path("/etc/app.json"), Path("web.json").absolute())
