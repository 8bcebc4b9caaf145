"""What is asked of every server, and what makes two answers alike.

DASHBOARD has 331 values for a customer of two contracts, PROFILE five, PAGE 603: a page of a hundred filtered
operations of one long history, behind a cursor deep in it or, as FIRST_PAGE, at its beginning.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

DASHBOARD = """query Dashboard {
  customer {
    id title firstNames lastName birthDate
    contracts {
      id version kind status label currency signedOn apr borrowingRate outstandingPrincipal overdue
      statements(first: 1) {
        nodes { id number openedOn closedOn paymentOn openingBalance closingBalance totalDue }
      }
      operations(first: 20) {
        edges { cursor node { id kind occurredOn label category amount } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  }
}"""
PROFILE = "query Profile { customer { title firstNames lastName birthDate locale } }"
PAGE = """query Page($after: String, $filter: OperationFilter) {
  operations(first: 100, after: $after, filter: $filter) {
    edges { cursor node { id kind occurredOn label amount } }
    pageInfo { hasNextPage startCursor endCursor }
  }
}"""
# A cursor of the order in which PAGE reads: the place where a day ends.
PLACE = """query Place($filter: OperationFilter) {
  operations(first: 1, filter: $filter) { pageInfo { endCursor } }
}"""
TEXTS = {"DASHBOARD": DASHBOARD, "PROFILE": PROFILE, "PAGE": PAGE, "PLACE": PLACE}

# Rather more than half of the purchases.
KINDS, AMOUNT_MIN, AMOUNT_MIN_CENTS = ["PURCHASE"], "50.00", 5_000
FILTER = {"kinds": KINDS, "amount": {"min": AMOUNT_MIN}}
DEEP_DAYS = [f"{year}-{month:02d}-15" for year in (2017, 2018, 2019) for month in range(1, 13)]

MONEY = frozenset(
    ("outstandingPrincipal", "overdue", "openingBalance", "closingBalance", "totalDue", "amount")
)
RATES = frozenset(("apr", "borrowingRate"))
OPAQUE = frozenset(("id", "cursor", "startCursor", "endCursor"))


def digest(text: str) -> str:
    """The id of a trusted document."""
    return hashlib.sha256(text.encode()).hexdigest()


def page_variables(after: str | None) -> dict[str, Any]:
    """What PAGE is asked with."""
    return {"after": after, "filter": FILTER}


def place_variables(day: str) -> dict[str, Any]:
    """What PLACE is asked with: the last operation of a day, and what came before."""
    return {"filter": {"occurredOn": {"to": day}}}


def as_text(_name: str, value: Any) -> Any:
    """Money as our schema spells it."""
    return value


def as_cents(name: str, value: Any) -> Any:
    """Money of a server that answers whole cents."""
    return None if value is None else f"{Decimal(value) / 100:.2f}"


Money = Callable[[str, Any], Any]


def alike(answer: Any, money: Money = as_text, name: str = "") -> Any:
    """An answer that can be compared: opaque values told by being there, money and rates as exact numbers.

    A cursor must also be where it belongs: a page's ends are those of its edges.
    """
    if isinstance(answer, Mapping):
        _check_ends(answer)
        return {key: alike(value, money, key) for key, value in answer.items()}
    if isinstance(answer, list):
        return [alike(value, money, name) for value in answer]
    if answer is None:
        return None
    if name in OPAQUE:
        return "present" if isinstance(answer, str) and answer else answer
    if name in MONEY:
        return Decimal(money(name, answer))
    return Decimal(answer) if name in RATES else answer


def _check_ends(answer: Mapping[str, Any]) -> None:
    edges, place = answer.get("edges"), answer.get("pageInfo")
    if not edges or place is None:
        return
    cursors = [edge["cursor"] for edge in edges]
    if (cursors[0], cursors[-1]) != (place["startCursor"], place["endCursor"]):
        raise ValueError("the ends of a page are not those of its edges")
    if len(set(cursors)) < len(cursors) or len({edge["node"]["id"] for edge in edges}) < len(edges):
        raise ValueError("two edges of a page are one")


def leaves(answer: Any) -> int:
    """How many values an answer has."""
    if isinstance(answer, Mapping):
        return sum(leaves(value) for value in answer.values())
    return sum(map(leaves, answer)) if isinstance(answer, list) else 1
