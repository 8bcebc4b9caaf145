"""What the demonstration customer must see, taken from the sample itself and not from an answer."""

from __future__ import annotations

from typing import Any

from domain.money import decimal_text
from feed.sample.customers import SampleCustomer
from models.instalments import InstalmentStatus
from tests.journeys.personal import sample_customer

Shown = dict[str, Any]


def demo() -> SampleCustomer:
    return sample_customer("Lefèvre")


def contracts() -> list[Shown]:
    """Kind, name, debt and next instalment of each, in the order of `by_label`."""
    found = []
    for history in demo().histories:
        row = history.contract
        coming = [one for one in history.instalments if one.status is InstalmentStatus.UPCOMING]
        due = min(coming, key=lambda one: one.due_on, default=None)
        payment = due and due.principal + due.interest + due.insurance + due.fees
        found.append(
            {
                "kind": row.kind.value,
                "label": row.label,
                "outstandingPrincipal": decimal_text(row.outstanding),
                "nextInstalment": due and {"dueOn": str(due.due_on), "payment": decimal_text(payment or 0)},
            }
        )
    return by_label(found)


def contract_labels() -> list[Shown]:
    """The same, name and debt alone."""
    return [{name: one[name] for name in ("label", "outstandingPrincipal")} for one in contracts()]


def by_label(shown: list[Shown]) -> list[Shown]:
    return sorted(shown, key=lambda one: (one["label"], one["outstandingPrincipal"]))


def operations() -> list[Shown]:
    """Day, label and amount of each, the newest day first."""
    rows = [row for history in demo().histories for row in history.operations]
    rows.sort(key=lambda row: row.occurred_on, reverse=True)
    return [
        {"occurredOn": str(row.occurred_on), "label": row.label, "amount": decimal_text(row.amount)}
        for row in rows
    ]


def statements(year: int) -> list[Shown]:
    """Closing day and balance of those closed in a year, the newest first."""
    rows = [row for history in demo().histories for row in history.statements if row.closed_on.year == year]
    rows.sort(key=lambda row: row.closed_on, reverse=True)
    return [
        {"closedOn": str(row.closed_on), "closingBalance": decimal_text(row.closing_balance)} for row in rows
    ]


def are_the_newest(shown: list[Shown]) -> bool:
    """Whether these are the newest operations, by day, and each one of the sample's.

    Within a day the server orders them by a key that the sample does not have.
    """
    kept = operations()
    days = [one["occurredOn"] for one in kept[: len(shown)]]
    return [one["occurredOn"] for one in shown] == days and all(one in kept for one in shown)


def bare(tree: Any, *names: str) -> Any:
    """An answer without what a client asked for on its own account (`__typename`), and without ids."""
    if isinstance(tree, list):
        return [bare(each, *names) for each in tree]
    if not isinstance(tree, dict):
        return tree
    left_out = {"__typename", "id", *names}
    return {name: bare(value, *names) for name, value in tree.items() if name not in left_out}
