from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import structlog

from gateways.logs import (
    ALLOWED_KEYS,
    VERBATIM_KEYS,
    begin_request,
    configure_logs,
    request_id,
    scrub,
    tell,
    tells_of_requests,
)
from gateways.peppers import Pepper
from gateways.settings import Settings

NUMBERS = ("+33612345678", "06 12 34 56 78", "30601234567890123", "135790")
PEOPLE = ("Camille", "Durand", "camille@example.fr", *NUMBERS)


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield io.StringIO()
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    request_id.set(None)


def written(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_has_its_time_level_and_request(out: io.StringIO) -> None:
    configure_logs(Settings(log_format="json"), out)
    begin_request("0123456789abcdef")

    structlog.get_logger().info("request done", status=200, duration_ms=1.5, operation="Dashboard")

    (line,) = written(out)
    assert line.pop("timestamp")[10:11] + line.pop("level") == "Tinfo"
    assert line == {
        "event": "request done",
        "request_id": "0123456789abcdef",
        "status": 200,
        "duration_ms": 1.5,
        "operation": "Dashboard",
    }


def test_what_is_told_of_each_request_is_a_line_like_any_other(out: io.StringIO) -> None:
    configure_logs(Settings(log_format="json"), out)
    begin_request("0123456789abcdef")

    tell("answered", method="POST", route="/graphql", status=200, duration_ms=1.5)
    structlog.get_logger().info("answered", method="POST", route="/graphql", status=200, duration_ms=1.5)

    told, logged = written(out)
    assert list(told) == list(logged)
    assert len(told.pop("timestamp")) == len(logged.pop("timestamp"))
    assert told == logged


@pytest.mark.parametrize(("level", "lines"), [("debug", 1), ("info", 1), ("warning", 0), ("error", 0)])
@pytest.mark.parametrize("format", ["json", "console"])
def test_nothing_is_told_of_requests_above_level_info(
    out: io.StringIO, format: Any, level: Any, lines: int
) -> None:
    settings = Settings(log_format=format, log_level=level)
    configure_logs(settings, out)

    tell("answered", status=200)

    assert len(out.getvalue().splitlines()) == lines
    assert tells_of_requests(settings) is bool(lines)


def test_a_key_that_nobody_allowed_is_masked(out: io.StringIO) -> None:
    configure_logs(Settings(log_format="json"), out)

    structlog.get_logger().warning("odd", first_name="Camille", code=135790, customer_id=42, reason=object())

    (line,) = written(out)
    assert (line["first_name"], line["code"], line["customer_id"]) == ("masked", "masked", "masked")
    assert line["reason"] == "object"


def test_an_allowed_key_is_scrubbed_all_the_same(out: io.StringIO) -> None:
    configure_logs(Settings(log_format="json"), out)

    structlog.get_logger().info(f"sent to {PEOPLE[2]}", reason=f"no {NUMBERS[0]}", rows=["30601234567890123"])

    (line,) = written(out)
    assert (line["event"], line["reason"], line["rows"]) == ("sent to [e-mail]", "no [number]", ["[number]"])


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Key (number)=(30601234567890123) already exists.", "Key (number)[text] already exists."),
        ("can't reach the customer's bank", "can't reach the customer's bank"),
        ("postgresql://portal:secret@db/portal refused", "[address] refused"),
        ("call 06 12 34 56 78 or +33.6.12.34.56.78", "call [number] or [number]"),
        ("IBAN FR76 3000 6000 0112 3456 7890 189 is wrong", "IBAN [number] is wrong"),
        ("invalid value 'Durand' for \"name\"", "invalid value [text] for [text]"),
        ("GET /graphql?query={customer(code:135790)}", "GET /graphql?[query]"),
        ("line 1234 of 9999", "line 1234 of 9999"),
        ("two\nlines", "two lines"),
    ],
)
def test_scrubbing_keeps_the_words_and_takes_the_values(text: str, kept: str) -> None:
    assert scrub(text) == kept


def test_a_long_text_is_cut() -> None:
    assert len(scrub("word " * 1_000)) == 201


def test_an_exception_says_where_and_never_what(out: io.StringIO) -> None:
    configure_logs(Settings(log_format="json"), out)
    try:
        try:
            raise KeyError(NUMBERS[2])
        except KeyError as cause:
            raise ValueError(f"no account of {PEOPLE[0]}") from cause
    except ValueError:
        structlog.get_logger().exception("request failed")

    (line,) = written(out)
    assert line["exception"] == "ValueError < KeyError"
    assert line["frames"][0].endswith(" test_an_exception_says_where_and_never_what")
    assert not [person for person in PEOPLE if person in out.getvalue()]


def test_libraries_are_heard_from_warning_on_without_their_arguments(out: io.StringIO) -> None:
    configure_logs(Settings(log_format="json"), out)
    begin_request("0123456789abcdef")

    logging.getLogger("uvicorn.access").info("%s %s", "127.0.0.1", "/graphql?query=Camille")
    logging.getLogger("tortoise.db_client").debug("SELECT 1")
    logging.getLogger("asyncpg").warning("lost the connection of %s after %d s", "Camille Durand", 3)
    logging.getLogger("apprise").warning("Failed to send to +33612345678: error=500.")

    first, second = written(out)
    assert first["event"] == "lost the connection of %s after %d s"
    assert (first["logger"], first["level"], first["request_id"]) == (
        "asyncpg",
        "warning",
        "0123456789abcdef",
    )
    assert second["event"] == "Failed to send to [number]: error=500."


def test_what_a_library_raises_is_told_like_our_own(out: io.StringIO) -> None:
    configure_logs(Settings(log_format="json"), out)
    try:
        raise ValueError(PEOPLE[0])
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")

    (line,) = written(out)
    assert (line["event"], line["exception"]) == ("Exception in ASGI application", "ValueError")
    assert "Camille" not in out.getvalue()


@pytest.mark.parametrize("format", ["json", "console"])
def test_no_person_gets_through_any_door(out: io.StringIO, format: Literal["json", "console"]) -> None:
    configure_logs(Settings(log_format=format, log_level="debug"), out)
    log = structlog.get_logger()
    for person in PEOPLE:
        log.info("said", who=person, to=[person], nested={"name": person}, phone=person)
        structlog.contextvars.bind_contextvars(viewer=person)
        try:
            raise RuntimeError(person)
        except RuntimeError as error:
            log.error("failed", exc_info=error)
            logging.getLogger("tortoise").error("failed for %s", person, exc_info=True)
            logging.getLogger("asyncio").error("failed for %(who)s", {"who": person})

    assert out.getvalue().count("failed") == 3 * len(PEOPLE)
    assert not [person for person in PEOPLE if person in out.getvalue()]


def test_production_writes_json_and_development_lines_to_read(out: io.StringIO) -> None:
    production = Settings(
        env="production",
        database_url="postgresql://db/portal",
        peppers=(Pepper("a", b"x" * 32),),
        public_url="https://www.example.com",
        sms_url="json://host/{to}",
        email_url="json://host/{to}",
    )
    configure_logs(production, out)
    structlog.get_logger().info("ready")
    configure_logs(Settings(), out)
    structlog.get_logger().info("ready", port=8000)

    first, second = out.getvalue().splitlines()
    assert json.loads(first)["event"] == "ready"
    assert "ready" in second
    assert "port=8000" in second


def test_configuring_twice_writes_each_line_once(out: io.StringIO) -> None:
    configure_logs(Settings(log_format="json"), out)
    configure_logs(Settings(log_format="json"), out)

    logging.getLogger("uvicorn.error").warning("once")

    assert len(written(out)) == 1


def test_the_level_is_the_least_one_written(out: io.StringIO) -> None:
    configure_logs(Settings(log_format="json", log_level="error"), out)

    structlog.get_logger().warning("no")
    logging.getLogger("asyncpg").warning("no")
    structlog.get_logger().error("yes")

    assert [line["event"] for line in written(out)] == ["yes"]


def test_what_is_written_verbatim_is_allowed() -> None:
    assert VERBATIM_KEYS <= ALLOWED_KEYS
