"""What each command says and how it ends, for good and for bad input."""

from __future__ import annotations

import shutil
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from commands.samples import demo_login
from feed.sample.demo import DEMO_NUMBER
from gateways.vault import OWASP_MEMORY_KIB, OWASP_PASSES
from tests.commands.conftest import Type
from tests.journeys.portal import PRODUCTION

REFUSED = "postgres://postgres@127.0.0.1:9/portal"  # the discard port, where nobody listens
NO_ANSWER = "Database: no answer at the address of PORTAL_DATABASE_URL (connection refused)\n"
STRONG = {"digest_memory_kib": OWASP_MEMORY_KIB, "digest_passes": OWASP_PASSES}
LACKING = (
    "The database lacks 0001_first_tables, 0002_access_machine, 0003_news: run `portal migrate` first.\n"
)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("serve", "--nope"), "No such option: --nope"),
        (("serve", "--port", "many"), "'--port'"),
        (("nope",), "No such command 'nope'"),
        (("load",), "Missing argument 'directory'"),
        (("sign-in", "1", "2"), "unexpected extra argument"),
    ],
)
def test_words_it_does_not_know_are_named(type_: Type, words: tuple[str, ...], told: str) -> None:
    result = type_(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


def test_without_a_command_it_lists_them(type_: Type) -> None:
    listed = type_().stdout
    for command in ("serve", "migrate", "sample", "load", "sign-in", "sdl"):
        assert f" {command} " in listed


@pytest.mark.parametrize("command", ["serve", "migrate", "sample", "load", "sign-in"])
def test_wrong_settings_are_all_told_before_anything_is_done(
    type_: Type, command: str, tmp_path: Path
) -> None:
    words = (command, "feed") if command == "load" else (command,)
    result = type_(*words, port="many", workers=0, databse_url="x")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "3 settings are wrong:\n"
        "  PORTAL_DATABSE_URL is unknown: did you mean PORTAL_DATABASE_URL?\n"
        "  PORTAL_PORT must be a whole number, not 'many'\n"
        "  PORTAL_WORKERS must be at least 1, not '0'\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["serve", "migrate", "sample"])
def test_a_database_that_is_down_is_a_sentence(type_: Type, command: str) -> None:
    result = type_(command, database_url=REFUSED, port=0)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", NO_ANSWER)


def test_a_file_that_is_no_database_is_a_sentence_and_stays_as_it_is(type_: Type, tmp_path: Path) -> None:
    file = tmp_path / "letter.sqlite3"
    file.write_text("Dear customer, " * 100)
    result = type_("migrate", database_url=f"sqlite://{file}")
    assert (result.exit_code, result.stderr) == (
        1,
        "Database: the file is not a database (file is not a database)\n",
    )
    assert file.read_text() == "Dear customer, " * 100


def test_a_folder_that_cannot_be_made_is_a_sentence(type_: Type, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = type_("migrate", database_url=f"sqlite://{tmp_path}/file/portal.sqlite3")
    assert result.exit_code == 1
    assert "the folder of the database cannot be made" in result.stderr


def test_a_port_that_is_taken_is_told_before_anything_is_done(type_: Type, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = type_("serve", "--port", str(port))
    told = f"Cannot listen on 127.0.0.1 port {port}: address already in use. --port takes another one.\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", told)
    assert list(tmp_path.iterdir()) == []


def test_a_server_wants_a_database_that_is_kept(type_: Type) -> None:
    result = type_("serve", database_url="sqlite://:memory:", port=0)
    told = "A server needs a database that is kept: name a file in PORTAL_DATABASE_URL.\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", told)


def test_production_starts_on_a_migrated_database_only(type_: Type, tmp_path: Path) -> None:
    strong = {"digest_memory_kib": OWASP_MEMORY_KIB, "digest_passes": OWASP_PASSES}
    result = type_(
        "serve", **PRODUCTION, **strong, database_url=f"sqlite://{tmp_path}/portal.sqlite3", port=0
    )
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", LACKING)


def test_a_service_that_apprise_does_not_know_is_a_wrong_setting(type_: Type, tmp_path: Path) -> None:
    wrong = {**PRODUCTION, **STRONG, "sms_url": "nosuch://key-of-ours@host/{to}"}
    result = type_("serve", **wrong, database_url=f"sqlite://{tmp_path}/portal.sqlite3", port=0)
    told = "1 setting is wrong:\n  PORTAL_SMS_URL is no URL that Apprise knows\n"
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", told)


def test_a_second_migration_has_nothing_to_do(type_: Type) -> None:
    first, second = type_("migrate"), type_("migrate")
    assert (first.exit_code, first.stdout.splitlines()[-1]) == (0, "3 migrations applied.")
    assert (second.exit_code, second.stdout) == (0, "Nothing to do: the database is up to date.\n")


def test_what_wants_tables_says_how_to_make_them(type_: Type, tmp_path: Path) -> None:
    assert "portal serve" in type_("sign-in").stderr
    assert not (tmp_path / "data").exists()

    sample = type_("sample")
    assert (sample.exit_code, sample.stdout, sample.stderr) == (1, "", LACKING)
    sign_in = type_("sign-in")
    assert (sign_in.exit_code, sign_in.stdout, sign_in.stderr) == (1, "", LACKING)


@pytest.mark.parametrize(
    ("identifier", "told"),
    [
        ("123", "An identifier is 17 digits that begin 3060, or a file number.\n"),
        ("30600000000000017", "Nobody has this identifier. `portal sample` fills an empty database.\n"),
    ],
)
def test_a_session_is_opened_for_nobody_unknown(type_: Type, identifier: str, told: str) -> None:
    type_("migrate")
    result = type_("sign-in", identifier)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", told)


def test_a_session_is_opened_on_the_embedded_database_only(type_: Type) -> None:
    result = type_("sign-in", database_url="postgres://postgres@127.0.0.1:9/portal")
    told = "sign-in works in development on the embedded database only.\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", told)


def test_a_database_with_other_customers_gets_no_sample(type_: Type, tmp_path: Path) -> None:
    type_("migrate")
    with closing(sqlite3.connect(tmp_path / "data" / "portal.sqlite3")) as database, database:
        row: dict[str, Any] = {"id": 7, "reference": "R1", "first_names": "Anne", "last_name": "Un"}
        _insert(database, "customer", row)
    result = type_("sample")
    told = "1 customer in the database, none of them a sample customer\n"
    assert (result.exit_code, result.stdout) == (0, told)


def _insert(database: sqlite3.Connection, table: str, given: dict[str, Any]) -> None:
    """A row with something in every column that must hold something."""
    columns = database.execute(f"PRAGMA table_info({table})").fetchall()
    row = {name: given.get(name, "1") for _, name, _, required, default, _ in columns if required}
    marks = ", ".join("?" * len(row))
    database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def test_secrets_of_development_that_are_damaged_are_named(type_: Type, tmp_path: Path) -> None:
    type_("migrate")
    (tmp_path / "data" / "development-secrets.json").write_text("{}")
    result = type_("sign-in", DEMO_NUMBER)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "development-secrets.json is damaged: delete it to have it made again" in result.stderr


def test_the_printed_schema_is_up_to_date(type_: Type) -> None:
    result = type_("sdl", "--check")
    assert (result.exit_code, result.stdout) == (0, "")
    assert [line for line in result.stderr.splitlines() if not line.startswith("Dangerous since ")] == []


def test_a_printed_schema_that_is_out_of_date_is_told_and_printed_anew(
    type_: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import commands.sdl

    folder = shutil.copytree(commands.sdl.PROJECT / "schema", tmp_path / "schema")
    printed = folder / "portal.graphql"
    printed.write_text(printed.read_text("utf-8").replace("firstNames", "forenames"), "utf-8")
    monkeypatch.setattr(commands.sdl, "PROJECT", tmp_path)

    refused = type_("sdl", "--check")

    assert (refused.exit_code, refused.stderr) == (
        1,
        "schema/portal.graphql is out of date: run `portal sdl`\n",
    )
    assert type_("sdl").exit_code == 0
    assert type_("sdl", "--check").exit_code == 0


def test_a_release_whose_schema_is_kept_already_is_refused(type_: Type) -> None:
    refused = type_("sdl", "--release")
    assert refused.exit_code == 1
    assert "already: raise the version in pyproject.toml first" in refused.stderr
    assert type_("sdl", "--check", "--release").exit_code == 2


def test_the_login_of_the_demo_customer_is_three_lines() -> None:
    assert demo_login() == [
        "Demo number    30601020304050600",
        "Demo code      274916",
        "Demo SMS       printed here, for a browser that signs in for the first time",
    ]
