"""The schema: every root field in one place, and `node`, which finds any of the customer's rows again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import strawberry
from strawberry.schema.config import StrawberryConfig

import models
from engine.documents.cost_directives import describe_arguments
from models.owned import OwnedModel
from resolvers import profiles
from resolvers.rows import rows_by_id
from schema import contracts, ids, news
from schema.access import AccessMutations
from schema.access_log import AccessEvent
from schema.access_rules import guarded
from schema.access_steps import FlowStep
from schema.budget import BudgetQueries
from schema.cards import Card
from schema.contact import ContactQueries
from schema.contracts import ContractQueries, contract_of
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

NODES: dict[ids.Kind, tuple[type[OwnedModel], Callable[[Any], Node]]] = {
    ids.Kind.CONTRACT: (models.Contract, contract_of),
    ids.Kind.CARD: (models.Card, Card.of),
    ids.Kind.INSTALMENT: (models.Instalment, Instalment.of),
    ids.Kind.STATEMENT: (models.Statement, Statement.of),
    ids.Kind.OPERATION: (models.Operation, Operation.of),
    ids.Kind.EVENT: (models.AuditEvent, AccessEvent.of),
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
        if viewer is None or viewer.customer_id != named.customer_id:
            return None
        if named.kind is ids.Kind.CUSTOMER:
            return (
                Customer.of(await profiles.read(viewer.customer_id))
                if named.id == named.customer_id
                else None
            )
        if named.kind not in NODES:
            return None
        model, node_of = NODES[named.kind]
        row = await info.context.loaders.load(rows_by_id, model, viewer.customer_id, key=named.id)
        if isinstance(row, models.Operation):
            await check_in_sight(info, row)
        return None if row is None else node_of(row)


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
