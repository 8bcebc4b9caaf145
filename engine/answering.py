"""One way from a request to its answer, whatever the transport: context, document, limits, execution."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode, OperationType
from starlette.requests import HTTPConnection
from starlette.responses import Response

from engine.documents import Document, Documents, RequestError
from engine.errors import Code, Masking, Refusal
from engine.limits import Limits
from engine.operations import Operations, Result
from engine.requests import GraphQLRequest
from engine.sizes import nodes_of

GetContext = Callable[[HTTPConnection, Response], Awaitable[Any]]
Results = AsyncGenerator[Result, None]


class Transport(Enum):
    """How a request came, and with that which operations it may ask for."""

    GET = frozenset({OperationType.QUERY})
    POST = frozenset({OperationType.QUERY, OperationType.MUTATION})
    EVENT_STREAM = frozenset(OperationType)
    # A mutation may set cookies, which no message of an open socket can carry.
    SOCKET = frozenset({OperationType.QUERY, OperationType.SUBSCRIPTION})


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. The headers and cookies of `carrier` go out with its answer, where the transport can."""

    request: GraphQLRequest
    transport: Transport
    connection: HTTPConnection
    carrier: Response
    request_id: str


class Answering:
    """Answers requests of every transport under the same limits, rules and masking."""

    def __init__(
        self,
        get_context: GetContext,
        documents: Documents,
        operations: Operations,
        masking: Masking,
        limits: Limits,
    ) -> None:
        self._get_context = get_context
        self._documents = documents
        self._operations = operations
        self._masking = masking
        self._limits = limits

    async def answer(self, asked: Asked) -> Result | Results:
        """The result, or the stream of them that a subscription is: close it to end the subscription.

        Raises `RequestError`, `Refusal` and what the application raises: `told` has the words for all.
        """
        async with self._deadline():
            context = await self._get_context(asked.connection, asked.carrier)
            document = await self._documents.get(asked.request.query)
            operation = document.operation(asked.request.operation_name)
            self._check(operation, document, asked)
            if operation.operation is OperationType.SUBSCRIPTION:
                results = await self._operations.subscribe(
                    document, asked.request, context, self._deadline, asked.request_id
                )
                return self._told_results(results, asked.request_id)
            return await self._operations.run(document, asked.request, context, asked.request_id)

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

    def _check(self, operation: OperationDefinitionNode, document: Document, asked: Asked) -> None:
        if operation.operation not in asked.transport.value:
            raise _astray(operation, asked.transport)
        nodes = nodes_of(operation, document.fragments, asked.request.variables or {}, self._limits)
        if nodes > self._limits.nodes_max:
            message = f"The pages asked for may hold {nodes} nodes, {self._limits.nodes_max} are allowed."
            raise RequestError.of([GraphQLError(message, operation)], Code.GRAPHQL_VALIDATION_FAILED)

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
