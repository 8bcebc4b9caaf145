"""One request answered twice: by what is compiled, and by graphql-core alone, which is always right."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from starlette.applications import Starlette
from structlog.testing import capture_logs
from tortoise.fields.base import Field

from engine.compiling.operations import Compiler
from engine.http.express import Express
from gateways import Gateways
from gateways.budgets import MemoryBudgets
from resolvers.deliveries import Outbox
from resolvers.newsroom import Newsroom
from tests.cast import BROWSER
from tests.differential.damages import TABLES

_CHANCE = re.compile(rb'"requestId":"[^"]*"')
OF_EACH_REQUEST = (b"x-request-id", b"content-length")
WAYS_PASSED = ("planned", "resolved")


@dataclass(frozen=True)
class Asked:
    """One request: a document, its variables, and the cookie of whoever asks."""

    text: str
    variables: dict[str, Any]
    token: str | None = None

    @property
    def body(self) -> bytes:
        return json.dumps({"query": self.text, "variables": self.variables}).encode()


@dataclass(frozen=True)
class Answered:
    """What came back, without what differs each time."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    @property
    def is_well(self) -> bool:
        """Whether there is data, and nothing but data."""
        return self.status == 200 and b'"errors"' not in self.body

    @property
    def told(self) -> Any:
        return json.loads(self.body)

    def same_as(self, other: Answered) -> bool:
        """Whether a client could not tell them apart, but for what chance decides in graphql-core as well.

        In which order errors come is said nowhere. Of a place that is null because something in it failed,
        graphql-core tells the failures that came before it stopped looking: one at least.
        """
        if (self.status, self.headers) != (other.status, other.headers):
            return False
        return self.body == other.body or self._parts() == other._parts()

    def _parts(self) -> tuple[str, list[str], set[str]]:
        """The data, the errors that stand for themselves, and the places that are null for one inside."""
        told = self.told
        alone, inside = [], set()
        for error in told.pop("errors", []):
            path = error.get("path", [])
            null_at = _null_at(told.get("data"), path)
            if null_at < len(path):
                inside.add(json.dumps(path[:null_at]))
            else:
                alone.append(json.dumps(error))
        return json.dumps(told), sorted(alone), inside


def _null_at(data: Any, path: list[Any]) -> int:
    """How much of a path there is before a null, all of it where there is none."""
    for length, step in enumerate(path):
        if data is None:
            return length
        data = data[step]
    return len(path)


class Judge:
    """Asks the application in both ways."""

    def __init__(self, application: Starlette, gateways: Gateways) -> None:
        self._application = application
        self._gateways = gateways
        self.compiler = compiler_of(application)
        self.ways: Counter[str] = Counter()  # of all that goes well
        self.excused = 0
        self.reported: list[str] = []  # failures behind the last answer

    async def differs(self, asked: Asked) -> str | None:
        """How the two answers differ, None where they do not."""
        before = Counter(self.compiler.ways)
        compiled = await self._ask(asked)
        ways = self.compiler.ways - before
        with self._alone():
            judged = await self._ask(asked)
        reported = self.reported
        if judged.is_well and judged.told.get("data") and not _is_introspection(asked.text):
            # What the express lane hands on is tried again, and is one request all the same.
            self.ways[next((way for way in ways if way in WAYS_PASSED), next(iter(ways), "none"))] += 1
        if compiled.same_as(judged):
            return None
        with self._alone(), readable():
            lenient = await self._ask(asked)
        if compiled.same_as(lenient):
            self.excused += 1
            return None
        return _told(compiled, judged, ways, reported)

    async def fails(self, asked: Asked) -> bool:
        """Whether the two answers differ."""
        return await self.differs(asked) is not None

    @property
    def share(self) -> float:
        """The part of what goes well that was compiled."""
        return sum(self.ways[way] for way in WAYS_PASSED) / max(1, sum(self.ways.values()))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Meanwhile nothing is read ahead, so graphql-core runs all."""

        async def nothing(*_: Any) -> None:
            return None

        self.compiler.read_ahead = nothing  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            del self.compiler.read_ahead  # the class has it still

    async def _ask(self, asked: Asked) -> Answered:
        body = asked.body
        cookie = f"device={BROWSER}" + (f"; session={asked.token}" if asked.token else "")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/graphql",
            "raw_path": b"/graphql",
            "root_path": "",
            "query_string": b"",
            "client": ("192.0.2.1", 1),
            "server": ("portal", 80),
            "headers": [
                (b"host", b"portal"),
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                (b"cookie", cookie.encode()),
            ],
            "state": self._state(),
        }
        sent: list[Any] = []
        messages = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> Any:
            return next(messages, None) or await _never()

        async def send(message: Any) -> None:
            sent.append(message)

        with capture_logs() as logs:
            await self._application(scope, receive, send)
        self.reported = [repr(log["exc_info"]) for log in logs if log.get("exc_info")]
        headers = sorted(pair for pair in sent[0]["headers"] if pair[0] not in OF_EACH_REQUEST)
        told = b"".join(message.get("body", b"") for message in sent[1:])
        return Answered(sent[0]["status"], headers, _CHANCE.sub(b'"requestId":""', told))

    def _state(self) -> dict[str, Any]:
        """Neighbours whose budgets nobody has spent from."""
        gateways = replace(
            self._gateways, budgets=MemoryBudgets(seconds=lambda: self._gateways.clock().timestamp())
        )
        return {"gateways": gateways, "outbox": Outbox(gateways), "newsroom": Newsroom(gateways)}


class Unreadable:
    """What stands in a row for a value that cannot be read: whatever looks at it fails."""

    def __init__(self, value: object) -> None:
        self._value = value


@contextmanager
def readable() -> Iterator[None]:
    """Meanwhile a row with a value that cannot be read can be made; only the value itself is of no use.

    Tortoise reads whole rows, so such a value fails all that is asked of its row. What is compiled reads what
    is asked for and nothing more, and may so tell more, though never anything else.
    """
    changed: set[Field[Any]] = {
        table._meta.fields_map[name] for table in TABLES for name in table._meta.fields_db_projection
    }
    for field in changed:
        field.to_python_value = _forgiving(field.to_python_value)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for field in changed:
            del field.to_python_value  # the class has it still


def _forgiving(read: Any) -> Any:
    def forgiving(value: Any) -> Any:
        try:
            return read(value)
        except Exception:
            return Unreadable(value)

    return forgiving


def compiler_of(application: Starlette) -> Compiler:
    """The compiler of the application's endpoint."""
    middleware: list[Any] = application.user_middleware
    (express,) = (one for one in middleware if one.cls is Express)
    compiler: Compiler = express.kwargs["endpoint"].operations.compiler
    return compiler


async def _never() -> Any:
    await asyncio.Event().wait()


def _is_introspection(text: str) -> bool:
    return "__schema" in text or "__type(" in text


def _told(compiled: Answered, judged: Answered, ways: Counter[str], reported: list[str]) -> str:
    return "\n".join(
        [
            f"ways      {dict(ways)}",
            f"compiled  {compiled.status} {compiled.body.decode()}",
            f"judged    {judged.status} {judged.body.decode()}",
            f"for       {reported[:3]}",
        ]
        + ([] if compiled.headers == judged.headers else [f"{compiled.headers}", f"{judged.headers}"])
    )
