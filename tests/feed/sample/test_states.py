"""Every product and every state has someone to show it, on any day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from itertools import pairwise

import pytest

from domain.regimes import CCD2_SIGNED_FROM, Regime, regime_of
from feed.sample.cast import Access
from feed.sample.customers import SampleCustomer
from feed.sample.plans import History
from models import (
    CardStatus,
    ContractKind,
    ContractStatus,
    InstalmentStatus,
    Locale,
    OperationKind,
    OperationStatus,
    StatementDelivery,
)

Cast = tuple[SampleCustomer, ...]


def late_then_paid(history: History) -> bool:
    return any(row.fees and row.status is InstalmentStatus.PAID for row in history.instalments)


def idle(history: History) -> bool:
    contract = history.contract
    return contract.status is ContractStatus.SUSPENDED and not contract.overdue


CUSTOMERS: dict[str, Callable[[SampleCustomer], bool]] = {
    "no e-mail": lambda one: one.row.email is None,
    "a landline only": lambda one: one.row.phone.startswith("+33199"),
    "a phone of Guadeloupe": lambda one: one.row.phone.startswith("+590"),
    "reads English": lambda one: one.row.locale is Locale.EN_GB,
    "an apostrophe": lambda one: "'" in one.row.last_name,
    "a hyphen": lambda one: "-" in one.row.first_names,
    "an accent": lambda one: not one.row.first_names.isascii(),
    "a ligature": lambda one: "Œ" in one.row.last_name,
    "one contract": lambda one: len(one.histories) == 1,
    "two contracts": lambda one: len(one.histories) == 2,
    "four contracts": lambda one: len(one.histories) == 4,
    "thousands of operations": lambda one: sum(len(h.operations) for h in one.histories) > 2000,
    "nothing but closed contracts": lambda one: all(h.contract.closed_on for h in one.histories),
    **{access.value: (lambda one, access=access: one.role.access is access) for access in Access},  # type: ignore[misc]
}

HISTORIES: dict[str, Callable[[History], bool]] = {
    "late": lambda h: h.contract.overdue > 0 and h.contract.status is ContractStatus.LATE,
    "suspended with missed instalments": lambda h: (
        h.contract.status is ContractStatus.SUSPENDED and h.contract.overdue > 0
    ),
    "suspended because unused": idle,
    "late, then paid": late_then_paid,
    "one instalment deferred": lambda h: any(r.status is InstalmentStatus.DEFERRED for r in h.instalments),
    "a loan repaid at term": lambda h: (
        h.contract.closed_on is not None and len(h.instalments) == h.contract.months
    ),
    "a loan repaid early": lambda h: (
        h.contract.principal is not None
        and any(row.kind is OperationKind.EARLY_REPAYMENT for row in h.operations)
    ),
    "a line ended": lambda h: h.contract.closed_on is not None and h.contract.credit_limit is not None,
    "never used": lambda h: h.contract.status is ContractStatus.ACTIVE and not (h.operations or h.statements),
    "insured": lambda h: any(row.kind is OperationKind.INSURANCE for row in h.operations),
    "a card renewed": lambda h: [c.status for c in h.cards] == [CardStatus.EXPIRED, CardStatus.ACTIVE],
    "statements on paper": lambda h: h.contract.statement_delivery is StatementDelivery.PAPER,
    "electronic statements": lambda h: h.contract.statement_delivery is StatementDelivery.ELECTRONIC,
    "several debts paid off": lambda h: (
        sum(row.kind is OperationKind.DRAWDOWN for row in h.operations) > 2
        and h.contract.kind is ContractKind.DEBT_CONSOLIDATION
    ),
}


@pytest.mark.parametrize("state", CUSTOMERS)
def test_some_customer_shows(state: str, cast: Cast) -> None:
    assert any(CUSTOMERS[state](customer) for customer in cast)


@pytest.mark.parametrize("state", HISTORIES)
def test_some_contract_shows(state: str, histories: list[History]) -> None:
    assert any(HISTORIES[state](history) for history in histories)


def test_every_product_is_held_several_times(histories: list[History]) -> None:
    held = Counter(history.contract.kind for history in histories)
    assert set(held) == set(ContractKind)
    assert min(held.values()) >= 5


def test_every_state_of_contracts_instalments_cards_and_operations_is_there(histories: list[History]) -> None:
    assert {h.contract.status for h in histories} == set(ContractStatus)
    assert {row.status for h in histories for row in h.instalments} == set(InstalmentStatus)
    assert {card.status for h in histories for card in h.cards} == set(CardStatus)
    assert {row.status for h in histories for row in h.operations} == set(OperationStatus)
    assert {row.kind for h in histories for row in h.operations} == set(OperationKind)


def test_contracts_are_under_both_laws_once_both_are_in_force(histories: list[History], today: date) -> None:
    regimes = {regime_of(history.contract.signed_on) for history in histories}
    lagarde_only = (today - CCD2_SIGNED_FROM).days <= 0
    assert regimes == ({Regime.LAGARDE_2011} if lagarde_only else set(Regime))


def test_some_contracts_can_still_be_withdrawn_from(histories: list[History], today: date) -> None:
    ages = sorted((today - history.contract.signed_on).days for history in histories)
    assert ages[:4] == [1, 2, 10, ages[3]]
    assert ages[3] > 14


def test_the_demonstration_customer_holds_several_products_with_all_sorts_of_operations(cast: Cast) -> None:
    camille, *_ = cast
    kinds = {history.contract.kind for history in camille.histories}
    assert kinds == set(ContractKind) - {ContractKind.DEBT_CONSOLIDATION}
    assert camille.role.access is Access.SEEN_RECENTLY
    operations = [row for history in camille.histories for row in history.operations]
    assert 800 < len(operations) < 1500
    assert {row.status for row in operations} == set(OperationStatus)
    assert {row.kind for row in operations} == set(OperationKind)


def test_the_demonstration_customer_has_two_years_of_statements(cast: Cast, today: date) -> None:
    credit = cast[0].histories[0]
    assert (today - credit.contract.signed_on).days > 730
    assert len(credit.statements) >= 23
    assert all(
        (later.closed_on - sooner.closed_on).days < 32 for sooner, later in pairwise(credit.statements)
    )


def test_a_subscription_becomes_dearer_once(cast: Cast) -> None:
    card = cast[0].histories[1]
    prices: dict[str, list[int]] = {}
    for row in card.operations:
        if row.category in ("SUBSCRIPTIONS", "TELECOM", "ENERGY") and row.merchant:
            prices.setdefault(row.merchant, []).append(row.amount)
    assert prices
    for amounts in prices.values():
        assert amounts == sorted(amounts)
        assert len(set(amounts)) == 2
