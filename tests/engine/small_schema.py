"""A tiny schema of its own, an endpoint over it, and a client without sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, NewType

import httpx
import strawberry
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import Response
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info
from strawberry.types.scalar import ScalarDefinition

from engine.endpoint import Endpoint
from engine.errors import Code, Refusal
from engine.http.express import Express

SECRET = "the password is hunter2"


class DatabaseDown(Exception):
    """What a driver raises when nobody listens."""


class Nobody(BasePermission):
    message = "Sign in first"
    error_extensions = {"code": "UNAUTHENTICATED"}

    def has_permission(self, source: object, info: Info, **kwargs: object) -> bool:
        return False


@strawberry.input(one_of=True)
class Choice:
    word: str | None = strawberry.UNSET
    number: int | None = strawberry.UNSET


@strawberry.input
class Change:
    name: strawberry.Maybe[str]


Crooked = NewType("Crooked", str)


def _read_crooked(value: object) -> Crooked:
    if value == "wrong":
        raise ValueError("must be straight")
    raise LookupError(SECRET)


@strawberry.type
class Shelf:
    @strawberry.field
    def book(self) -> str:
        raise RuntimeError(SECRET)

    @strawberry.field
    def shelf(self, at: int = 0) -> Shelf:
        return Shelf()

    @strawberry.field
    def label(self) -> str:
        return "A"


@strawberry.type
class Query:
    @strawberry.field
    async def hello(self, name: str = "you") -> str:
        return f"hello {name}"

    @strawberry.field
    def total(self, numbers: list[int]) -> int:
        return sum(numbers)

    @strawberry.field
    def broken(self) -> str | None:
        raise RuntimeError(SECRET)

    @strawberry.field
    def hollow(self) -> int:
        return "not a number"  # type: ignore[return-value]

    @strawberry.field
    def refused(self) -> str | None:
        raise Refusal("Only at noon", "TOO_EARLY", extensions={"opensAt": "12:00"})

    @strawberry.field
    def unavailable(self) -> str:
        raise DatabaseDown(SECRET)

    @strawberry.field
    def flaky(self) -> str | None:
        raise DatabaseDown(SECRET)

    @strawberry.field
    def change(self, change: Change) -> str:
        return "changed"

    @strawberry.field
    def straighten(self, crooked: Crooked) -> str:
        return crooked

    @strawberry.field(permission_classes=[Nobody])  # type: ignore[untyped-decorator]
    def guarded(self) -> str | None:
        return SECRET

    @strawberry.field
    def shelves(self) -> list[Shelf | None]:
        return [Shelf() for _ in range(50)]

    @strawberry.field
    def shelf(self, at: int = 0) -> Shelf:
        return Shelf()

    @strawberry.field
    def choose(self, choice: Choice) -> str:
        return str(choice.word or choice.number)

    @strawberry.field
    async def endless(self, info: Info) -> str:
        stage: Stage = info.context
        stage.entered.set()
        try:
            await asyncio.Event().wait()
        finally:
            stage.stopped.append("endless")
        return ""


@strawberry.type
class Mutation:
    @strawberry.mutation
    def sign_in(self, info: Info) -> str:
        stage: Stage = info.context
        stage.response.set_cookie("session", "token", httponly=True)
        stage.changes.append("sign_in")
        return "welcome"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, count: int = 1) -> AsyncIterator[int]:
        for number in range(1, count + 1):
            yield number

    @strawberry.subscription
    async def happenings(self, info: Info) -> AsyncIterator[str]:
        """Tells what the test puts into the queue."""
        stage: Stage = info.context
        stage.entered.set()
        try:
            while True:
                yield await stage.happenings.get()
        finally:
            stage.stopped.append("happenings")

    @strawberry.subscription
    async def breaking(self) -> AsyncIterator[int]:
        yield 1
        raise RuntimeError(SECRET)

    @strawberry.subscription
    async def expiring(self, info: Info) -> AsyncIterator[int]:
        """A session that ends while it is followed."""
        stage: Stage = info.context
        yield 1
        stage.entered.set()
        await stage.happenings.get()
        raise Refusal("Sign in first", Code.UNAUTHENTICATED)

    @strawberry.subscription
    async def closed(self) -> AsyncIterator[int]:
        raise Refusal("Only at noon", "TOO_EARLY", extensions={"opensAt": "12:00"})

    @strawberry.subscription
    async def torrent(self, info: Info, size: int = 10_000) -> AsyncIterator[str]:
        """As much as the client takes, and the next one at once."""
        stage: Stage = info.context
        try:
            while True:
                stage.poured += 1
                yield "x" * size
        finally:
            stage.stopped.append("torrent")

    @strawberry.subscription
    async def shelves_of_books(self) -> AsyncIterator[Shelf]:
        yield Shelf()


SCALARS: dict[object, ScalarDefinition] = {
    Crooked: strawberry.scalar(name="Crooked", serialize=str, parse_value=_read_crooked)
}

schema = strawberry.Schema(Query, Mutation, Subscription, config=StrawberryConfig(scalar_map=SCALARS))


@dataclass
class Stage:
    """The context of every operation, and what the test may look at afterwards."""

    response: Response = field(default_factory=Response)
    changes: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    happenings: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    poured: int = 0
    seen: list[HTTPConnection] = field(default_factory=list)
    failure: Exception | None = None
    reported: list[tuple[BaseException, str]] = field(default_factory=list)

    async def get_context(self, connection: HTTPConnection, response: Response) -> Stage:
        self.response = response
        self.seen.append(connection)
        if self.failure is not None:
            response.delete_cookie("session")
            raise self.failure
        return self

    def on_error(self, exception: BaseException, request_id: str) -> None:
        self.reported.append((exception, request_id))


def translate(exception: BaseException) -> Refusal | None:
    if isinstance(exception, DatabaseDown):
        return Refusal("Back soon", Code.SERVICE_UNAVAILABLE, retry_after_seconds=5)
    return None


def endpoint(stage: Stage | None = None, **options: Any) -> Endpoint:
    stage = stage or Stage()
    options = {"translate": translate, "on_error": stage.on_error, **options}
    return Endpoint(schema, stage.get_context, **options)


def client(stage: Stage | None = None, **options: Any) -> httpx.AsyncClient:
    made = endpoint(stage, **options)
    app = Starlette(routes=made.routes(), middleware=[Middleware(Express, endpoint=made)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://portal.test")


NEW_TYPE = {"Accept": "application/graphql-response+json"}


async def ask(
    query: str,
    variables: dict[str, Any] | None = None,
    *,
    stage: Stage | None = None,
    headers: dict[str, str] | None = None,
    operation_name: str | None = None,
    **options: Any,
) -> httpx.Response:
    """One POST under the new media type, unless `headers` say otherwise."""
    body = {"query": query, "variables": variables, "operationName": operation_name}
    async with client(stage, **options) as http:
        return await http.post("/graphql", json=body, headers={**NEW_TYPE, **(headers or {})})


def codes(response: httpx.Response) -> list[str]:
    """The codes of a response's errors."""
    return [error["extensions"]["code"] for error in response.json()["errors"]]
