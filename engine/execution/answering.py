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

from engine.compiling.operations import Bound
from engine.deadlines import Deadlines
from engine.documents.costs import Charge, Costs
from engine.documents.trusted import TrustedDocuments
from engine.documents.valid import Document, Documents, RequestError
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


@dataclass(slots=True, eq=False)
class Known:
    """A query of a document that is ready: what depends on the request alone, for all who send it alike."""

    request: GraphQLRequest
    text: str
    document: Document
    operation: OperationDefinitionNode
    points: int
    bound: Bound
    is_trusted: bool


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
        self._deadlines = Deadlines(limits.operation_seconds_max)

    def prepare(self) -> None:
        """Compile what is trusted, once the application's models are ready."""
        for document in self._ready.values():
            self._operations.prepare(document)

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
            bound = self._operations.bind(document, operation, request)
            operations = self._operations
            found = await operations.read_ahead(bound, context, points, caller) if bound else None
            charge = await self._rules.charge(context, points)
            if operation.operation is OperationType.SUBSCRIPTION:
                turn = partial(self._event, context, points)
                results = await self._operations.subscribe(
                    document, request, context, caller, turn, asked.request_id
                )
                return self._told_results(results, asked.request_id)
            result = await self._operations.run(document, request, context, caller, asked.request_id, found)
            return result.costing(charge) if charge and asked.wants_cost else result

    @property
    def is_late(self) -> bool:
        """Whether requests may have to be refused before they are read."""
        return self._overload.sheds

    def known(self, request: GraphQLRequest) -> Known | None:
        """What `answer_swiftly` answers, None for all that `answer` must look at."""
        try:
            text = self._trusted.text_of(request, free=True)
            document = self._at_hand(text)
            operation = document.operation(request.operation_name) if document else None
            if document is None or operation is None or operation.operation is not OperationType.QUERY:
                return None
            points = self._costs.check(operation, document.fragments, request.variables)
        except (RequestError, Refusal):
            return None
        if request.extensions.get("cost") is True:
            return None
        bound = self._operations.bind(document, operation, request)
        if bound is None:
            return None
        return Known(request, text, document, operation, points, bound, text in self._ready)

    def is_still(self, known: Known) -> bool:
        """Whether its document is at hand as it was: it is not, once others took its place."""
        return self._at_hand(known.text) is known.document

    async def answer_swiftly(
        self, known: Known, connection: HTTPConnection, carrier: Response, request_id: str
    ) -> Result | None:
        """Answer what is still known, as `answer` does, and raise what it raises.

        None, before anything was charged or run, where `answer` must do it.
        """
        caller = self._caller_of(connection)
        self._overload.check(caller)
        try:
            with self._deadlines.one() as deadline:
                context = await self._get_context(connection, carrier)
                if not (known.is_trusted or self._rules.may_ask_freely(context)):
                    return None
                async with self._overload.place(caller):
                    found = await self._operations.read_ahead(known.bound, context, known.points, caller)
                    if found is None:  # graphql-core runs it, for as long as the client is there
                        return None
                    await self._rules.charge(context, known.points)
                    return await self._operations.run(
                        known.document, known.request, context, caller, request_id, found
                    )
        except RequestError:
            caller.charge(REFUSED_SECONDS)
            raise
        except TimeoutError:
            if not deadline.is_missed:
                raise
            caller.charge(REFUSED_SECONDS)
            raise self._stopped() from None

    def _at_hand(self, text: str) -> Document | None:
        """The document of a text, where it is ready; one that is remembered is remembered longer."""
        return self._ready.get(text) or self._documents.remembered(text)

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
        try:
            async with asyncio.timeout(self._limits.operation_seconds_max) as deadline:
                yield
        except TimeoutError:
            if not deadline.expired():
                raise
            raise self._stopped() from None

    def _stopped(self) -> RequestError:
        seconds = self._limits.operation_seconds_max
        refusal = Refusal(f"The operation was stopped after {seconds:g} seconds", Code.DEADLINE_EXCEEDED)
        return RequestError([refusal.formatted()], refusal.code)


def _astray(operation: OperationDefinitionNode, transport: Transport) -> RequestError | Refusal:
    """An operation that its transport does not carry."""
    if operation.operation is OperationType.SUBSCRIPTION:
        message = "A subscription is a stream: it cannot be answered by a single response."
        return RequestError.of([GraphQLError(message, operation)], Code.BAD_REQUEST)
    headers = {"Allow": "POST"} if transport is Transport.GET else None
    return Refusal("A mutation must be sent by POST", Code.METHOD_NOT_ALLOWED, headers=headers)
