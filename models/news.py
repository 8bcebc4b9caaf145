"""What came into a customer's space since it was first loaded, in the order in which it could be read."""

from __future__ import annotations

from collections.abc import Mapping

from tortoise import fields
from tortoise.connection import get_connection
from tortoise.migrations.constraints import CheckConstraint

from models.customers import Customer
from models.operations import Operation
from models.owned import OwnedModel
from models.statements import Statement


class News(OwnedModel):
    """One new row of a customer, written in the transaction that makes the row itself readable.

    The rows' own ids tell no such order: a load draws them when it reads its files, minutes or hours before
    it commits. Here a customer's later transaction has larger ids, so whoever has seen the news up to an id
    has missed nothing before it. That holds as long as writers of one customer's news come one after another,
    as loads do. Another writer locks the row of the customer first.
    """

    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", "news", on_delete=fields.RESTRICT
    )
    operation: fields.ForeignKeyNullableRelation[Operation] = fields.ForeignKeyField(
        "models.Operation", "news", null=True, on_delete=fields.RESTRICT
    )
    operation_id: int | None
    statement: fields.ForeignKeyNullableRelation[Statement] = fields.ForeignKeyField(
        "models.Statement", "news", null=True, on_delete=fields.RESTRICT
    )
    statement_id: int | None
    at = fields.DatetimeField(description="When the load that brought it began")

    class Meta:
        table = "news"
        constraints = (
            CheckConstraint(
                check="(operation_id IS NULL) <> (statement_id IS NULL)", name="news_of_one_thing"
            ),
        )

    @classmethod
    async def newest_id(cls, customer_id: int) -> int:
        """The place that a customer's news have come to; 0 where there are none."""
        rows = await cls.owned_by(customer_id).order_by("-id").limit(1).values("id")
        return int(rows[0]["id"]) if rows else 0

    @classmethod
    async def beyond(cls, customer_id: int, place: int, at_most: int) -> list[News]:
        """A customer's next news after a place, in order."""
        return await cls.owned_by(customer_id).filter(id__gt=place).order_by("id").limit(at_most)

    @classmethod
    async def with_more(cls, places: Mapping[int, int]) -> list[int]:
        """Of the customers with a place each, those who have news beyond it, in one statement."""
        connection = get_connection("default")
        mark = "${}" if connection.capabilities.dialect == "postgres" else "?{}"
        rows, values = [], list[int]()
        for customer_id, place in places.items():
            values += customer_id, place
            customer, after = (mark.format(number) for number in (len(values) - 1, len(values)))
            rows.append(f"(CAST({customer} AS BIGINT), CAST({after} AS BIGINT))")
        sql = (
            f"WITH followed (customer_id, place) AS (VALUES {', '.join(rows)}) "
            "SELECT f.customer_id FROM followed AS f WHERE EXISTS (SELECT 1 FROM news AS n "
            "WHERE n.customer_id = f.customer_id AND n.id > f.place)"
        )
        found = await connection.execute_query_dict(sql, values)
        return [int(row["customer_id"]) for row in found]
