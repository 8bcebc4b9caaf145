"""Declared fields read the ordinary way: columns, keys, lists and pages of rows, and no one else's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import strawberry

import models
from engine.planning.connections import Connection, First, slice_of
from engine.planning.fields import column, row_model, set_variants, variants_of, view
from engine.planning.keysets import Order, Part, Slice
from engine.planning.relations import first, many, one, page, selected
from models import ContractKind, OperationKind
from tests import cast
from tests.cast import TODAY

NEWEST = Order("occurred_on")


@dataclass(frozen=True)
class Asker:
    owner: int


@dataclass
class Asking:
    """The context of an operation of whoever asks."""

    asker: Asker | None
    loaders: Any = None

    async def viewer(self) -> Asker | None:
        return self.asker


@strawberry.type
class Movement:
    row: strawberry.Private[models.Operation]
    label: str = column("label", description="As it is")
    told: str = column("kind", "label", read=lambda kind, label: f"{kind.name} {label}", description="Of two")
    credit: Annotated[Credit, strawberry.lazy(__name__)] = one("contract_id", description="By a key")
    listed: Annotated[Listed, strawberry.lazy(__name__)] | None = one("statement_id", description="Or none")


@strawberry.type
class Movements(Connection[Movement]):
    asked_by: strawberry.ID


@strawberry.type
class Listed:
    row: strawberry.Private[models.Statement]
    number: int = column("number", description="As it is")


def newest(scope: Asker, first: First = None) -> Part:
    own = (("asked_by", str(scope.owner)),)
    return Part(order=NEWEST, slice=slice_of(NEWEST, first, None, None, None), own=own)


def of_kinds(_scope: Asker, kinds: Annotated[list[str], strawberry.argument(description="Which")]) -> Part:
    return Part(conditions=(("kind__in", tuple(OperationKind(kind) for kind in kinds)),), sorting=("label",))


@strawberry.interface
class Credit:
    row: strawberry.Private[models.Contract]
    label: str = column("label", description="As it is")
    movements: Movements = page(newest, on="contract_id", description="A page")
    of_kinds: list[Movement] = selected(of_kinds, on="contract_id", description="With arguments")
    all: list[Movement] = many(on="contract_id", part=Part(sorting=("-label",)), description="All")
    last: Movement | None = first(
        on="contract_id", part=Part(order=NEWEST, slice=Slice(1)), description="Or none"
    )


@strawberry.type
class Line(Credit):
    limit: int | None = column("credit_limit_cents", description="As it is")


@strawberry.type
class Loan(Credit):
    months: int | None = column("months", description="As it is")


KINDS: dict[ContractKind, type[Credit]] = {
    ContractKind.REVOLVING_CREDIT: Line,
    ContractKind.PERSONAL_LOAN: Loan,
}
set_variants(Credit, "kind", KINDS)


@strawberry.type
class Person:
    row: strawberry.Private[models.Customer]
    name: str = column("first_names", description="As it is")


def oldest(_scope: Asker) -> Part:
    return Part(sorting=("signed_on",))


@strawberry.type
class Query:
    me: Person | None = one(description="The own row")
    credits: list[Credit] | None = selected(oldest, description="The owner's")
    movements: Movements | None = page(newest, description="The owner's")


SCHEMA = strawberry.Schema(Query, types=[Line, Loan])


async def ask(query: str, owner: int | None) -> Any:
    context = Asking(None if owner is None else Asker(owner))
    answer = await SCHEMA.execute(query, context_value=context)
    return answer.data, [error.message for error in answer.errors or ()]


@pytest.fixture
async def owner(database: str) -> models.Customer:
    """A line with three movements, one of them listed, and a loan with none."""
    owner = await cast.customer(first_names="Ada")
    line = await cast.contract(owner, label="line", signed_on=TODAY.replace(year=2020))
    await cast.contract(owner, ContractKind.PERSONAL_LOAN, label="loan", months=12)
    listed = await cast.statement(line, 7)
    for day, label in enumerate("abc", start=1):
        kind = "FEE" if label == "b" else "PURCHASE"
        on = listed.id if label == "c" else None
        await cast.operation(
            line, label=label, kind=kind, occurred_on=TODAY.replace(day=day), statement_id=on
        )
    return owner


async def test_a_row_is_read_by_its_columns_its_keys_and_its_lists(owner: models.Customer) -> None:
    await cast.operation(await cast.contract(await cast.marc()))
    data, errors = await ask(
        """{ me { name } credits { __typename label ... on Line { limit } ... on Loan { months }
            all { label } last { told } ofKinds(kinds: ["PURCHASE"]) { label }
            movements(first: 2) { askedBy totalCount pageInfo { hasNextPage } nodes {
                told listed { number } credit { label } } } }
            movements { totalCount } }""",
        owner.id,
    )
    assert errors == []
    line = {
        "__typename": "Line",
        "label": "line",
        "limit": 300_000,
        "all": [{"label": "c"}, {"label": "b"}, {"label": "a"}],
        "last": {"told": "PURCHASE c"},
        "ofKinds": [{"label": "a"}, {"label": "c"}],
        "movements": {
            "askedBy": str(owner.id),
            "totalCount": 3,
            "pageInfo": {"hasNextPage": True},
            "nodes": [
                {"told": "PURCHASE c", "listed": {"number": 7}, "credit": {"label": "line"}},
                {"told": "FEE b", "listed": None, "credit": {"label": "line"}},
            ],
        },
    }
    nothing = {"askedBy": str(owner.id), "totalCount": 0, "pageInfo": {"hasNextPage": False}, "nodes": []}
    loan = {"__typename": "Loan", "label": "loan", "months": 12, "all": [], "last": None, "ofKinds": []}
    assert data == {
        "me": {"name": "Ada"},
        "credits": [line, {**loan, "movements": nothing}],
        "movements": {"totalCount": 3},
    }


async def test_nobody_has_no_own_row_and_reads_no_others(owner: models.Customer) -> None:
    data, errors = await ask("{ me { name } credits { label } movements { totalCount } }", None)
    assert data == {"me": None, "credits": None, "movements": None}
    assert errors == ["Nobody is signed in whose rows these could be"] * 2


async def test_what_is_refused_for_its_arguments_is_refused(owner: models.Customer) -> None:
    data, errors = await ask("{ movements(first: 101) { totalCount } me { name } }", owner.id)
    assert data == {"movements": None, "me": {"name": "Ada"}}
    assert errors == ["`first` lies between 0 and 100, 101 does not"]


def test_a_type_tells_of_what_table_it_is_a_view() -> None:
    assert [row_model(kind) for kind in (Movement, Line, Query)] == [models.Operation, models.Contract, None]
    assert variants_of(Credit) == ("kind", KINDS)
    assert variants_of(Line) is None
    loan = view(Credit, models.Contract(kind=ContractKind.PERSONAL_LOAN))
    assert isinstance(loan, Loan)


def test_several_columns_need_a_function() -> None:
    for names in ((), ("kind", "label")):
        with pytest.raises(AssertionError):
            column(*names, description="Of none, or of two as they are")


def test_the_arguments_of_a_field_are_those_of_its_function_but_for_the_scope() -> None:
    fields = SCHEMA._schema.type_map["Line"].fields  # type: ignore[attr-defined]
    given = {name: [*fields[name].args] for name in ("movements", "ofKinds", "all")}
    assert given == {"movements": ["first"], "ofKinds": ["kinds"], "all": []}
