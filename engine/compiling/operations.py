"""Compiled operations: known once by their document, bound to a request's variables, read ahead, answered."""

from __future__ import annotations

import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, cast

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    VariableNode,
)
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from strawberry import Schema
from strawberry.types.arguments import convert_arguments
from tortoise.connection import get_connection

from engine.compiling.forms import Form, asked_of, reading, rows_count
from engine.compiling.values import Miss, Run, Values
from engine.compiling.writer import Writer
from engine.planning.dialects import DIALECTS, POSTGRES, Dialect
from engine.planning.gates import Gate
from engine.planning.keysets import Part
from engine.planning.questions import Layout, Question, Questions
from engine.planning.relations import Gatekeeper
from engine.planning.tree import Rows, Tree, Unplanned, object_types

_logger = logging.getLogger(__name__)

VARIANTS_MAX = 16  # of an operation: values of the variables in its @skip and @include
FORMS_MAX = 32  # of a variant: conditions, orders, cursors
ROWS_MAX = 2_000  # more than that is long work, which graphql-core does turn by turn
SIGHTS_MAX = 16
NO_VARIABLES = VariableValues({}, {})


@dataclass(eq=False)
class Variant:
    """An operation with its directives decided."""

    tree: Tree
    forms: OrderedDict[Hashable, Form] = field(default_factory=OrderedDict)


@dataclass(frozen=True, slots=True)
class Bound:
    """A variant with the variables of a request, and with the arguments that these make."""

    variant: Variant
    variables: VariableValues
    arguments: list[dict[str, Any]]
    # Parts by what a scope sees, where no argument can name anybody's row.
    seen: dict[Hashable, list[Part]] | None


@dataclass(frozen=True, slots=True)
class Found:
    """What was read for a request, by whoever was admitted to it."""

    bound: Bound
    form: Form
    parts: Sequence[Part]
    owner: int
    answers: list[Any]


class Compiled:
    """The operations of one document, compiled as they are asked for."""

    def __init__(self) -> None:
        self.variants: dict[OperationDefinitionNode, OrderedDict[Hashable, Variant]] = {}
        self.flags: dict[OperationDefinitionNode, tuple[str, ...]] = {}


class Compiler:
    """Compiles and runs queries of one schema. `ways` counts how they went, by name."""

    def __init__(self, schema: Schema, gate: Gate | None) -> None:
        self._strawberry = schema
        self._schema = schema._schema
        self._types = object_types(self._schema)
        self._gate = gate
        self._converters: dict[Dialect, list[Callable[[Any], Any] | None]] = {}
        self._claims: dict[Dialect, Form] = {}
        self.ways: Counter[str] = Counter()

    def bind(
        self,
        compiled: Compiled,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        inputs: dict[str, Any],
    ) -> Bound | None:
        """The operation for a request's variables, None where it is for graphql-core. Raises nothing."""
        try:
            variables = self._variables(operation, inputs)
            variant = self._variant(compiled, operation, fragments, variables)
            arguments = [self._arguments(rows, variables) for rows in variant.tree.rows]
            return Bound(variant, variables, arguments, {} if _are_anybodys(arguments) else None)
        except Unplanned:
            self.ways["unplanned"] += 1
        except Exception as error:
            self._note("unbound", error)
        return None

    def _note(self, way: str, error: Exception) -> None:
        """Count what did not go plainly well; the first of each kind is logged, since it may be a bug."""
        name = f"{way}: {type(error).__name__}"
        self.ways[name] += 1
        if self.ways[name] == 1:
            _logger.info("a query goes the ordinary way (%s)", name)

    def prepare(
        self,
        compiled: Compiled,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> None:
        """Make the tree of an operation before anybody asks for it, where no variable decides on it."""
        with suppress(Unplanned, Miss):
            if not _flags(operation, fragments):
                self._variant(compiled, operation, fragments, NO_VARIABLES)

    def _variables(self, operation: OperationDefinitionNode, inputs: dict[str, Any]) -> VariableValues:
        if not operation.variable_definitions:
            return NO_VARIABLES
        values = get_variable_values(self._schema, operation.variable_definitions, inputs, max_errors=1)
        if isinstance(values, list):
            raise GraphQLError("variables that do not fit")
        return values

    def _variant(
        self,
        compiled: Compiled,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: VariableValues,
    ) -> Variant:
        flags = compiled.flags.get(operation)
        if flags is None:
            flags = compiled.flags[operation] = _flags(operation, fragments)
        variants = compiled.variants.setdefault(operation, OrderedDict())
        decided = tuple(variables.coerced.get(name) for name in flags)
        variant = variants.get(decided)
        if variant is not None:
            variants.move_to_end(decided)
        else:
            # Of the variables only these: a tree is kept, and what a customer asked for is not.
            deciding = VariableValues(
                {name: variables.sources[name] for name in flags if name in variables.sources},
                {name: variables.coerced[name] for name in flags if name in variables.coerced},
            )
            variant = Variant(Tree(self._schema, operation, fragments, deciding, self._types))
            _keep(variants, decided, variant, VARIANTS_MAX)
        return variant

    def _arguments(self, rows: Rows, variables: VariableValues) -> dict[str, Any]:
        """Arguments of a relation as its function takes them."""
        declared = rows.declared
        if not declared.arguments:
            return {}
        values = get_argument_values(rows.given, rows.details[0].node, variables)
        return convert_arguments(
            values,
            declared.arguments,
            scalar_registry=self._strawberry.schema_converter.scalar_registry,
            config=self._strawberry.config,
            info=cast("Any", None),
        )

    async def read_ahead(
        self, bound: Bound, context: Any, points: int, charge: Callable[[float], None]
    ) -> Found | None:
        """Read all that the operation's relations give; None where graphql-core must look at it.

        Only whoever the gate admits is read for. A first guess of the scope saves a read; where it was wrong
        everything is read anew. `charge` is told how many seconds it took to write what is asked.
        """
        tree = bound.variant.tree
        try:
            if not tree.rows:
                return Found(bound, self._form(bound.variant, POSTGRES, (), charge), (), 0, [[()]])
            client: Any = get_connection("default")
            dialect = DIALECTS[client.dialect]
            gate = self._gate
            claim = None if gate is None else gate.claim(context)
            if gate is None or claim is None:
                self.ways["unclaimed"] += 1
                return None
            if not gate.may_read(context, claim, points):
                self.ways["not paid for"] += 1
                return None
            scope = gate.foresee(context, claim)
            parts = self._parts_foreseen(bound, scope)
            for _ in range(2):
                form = (
                    self._claim_alone(dialect)
                    if parts is None
                    else self._form(bound.variant, dialect, parts, charge)
                )
                answers = await client.read(reading(form, claim, parts or (), dialect))
                admitted = gate.admit(context, self._claimed(answers[0][0], dialect)) if answers else None
                if admitted is None:
                    self.ways["not admitted"] += 1
                    return None
                foreseen = parts
                if admitted != scope:
                    scope, parts = admitted, self._parts(bound, admitted)
                elif parts is None:
                    raise Miss("not allowed")
                if parts is not None and parts == foreseen:
                    return Found(bound, form, parts, claim.owner, answers)
        except Exception as error:
            self._note("not read", error)
            return None
        self.ways["scope changed"] += 1
        return None

    def _claimed(self, record: Sequence[Any], dialect: Dialect) -> Sequence[Any]:
        """The claimed row's columns as Tortoise gives them."""
        converters = self._converters.get(dialect)
        if converters is None:
            assert self._gate is not None
            model = self._gate.claimed.model
            converters = self._converters[dialect] = [
                dialect.converter(model._meta.fields_map[column]) for column in self._gate.claimed.columns
            ]
        if dialect.is_typed:
            return record[: len(converters)]
        return [
            value if convert is None or value is None else convert(value)
            for convert, value in zip(converters, record, strict=False)
        ]

    def _parts(self, bound: Bound, scope: Any) -> list[Part]:
        """Which rows each place gives. Raises what stands in the way of whoever asks."""
        if bound.seen is None:
            return self._selected(bound, scope)
        parts = bound.seen.get(scope.sight)
        if parts is None:
            if len(bound.seen) >= SIGHTS_MAX:
                bound.seen.clear()
            parts = bound.seen[scope.sight] = self._selected(bound, scope)
        return parts

    def _selected(self, bound: Bound, scope: Any) -> list[Part]:
        parts = []
        for rows, arguments in zip(bound.variant.tree.rows, bound.arguments, strict=True):
            declared = rows.declared
            if not all(_allows(extension, scope) for extension in declared.extensions):
                raise Miss("not allowed")
            parts.append(declared.relation.select(scope, **arguments))
        return parts

    def _parts_foreseen(self, bound: Bound, scope: Any) -> list[Part] | None:
        """The parts of a scope that was guessed; None where it may not ask this: another may."""
        try:
            return self._parts(bound, scope)
        except Exception:
            return None

    def _claim_alone(self, dialect: Dialect) -> Form:
        """What tells the scope there is, and nothing else."""
        form = self._claims.get(dialect)
        if form is None:
            assert self._gate is not None
            planned = Questions(dialect, (), self._gate.claimed, ())
            asked = tuple(asked_of(question, planned.all, planned.layout) for question in planned.all)
            form = self._claims[dialect] = Form(asked, _no_answer)
        return form

    def _form(
        self, variant: Variant, dialect: Dialect, parts: Sequence[Part], charge: Callable[[float], None]
    ) -> Form:
        key = (dialect.name, *(_form_of(part) for part in parts))
        form = variant.forms.get(key)
        if form is not None:
            variant.forms.move_to_end(key)
        else:
            begun = time.perf_counter()
            form = self._made(variant.tree, dialect, parts)
            charge(time.perf_counter() - begun)
            _keep(variant.forms, key, form, FORMS_MAX)
        return form

    def _made(self, tree: Tree, dialect: Dialect, parts: Sequence[Part]) -> Form:
        questions, layout, writer = self._written(tree, dialect, parts)
        asked = tuple(asked_of(question, questions, layout) for question in questions)
        return Form(asked, writer.function())

    def _written(
        self, tree: Tree, dialect: Dialect, parts: Sequence[Part]
    ) -> tuple[list[Question], Layout, Writer]:
        for rows, part in zip(tree.rows, parts, strict=True):
            if rows.is_list and part.order is not None:
                rows.need(part.order.column)
        values = Values(self._schema, self._types, tree.below)
        questions, layout = list[Question](), Layout()
        if parts:
            assert self._gate is not None
            planned = Questions(dialect, tree.rows, self._gate.claimed, parts)
            questions, layout = planned.all, planned.layout
        return questions, layout, Writer(tree, layout, questions, dialect, parts, values)

    def explain(self, bound: Bound, scope: Any, dialect: Dialect) -> tuple[list[str], str]:
        """The SQL texts of an operation, and the text of the function that makes its answer of their rows."""
        parts = self._parts(bound, scope)
        questions, _, writer = self._written(bound.variant.tree, dialect, parts)
        return [question.sql for question in questions], writer.text()

    async def answer(
        self, found: Found, context: Any, make_info: Callable[..., Any], charge: Callable[[float], None]
    ) -> dict[str, Any] | None:
        """The data of the answer; None where graphql-core must run the operation.

        `charge` is told how many seconds of the processor it took to make.
        """
        run = Run(make_info, found.bound.variables)
        try:
            if found.parts and self._gate is not None:
                await self._gate.welcome(context)
            if rows_count(found.form.questions, found.answers) > ROWS_MAX:
                raise Miss("much is read")
            begun = time.perf_counter()
            data = found.form.answer(found.answers, found.parts, found.owner, run)
            charge(time.perf_counter() - begun)
            await run.finish()
        except Exception as error:
            run.abandon()
            self._note("missed", error)
            return None
        self.ways["planned" if found.parts else "resolved"] += 1
        return data


def _no_answer(*_: Any) -> Any:
    raise Miss("the claim alone was read")


def _are_anybodys(arguments: Sequence[dict[str, Any]]) -> bool:
    """Whether arguments are numbers and names of the schema alone, which mean the same whoever asks."""
    values = [value for given in arguments for value in given.values()]
    return all(value is None or isinstance(value, int | Enum) for value in values)


def _allows(extension: Any, scope: Any) -> bool:
    return isinstance(extension, Gatekeeper) and extension.allows(scope)


def _form_of(part: Part) -> Hashable:
    """What of a part is in the text of its question; the rest are parameters."""
    cut = part.slice
    return (
        tuple((lookup, value) if lookup.endswith("null") else lookup for lookup, value in part.conditions),
        part.order,
        cut and (cut.backward, cut.after is not None, cut.before is not None),
        part.sorting,
    )


def _flags(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> tuple[str, ...]:
    """Names of the variables that decide what is selected."""
    names: dict[str, None] = {}
    sets = [operation.selection_set, *(fragment.selection_set for fragment in fragments.values())]
    while sets:
        for selection in sets.pop().selections:
            for directive in selection.directives or ():
                if directive.name.value in ("skip", "include"):
                    values = [argument.value for argument in directive.arguments or ()]
                    names.update({one.name.value: None for one in values if isinstance(one, VariableNode)})
            inside = getattr(selection, "selection_set", None)
            if inside is not None:
                sets.append(inside)
    return tuple(names)


def _keep(kept: OrderedDict[Hashable, Any], key: Hashable, value: Any, most: int) -> None:
    kept[key] = value
    if len(kept) > most:
        kept.popitem(last=False)
