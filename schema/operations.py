"""Operations: purchases, repayments, interest, fees."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

import models
from engine.errors import Refusal
from engine.planning.connections import PAGE, After, Before, Connection, First, Last, slice_of
from engine.planning.fields import column
from engine.planning.keysets import Part
from engine.planning.relations import one, page
from resolvers import operations
from resolvers.context import Viewer
from resolvers.operations import Filter, Sight, TooOld
from schema import ids
from schema.access_rules import guarded_by, step_up_required
from schema.costs import LOADED, READ
from schema.enums import Assurance, OperationKind, OperationStatus, Sorting
from schema.nodes import Node
from schema.scalars import Money

if TYPE_CHECKING:
    from schema.cards import Card
    from schema.contracts import Contract
    from schema.statements import Statement

TEXT_MAX = 80
LIST_MAX = 50
CATEGORY = re.compile(r"[A-Z][A-Z0-9_]{0,23}")


@strawberry.type(description="One movement on a contract")
class Operation(Node):
    row: strawberry.Private[models.Operation]
    id: strawberry.ID = ids.column(ids.Kind.OPERATION)
    kind: OperationKind = column("kind", description="What the operation is")
    status: OperationStatus = column("status", description="State of the operation")
    occurred_on: date = column("occurred_on", description="Day the operation took place")
    booked_on: date | None = column("booked_on", description="Day it was booked, null while pending")
    label: str = column("label", description="What the statement says of the operation")
    merchant: str | None = column(
        "merchant", description="Merchant of a purchase, null where it is not one or not known"
    )
    category: str | None = column(
        "category",
        description="Spending category, a code in capitals such as GROCERIES, null where none is known",
    )
    amount: Money = column(
        "amount_cents", description="Signed amount: positive raises what the customer owes"
    )
    principal: Money | None = column(
        "principal_cents",
        description="Part of the amount that is principal, null where the amount is not split",
    )
    interest: Money | None = column(
        "interest_cents",
        description="Part of the amount that is interest, null where the amount is not split",
    )
    insurance: Money | None = column(
        "insurance_cents",
        description="Part of the amount that is payment insurance, null where the amount is not split",
    )
    fees: Money | None = column(
        "fees_cents", description="Part of the amount that is fees, null where the amount is not split"
    )
    contract: Annotated[Contract, strawberry.lazy("schema.contracts")] = one(
        "contract_id", description="Contract that the operation is on", directives=[LOADED]
    )
    statement: Annotated[Statement, strawberry.lazy("schema.statements")] | None = one(
        "statement_id",
        description="Statement that lists the operation, null until it is closed",
        directives=[LOADED],
    )
    card: Annotated[Card, strawberry.lazy("schema.cards")] | None = one(
        "card_id",
        description="Card the operation was made with, null where it was without one",
        directives=[LOADED],
    )


@strawberry.type(description="One page of operations")
class OperationConnection(Connection[Operation]):
    hidden_before: date | None = strawberry.field(
        description="Operations before this day, 90 days ago, are shown after a step-up to "
        "STRONG_IN_SESSION, whether there are any or not; null when all are shown"
    )


@strawberry.input(description="Days, both included; an open side is left out")
class DateRange:
    from_: date | None = strawberry.field(name="from", default=None, description="First day of the range")
    to: date | None = strawberry.field(default=None, description="Last day of the range")


@strawberry.input(description="Signed amounts, both included; an open side is left out")
class MoneyRange:
    min: Money | None = strawberry.field(default=None, description='Smallest signed amount, such as "-50.00"')
    max: Money | None = strawberry.field(default=None, description='Largest signed amount, such as "120.00"')


@strawberry.input(
    description="What every operation of the answer satisfies; what is left out does not matter"
)
class OperationFilter:
    contract_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="On one of the contracts with these `id`s, 50 at most"
    )
    occurred_on: DateRange | None = strawberry.field(default=None, description="Took place within these days")
    amount: MoneyRange | None = strawberry.field(default=None, description="Signed amount lies within these")
    kinds: list[OperationKind] | None = strawberry.field(default=None, description="Of one of these kinds")
    statuses: list[OperationStatus] | None = strawberry.field(
        default=None, description="In one of these states"
    )
    categories: list[str] | None = strawberry.field(
        default=None, description="In one of these categories, given by code such as GROCERIES, 50 at most"
    )
    text: str | None = strawberry.field(
        default=None,
        description="Label or merchant contains this text, whatever accents and case, 80 characters at most",
        directives=[READ],  # looks through the texts of all operations
    )


OrderArgument = Annotated[Sorting, strawberry.argument(description="In which order the list is")]
FilterArgument = Annotated[
    OperationFilter | None, strawberry.argument(description="Which operations; all where left out")
]


def matching(
    viewer: Viewer,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    filter: FilterArgument = None,
    order: OrderArgument = Sorting.NEWEST_FIRST,
) -> Part:
    """A page of what satisfies a filter, of what the session may see.

    A filter that begins before that is refused with code STEP_UP_REQUIRED.
    """
    sight = sight_of(viewer, filter)
    return Part(
        conditions=sight.only.conditions(),
        order=order.value,
        slice=slice_of(order.value, first, after, last, before),
        own=(("hidden_before", sight.hidden_before),),
    )


def newest(
    viewer: Viewer, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> Part:
    """A page of what the session may see."""
    return matching(viewer, first, after, last, before)


def sight_of(viewer: Viewer, given: OperationFilter | None) -> Sight:
    """A filter within what the session may see."""
    sight = operations.within_sight(viewer, filter_of(viewer.customer_id, given))
    if isinstance(sight, TooOld):
        raise step_up_required(sight.needed)
    return sight


def check_in_sight(viewer: Viewer, row: models.Operation) -> None:
    """Refuse an operation that the session may not see with code STEP_UP_REQUIRED."""
    seen = operations.in_sight(viewer, row)
    if isinstance(seen, TooOld):
        raise step_up_required(seen.needed)


def filter_of(customer_id: int, given: OperationFilter | None) -> Filter:
    """A customer's filter in the table's terms, or a refusal with code BAD_USER_INPUT."""
    if given is None:
        return Filter()
    days, amounts = given.occurred_on or DateRange(), given.amount or MoneyRange()
    _check_ranges(days, amounts)
    _check_sizes(given)
    return Filter(
        contract_ids=_tuple(
            given.contract_ids, lambda text: ids.row_of(customer_id, text, ids.Kind.CONTRACT)
        ),
        occurred_from=days.from_,
        occurred_to=days.to,
        amount_min_cents=amounts.min,
        amount_max_cents=amounts.max,
        kinds=_tuple(given.kinds),
        statuses=_tuple(given.statuses),
        categories=_tuple(given.categories),
        text=given.text,
    )


def _tuple(given: list[Any] | None, read: Callable[[Any], Any] = lambda item: item) -> tuple[Any, ...] | None:
    return None if given is None else tuple(read(item) for item in given)


def _check_ranges(days: DateRange, amounts: MoneyRange) -> None:
    if days.from_ and days.to and days.from_ > days.to:
        raise Refusal("`occurredOn.from` lies after `occurredOn.to`", "BAD_USER_INPUT")
    if amounts.min is not None and amounts.max is not None and amounts.min > amounts.max:
        raise Refusal("`amount.min` is larger than `amount.max`", "BAD_USER_INPUT")


def _check_sizes(given: OperationFilter) -> None:
    lists = {
        "contractIds": given.contract_ids,
        "categories": given.categories,
        "kinds": given.kinds,
        "statuses": given.statuses,
    }
    for name, items in lists.items():
        if items is not None and len(items) > LIST_MAX:
            raise Refusal(f"`{name}` has {len(items)} items, at most {LIST_MAX} are read", "BAD_USER_INPUT")
    for code in given.categories or ():
        if not CATEGORY.fullmatch(code):
            raise Refusal("A category is given by its code, such as GROCERIES", "BAD_USER_INPUT")
    if given.text is not None and len(given.text) > TEXT_MAX:
        raise Refusal(
            f"`text` has {len(given.text)} characters, at most {TEXT_MAX} are read", "BAD_USER_INPUT"
        )


@strawberry.type
class OperationQueries:
    operations: OperationConnection | None = page(
        matching,
        description="Operations of the signed-in customer over all contracts, newest first unless `order` "
        "says otherwise; null for a stranger",
        **guarded_by(Assurance.STRONG, directives=[READ, PAGE]),
    )
