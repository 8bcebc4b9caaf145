"""The schema: every root field in one place, and `node`, which finds any of the customer's rows again."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry.schema.config import StrawberryConfig

import models
from engine.documents.cost_directives import describe_arguments
from engine.planning.fields import row_model, view
from engine.planning.loaders import loaders_of
from engine.planning.ordinary import rows_by_id
from schema import contracts, ids, news
from schema.access import AccessMutations
from schema.access_log import AccessEvent
from schema.access_rules import guarded
from schema.access_steps import FlowStep
from schema.budget import BudgetQueries
from schema.cards import Card
from schema.contact import ContactQueries
from schema.contracts import Contract, ContractQueries
from schema.costs import READ
from schema.customers import Customer, CustomerQueries
from schema.enums import Assurance
from schema.instalments import Instalment
from schema.news import NewsSubscriptions
from schema.nodes import Node
from schema.operations import Operation, OperationQueries, check_in_sight
from schema.problems import Problem
from schema.profiles import ProfileMutations
from schema.revocations import RevocationMutations
from schema.scalars import SCALARS
from schema.sessions import SessionQueries
from schema.staff import StaffMutations, StaffQueries
from schema.statements import Statement, StatementQueries
from schema.viewers import Info

NODES: dict[ids.Kind, type[Node]] = {
    ids.Kind.CUSTOMER: Customer,
    ids.Kind.CONTRACT: Contract,
    ids.Kind.CARD: Card,
    ids.Kind.INSTALMENT: Instalment,
    ids.Kind.STATEMENT: Statement,
    ids.Kind.OPERATION: Operation,
    ids.Kind.EVENT: AccessEvent,
}


@strawberry.type
class NodeQueries:
    @guarded(
        description="Anything of the signed-in customer by its id; null for a stranger, and when it is not "
        "there or is another's",
        assurance=Assurance.STRONG,
        null_for_strangers=True,
        directives=[READ],
    )
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="An `id` that this schema gave out")],
    ) -> Node | None:
        named, viewer = ids.decoded(id), await info.context.viewer()
        if viewer is None or viewer.customer_id != named.customer_id or named.kind not in NODES:
            return None
        kind = NODES[named.kind]
        row = await loaders_of(info.context).load(rows_by_id, row_model(kind), viewer.owner, key=named.id)
        if isinstance(row, models.Operation):
            check_in_sight(viewer, row)
        return None if row is None else view(kind, row)


@strawberry.type(description="What can be asked")
class Query(
    SessionQueries,
    CustomerQueries,
    ContractQueries,
    StatementQueries,
    OperationQueries,
    ContactQueries,
    StaffQueries,
    BudgetQueries,
    NodeQueries,
):
    pass


@strawberry.type(
    description="What can be done; every outcome is a type, what stands in the way implements Problem"
)
class Mutation(AccessMutations, ProfileMutations, RevocationMutations, StaffMutations):
    pass


@strawberry.type(description="What can be followed as it happens, over server-sent events or a WebSocket")
class Subscription(NewsSubscriptions):
    pass


def build_schema() -> strawberry.Schema:
    """The schema with all its types, also those reached only through an interface."""
    schema = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[*contracts.TYPES.values(), *news.TYPES, Node, Problem, FlowStep],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    describe_arguments(schema)
    return schema


def print_schema() -> str:
    """The schema in the schema definition language, as schema/portal.graphql holds it."""
    return f"{build_schema().as_str()}\n"
