"""From a document's text to a validated operation: parser, limits, rules, and a bounded memory of both."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLInputObjectType,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    parse,
    specified_rules,
    validate,
)
from graphql.validation import ASTValidationRule
from strawberry import Schema
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from engine.compiling.operations import Compiled
from engine.documents.sensitive import OneSensitiveField
from engine.errors import Code, Refusal, format_request_error
from engine.limits import Limits, check_document
from engine.sharing.callers import Caller, Used

ERRORS_MAX = 20
PREPARING_MAX = 200
# After a document the thread leaves the interpreter to the loop for so many times as long, unless somebody
# waits who hardly used anything lately.
RESTS = 2
LIGHT_SECONDS_MAX = 0.5
OVERLAP_BUDGET = 30_000


class RequestError(Exception):
    """The request failed before execution began: errors, and no data (spec 7.1, request error)."""

    def __init__(self, formatted: list[dict[str, Any]], code: str) -> None:
        super().__init__(code)
        self.code = str(code)
        self.formatted = formatted

    @classmethod
    def of(cls, errors: list[GraphQLError], code: str) -> RequestError:
        """From graphql-core's errors, shown in its words."""
        return cls([format_request_error(error, code) for error in errors], code)


@dataclass(frozen=True, slots=True)
class Document:
    """A valid document, its operations and its fragments by name."""

    node: DocumentNode
    operations: dict[str | None, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]
    compiled: Compiled = field(default_factory=Compiled, compare=False)

    @classmethod
    def of(cls, node: DocumentNode) -> Document:
        """Sort the definitions once, for all the requests that ask for the document."""
        operations = [d for d in node.definitions if isinstance(d, OperationDefinitionNode)]
        fragments = [d for d in node.definitions if isinstance(d, FragmentDefinitionNode)]
        return cls(
            node,
            {d.name.value if d.name else None: d for d in operations},
            {d.name.value: d for d in fragments},
        )

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to run (spec 6.1, GetOperation)."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is not None and name in self.operations:
            return self.operations[name]
        raise RequestError.of([GraphQLError(self._why_none(name))], Code.OPERATION_RESOLUTION_FAILURE)

    def _why_none(self, name: str | None) -> str:
        if not self.operations:
            return "Document has no operation."
        if name is None:
            return "Document has several operations: operationName must name one."
        return "Document has no operation with the name that operationName gives."


@dataclass(slots=True, eq=False)
class _Preparing:
    """A text, and whoever waits for its document."""

    text: str
    callers: list[Caller] = field(default_factory=list)
    document: asyncio.Future[Document] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def rank(self) -> Used:
        return min(caller.used for caller in self.callers)

    @property
    def seconds(self) -> float:
        return min(caller.seconds for caller in self.callers)


class Documents:
    """The valid documents of one schema, remembered by their text, the least recently used leaving first."""

    def __init__(self, schema: Schema, limits: Limits, *, introspection: bool, suggestions: bool) -> None:
        self._schema = schema._schema
        self._limits = limits
        self._suggestions = suggestions
        self._rules = [
            OverlapRule if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules
        ]
        self._rules.append(OneSensitiveField)
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._input_rules = _strawberry_rules(schema)
        self._remembered: OrderedDict[str, Document] = OrderedDict()
        self._characters = self._tokens = 0
        self._preparing: dict[str, _Preparing] = {}
        self._being_prepared: _Preparing | None = None
        self._rests_until = 0.0
        self._rest: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        # One thread, so that the loop gets at least half of the interpreter while documents are prepared.
        self._thread = ThreadPoolExecutor(1, "documents")

    async def get(self, text: str, caller: Caller) -> Document:
        """The document of a text, valid and within limits. Raises `RequestError` with its faults.

        A text seen for the first time is prepared beside the loop, once for all who ask for it, and when its
        turn comes: the texts of those who used least go first.
        """
        document = self.remembered(text)
        if document is not None:
            return document
        self._follow()
        preparing = self._preparing.get(text)
        if preparing is None:
            if len(self._preparing) >= PREPARING_MAX:
                raise Refusal(
                    "Too many new documents at once", Code.SERVICE_UNAVAILABLE, retry_after_seconds=1
                )
            preparing = self._preparing[text] = _Preparing(text)
        preparing.callers.append(caller)
        self._prepare_next()
        try:
            return await asyncio.shield(preparing.document)
        finally:
            preparing.callers.remove(caller)
            if not preparing.callers and preparing is not self._being_prepared:
                self._preparing.pop(text, None)  # nobody waits for it any more

    def remembered(self, text: str) -> Document | None:
        """The document of a text that was seen before, which it stays with that."""
        document = self._remembered.get(text)
        if document is not None:
            self._remembered.move_to_end(text)
        return document

    def _follow(self) -> None:
        """What began in a loop that was closed is nobody's any more."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._preparing, self._being_prepared, self._rest = loop, {}, None, None

    def _prepare_next(self) -> None:
        """The thread does one at a time, so that nothing it has taken stands before a lighter caller's."""
        waited_for = [preparing for preparing in self._preparing.values() if preparing.callers]
        if self._being_prepared is not None or not waited_for:
            return
        chosen = min(waited_for, key=lambda preparing: preparing.rank)
        loop = asyncio.get_running_loop()
        if loop.time() < self._rests_until and chosen.seconds > LIGHT_SECONDS_MAX:
            if self._rest is None:
                self._rest = loop.call_at(self._rests_until, self._rested)
            return
        self._being_prepared = chosen
        done = loop.run_in_executor(self._thread, self._timed, chosen.text)
        done.add_done_callback(lambda done: self._prepared(chosen, done))

    def _rested(self) -> None:
        self._rest = None
        self._prepare_next()

    def _timed(self, text: str) -> tuple[Document | Exception, float]:
        begun = time.thread_time()
        try:
            outcome: Document | Exception = self.prepare(text)
        except Exception as error:
            outcome = error
        return outcome, time.thread_time() - begun

    def _prepared(
        self, preparing: _Preparing, done: asyncio.Future[tuple[Document | Exception, float]]
    ) -> None:
        self._being_prepared = None
        self._preparing.pop(preparing.text, None)
        if done.cancelled():  # the loop is closing
            preparing.document.cancel()
            return
        outcome, seconds = done.result()
        self._rests_until = asyncio.get_running_loop().time() + RESTS * seconds
        for caller in preparing.callers:
            caller.charge(seconds)
        if not isinstance(outcome, Exception):
            self._remember(preparing.text, outcome)
            preparing.document.set_result(outcome)
        elif preparing.callers:
            preparing.document.set_exception(outcome)
        self._prepare_next()

    def prepare(self, text: str) -> Document:
        """Parse, check and validate a text, at once."""
        node = self._parse(text)
        _unchain(node)
        excess = check_document(node, self._limits)
        if excess is not None:
            raise RequestError.of([excess], Code.GRAPHQL_VALIDATION_FAILED)
        errors = self._validate(node)
        if errors:
            raise RequestError.of(errors, Code.GRAPHQL_VALIDATION_FAILED)
        return Document.of(node)

    def _parse(self, text: str) -> DocumentNode:
        limits = self._limits
        try:
            return parse(
                text,
                max_lexical_tokens=limits.tokens_max,
                max_comments=limits.comments_max,
                max_source_length=limits.document_characters_max,
            )
        except GraphQLError as error:
            raise RequestError.of([error], Code.GRAPHQL_PARSE_FAILED) from None

    def _validate(self, node: DocumentNode) -> list[GraphQLError]:
        """The rules of the specification, then Strawberry's, which expect a document that keeps them."""
        for rules in (self._rules, self._input_rules):
            broom = _Broom()
            try:
                errors = validate(
                    self._schema,
                    node,
                    [broom.keeping(rule) for rule in rules],
                    max_errors=ERRORS_MAX,
                    hide_suggestions=not self._suggestions,
                )
            finally:
                broom.sweep()
            if errors:
                return errors
        return []

    def _remember(self, text: str, document: Document) -> None:
        self._remembered[text] = document
        self._characters += len(text)
        self._tokens += document.node.token_count
        while (
            len(self._remembered) > self._limits.documents_cached_max
            or self._characters > self._limits.documents_cached_characters_max
            or self._tokens > self._limits.documents_cached_tokens_max
        ):
            text, document = self._remembered.popitem(last=False)
            self._characters -= len(text)
            self._tokens -= document.node.token_count

    def __len__(self) -> int:
        return len(self._remembered)


class _Broom:
    """Takes validations apart.

    A rule, what it noted and the document know each other: a circle of ten thousand things, left to the
    collector of garbage, whose pauses hold the loop.
    """

    def __init__(self) -> None:
        self._dusty: list[object] = []

    def keeping(self, rule: type[ASTValidationRule]) -> type[ASTValidationRule]:
        """The rule, such that what is made of it is known here."""

        def make(context: Any) -> ASTValidationRule:
            visitor = rule(context)
            self._dusty += [context, visitor]
            return visitor

        return cast("type[ASTValidationRule]", make)

    def sweep(self) -> None:
        """Nobody validates with them any more."""
        for dusty in self._dusty:
            vars(dusty).clear()


class OverlapRule(OverlappingFieldsCanBeMergedRule):
    """Field selection merging (spec 5.3.2), whose work is quadratic, with a budget of our own."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = OVERLAP_BUDGET


class OneOfRule(OneOfInputValidationRule):
    """Strawberry's rule for `@oneOf` inputs, which alone fails on variables used inside fragments."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.variable_definitions = {
            variable.variable.name.value: variable
            for definition in context.document.definitions
            if isinstance(definition, OperationDefinitionNode)
            for variable in definition.variable_definitions or ()
        }

    def enter_operation_definition(self, *_args: object) -> None:
        """Keep the variables of the whole document."""


def _unchain(document: DocumentNode) -> None:
    """Let tokens forget the one before them: a circle too, and nobody walks back."""
    token = document.loc.start_token if document.loc else None
    while token is not None:
        token.prev, token = None, token.next


def _strawberry_rules(schema: Schema) -> list[type[ASTValidationRule]]:
    """Rules for what graphql-core does not know of Strawberry's inputs, only where the schema needs them."""
    rules: list[type[ASTValidationRule]] = [MaybeNullValidationRule]
    for type_ in schema._schema.type_map.values():
        definition = type_.extensions.get("strawberry-definition")
        if isinstance(type_, GraphQLInputObjectType) and getattr(definition, "is_one_of", False):
            return [*rules, OneOfRule]
    return rules
