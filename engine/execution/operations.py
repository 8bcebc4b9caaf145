"""Running one operation of a valid document: variables, execution, and what may be read of its errors."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from inspect import isawaitable
from typing import Any, TypeGuard, cast

from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    OperationDefinitionNode,
    OperationType,
    create_source_event_stream,
)
from graphql.pyutils import Path
from strawberry import Schema
from strawberry.execution import optimized_is_awaitable

from engine.compiling.operations import Bound, Compiler, Found
from engine.documents.costs import Charge
from engine.documents.valid import Document, RequestError
from engine.errors import Code, FieldError, Masking, Refusal, format_request_error, innermost_error
from engine.execution.executors import SlicedExecutor, sliced
from engine.http.requests import GraphQLRequest
from engine.planning.gates import Gate
from engine.sharing.callers import Caller
from engine.sharing.turns import Turns, Work

_is_awaitable = cast("Callable[[Any], TypeGuard[Awaitable[Any]]]", optimized_is_awaitable)

COERCION_ERRORS_MAX = 20
CLIENT_INPUT_ERRORS = (GraphQLError, ValueError, TypeError, ArithmeticError, Refusal)


@dataclass(frozen=True, slots=True)
class Result:
    """A GraphQL response (spec 7.1) and the refusal that made it empty, if a single kind did."""

    body: dict[str, Any]
    refusal: Refusal | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def failed(cls, error: RequestError | Refusal) -> Result:
        """What is told of a failure, as a response without data."""
        return cls({"errors": error.formatted if isinstance(error, RequestError) else [error.formatted()]})

    def costing(self, charge: Charge) -> Result:
        """The result with what it cost and what is left, for a client that asked."""
        return replace(self, body={**self.body, "extensions": {"cost": charge.formatted()}})

    @property
    def has_data_entry(self) -> bool:
        """False when the request failed before execution began (spec 7.1.1)."""
        return "data" in self.body


class Operations:
    """Executes valid documents of one schema: compiled queries, all else in graphql-core."""

    def __init__(
        self,
        schema: Schema,
        masking: Masking,
        *,
        suggestions: bool,
        compiled: bool = True,
        gate: Gate | None = None,
    ) -> None:
        if schema.extensions:
            raise ValueError("The endpoint does not run schema extensions: use its limits and hooks instead.")
        self._schema = schema._schema
        self._executor_class = sliced(schema.execution_context_class)
        self._turns = Turns()
        self.compiler = Compiler(schema, gate)
        self._compiles = compiled
        self._masking = masking
        self._suggestions = suggestions

    def bind(
        self, document: Document, operation: OperationDefinitionNode, request: GraphQLRequest
    ) -> Bound | None:
        """A query compiled for a request's variables, None where graphql-core runs it."""
        if operation.operation is not OperationType.QUERY or not self._compiles:
            return None
        return self.compiler.bind(document.compiled, operation, document.fragments, request.variables)

    def prepare(self, document: Document) -> None:
        """Compile the queries of a document as far as is possible before they are asked for."""
        for operation in document.operations.values():
            if operation.operation is OperationType.QUERY:
                self.compiler.prepare(document.compiled, operation, document.fragments)

    async def read_ahead(self, bound: Bound, context: object, points: int, caller: Caller) -> Found | None:
        """Read what a compiled query needs of the database; None where graphql-core runs it."""
        return await self.compiler.read_ahead(bound, context, points, caller.charge)

    async def run(
        self,
        document: Document,
        request: GraphQLRequest,
        context: object,
        caller: Caller,
        request_id: str,
        found: Found | None = None,
    ) -> Result:
        """Execute (spec 6.2) for a caller. Raises `RequestError` when the variables do not fit.

        What was found for a compiled query is made into its answer. Where that does not go plainly well,
        nothing of it is told, and graphql-core runs the query from the beginning.
        """
        if found is not None:
            make_info = _Infos(lambda: self._build(document, request, context, caller, request_id))
            data = await self.compiler.answer(found, context, make_info, caller.charge)
            if data is not None:
                return Result({"data": data})
        executor = self._build(document, request, context, caller, request_id)
        return await self._complete(executor, request_id)

    async def subscribe(
        self,
        document: Document,
        request: GraphQLRequest,
        context: object,
        caller: Caller,
        turn: Callable[[], AbstractAsyncContextManager[object]],
        request_id: str,
    ) -> AsyncGenerator[Result, None]:
        """Create the source stream (spec 6.2.3.1), each of whose events is executed within a `turn`.

        Raises `RequestError` when the variables do not fit or the source is refused. Close the results to
        end the source, which may raise what it likes.
        """
        executor = self._build(document, request, context, caller, request_id)
        outcome = create_source_event_stream(executor)
        source = await outcome if isawaitable(outcome) else outcome
        if isinstance(source, ExecutionResult):
            errors = self._masking.format_field_errors(source.errors or [], request_id)
            raise RequestError([error.formatted for error in errors], errors[0].refusal.code)
        return self._results(executor, source, turn, request_id)

    async def _results(
        self,
        executor: SlicedExecutor,
        source: AsyncIterable[Any],
        turn: Callable[[], AbstractAsyncContextManager[object]],
        request_id: str,
    ) -> AsyncGenerator[Result, None]:
        """Map the source to results (spec 6.2.3.2)."""
        events = aiter(source)
        try:
            async for event in events:
                each = cast("SlicedExecutor", executor.build_per_event_executor(event))
                each.work = Work(executor.work.caller)
                async with turn():
                    result = await self._complete(each, request_id)
                yield result
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    async def _complete(self, executor: SlicedExecutor, request_id: str) -> Result:
        outcome = executor.execute_operation()
        result = await outcome if isawaitable(outcome) else outcome
        if not isinstance(result, ExecutionResult):
            raise TypeError(f"Incremental delivery is off, yet execution gave {type(result).__name__}")
        if not result.errors:
            return Result({"data": result.data})
        errors = self._masking.format_field_errors(result.errors, request_id)
        body = {"data": result.data, "errors": [error.formatted for error in errors]}
        return Result(body, _unavailable(errors) if result.data is None else None)

    def _build(
        self, document: Document, request: GraphQLRequest, context: object, caller: Caller, request_id: str
    ) -> SlicedExecutor:
        built = self._executor_class.build(
            self._schema,
            document.node,
            context_value=context,
            raw_variable_values=request.variables,
            operation_name=request.operation_name,
            max_coercion_errors=COERCION_ERRORS_MAX,
            is_awaitable=_is_awaitable,
            hide_suggestions=not self._suggestions,
            operation_extensions=request.extensions,
        )
        if isinstance(built, list):
            raise self._variable_error(built, request_id)
        executor = cast("SlicedExecutor", built)
        executor.turns, executor.work = self._turns, Work(caller)
        return executor

    def _variable_error(self, errors: list[GraphQLError], request_id: str) -> RequestError:
        """Variables that do not fit their types. A scalar that failed in another way is a bug, and masked."""
        formatted, code = [], Code.BAD_USER_INPUT
        for error in errors:
            cause = innermost_error(error)
            if isinstance(cause, CLIENT_INPUT_ERRORS):
                formatted.append(format_request_error(error, Code.BAD_USER_INPUT))
            else:
                formatted.append(self._masking.mask(cause, request_id).formatted())
                code = Code.INTERNAL_SERVER_ERROR
        return RequestError(formatted, code)


class _Infos:
    """Makes what resolvers are told of their field, by an executor that is built where there is one."""

    def __init__(self, build: Callable[[], SlicedExecutor]) -> None:
        self._build = build
        self._executor: SlicedExecutor | None = None

    def __call__(
        self, given: GraphQLField, nodes: list[FieldNode], kind: GraphQLObjectType, path: Path
    ) -> GraphQLResolveInfo[Any]:
        if self._executor is None:
            self._executor = self._build()
        return self._executor.build_resolve_info(given, nodes, kind, path)


def _unavailable(errors: list[FieldError]) -> Refusal | None:
    """The refusal to answer 503 with, when nothing came back because a service is away."""
    refusals = [error.refusal for error in errors]
    if all(refusal.code == Code.SERVICE_UNAVAILABLE for refusal in refusals):
        return refusals[0]
    return None
