"""What every customer-owned table has in common, and the guard under all that reads these tables.

`owned_by` is the door, and for the relations of the schema the column that `owner` names. Should a query ever
miss both, the guard stops the rows: while an operation runs, a row of another customer than the one it is for
is not made, whichever query, page, batch or statement found it. Planned reads make no rows: there every table
of every statement is bound to the customer where it is written (`engine/planning/questions.py`).
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, ClassVar, Self

from tortoise import fields
from tortoise.models import Model
from tortoise.queryset import QuerySet

from models.ids import new_id

NOBODY = 0  # ids begin with the time, so no customer has this one


class ForeignRow(Exception):
    """A query of ours found a row of another customer: a bug, and nothing of the row may be answered."""


class _Kept:
    """For whom an operation reads; shared with the tasks that it begins."""

    __slots__ = ("customer_id",)

    def __init__(self) -> None:
        self.customer_id: int | None = None


_kept: ContextVar[_Kept | None] = ContextVar("kept", default=None)


class one_customer:
    """While this lasts, here and in tasks begun here, only rows of the customer of `keep_to` are made."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token = _kept.set(_Kept())

    def __exit__(self, *_raised: object) -> None:
        _kept.reset(self._token)


def keep_to(customer_id: int | None) -> None:
    """From here on the operation at hand is for this customer; None while nobody knows for whom.

    What no operation asked for, such as the work of the outbox, is kept to nobody.
    """
    kept = _kept.get()
    if kept is not None:
        kept.customer_id = customer_id


def check_owner(table: type[Model], customer_id: int | None) -> None:
    """Raise `ForeignRow` for a row of another customer, or of nobody knows whom."""
    kept = _kept.get()
    if kept is not None and kept.customer_id not in (None, customer_id):
        raise ForeignRow(f"A query found another customer's row of {table.__name__}")


class OwnedModel(Model):
    """A row of one customer, keyed by (customer_id, id) in the database: one customer lives in one shard."""

    owner: ClassVar[str] = "customer_id"  # the column that says whose the row is

    id = fields.BigIntField(primary_key=True, generated=False, default=new_id)
    customer_id: int

    class Meta:
        abstract = True

    @classmethod
    def _init_from_db(cls, **columns: Any) -> Self:
        check_owner(cls, columns.get("customer_id"))
        return super()._init_from_db(**columns)

    @classmethod
    def owned_by(cls, customer_id: int) -> QuerySet[Self]:
        """The door to these rows from our own queries: nothing of another customer comes through."""
        return cls.filter(customer_id=customer_id)
