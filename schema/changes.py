"""What a schema breaks for clients of the last released one, and what of it the changelog leaves unsaid.

GraphQL's own comparison finds most; here is added what it does not see: a stronger `@access`, a field newly
`@sensitive`, an input that must be given because its default went, a type that became `@oneOf`, a scalar that
is specified elsewhere, another type at a root. A changed default is dangerous only: every document stays
valid, and is answered otherwise (null, where the type takes none, makes no schema). A dearer `@cost` is not
looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from graphql import (
    BreakingChangeType,
    DirectiveNode,
    EnumValueNode,
    FieldDefinitionNode,
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    OperationType,
    StringValueNode,
    Visitor,
    build_schema,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
    parse,
    print_ast,
    visit,
)
from graphql.utilities.find_schema_changes import BreakingChange, DangerousChange, find_schema_changes

from domain.assurance import Assurance
from schema.coordinates import members


@dataclass(frozen=True, slots=True)
class Breaking:
    """A change that some operation or program of a client does not survive."""

    sentence: str
    coordinates: tuple[str, ...]
    """Members of the schema that the changelog has to name."""
    inherited: frozenset[str] = frozenset()
    """The same member of an interface; naming it says as much."""

    def is_said(self, named: Set[str]) -> bool:
        return named >= set(self.coordinates) or not named.isdisjoint(self.inherited)


@dataclass(frozen=True, slots=True)
class Changes:
    """What is not safe: breaking, or dangerous to a client that does not expect more than it knows."""

    breaking: list[Breaking]
    dangerous: list[str]


def changes(released: str, now: str) -> Changes:
    """Compare two schemas in the schema definition language."""
    old, new = build_schema(released), build_schema(now)
    found = find_schema_changes(old, new)
    required = dict(_newly_required(old, new))
    breaking = [change for change in found if isinstance(change, BreakingChange) and _matters(change)]
    dangerous = [change.description for change in found if isinstance(change, DangerousChange)]
    told = [
        *((change.description, _coordinates(change)) for change in breaking),
        *((sentence, (coordinate,)) for coordinate, sentence in required.items()),
        *((sentence, (coordinate,)) for coordinate, sentence in _narrower(old, new)),
        *((sentence, (coordinate,)) for coordinate, sentence in _moved_roots(old, new)),
        *((sentence, (coordinate,)) for coordinate, sentence in _harder_to_reach(released, now)),
    ]
    return Changes(
        [Breaking(sentence, names, _inherited(old, names)) for sentence, names in told],
        [sentence for sentence in dangerous if not sentence.startswith(tuple(f"{at} " for at in required))]
        + list(_new_implementations(old, new)),
    )


def _matters(change: BreakingChange) -> bool:
    """A standard scalar that is gone was gone from every member before, and these are told."""
    return not change.description.startswith("Standard scalar ")


_MEMBER = re.compile(r"@\w+(?:\(\w+:\))?|\w+\.\w+(?:\(\w+:\))?")
_TYPES = {
    BreakingChangeType.TYPE_REMOVED: re.compile(r"(\w+) was removed\."),
    BreakingChangeType.TYPE_CHANGED_KIND: re.compile(r"(\w+) changed from "),
    BreakingChangeType.TYPE_REMOVED_FROM_UNION: re.compile(r"(\w+) was removed from union type (\w+)\."),
    BreakingChangeType.IMPLEMENTED_INTERFACE_REMOVED: re.compile(
        r"(\w+) no longer implements interface (\w+)\."
    ),
}


def _coordinates(change: BreakingChange) -> tuple[str, ...]:
    """The comparison tells them inside a sentence only."""
    form = _TYPES.get(change.type)
    found = form.match(change.description) if form else _MEMBER.search(change.description)
    assert found is not None, f"a sentence of another form: {change.description}"
    return found.groups() if form else (found[0],)


def _inherited(old: GraphQLSchema, coordinates: tuple[str, ...]) -> frozenset[str]:
    kind_name, dot, rest = coordinates[0].partition(".")
    kind = old.type_map.get(kind_name)
    if not dot or not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return frozenset()
    return frozenset(f"{interface.name}.{rest}" for interface in kind.interfaces)


def _newly_required(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """Inputs that have lost their default and need one, which the library takes for dangerous."""
    inputs = _inputs(new)
    for coordinate, before in _inputs(old).items():
        after = inputs.get(coordinate)
        # Where the type was nullable before, the library tells that it changed.
        if after and is_non_null_type(before.type) and not _required(before) and _required(after):
            yield coordinate, f"{coordinate} has no default any more and must be given."


def _required(given: GraphQLArgument | GraphQLInputField) -> bool:
    if isinstance(given, GraphQLArgument):
        return is_required_argument(given)
    return is_required_input_field(given)


def _inputs(schema: GraphQLSchema) -> Mapping[str, GraphQLArgument | GraphQLInputField]:
    found: dict[str, GraphQLArgument | GraphQLInputField] = {
        f"@{directive.name}({argument}:)": given
        for directive in schema.directives
        for argument, given in directive.args.items()
    }
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            found |= {f"{kind.name}.{name}": given for name, given in kind.fields.items()}
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                found |= {f"{kind.name}.{name}({argument}:)": given for argument, given in field.args.items()}
    return found


def _narrower(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """Types that take or mean something else under the same name."""
    for name, before in old.type_map.items():
        after = new.type_map.get(name)
        if isinstance(before, GraphQLInputObjectType) and isinstance(after, GraphQLInputObjectType):
            if after.is_one_of and not before.is_one_of:
                yield name, f"{name} takes exactly one of its fields now."
        elif isinstance(before, GraphQLScalarType) and isinstance(after, GraphQLScalarType):
            was, is_ = before.specified_by_url, after.specified_by_url
            if was and was != is_:
                yield name, f"{name} is specified by {is_ or 'nothing'} now, and was by {was}."


def _moved_roots(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """Types that stay, but are not where operations of a kind begin any more."""
    for operation in OperationType:
        before, after = old.get_root_type(operation), new.get_root_type(operation)
        if before and before.name in new.type_map and (after is None or after.name != before.name):
            yield (
                before.name,
                f"{before.name} was the root of each {operation.value}, {after or 'nothing'} is now.",
            )


def _harder_to_reach(released: str, now: str) -> Iterator[tuple[str, str]]:
    """Fields whose `@access` asks for more than it did, or of which an operation may have one only now."""
    fields = _directives(now)
    for coordinate, directives in _directives(released).items():
        if coordinate not in fields:
            continue
        if _has(fields[coordinate], "sensitive") and not _has(directives, "sensitive"):
            yield coordinate, f"{coordinate} is @sensitive now: an operation may have one such field, once."
        before, after = _arguments(directives, "access"), _arguments(fields[coordinate], "access")
        needed, was = after.get("assurance"), before.get("assurance")
        if needed and not (was and Assurance(was).suffices(Assurance(needed))):
            yield coordinate, f"{coordinate} asks for assurance {needed} now, and did for {was or 'none'}."
        scope, had = after.get("scope"), before.get("scope")
        if scope and scope != had:
            yield coordinate, f"{coordinate} asks for the scope {scope} now, and did for {had or 'none'}."


def _directives(sdl: str) -> dict[str, tuple[DirectiveNode, ...]]:
    return {
        coordinate: member.directives or ()
        for coordinate, member in members(parse(sdl))
        if isinstance(member, FieldDefinitionNode)
    }


def _has(directives: tuple[DirectiveNode, ...], name: str) -> bool:
    return any(directive.name.value == name for directive in directives)


def _arguments(directives: tuple[DirectiveNode, ...], name: str) -> dict[str, str]:
    return {
        argument.name.value: argument.value.value
        for directive in directives
        if directive.name.value == name
        for argument in directive.arguments or ()
        if isinstance(argument.value, EnumValueNode | StringValueNode)
    }


def _new_implementations(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[str]:
    for name, kind in new.type_map.items():
        if name not in old.type_map and isinstance(kind, GraphQLObjectType):
            known = [interface.name for interface in kind.interfaces if interface.name in old.type_map]
            if known:
                yield f"{name} was added, which implements {' and '.join(known)}."


def unsaid(breaking: list[Breaking], changelog: str, version: str) -> list[Breaking]:
    """The changes that no `Breaking:` paragraph above the section of the released version names."""
    named = _named(changelog, version)
    return [change for change in breaking if not change.is_said(named)]


def has_section(changelog: str, title: str) -> bool:
    """Whether the changelog has a section under this heading."""
    return f"## {title}" in _unfenced(changelog)


def _named(changelog: str, version: str) -> set[str]:
    newer = "\n".join(takewhile(lambda line: line != f"## {version}", _unfenced(changelog)))
    paragraphs = [text for text in newer.split("\n\n") if text.lstrip().startswith("Breaking:")]
    return {name for text in paragraphs for name in re.findall(r"`([^`\n]+)`", text)}


_FENCE = re.compile(r"\s*(`{3,}(?=[^`]*$)|~{3,})")


def _unfenced(changelog: str) -> Iterator[str]:
    """The lines outside of code fences (CommonMark, section 4.5), each of which ends a paragraph."""
    fence = ""
    for line in changelog.splitlines():
        found = _FENCE.match(line)
        if fence:
            mark = line.strip()
            fence = "" if mark.startswith(fence) and set(mark) == {fence[0]} else fence
        elif found:
            fence = found[1]
            yield ""
        else:
            yield line


_HEAD = "# The schema of release {}, without descriptions. `portal sdl --release` writes it.\n\n"
_VERSION = re.compile(r"# The schema of release (\S+), ")


def as_released(sdl: str, version: str) -> str:
    """A schema as it is kept for comparison with later ones."""
    return f"{_HEAD.format(version)}{print_ast(visit(parse(sdl), _WithoutDescriptions()))}\n"


def version_of(released: str) -> str:
    """The release that a kept schema is of."""
    found = _VERSION.match(released)
    if found is None:
        raise ValueError("its first line does not name the release")
    return found[1]


class _WithoutDescriptions(Visitor):
    def enter(self, node: Any, *_: Any) -> Any:
        return replace(node, description=None) if getattr(node, "description", None) else None
