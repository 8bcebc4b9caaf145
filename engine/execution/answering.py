"""One way from a request to its answer, whatever the transport: context, document, limits, execution."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode, OperationType
from starlette.requests import HTTPConnection
from starlette.responses import Response

from engine.documents.costs import Charge, Costs
from engine.documents.trusted import TrustedDocuments
from engine.documents.valid import Documents, RequestError
from engine.errors import Code, Masking, Refusal
from engine.execution.operations import Operations, Result
from engine.http.requests import GraphQLRequest
from engine.limits import Limits
from engine.sharing.callers import Caller, Callers
from engine.sharing.overload import Overload

COST_HEADER = "GraphQL-Cost"
# A request that is refused for what it says counts as much more than it took: honest clients send none.
REFUSED_SECONDS = 0.25

GetContext = Callable[[HTTPConnection, Response], Awaitable[Any]]
Results = AsyncGenerator[Result, None]


async def _charge_nothing(_context: Any, _points: int) -> None:
    """Default `charge`: nobody has a budget."""


def _address_of(connection: HTTPConnection) -> str:
    """Default `caller_of`: every address for itself."""
    return connection.client.host if connection.client else ""


class Transport(Enum):
    """How a request came, and with that which operations it may ask for."""

    GET = frozenset({OperationType.QUERY})
    POST = frozenset({OperationType.QUERY, OperationType.MUTATION})
    EVENT_STREAM = frozenset(OperationType)
    # A mutation may set cookies, which no message of an open socket can carry.
    SOCKET = frozenset({OperationType.QUERY, OperationType.SUBSCRIPTION})
    # As far as a socket: a GET changes nothing.
    EVENT_STREAM_BY_GET = SOCKET


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. The headers and cookies of `carrier` go out with its answer, where the transport can."""

    request: GraphQLRequest
    transport: Transport
    connection: HTTPConnection
    carrier: Response
    request_id: str

    @property
    def wants_cost(self) -> bool:
        """Whether the answer is to tell its cost: asked for by header or by extension of the request."""
        by_header = self.connection.headers.get(COST_HEADER, "").lower() == "report"
        return by_header or self.request.extensions.get("cost") is True


@dataclass(frozen=True, slots=True)
class Rules:
    """What the application says of its callers, each known by its connection or its context."""

    caller_of: Callable[[HTTPConnection], str] = _address_of
    may_ask_freely: Callable[[Any], bool] = lambda _context: True
    charge: Callable[[Any, int], Awaitable[Charge | None]] = _charge_nothing


class Answering:
    """Answers requests of every transport under the same limits, rules and masking."""

    def __init__(
        self,
        get_context: GetContext,
        rules: Rules,
        trusted: TrustedDocuments,
        documents: Documents,
        costs: Costs,
        operations: Operations,
        masking: Masking,
        limits: Limits,
        overload: Overload,
    ) -> None:
        self._get_context = get_context
        self._callers = Callers()
        self._overload = overload
        self._rules = rules
        self._trusted = trusted
        self._ready = dict(trusted.check(documents.prepare, costs))
        self._documents = documents
        self._costs = costs
        self._operations = operations
        self._masking = masking
        self._limits = limits

    async def answer(self, asked: Asked) -> Result | Results:
        """The result, or the stream of them that a subscription is: close it to end the subscription.

        Raises `RequestError`, `Refusal` and what the application raises: `told` has the words for all.
        """
        caller = self._caller_of(asked.connection)
        try:
            async with self._deadline():
                return await self._answer(asked, caller)
        except RequestError:
            caller.charge(REFUSED_SECONDS)
            raise

    async def _answer(self, asked: Asked, caller: Caller) -> Result | Results:
        request = asked.request
        context = await self._get_context(asked.connection, asked.carrier)
        text = self._trusted.text_of(request, free=self._rules.may_ask_freely(context))
        document = self._ready.get(text) or await self._documents.get(text, caller)
        operation = document.operation(request.operation_name)
        if operation.operation not in asked.transport.value:
            raise _astray(operation, asked.transport)
        points = self._costs.check(operation, document.fragments, request.variables)
        async with self._overload.place(caller):
            charge = await self._rules.charge(context, points)
            if operation.operation is OperationType.SUBSCRIPTION:
                turn = partial(self._event, context, points)
                results = await self._operations.subscribe(
                    document, request, context, caller, turn, asked.request_id
                )
                return self._told_results(results, asked.request_id)
            result = await self._operations.run(document, request, context, caller, asked.request_id)
            return result.costing(charge) if charge and asked.wants_cost else result

    async def outcome(self, asked: Asked) -> Result | Results:
        """The answer, or what is told where there is none."""
        try:
            return await self.answer(asked)
        except Exception as error:
            return Result.failed(self.told(error, asked.request_id))

    def check(self, connection: HTTPConnection) -> None:
        """Refuse what there is no time for, before it is read."""
        self._overload.check(self._caller_of(connection))

    def note_refused(self, connection: HTTPConnection) -> None:
        """Let a caller whose request could not even be read wait for it later."""
        self._caller_of(connection).charge(REFUSED_SECONDS)

    def _caller_of(self, connection: HTTPConnection) -> Caller:
        port = connection.client.port if connection.client else 0
        return self._callers.of(self._rules.caller_of(connection), port)

    async def admit(self, asked_by: HTTPConnection) -> None:
        """Read a context once, so that whoever may not come in is told before asking anything."""
        self.check(asked_by)
        async with self._deadline():
            await self._get_context(asked_by, Response())

    def told(self, error: Exception, request_id: str) -> RequestError | Refusal:
        """What the client may read of a failure; a bug is reported, and masked."""
        return error if isinstance(error, RequestError) else self._masking.mask(error, request_id)

    async def _told_results(self, results: Results, request_id: str) -> Results:
        """The results of a subscription. What its source raises is told, and ends it."""
        try:
            async for result in results:
                yield result
        except Exception as error:
            yield Result.failed(self.told(error, request_id))
        finally:
            await results.aclose()

    @asynccontextmanager
    async def _event(self, context: Any, points: int) -> AsyncIterator[None]:
        """Each event of a subscription is charged and stopped like an operation of its own."""
        async with self._deadline():
            await self._rules.charge(context, points)
            yield

    @asynccontextmanager
    async def _deadline(self) -> AsyncIterator[None]:
        """Stops what runs inside when its time is over, at its next await."""
        seconds = self._limits.operation_seconds_max
        try:
            async with asyncio.timeout(seconds) as deadline:
                yield
        except TimeoutError:
            if not deadline.expired():
                raise
            refusal = Refusal(f"The operation was stopped after {seconds:g} seconds", Code.DEADLINE_EXCEEDED)
            raise RequestError([refusal.formatted()], refusal.code) from None


def _astray(operation: OperationDefinitionNode, transport: Transport) -> RequestError | Refusal:
    """An operation that its transport does not carry."""
    if operation.operation is OperationType.SUBSCRIPTION:
        message = "A subscription is a stream: it cannot be answered by a single response."
        return RequestError.of([GraphQLError(message, operation)], Code.BAD_REQUEST)
    headers = {"Allow": "POST"} if transport is Transport.GET else None
    return Refusal("A mutation must be sent by POST", Code.METHOD_NOT_ALLOWED, headers=headers)
