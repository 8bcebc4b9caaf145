"""What goes back over HTTP: statuses by media type, refusals as JSON, headers that are always there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.types import Message, Send

from engine.documents.valid import RequestError
from engine.errors import STATUSES, Code, Refusal
from engine.execution.operations import Result
from engine.http.negotiation import GRAPHQL_RESPONSE, JSON

ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Vary": "Accept, Origin"}
PARTIAL_SUCCESS = 294
UNPROCESSABLE = 422
UNPROCESSABLE_CODES = (
    Code.GRAPHQL_VALIDATION_FAILED,
    Code.OPERATION_RESOLUTION_FAILURE,
    Code.BAD_USER_INPUT,
)

RawHeaders = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP response, ready to send."""

    status: int
    body: bytes = b""
    media_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw_headers: RawHeaders = field(default_factory=list)

    async def send(self, send: Send, extra: Mapping[str, str]) -> None:
        """Send it whole."""
        length = {} if self.status == 204 else {"Content-Length": str(len(self.body))}
        await send(self.start({**extra, **length}))
        await send({"type": "http.response.body", "body": self.body})

    def start(self, extra: Mapping[str, str]) -> Message:
        """The beginning: the headers of every answer, then the application's own (cookies)."""
        headers = {**ALWAYS, **extra, **self.headers}
        if self.media_type is not None:
            headers["Content-Type"] = f"{self.media_type}; charset=utf-8"
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        return {"type": "http.response.start", "status": self.status, "headers": raw + self.raw_headers}


def refuse(refusal: Refusal, media_type: str | None) -> Reply:
    """A refusal outside GraphQL: its own status under either media type."""
    body = {"errors": [refusal.formatted()]}
    return _reply(refusal.status, body, media_type or JSON, refusal.all_headers())


def reply_result(result: Result, media_type: str, *, draft_statuses: bool) -> Reply:
    """The result of an operation. Under `application/json` the status is 200 (draft, application/json)."""
    if media_type != GRAPHQL_RESPONSE:
        headers = result.refusal.all_headers() if result.refusal else {}
        return _reply(200, result.body, media_type, headers)
    if result.refusal is not None:
        return _reply(result.refusal.status, result.body, media_type, result.refusal.all_headers())
    partial = draft_statuses and "errors" in result.body and result.body["data"] is not None
    return _reply(PARTIAL_SUCCESS if partial else 200, result.body, media_type)


def reply_failure(error: RequestError | Refusal, media_type: str, *, draft_statuses: bool) -> Reply:
    """Errors without data. A request error has the status of its code under the new type only."""
    if isinstance(error, Refusal):
        return refuse(error, media_type)
    status = 200
    if media_type == GRAPHQL_RESPONSE:
        draft = draft_statuses and error.code in UNPROCESSABLE_CODES
        status = UNPROCESSABLE if draft else STATUSES.get(error.code, 400)
    return _reply(status, {"errors": error.formatted}, media_type)


def _reply(
    status: int, body: dict[str, Any], media_type: str, headers: Mapping[str, str] | None = None
) -> Reply:
    return Reply(status, orjson.dumps(body), media_type, headers or {})
