"""Which operations are asked for, and how far back the session may see them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import models
from domain.assurance import Assurance, open_since
from domain.folding import folded
from resolvers.context import Viewer


@dataclass(frozen=True)
class Filter:
    """What every operation of the answer satisfies. Days are inclusive, amounts signed cents."""

    contract_ids: tuple[int, ...] | None = None
    occurred_from: date | None = None
    occurred_to: date | None = None
    amount_min_cents: int | None = None
    amount_max_cents: int | None = None
    kinds: tuple[models.OperationKind, ...] | None = None
    statuses: tuple[models.OperationStatus, ...] | None = None
    categories: tuple[str, ...] | None = None
    text: str | None = None

    def conditions(self) -> tuple[tuple[str, object], ...]:
        """The conditions that were given, as the table's."""
        given = {
            "contract_id__in": self.contract_ids,
            "occurred_on__gte": self.occurred_from,
            "occurred_on__lte": self.occurred_to,
            "amount_cents__gte": self.amount_min_cents,
            "amount_cents__lte": self.amount_max_cents,
            "kind__in": self.kinds,
            "status__in": self.statuses,
            "category__in": self.categories,
            "search_text__contains": folded(self.text) if self.text else None,
        }
        return tuple((name, value) for name, value in given.items() if value is not None)


@dataclass(frozen=True)
class Sight:
    """A filter cut to what a session may see. Only `within_sight` makes one, and all reading takes one."""

    only: Filter
    hidden_before: date | None


@dataclass(frozen=True)
class TooOld:
    """Operations of before 90 days were asked for: they need a surer session."""

    needed: Assurance = Assurance.STRONG_IN_SESSION


def within_sight(viewer: Viewer, only: Filter) -> Sight | TooOld:
    """Cut a filter to what the session may see; too old if it asks for more by its first day."""
    day = _hidden_before(viewer)
    if day is None:
        return Sight(only, None)
    if only.occurred_from is not None and only.occurred_from < day:
        return TooOld()
    return Sight(replace(only, occurred_from=only.occurred_from or day), day)


def in_sight(viewer: Viewer, row: models.Operation) -> models.Operation | TooOld:
    """One of the customer's operations, if the session may see it."""
    day = _hidden_before(viewer)
    return row if day is None or row.occurred_on >= day else TooOld()


def _hidden_before(viewer: Viewer) -> date | None:
    """The first day that the session may see, None if it may see all (RTS 2018/389, art. 10)."""
    if viewer.assurance.suffices(Assurance.STRONG_IN_SESSION):
        return None
    return open_since(viewer.today)
