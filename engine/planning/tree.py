"""What an operation asks for, place by place, with its fragments merged and its directives decided.

The tree is made once for an operation and the values of the variables in its `@skip` and `@include`. Places
where rows are read are `Rows`; all else is left to be completed from values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from graphql import (
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    is_abstract_type,
)
from graphql.execution.collect_fields import (
    FieldDetailsList,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues
from strawberry.types.field import StrawberryField
from tortoise.models import Model

from engine.planning.fields import ColumnField, owner_column, variants_of
from engine.planning.relations import RelationField, Shape

TYPENAME = "__typename"


class Unplanned(Exception):
    """This operation is not for the planner: graphql-core runs it."""


@dataclass(frozen=True, slots=True)
class Typename:
    """The name of the type, which is known."""

    name: str


@dataclass(frozen=True, slots=True)
class Value:
    """A field made of columns, and what is selected of what it gives."""

    field: ColumnField
    type: GraphQLOutputType
    details: FieldDetailsList


@dataclass(frozen=True, slots=True)
class Resolved:
    """A field with a resolver, which is given the row as an instance of its type."""

    field: GraphQLField
    parent: GraphQLObjectType
    details: FieldDetailsList


@dataclass(frozen=True, slots=True)
class Edges:
    """The items of a page with their cursors: response keys, and `cursor` or what is selected of the item."""

    entries: dict[str, Typename | str | Selection]


@dataclass(frozen=True, slots=True)
class Nodes:
    """The items of a page."""

    selection: Selection


@dataclass(frozen=True, slots=True)
class PagePlace:
    """Where a page lies: response keys, and names of its four facts."""

    entries: dict[str, Typename | str]


@dataclass(frozen=True, slots=True)
class Total:
    """How many items the whole list has."""


@dataclass(frozen=True, slots=True)
class Own:
    """A field of the connection's own, as the relation told it."""

    name: str
    type: GraphQLOutputType
    details: FieldDetailsList


PageEntry: TypeAlias = Typename | Edges | Nodes | PagePlace | Total | Own


@dataclass(eq=False, slots=True)
class Rows:
    """One place of an operation where a relation is read, and which columns of its rows are needed."""

    number: int
    declared: RelationField
    given: GraphQLField
    details: FieldDetailsList
    parent: Rows | None
    selection: Selection = field(default_factory=lambda: Selection({}, None))
    page: dict[str, PageEntry] | None = None
    columns: dict[str, None] = field(default_factory=dict)
    children: list[Rows] = field(default_factory=list)

    @property
    def gives(self) -> GraphQLOutputType:
        return self.given.type

    @property
    def shape(self) -> Shape:
        return self.declared.relation.shape

    @property
    def model(self) -> type[Model]:
        return self.declared.model

    @property
    def pk(self) -> str:
        return str(self.model._meta.pk_attr)

    @property
    def is_list(self) -> bool:
        return self.shape is not Shape.ONE

    @property
    def on(self) -> str | None:
        """The column that names the parent, where the owner alone does not say it."""
        on = self.declared.relation.on
        if on is None or self.parent is None or self.parent.pk == owner_column(self.parent.model):
            return None
        return on

    @property
    def wants_rows(self) -> bool:
        """Whether more than a count is asked for."""
        return self.page is None or any(
            not isinstance(entry, Typename | Total | Own) for entry in self.page.values()
        )

    @property
    def tells_place(self) -> bool:
        """Whether it is asked where a page lies in its list."""
        return self.page is not None and any(isinstance(entry, PagePlace) for entry in self.page.values())

    @property
    def wants_total(self) -> bool:
        return self.page is not None and any(isinstance(entry, Total) for entry in self.page.values())

    def is_of_owner(self, column: str) -> bool:
        """Whether a column is the owner's, whom every question names: it need not be read."""
        return column == owner_column(self.model) and column != self.pk

    def need(self, *columns: str) -> None:
        """Note columns that are needed."""
        self.columns.update(dict.fromkeys(column for column in columns if not self.is_of_owner(column)))


@dataclass(frozen=True, slots=True)
class Selection:
    """What is selected of a row: entries by response key, for each type that it may be shown as.

    `variant` is the column that tells the type, and `types` has the type's entries by its values; a row that
    is always of one type has them under None.
    """

    types: dict[Any, dict[str, Entry]]
    variant: str | None


Entry: TypeAlias = Typename | Value | Resolved | Rows


class Tree:
    """The root fields of an operation, and all places where rows are read."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variable_values: VariableValues,
        types: Mapping[type, GraphQLObjectType],
    ) -> None:
        assert schema.query_type is not None
        self._schema = schema
        self._operation = operation
        self._fragments = {name: FragmentDetails(node, None) for name, node in fragments.items()}
        self._variable_values = variable_values
        self._types = types
        self.rows: list[Rows] = []
        self._read_already: dict[object, Rows] = {}
        found = collect_fields(
            schema, self._fragments, variable_values, schema.query_type, operation
        ).grouped_field_set
        self.root = self._entries(schema.query_type, found, None)

    def below(self, kind: GraphQLObjectType, details: FieldDetailsList) -> dict[str, FieldDetailsList]:
        """The fields selected of a type, merged by response key (spec 6.3.2)."""
        return collect_subfields(
            self._schema, self._fragments, self._variable_values, self._operation, kind, details
        ).grouped_field_set

    def _entries(
        self, kind: GraphQLObjectType, fields: Mapping[str, FieldDetailsList], rows: Rows | None
    ) -> dict[str, Entry]:
        return {key: self._entry(kind, details, rows) for key, details in fields.items()}

    def _entry(self, kind: GraphQLObjectType, details: FieldDetailsList, rows: Rows | None) -> Entry:
        name = details[0].node.name.value
        if name == TYPENAME:
            return Typename(kind.name)
        given = kind.fields.get(name)
        if given is None:
            raise Unplanned("introspection")
        definition = given.extensions.get("strawberry-definition")
        if isinstance(definition, RelationField) and (rows is not None or _is_of_root(definition)):
            return self._read(definition, given, details, rows)
        if isinstance(definition, ColumnField) and rows is not None:
            rows.need(*definition.names)
            return Value(definition, given.type, details)
        if rows is not None:
            rows.need(*rows.model._meta.fields_db_projection)  # the resolver is given the whole row
        return Resolved(given, kind, details)

    def _read(
        self, definition: RelationField, given: GraphQLField, details: FieldDetailsList, parent: Rows | None
    ) -> Rows:
        # What the types of an interface ask for alike is read once for all of them.
        place = (parent, definition, tuple(id(one.node) for one in details))
        if place in self._read_already:
            return self._read_already[place]
        rows = self._read_already[place] = Rows(len(self.rows), definition, given, details, parent)
        self.rows.append(rows)
        rows.need(rows.pk)
        if parent is not None:
            parent.children.append(rows)
            relation = definition.relation
            parent.need(parent.pk if relation.key is None else relation.key)
        if rows.shape is Shape.PAGE:
            rows.page = self._page(rows)
        else:
            rows.selection = self._selection(get_named_type(given.type), details, rows)
        return rows

    def _selection(self, kind: Any, details: FieldDetailsList, rows: Rows) -> Selection:
        if not is_abstract_type(kind):
            return Selection({None: self._entries(kind, self.below(kind, details), rows)}, None)
        variants = variants_of(rows.declared.target)
        if variants is None:
            raise Unplanned(f"{kind.name} does not say how its rows are shown")
        column, shown = variants
        rows.need(column)
        types = {value: self._types[one] for value, one in shown.items()}
        return Selection(
            {value: self._entries(one, self.below(one, details), rows) for value, one in types.items()},
            column,
        )

    def _page(self, rows: Rows) -> dict[str, PageEntry]:
        kind = get_named_type(rows.gives)
        assert isinstance(kind, GraphQLObjectType)
        return {
            key: self._page_entry(kind, details, rows)
            for key, details in self.below(kind, rows.details).items()
        }

    def _page_entry(self, kind: GraphQLObjectType, details: FieldDetailsList, rows: Rows) -> PageEntry:
        name = details[0].node.name.value
        if name == TYPENAME:
            return Typename(kind.name)
        given = kind.fields[name]
        named = get_named_type(given.type)
        match _python_name(given):
            case "edges":
                assert isinstance(named, GraphQLObjectType)
                found = self.below(named, details).items()
                return Edges({key: self._edge_entry(named, below, rows) for key, below in found})
            case "nodes":
                return Nodes(self._selection(named, details, rows))
            case "page_info":
                assert isinstance(named, GraphQLObjectType)
                found = self.below(named, details).items()
                return PagePlace({key: self._place_entry(named, below) for key, below in found})
            case "total_count":
                return Total()
            case own:
                return Own(own, given.type, details)

    def _edge_entry(
        self, kind: GraphQLObjectType, details: FieldDetailsList, rows: Rows
    ) -> Typename | str | Selection:
        name = details[0].node.name.value
        if name == TYPENAME:
            return Typename(kind.name)
        if name == "cursor":
            return name
        return self._selection(get_named_type(kind.fields[name].type), details, rows)

    def _place_entry(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Typename | str:
        name = details[0].node.name.value
        return Typename(kind.name) if name == TYPENAME else _python_name(kind.fields[name])


def object_types(schema: GraphQLSchema) -> dict[type, GraphQLObjectType]:
    """The object types of a schema by the Strawberry types that they were made of."""
    return {
        definition.origin: kind
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        and (definition := kind.extensions.get("strawberry-definition")) is not None
    }


def _is_of_root(definition: RelationField) -> bool:
    return definition.relation.on is None and definition.relation.key is None


def _python_name(given: GraphQLField) -> str:
    definition = given.extensions["strawberry-definition"]
    assert isinstance(definition, StrawberryField)
    assert definition.python_name is not None
    return definition.python_name
