"""How models become statements: Tortoise's executors, made aware of the customer in every key.

A customer's rows are keyed by (customer_id, id) and Tortoise looks for `id` alone, which no index begins
with. So the statements it writes by itself (save, delete, prefetch) get the customer added here; queries of
ours name the customer themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tortoise.backends.asyncpg.executor import AsyncpgExecutor
from tortoise.backends.base.executor import EXECUTOR_CACHE, BaseExecutor
from tortoise.backends.sqlite.executor import SqliteExecutor
from tortoise.fields.base import DatabaseDefault
from tortoise.models import Model
from tortoise.queryset import QuerySet

OWNER = "customer"
OWNER_COLUMN = "customer_id"


def is_owned(model: type[Model]) -> bool:
    """Whether the rows belong to a customer: the model has a relation called `customer`."""
    meta = model._meta
    return OWNER in meta.fk_fields or OWNER in meta.o2o_fields


def forget_prepared(connection_name: str) -> None:
    """Drop the statements prepared under this alias: another dialect may have written them."""
    for key in [key for key in EXECUTOR_CACHE if key[0] == connection_name]:
        del EXECUTOR_CACHE[key]


class OwnedRows(BaseExecutor):
    """Reads and writes rows by customer, and prefetches without leaving the transaction's task."""

    def _row(self, instance: Model) -> QuerySet[Any]:
        key = {"pk": instance.pk, OWNER_COLUMN: getattr(instance, OWNER_COLUMN)}
        return self.model.filter(**key).using_db(self.db)

    def _keyed_by_customer(self) -> bool:
        return is_owned(self.model) and self.model._meta.pk_attr != OWNER_COLUMN

    async def execute_update(self, instance: Any, update_fields: Iterable[str] | None) -> int:
        if not self._keyed_by_customer():
            return await super().execute_update(instance, update_fields)
        names = self._updatable() if update_fields is None else list(update_fields)
        values = {name: getattr(instance, name) for name in names}
        stored = {name: value for name, value in values.items() if not isinstance(value, DatabaseDefault)}
        return await self._row(instance).update(**stored) if stored else 0

    def _updatable(self) -> list[str]:
        fields = self.model._meta.fields_map
        names = self.model._meta.fields_db_projection
        return [n for n in names if not (fields[n].pk or fields[n].generated or n == OWNER_COLUMN)]

    async def execute_delete(self, instance: Any) -> int:
        if not self._keyed_by_customer():
            return await super().execute_delete(instance)
        return await self._row(instance).delete()

    async def _execute_prefetch_queries(self, instance_list: Iterable[Model]) -> Iterable[Model]:
        """One relation after another: Tortoise gathers them in tasks, which a transaction refuses."""
        if instance_list and (self.prefetch_map or self._prefetch_queries):
            self._make_prefetch_queries()
            for field, queries in self._prefetch_queries.items():
                for query in queries:
                    await self._do_prefetch(instance_list, field, query)
        return instance_list

    async def _do_prefetch(
        self, instance_id_list: Iterable[Model], field: str, related_query: tuple[str | None, QuerySet[Any]]
    ) -> Iterable[Model]:
        to_attr, query = related_query
        if is_owned(self.model) and is_owned(query.model):
            owners = {getattr(row, OWNER_COLUMN) for row in instance_id_list}
            same = {OWNER_COLUMN: owners.pop()} if len(owners) == 1 else {f"{OWNER_COLUMN}__in": owners}
            query = query.filter(**same)
        return await super()._do_prefetch(instance_id_list, field, (to_attr, query))


class SqliteRows(OwnedRows, SqliteExecutor):
    """Rows on SQLite."""


class PostgresRows(OwnedRows, AsyncpgExecutor):
    """Rows on PostgreSQL."""
