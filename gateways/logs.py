"""Structured logs without personal data: only known keys carry values, and only plain ones."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

import orjson
import structlog

from gateways.settings import Settings

TEXT_LENGTH_MAX = 200
FRAMES_MAX = 12
CAUSES_MAX = 4
MASK = "masked"

# What may be written. A key that is missing here is written as "masked": add it once it is sure to be
# about the machine and never about a person.
ALLOWED_KEYS = frozenset({
    *("attempt", "bytes", "channel", "cost", "count", "database", "delivery_id", "duration_ms", "env"),
    *("error_code", "event", "exception", "field", "file", "frames", "host", "level", "line", "logger"),
    *("method", "migration", "operation", "operation_kind", "port", "reason", "request_id", "route", "rows"),
    *("sql_count", "state", "status", "tries", "version", "wait_seconds", "worker", "workers"),
})  # fmt: skip
# Made by us alone, and not to be scrubbed of their digits. `host` is the one we listen on.
VERBATIM_KEYS = frozenset({"exception", "frames", "host", "level", "logger", "request_id"})
PERSONAL = (
    (re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.I), "[address]"),
    (re.compile(r"[^\s@'\"<>]+@[^\s@'\"<>]+"), "[e-mail]"),
    (re.compile(r"\?[\w.-]+=\S*"), "?[query]"),
    (re.compile(r"(?<!\w)'[^']*'|\"[^\"]*\"|«[^»]*»|=\([^)]*\)"), "[text]"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,}\b"), "[number]"),
    (re.compile(r"\+?\d(?:[ .-]?\d){4,}"), "[number]"),
)
# Started as `uvicorn server:app` it would write by itself, access lines with addresses included.
CLAIMED = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

EventDict = MutableMapping[str, Any]

# structlog's own, of which there may be any number, are looked for among all there are at each request.
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


# Where lines of `tell` go as JSON, once that is known.
_told: TextIO | None = None


def begin_request(id: str) -> None:
    """From here on, in this task and those it begins, every line has the id of this request."""
    request_id.set(id)


def tells_of_requests(settings: Settings) -> bool:
    """Whether there is a line for each request, which is worth knowing before one is made."""
    return LEVELS[settings.log_level] <= logging.INFO


def tell(event: str, **values: str | float) -> None:
    """Write a line at level info as a logger does, many times cheaper: there is one for each request.

    For words and numbers of our own alone. Nobody looks for a person in them.
    """
    if _told is None:
        structlog.get_logger().info(event, **values)
        return
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    line = add_request_id(None, "info", {**values, "event": event})
    _told.write(orjson.dumps({**line, "level": "info", "timestamp": now}).decode() + "\n")
    _told.flush()


def configure_logs(settings: Settings, out: TextIO | None = None) -> None:
    """Send our own logs, and the warnings of the libraries, as one stream to standard error."""
    global _told
    stream = out or sys.stderr
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and settings.is_production)
    render: Any = _as_json if as_json else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    level = LEVELS[settings.log_level]
    _told = stream if as_json and tells_of_requests(settings) else None
    structlog.configure(
        processors=[add_request_id, *_shared(), render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[add_request_id, _of_a_library, *_shared()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    handler.setLevel(max(level, logging.WARNING))
    root = logging.getLogger()
    root.handlers = [*(other for other in root.handlers if not _is_ours(other)), handler]
    root.setLevel(handler.level)
    for name in CLAIMED:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True


def scrub(text: str) -> str:
    """The text without what looks like a number, an address, or something quoted."""
    for pattern, name in PERSONAL:
        text = pattern.sub(name, text)
    text = " ".join(text.split())
    return text if len(text) <= TEXT_LENGTH_MAX else f"{text[:TEXT_LENGTH_MAX]}…"


def add_request_id(_: Any, __: str, event: EventDict) -> EventDict:
    """Tell which request a line belongs to."""
    id = request_id.get()
    if id is not None:
        event.setdefault("request_id", id)
    return event


def keep_allowed(_: Any, __: str, event: EventDict) -> EventDict:
    """Mask every value whose key is not allowed, and scrub the others."""
    return {key: _allowed(key, value) for key, value in event.items()}


def describe_exception(_: Any, __: str, event: EventDict) -> EventDict:
    """Name the exception, its causes and where it passed: never its text, which may quote a row."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = " < ".join(_causes(error))
        event["frames"] = _frames(error.__traceback__)
    return event


def _shared() -> list[Any]:
    return [
        structlog.stdlib.add_log_level,
        describe_exception,
        keep_allowed,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _of_a_library(_: Any, __: str, event: EventDict) -> EventDict:
    # What a library says keeps its words without their arguments, which are ours, so our customers'.
    record: logging.LogRecord = event["_record"]
    event["event"] = _without_trace(str(record.msg))
    event["logger"] = record.name
    event["exc_info"] = record.exc_info
    return event


def _without_trace(words: str) -> str:
    # uvicorn tells a failed start by the text of a traceback: its last line begins with the exception's name.
    if not words.startswith("Traceback "):
        return words
    return f"failed with {words.rstrip().splitlines()[-1].partition(':')[0]}"


def _is_ours(handler: logging.Handler) -> bool:
    return isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)


def _allowed(key: str, value: Any) -> Any:
    if key in VERBATIM_KEYS:
        return value
    return _plain(value) if key in ALLOWED_KEYS else MASK


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return type(value).__name__


def _causes(error: BaseException) -> list[str]:
    names: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(names) < CAUSES_MAX:
        names.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    return names


def _frames(trace: TracebackType | None) -> list[str]:
    frames: list[str] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        module = trace.tb_frame.f_globals.get("__name__", "?")
        frames.append(f"{module}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames[-FRAMES_MAX:]


def _as_json(_: Any, __: str, event: Mapping[str, Any]) -> str:
    return orjson.dumps(event).decode()
