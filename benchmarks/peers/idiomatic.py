"""Strawberry with Tortoise ORM and DataLoaders, as their documentation shows them, in production.

Types with resolvers, a loader for each relation, the stock ASGI app, caches of parsed and validated
documents. `uvicorn --factory benchmarks.peers.idiomatic:app`, the database in DATABASE_URL, the connections
of each process in POOL. The header `x-customer` says who asks.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Self

import strawberry
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache
from tortoise import Tortoise, connections
from tortoise.expressions import Q

from benchmarks.peers import idiomatic_tables as tables
from benchmarks.peers.idiomatic_tables import first_of_each

LAST_STATEMENTS = first_of_each(tables.Statement, "closed_on DESC, id DESC")
LAST_OPERATIONS = first_of_each(tables.Operation, "occurred_on DESC, id DESC")
CACHED_MAX = 100


@dataclass
class Context:
    """What a request knows: who asks, and the loaders."""

    customer: int
    statements: DataLoader[tuple[int, int], list[tables.Statement]]
    operations: DataLoader[tuple[int, int], list[tables.Operation]]

    @classmethod
    def of(cls, customer: int) -> Self:
        return cls(
            customer,
            DataLoader(load_fn=_loading(customer, tables.Statement, LAST_STATEMENTS)),
            DataLoader(load_fn=_loading(customer, tables.Operation, LAST_OPERATIONS)),
        )


Info = strawberry.Info[Context, None]


def _loading(
    customer: int, table: type[Any], sql: str
) -> Callable[[list[tuple[int, int]]], Awaitable[list[list[Any]]]]:
    """Loads the first rows of some contracts; a key is a contract and how many rows."""

    async def load(keys: list[tuple[int, int]]) -> list[list[Any]]:
        database = connections.get("default")
        given = [customer, [contract for contract, _ in keys], max(size for _, size in keys)]
        found = defaultdict(list)
        for row in await database.executor_class(model=table, db=database).execute_select(sql, given):
            found[row.contract_id].append(row)
        return [found[contract] for contract, _ in keys]

    return load


def money(cents: int) -> str:
    """Cents as units with two decimals."""
    return f"{cents / 100:.2f}"


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Operation:
    id: strawberry.ID
    kind: str
    occurred_on: date
    label: str
    category: str | None
    amount: str

    @classmethod
    def of(cls, row: tables.Operation) -> Self:
        return cls(
            id=strawberry.ID(str(row.id)),
            kind=row.kind,
            occurred_on=row.occurred_on,
            label=row.label,
            category=row.category,
            amount=money(row.amount_cents),
        )


@strawberry.type
class OperationEdge:
    cursor: str
    node: Operation


@strawberry.type
class OperationConnection:
    edges: list[OperationEdge]
    page_info: PageInfo

    @classmethod
    def of(cls, rows: list[tables.Operation], first: int, *, previous: bool) -> Self:
        edges = [
            OperationEdge(cursor=f"{row.occurred_on}_{row.id}", node=Operation.of(row))
            for row in rows[:first]
        ]
        return cls(
            edges=edges,
            page_info=PageInfo(
                has_next_page=len(rows) > first,
                has_previous_page=previous,
                start_cursor=edges[0].cursor if edges else None,
                end_cursor=edges[-1].cursor if edges else None,
            ),
        )


@strawberry.type
class Statement:
    id: strawberry.ID
    number: int
    opened_on: date
    closed_on: date
    payment_on: date | None
    opening_balance: str
    closing_balance: str
    total_due: str | None

    @classmethod
    def of(cls, row: tables.Statement) -> Self:
        return cls(
            id=strawberry.ID(str(row.id)),
            number=row.number,
            opened_on=row.opened_on,
            closed_on=row.closed_on,
            payment_on=row.payment_on,
            opening_balance=money(row.opening_balance_cents),
            closing_balance=money(row.closing_balance_cents),
            total_due=None if row.total_due_cents is None else money(row.total_due_cents),
        )


@strawberry.type
class StatementConnection:
    nodes: list[Statement]


@strawberry.type
class Contract:
    row_id: strawberry.Private[int]
    id: strawberry.ID
    version: int
    kind: str
    status: str
    label: str
    currency: str
    signed_on: date
    apr: Decimal | None
    borrowing_rate: Decimal | None
    outstanding_principal: str
    overdue: str

    @strawberry.field
    async def statements(self, info: Info, first: int = 20) -> StatementConnection:
        rows = await info.context.statements.load((self.row_id, first))
        return StatementConnection(nodes=[Statement.of(row) for row in rows[:first]])

    @strawberry.field
    async def operations(self, info: Info, first: int = 20) -> OperationConnection:
        rows = await info.context.operations.load((self.row_id, first + 1))
        return OperationConnection.of(rows, first, previous=False)

    @classmethod
    def of(cls, row: tables.Contract) -> Self:
        return cls(
            row_id=row.id,
            id=strawberry.ID(str(row.id)),
            version=row.version,
            kind=row.kind,
            status=row.status,
            label=row.label,
            currency=row.currency,
            signed_on=row.signed_on,
            apr=row.apr_yearly,
            borrowing_rate=row.borrowing_rate_yearly,
            outstanding_principal=money(row.outstanding_cents),
            overdue=money(row.overdue_cents),
        )


@strawberry.type
class Customer:
    id: strawberry.ID
    title: str | None
    first_names: str
    last_name: str
    birth_date: date | None
    locale: str

    @strawberry.field
    async def contracts(self, info: Info) -> list[Contract]:
        rows = tables.Contract.filter(customer_id=info.context.customer)
        return [Contract.of(row) for row in await rows.order_by("-signed_on", "-id")]


@strawberry.input
class DateRange:
    to: date | None = None


@strawberry.input
class MoneyRange:
    min: Decimal | None = None


@strawberry.input
class OperationFilter:
    occurred_on: DateRange | None = None
    amount: MoneyRange | None = None
    kinds: list[str] | None = None

    def conditions(self) -> dict[str, Any]:
        """The conditions that were given, as the table's."""
        given = {
            "kind__in": self.kinds,
            "amount_cents__gte": self.amount and self.amount.min and int(self.amount.min * 100),
            "occurred_on__lte": self.occurred_on and self.occurred_on.to,
        }
        return {name: value for name, value in given.items() if value is not None}


def _beyond(cursor: str) -> Q:
    day, _, row_id = cursor.partition("_")
    on = date.fromisoformat(day)
    return Q(occurred_on__lte=on) & (Q(occurred_on__lt=on) | Q(id__lt=int(row_id)))


@strawberry.type
class Query:
    @strawberry.field
    async def customer(self, info: Info) -> Customer | None:
        row = await tables.Customer.get_or_none(id=info.context.customer)
        if row is None:
            return None
        return Customer(
            id=strawberry.ID(str(row.id)),
            title=row.title,
            first_names=row.first_names,
            last_name=row.last_name,
            birth_date=row.birth_date,
            locale=row.locale,
        )

    @strawberry.field
    async def operations(
        self, info: Info, first: int = 20, after: str | None = None, filter: OperationFilter | None = None
    ) -> OperationConnection:
        rows = tables.Operation.filter(customer_id=info.context.customer)
        if filter is not None:
            rows = rows.filter(**filter.conditions())
        if after is not None:
            rows = rows.filter(_beyond(after))
        found = await rows.order_by("-occurred_on", "-id").limit(first + 1)
        return OperationConnection.of(found, first, previous=after is not None)


class App(GraphQL[Context, None]):
    """The stock app, with the database open while it runs."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await super().__call__(scope, receive, send)
            return
        await receive()
        url = os.environ["DATABASE_URL"].partition("://")[2]
        size = os.environ["POOL"]
        await Tortoise.init(
            db_url=f"asyncpg://{url}?minsize={size}&maxsize={size}",
            modules={"tables": ["benchmarks.peers.idiomatic_tables"]},
            _enable_global_fallback=True,
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await Tortoise.close_connections()
        await send({"type": "lifespan.shutdown.complete"})

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        return Context.of(int(request.headers["x-customer"]))


def app() -> App:
    """The app of the environment."""
    caches = [lambda: ParserCache(maxsize=CACHED_MAX), lambda: ValidationCache(maxsize=CACHED_MAX)]
    return App(strawberry.Schema(query=Query, extensions=caches), graphql_ide=None)
