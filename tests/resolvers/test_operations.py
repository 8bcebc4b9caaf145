"""Filters in the terms of the table; in full they are tried through the schema."""

from __future__ import annotations

from datetime import date

from models import OperationKind
from resolvers.operations import Filter


def test_a_filter_without_conditions_is_no_condition() -> None:
    assert Filter().conditions() == ()
    assert Filter(text="").conditions() == ()


def test_what_was_given_is_a_condition_though_it_be_nothing() -> None:
    assert Filter(contract_ids=()).conditions() == (("contract_id__in", ()),)
    assert Filter(amount_min_cents=0).conditions() == (("amount_cents__gte", 0),)


def test_the_same_filter_asks_the_same() -> None:
    """What asks alike is read together, so conditions are hashable."""
    one, other = [
        Filter(
            contract_ids=(1, 2),
            occurred_from=date(2026, 1, 1),
            occurred_to=date(2026, 6, 30),
            kinds=(OperationKind.FEE,),
            text="Café",
        ).conditions()
        for _ in range(2)
    ]
    assert hash(one) == hash(other)
    assert one == (
        ("contract_id__in", (1, 2)),
        ("occurred_on__gte", date(2026, 1, 1)),
        ("occurred_on__lte", date(2026, 6, 30)),
        ("kind__in", (OperationKind.FEE,)),
        ("search_text__contains", "cafe"),
    )
