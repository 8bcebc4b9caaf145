"""From a document's text to a validated operation: parser, limits, rules, and a bounded memory of both."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

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

from engine.errors import Code, Refusal, format_request_error
from engine.limits import Limits, check_document

ERRORS_MAX = 20
PREPARING_MAX = 200
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


class Documents:
    """The valid documents of one schema, remembered by their text, the least recently used leaving first."""

    def __init__(self, schema: Schema, limits: Limits, *, introspection: bool, suggestions: bool) -> None:
        self._schema = schema._schema
        self._limits = limits
        self._suggestions = suggestions
        self._rules = [
            OverlapRule if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules
        ]
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._input_rules = _strawberry_rules(schema)
        self._remembered: OrderedDict[str, Document] = OrderedDict()
        self._characters = 0
        self._preparing: dict[str, asyncio.Future[Document]] = {}
        # One thread, so that the loop gets at least half of the interpreter while documents are prepared.
        self._thread = ThreadPoolExecutor(1, "documents")

    async def get(self, text: str) -> Document:
        """The document of a text, valid and within limits. Raises `RequestError` with its faults.

        A text seen for the first time is prepared beside the loop, once for all who ask for it.
        """
        document = self._remembered.get(text)
        if document is not None:
            self._remembered.move_to_end(text)
            return document
        preparing = self._preparing.get(text)
        if preparing is None:
            if len(self._preparing) >= PREPARING_MAX:
                raise Refusal(
                    "Too many new documents at once", Code.SERVICE_UNAVAILABLE, retry_after_seconds=1
                )
            preparing = asyncio.get_running_loop().run_in_executor(self._thread, self.prepare, text)
            self._preparing[text] = preparing
            preparing.add_done_callback(lambda done: self._prepared(text, done))
        return await asyncio.shield(preparing)

    def _prepared(self, text: str, done: asyncio.Future[Document]) -> None:
        self._preparing.pop(text, None)
        if not done.cancelled() and done.exception() is None:
            self._remember(text, done.result())

    def prepare(self, text: str) -> Document:
        """Parse, check and validate a text, at once."""
        node = self._parse(text)
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
            errors = validate(
                self._schema, node, rules, max_errors=ERRORS_MAX, hide_suggestions=not self._suggestions
            )
            if errors:
                return errors
        return []

    def _remember(self, text: str, document: Document) -> None:
        self._remembered[text] = document
        self._characters += len(text)
        while (
            len(self._remembered) > self._limits.documents_cached_max
            or self._characters > self._limits.documents_cached_characters_max
        ):
            forgotten, _ = self._remembered.popitem(last=False)
            self._characters -= len(forgotten)

    def __len__(self) -> int:
        return len(self._remembered)


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


def _strawberry_rules(schema: Schema) -> list[type[ASTValidationRule]]:
    """Rules for what graphql-core does not know of Strawberry's inputs, only where the schema needs them."""
    rules: list[type[ASTValidationRule]] = [MaybeNullValidationRule]
    for type_ in schema._schema.type_map.values():
        definition = type_.extensions.get("strawberry-definition")
        if isinstance(type_, GraphQLInputObjectType) and getattr(definition, "is_one_of", False):
            return [*rules, OneOfRule]
    return rules
