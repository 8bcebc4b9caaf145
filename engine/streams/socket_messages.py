"""The messages of `graphql-transport-ws`: what a client sent, read strictly, and what it is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeAlias

from engine.errors import Code, Refusal
from engine.http.bodies import parse_json
from engine.http.requests import GraphQLRequest, from_parameters
from engine.limits import Limits

PROTOCOL = "graphql-transport-ws"
ID_LENGTH_MAX = 128
REASON_BYTES_MAX = 123  # RFC 6455, 5.5.1


class Close(IntEnum):
    """Why a socket is closed: RFC 6455, 7.4.1 and its registry, and the protocol's own.

    Its clients begin anew after 1001, 1012, 1013, 4403 and 4408; any other is the end for them.
    """

    IDLE = 1000
    GOING_AWAY = 1001
    POLICY_VIOLATION = 1008
    RESTARTING = 1012
    TRY_AGAIN_LATER = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INIT_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY_INITS = 4429
    INTERNAL_ERROR = 4500


class Over(Exception):
    """The socket is to be closed. Without a code the client has closed it."""

    def __init__(self, code: Close | None, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Init:
    """The client wishes to begin. The payload may hold what a browser cannot send as a header."""

    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ping:
    """To be answered by a pong."""


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a ping, or a sign of life."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """An operation of any kind, and the client's id for it. A refused request is told under that id."""

    id: str
    request: GraphQLRequest | Refusal


@dataclass(frozen=True, slots=True)
class Complete:
    """The client wants no more of an operation."""

    id: str


Received: TypeAlias = Init | Ping | Pong | Subscribe | Complete


def read_message(frame: dict[str, Any], limits: Limits) -> Received:
    """The message in a frame that arrived. Raises `Over` with 4400 and the reason for any other."""
    text = frame.get("text")
    if not isinstance(text, str):
        raise Over(Close.BAD_REQUEST, "Messages must be text")
    if len(text) > limits.body_bytes_max:
        raise Over(Close.BAD_REQUEST, f"The message is larger than {limits.body_bytes_max} bytes")
    try:
        message = parse_json(text)
    except Refusal as refusal:
        raise Over(Close.BAD_REQUEST, refusal.message) from None
    if not isinstance(message, dict):
        raise Over(Close.BAD_REQUEST, "A message must be a JSON object")
    match message.get("type"):
        case "connection_init":
            return Init(_payload(message))
        case "ping":
            _payload(message)
            return Ping()
        case "pong":
            _payload(message)
            return Pong()
        case "subscribe":
            return Subscribe(_id(message), _request(message, limits))
        case "complete":
            return Complete(_id(message))
        case _:
            raise Over(Close.BAD_REQUEST, "The type of the message is not one a client sends")


def _id(message: dict[str, Any]) -> str:
    id = message.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= ID_LENGTH_MAX:
        raise Over(Close.BAD_REQUEST, f"'id' must be a string of 1 to {ID_LENGTH_MAX} characters")
    return id


def _payload(message: dict[str, Any]) -> dict[str, Any]:
    payload = message.get("payload")
    if payload is None:
        return {}
    if not isinstance(payload, dict):
        raise Over(Close.BAD_REQUEST, "'payload' must be an object")
    return payload


def _request(message: dict[str, Any], limits: Limits) -> GraphQLRequest | Refusal:
    """A payload that is no request is an invalid message; one beyond a limit is refused like elsewhere."""
    if message.get("payload") is None:
        raise Over(Close.BAD_REQUEST, "'payload' must be an object")
    try:
        return from_parameters(_payload(message), limits)
    except Refusal as refusal:
        if refusal.code == Code.BAD_REQUEST:
            raise Over(Close.BAD_REQUEST, refusal.message) from None
        return refusal
