"""What a field says of its cost: `@cost` and `@listSize` (GraphQL Cost Directives specification, IBM 2021).

`slicingArgumentDefaultValue` is no word of the specification, but of servers that follow it: with it
`assumedSize` is what the specification means by it, the most a list can hold, and not the usual page.
"""

from __future__ import annotations

import strawberry
from strawberry.schema_directive import Location


@strawberry.schema_directive(
    locations=[
        Location.FIELD_DEFINITION,
        Location.OBJECT,
        Location.ARGUMENT_DEFINITION,
        Location.INPUT_FIELD_DEFINITION,
        Location.ENUM,
        Location.SCALAR,
    ],
    description="Points that are added to the cost of an operation: by a field each time it is read, by an "
    "argument or input field where it is given, by a type for each value of it. Where none is said, an "
    "object is 1 point, a scalar or enum 0.1 and anything else 0",
)
class Cost:
    weight: str = strawberry.field(description="Points, as a decimal number")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="How long a list is taken to be when the cost of an operation is reckoned before it runs",
)
class ListSize:
    assumed_size: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="Most items the list holds; where it has no limit, what is usual",
    )
    slicing_arguments: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Arguments that say how many items are asked for"
    )
    slicing_argument_default_value: int | None = strawberry.field(
        default=strawberry.UNSET, description="Items there are when none of these arguments is given"
    )
    sized_fields: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Fields of the type below that are as long; where left out, the field itself is the list",
    )
    require_one_slicing_argument: bool = strawberry.field(
        default=True, description="Whether exactly one of these arguments must be given"
    )


def cost(weight: float) -> Cost:
    """`@cost` of so many points."""
    return Cost(weight=f"{weight:g}")


def list_size(assumed: int) -> ListSize:
    """`@listSize` of a list without pages."""
    return ListSize(assumed_size=assumed, require_one_slicing_argument=False)


def describe_arguments(schema: strawberry.Schema) -> None:
    """Give arguments of directives the descriptions of their fields, which Strawberry leaves out."""
    name_of = schema.config.name_converter.get_graphql_name
    for directive in schema._schema.directives:
        definition = directive.extensions.get("strawberry-definition")
        for field in getattr(definition, "fields", ()):
            argument = directive.args.get(name_of(field))
            if argument is not None and argument.description is None:
                argument.description = field.description
