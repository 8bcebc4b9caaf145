"""Every bound of one request, and the check of a document before validation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

INTROSPECTION_FIELDS = ("__schema", "__type")


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What one event stream or WebSocket may take, and how long it may last."""

    heartbeat_seconds: float = 12.0
    send_seconds_max: float = 30.0
    open_seconds_max: float = 3_600.0
    init_seconds_max: float = 5.0
    pong_seconds_max: float = 20.0
    idle_seconds_max: float = 300.0
    operations_max: int = 20
    messages_at_once_max: int = 100
    messages_per_second_max: int = 20


@dataclass(frozen=True, slots=True)
class OverloadLimits:
    """How much one process takes on at once, and how late its loop may be."""

    lag_seconds_max: float = 0.25
    light_seconds_max: float = 0.5
    running_busy_max: int = 8
    running_max: int = 200
    running_of_caller_max: int = 20
    waiting_max: int = 200
    waiting_of_caller_max: int = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost. Everything is refused before it runs, save the two times."""

    body_bytes_max: int = 262_144
    body_seconds_max: float = 10.0
    query_string_bytes_max: int = 8_192
    variable_values_max: int = 2_000
    document_characters_max: int = 50_000
    tokens_max: int = 1_000
    comments_max: int = 200
    depth_max: int = 15
    aliases_max: int = 30
    root_fields_max: int = 20
    directives_max: int = 50
    fragments_max: int = 50
    fields_max: int = 2_000
    cost_max: int = 5_000
    operation_seconds_max: float = 10.0
    documents_cached_max: int = 1_000
    documents_cached_characters_max: int = 4_000_000
    documents_cached_tokens_max: int = 20_000
    streams: StreamLimits = field(default_factory=StreamLimits)
    overload: OverloadLimits = field(default_factory=OverloadLimits)


class Extent(NamedTuple):
    """How far a selection reaches once its fragments are put in place."""

    depth: int
    fields: int


def check_document(document: DocumentNode, limits: Limits) -> GraphQLError | None:
    """The first limit a document breaks, if any. Linear in the document, safe on cycles and unknown names."""
    try:
        return _first_excess(Census(document), limits)
    except RecursionError:
        return GraphQLError("Document is nested too deeply.")


def _first_excess(census: Census, limits: Limits) -> GraphQLError | None:
    found = {
        "aliases": (census.aliases, limits.aliases_max),
        "directives": (census.directives, limits.directives_max),
        "fragments": (len(census.fragments), limits.fragments_max),
        "root fields": (census.root_fields(), limits.root_fields_max),
        "fields": (census.extent.fields, limits.fields_max),
        "levels of depth": (census.extent.depth, limits.depth_max),
    }
    for what, (count, limit) in found.items():
        if count > limit:
            return GraphQLError(f"Document has too many {what}: {count} found, {limit} allowed.")
    return None


class Census:
    """Counts of one document. Each fragment is walked once, however often it is spread."""

    def __init__(self, document: DocumentNode) -> None:
        self.aliases = 0
        self.directives = 0
        self.fragments: dict[str, FragmentDefinitionNode] = {}
        self.operations: list[OperationDefinitionNode] = []
        for definition in document.definitions:
            if isinstance(definition, FragmentDefinitionNode):
                self.fragments[definition.name.value] = definition
            elif isinstance(definition, OperationDefinitionNode):
                self.operations.append(definition)
        self._extents: dict[str, Extent] = {}
        self._open: set[str] = set()
        self.extent = _joined([self._of_definition(definition) for definition in self.operations])
        for name in self.fragments:
            self._of_fragment(name)

    def root_fields(self) -> int:
        """Fields at the root of the widest operation, through its fragments."""
        return max((self._width(operation.selection_set, set()) for operation in self.operations), default=0)

    def _width(self, selections: SelectionSetNode, spread: set[str]) -> int:
        """Fields of one selection set, each fragment taken once as CollectFields does (spec 6.3.2)."""
        width = 0
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                width += 1
            elif isinstance(selection, InlineFragmentNode):
                width += self._width(selection.selection_set, spread)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in spread:
                spread.add(selection.name.value)
                fragment = self.fragments.get(selection.name.value)
                width += self._width(fragment.selection_set, spread) if fragment else 0
        return width

    def _of_definition(self, definition: OperationDefinitionNode | FragmentDefinitionNode) -> Extent:
        self.directives += len(definition.directives or ())
        return self._of_selections(definition.selection_set)

    def _of_fragment(self, name: str) -> Extent:
        if name in self._open or name not in self.fragments:
            return Extent(0, 0)
        if name not in self._extents:
            self._open.add(name)
            self._extents[name] = self._of_definition(self.fragments[name])
            self._open.discard(name)
        return self._extents[name]

    def _of_selections(self, selections: SelectionSetNode) -> Extent:
        return _joined([self._of_selection(selection) for selection in selections.selections])

    def _of_selection(self, selection: SelectionNode) -> Extent:
        self.directives += len(selection.directives or ())
        if isinstance(selection, FragmentSpreadNode):
            return self._of_fragment(selection.name.value)
        if isinstance(selection, InlineFragmentNode):
            return self._of_selections(selection.selection_set)
        if isinstance(selection, FieldNode):
            return self._of_field(selection)
        return Extent(0, 0)

    def _of_field(self, field: FieldNode) -> Extent:
        self.aliases += field.alias is not None
        below = self._of_selections(field.selection_set) if field.selection_set else Extent(0, 0)
        if field.name.value in INTROSPECTION_FIELDS:
            return Extent(1, below.fields + 1)
        return Extent(below.depth + 1, below.fields + 1)


def _joined(parts: list[Extent]) -> Extent:
    return Extent(max((part.depth for part in parts), default=0), sum(part.fields for part in parts))
