"""Error codes, refusals a client may read, and the masking of everything else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from traceback import extract_tb
from typing import Any

from graphql import FieldNode, GraphQLError
from strawberry.exceptions import StrawberryInputCoercionError

MASKED_MESSAGE = "Internal error"
LOGGED_PER_REQUEST_MAX = 20
MESSAGE_LENGTH_MAX = 1_000

_logger = logging.getLogger(__name__)


class Code(StrEnum):
    """What `extensions.code` may say. An application may add codes of its own through `Refusal`."""

    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    COST_TOO_HIGH = "COST_TOO_HIGH"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    BAD_REQUEST = "BAD_REQUEST"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    REQUEST_TIMEOUT = "REQUEST_TIMEOUT"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    URI_TOO_LONG = "URI_TOO_LONG"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    TOO_MANY_REQUESTS = "TOO_MANY_REQUESTS"
    HEADERS_TOO_LARGE = "HEADERS_TOO_LARGE"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"


STATUSES: Mapping[str, int] = {
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.PERSISTED_QUERY_NOT_FOUND: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.NOT_ACCEPTABLE: 406,
    Code.REQUEST_TIMEOUT: 408,
    Code.PAYLOAD_TOO_LARGE: 413,
    Code.URI_TOO_LONG: 414,
    Code.UNSUPPORTED_MEDIA_TYPE: 415,
    Code.TOO_MANY_REQUESTS: 429,
    Code.HEADERS_TOO_LARGE: 431,
    Code.INTERNAL_SERVER_ERROR: 500,
    Code.SERVICE_UNAVAILABLE: 503,
    Code.DEADLINE_EXCEEDED: 504,
}


class Refusal(Exception):
    """What the client did, or may not do, in words it may read. Shown as it is, never logged as an error."""

    def __init__(
        self,
        message: str,
        code: str = Code.BAD_USER_INPUT,
        *,
        extensions: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = str(code)
        self.extensions = dict(extensions or {})
        self.headers = dict(headers or {})
        self.retry_after_seconds = retry_after_seconds

    @property
    def status(self) -> int:
        """HTTP status when nothing but this refusal is answered."""
        return STATUSES.get(self.code, 400)

    def formatted(self) -> dict[str, Any]:
        """The error as GraphQL's `errors` list holds it (spec 7.1.2)."""
        extensions: dict[str, Any] = {**self.extensions, "code": self.code}
        if self.retry_after_seconds is not None:
            extensions["retryAfterSeconds"] = self.retry_after_seconds
        return {"message": self.message, "extensions": extensions}

    def all_headers(self) -> dict[str, str]:
        """Headers that belong to this refusal (RFC 9110, 10.2.3 and 11.6.1)."""
        headers = dict(self.headers)
        if self.retry_after_seconds is not None:
            headers["Retry-After"] = str(self.retry_after_seconds)
        if self.status == 401:
            headers.setdefault("WWW-Authenticate", "Bearer")
        return headers


def log_error(exception: BaseException, request_id: str) -> None:
    """Default `on_error`: one record with the traceback and the request id."""
    _logger.error("unexpected error, request %s", request_id, exc_info=exception)


def translate_nothing(_exception: BaseException) -> Refusal | None:
    """Default `translate`: no exception of the application has words of its own."""
    return None


def format_request_error(error: GraphQLError, code: str) -> dict[str, Any]:
    """A parse, validation or variable error: graphql-core's own words, with a code, long echoes cut short."""
    formatted: dict[str, Any] = {**error.formatted, "message": error.message[:MESSAGE_LENGTH_MAX]}
    formatted["extensions"] = {**(error.extensions or {}), "code": str(code)}
    return formatted


@dataclass(frozen=True, slots=True)
class Masking:
    """Decides what a client reads of an exception, and reports once what it must not read."""

    translate: Callable[[BaseException], Refusal | None] = translate_nothing
    on_error: Callable[[BaseException, str], None] = log_error

    def refusal_of(self, exception: BaseException) -> Refusal | None:
        """The client's words for an exception, or None when it is a bug."""
        if isinstance(exception, Refusal):
            return exception
        if isinstance(exception, GraphQLError):
            return self._refusal_of_graphql_error(exception)
        return self.translate(exception)

    def mask(self, exception: BaseException, request_id: str) -> Refusal:
        """Words for any exception; a bug is reported through `on_error` and becomes 'Internal error'."""
        refusal = self.refusal_of(exception)
        if refusal is not None:
            return refusal
        self.on_error(exception, request_id)
        return _internal_error(request_id)

    def format_field_errors(self, errors: Iterable[GraphQLError], request_id: str) -> list[FieldError]:
        """Errors of an execution as the client may read them. Equal failures are reported once."""
        seen: set[object] = set()
        formatted: list[FieldError] = []
        for error in errors:
            cause = innermost_error(error)
            refusal = self.refusal_of(cause)
            if refusal is None:
                refusal = _internal_error(request_id)
                place = _place(cause)
                if place not in seen and len(seen) < LOGGED_PER_REQUEST_MAX:
                    seen.add(place)
                    self.on_error(cause, request_id)
            formatted.append(FieldError(refusal, _located(error, refusal)))
        return formatted

    def _refusal_of_graphql_error(self, error: GraphQLError) -> Refusal | None:
        """Raised with a code (a permission, say) or by argument coercion: the client's. Else a bug."""
        extensions = error.extensions or {}
        code = extensions.get("code")
        if isinstance(code, str):
            return Refusal(error.message, code, extensions=extensions)
        return Refusal(error.message, Code.BAD_USER_INPUT) if _blames_input(error) else None


@dataclass(frozen=True, slots=True)
class FieldError:
    """One entry of `errors` after an execution, and the refusal it was made from."""

    refusal: Refusal
    formatted: dict[str, Any]


def _internal_error(request_id: str) -> Refusal:
    return Refusal(MASKED_MESSAGE, Code.INTERNAL_SERVER_ERROR, extensions={"requestId": request_id})


def _located(error: GraphQLError, refusal: Refusal) -> dict[str, Any]:
    formatted = refusal.formatted()
    if error.locations:
        formatted["locations"] = [location.formatted for location in error.locations]
    if error.path is not None:
        formatted["path"] = list(error.path)
    return formatted


def innermost_error(error: GraphQLError) -> BaseException:
    """The exception at the bottom of the errors that graphql-core wrapped around it."""
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _blames_input(error: GraphQLError) -> bool:
    """Whether an error points at a value of the document, or comes from Strawberry's reading of one."""
    if isinstance(error, StrawberryInputCoercionError):
        return True
    return error.nodes is not None and not any(isinstance(node, FieldNode) for node in error.nodes)


def _place(exception: BaseException) -> object:
    """Where it was raised: a thousand rows that fail alike are one report."""
    frames = extract_tb(exception.__traceback__)
    return (type(exception), frames[-1].filename, frames[-1].lineno) if frames else id(exception)
