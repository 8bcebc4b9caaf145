"""Contracts of each kind, as the type of its kind, with what leads on from them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from models import ContractKind, ContractStatus, InstalmentStatus
from schema import ids
from schema.ids import Kind
from tests import cast
from tests.cast import TODAY
from tests.schema.asking import Asker
from tests.schema.ways import BOTH_WAYS

pytestmark = BOTH_WAYS

ALL = """{ contracts { __typename id version kind status regime label maskedNumber currency signedOn closedOn
    apr borrowingRate outstandingPrincipal overdue directDebit { maskedIban day }
    insurance { label monthlyCost } statementDelivery
    ... on RevolvingCredit { creditLimit availableCredit cards { maskedNumber expiresOn status } }
    ... on CardAccount { creditLimit availableCredit cards { maskedNumber } }
    ... on PersonalLoan { principal months endsOn amortisationTable { number } }
    ... on DebtConsolidation { principal months endsOn amortisationTable { number } } } }"""
FULL: dict[str, Any] = {
    "label": "Réserve",
    "borrowing_rate_yearly": Decimal("0.1834"),
    "apr_yearly": Decimal("0.199"),
    "overdue_cents": 4_500,
    "status": "LATE",
    "debit_day": 5,
    "iban": "FR7630006000011234567890189",
    "insurance_label": "Décès",
    "insurance_monthly_cents": 345,
    "statement_delivery": "ELECTRONIC",
    "version": 3,
}


async def test_a_revolving_credit_in_full(ask: Asker) -> None:
    owner = await cast.ines()
    row = await cast.contract(owner, account_number="30601234567894321", **FULL)
    await cast.card(row, number="30609876543211234")
    assert (await ask(ALL, owner))["contracts"] == [
        {
            "__typename": "RevolvingCredit",
            "id": ids.encoded(Kind.CONTRACT, owner.id, row.id),
            "version": 3,
            "kind": "REVOLVING_CREDIT",
            "status": "LATE",
            "regime": "LAGARDE_2011",
            "label": "Réserve",
            "maskedNumber": "3060 •••• •••• •4321",
            "currency": "EUR",
            "signedOn": "2024-01-15",
            "closedOn": None,
            "apr": "0.1990",
            "borrowingRate": "0.1834",
            "outstandingPrincipal": "1200.00",
            "overdue": "45.00",
            "directDebit": {"maskedIban": "FR•• •••• 0189", "day": 5},
            "insurance": {"label": "Décès", "monthlyCost": "3.45"},
            "statementDelivery": "ELECTRONIC",
            "creditLimit": "3000.00",
            "availableCredit": "1800.00",
            "cards": [
                {"maskedNumber": "3060 •••• •••• •1234", "expiresOn": "2028-06-30", "status": "ACTIVE"}
            ],
        }
    ]


@pytest.mark.parametrize(
    ("kind", "name", "own"),
    [
        (
            ContractKind.CARD_ACCOUNT,
            "CardAccount",
            {"creditLimit": "3000.00", "availableCredit": "1800.00", "cards": []},
        ),
        (
            ContractKind.PERSONAL_LOAN,
            "PersonalLoan",
            {"principal": "5000.00", "months": 48, "endsOn": "2028-02-05", "amortisationTable": []},
        ),
        (
            ContractKind.DEBT_CONSOLIDATION,
            "DebtConsolidation",
            {"principal": "5000.00", "months": 48, "endsOn": "2028-02-05", "amortisationTable": []},
        ),
    ],
)
async def test_each_kind_adds_its_own(ask: Asker, kind: ContractKind, name: str, own: Any) -> None:
    owner = await cast.ines()
    row = await cast.contract(owner, kind, file_number="AB-2024-00917", account_number=None)
    (found,) = (await ask(ALL, owner))["contracts"]
    assert found["__typename"] == name
    assert {field: found[field] for field in own} == own
    assert found["maskedNumber"] == "•••• 0917"
    assert found["directDebit"] == {"maskedIban": None, "day": None}
    assert found["insurance"] is None
    assert found["id"] == ids.encoded(Kind.CONTRACT, owner.id, row.id)


async def test_the_table_and_the_next_instalment(ask: Asker) -> None:
    owner = await cast.ines()
    loan = await cast.contract(owner, ContractKind.PERSONAL_LOAN)
    await cast.instalment(loan, 2)
    paid = {"status": "PAID", "paid_on": date(2026, 7, 6), "payment_cents": 10_300}
    await cast.instalment(loan, 1, **paid, insurance_cents=200, fees_cents=100)
    query = """{ contracts { nextInstalment { number dueOn }
        ... on PersonalLoan { amortisationTable { number dueOn status paidOn payment principal interest
            insurance fees outstandingAfter } } } }"""
    (found,) = (await ask(query, owner))["contracts"]
    assert found["nextInstalment"] == {"number": 2, "dueOn": "2026-08-04"}
    assert [row["number"] for row in found["amortisationTable"]] == [1, 2]
    assert found["amortisationTable"][0] == {
        "number": 1,
        "dueOn": "2026-07-05",
        "status": "PAID",
        "paidOn": "2026-07-06",
        "payment": "103.00",
        "principal": "90.00",
        "interest": "10.00",
        "insurance": "2.00",
        "fees": "1.00",
        "outstandingAfter": "1000.00",
    }


async def test_each_contract_gets_its_own_cards_and_table(ask: Asker) -> None:
    owner = await cast.ines()
    first, second, _ = [await cast.contract(owner, label=label) for label in ("first", "second", "bare")]
    loan = await cast.contract(owner, ContractKind.PERSONAL_LOAN, label="loan")
    for of, day in ((first, date(2027, 1, 31)), (first, date(2029, 1, 31)), (second, date(2028, 1, 31))):
        await cast.card(of, expires_on=day)
    for number in (2, 3, 1):
        await cast.instalment(loan, number)
    query = """{ contracts { label ... on RevolvingCredit { cards { expiresOn } }
        ... on PersonalLoan { amortisationTable { number } } } }"""
    answer = await ask(query, owner)
    assert {found.pop("label"): found for found in answer["contracts"]} == {
        "first": {"cards": [{"expiresOn": "2029-01-31"}, {"expiresOn": "2027-01-31"}]},
        "second": {"cards": [{"expiresOn": "2028-01-31"}]},
        "bare": {"cards": []},
        "loan": {"amortisationTable": [{"number": 1}, {"number": 2}, {"number": 3}]},
    }


async def test_the_next_instalment_is_the_first_to_come(ask: Asker) -> None:
    owner = await cast.ines()
    loan, done, other = [
        await cast.contract(owner, ContractKind.PERSONAL_LOAN, label=label)
        for label in ("loan", "done", "other")
    ]
    await cast.instalment(loan, 1, status=InstalmentStatus.PAID, paid_on=TODAY)
    await cast.instalment(loan, 2, status=InstalmentStatus.MISSED)
    for number in (4, 3):
        await cast.instalment(loan, number)
    await cast.instalment(other)
    await cast.instalment(done, status=InstalmentStatus.DEFERRED)
    answer = await ask("{ contracts { label nextInstalment { number } } }", owner)
    assert {found["label"]: found["nextInstalment"] for found in answer["contracts"]} == {
        "loan": {"number": 3},
        "done": None,
        "other": {"number": 1},
    }


async def test_contracts_in_force_come_first_then_the_newest(ask: Asker) -> None:
    owner = await cast.ines()
    rows: list[tuple[str, int, dict[str, Any]]] = [
        ("closed today", 0, {"status": ContractStatus.CLOSED, "closed_on": TODAY}),
        ("closed", 9, {"status": ContractStatus.CLOSED, "closed_on": TODAY}),
        ("late", 2, {"status": ContractStatus.LATE}),
        ("suspended", 1, {"status": ContractStatus.SUSPENDED}),
        ("active", 1, {}),
    ]
    for label, days_ago, columns in rows:
        signed_on = TODAY - timedelta(days=days_ago)
        await cast.contract(owner, label=label, signed_on=signed_on, **columns)
    await cast.contract(await cast.marc())
    answer = await ask("{ contracts { label } customer { contracts { label } } }", owner)
    assert answer["customer"]["contracts"] == answer["contracts"]
    labels = [found["label"] for found in answer["contracts"]]
    assert labels == ["active", "suspended", "late", "closed today", "closed"]


async def test_kinds_and_statuses_narrow_both_lists(ask: Asker) -> None:
    owner = await cast.ines()
    for kind in ContractKind:
        await cast.contract(owner, kind, label=kind.value)
    await cast.contract(owner, label="closed", status="CLOSED", closed_on=TODAY)
    query = """query($kinds: [ContractKind!], $statuses: [ContractStatus!]) {
        contracts(kinds: $kinds, statuses: $statuses) { label }
        customer { contracts(kinds: $kinds, statuses: $statuses) { label } } }"""
    for given, labels in (
        ({}, ["CARD_ACCOUNT", "DEBT_CONSOLIDATION", "PERSONAL_LOAN", "REVOLVING_CREDIT", "closed"]),
        ({"kinds": ["REVOLVING_CREDIT"]}, ["REVOLVING_CREDIT", "closed"]),
        ({"kinds": ["REVOLVING_CREDIT"], "statuses": ["ACTIVE"]}, ["REVOLVING_CREDIT"]),
        ({"statuses": []}, []),
    ):
        answer = await ask(query, owner, **given)
        assert [row["label"] for row in answer["contracts"]] == labels
        assert answer["customer"]["contracts"] == answer["contracts"]


async def test_a_statement_and_an_operation_lead_to_each_other(ask: Asker) -> None:
    owner = await cast.ines()
    credit = await cast.contract(owner, label="Réserve")
    listed, card = await cast.statement(credit, payment_on=date(2026, 2, 10)), await cast.card(credit)
    await cast.operation(
        credit, statement_id=listed.id, card_id=card.id, label="Café", merchant="Chez Zoé", amount_cents=-320
    )
    pending = {"status": "PENDING", "booked_on": None, "occurred_on": date(2026, 1, 1)}
    await cast.operation(credit, label="Seule", **pending)
    query = """{
        statements { nodes { number openedOn closedOn paymentOn openingBalance closingBalance creditLimit apr
            contract { label } operations { totalCount nodes { label } } } }
        operations { nodes { label merchant kind status occurredOn bookedOn amount principal
            contract { label } statement { number } card { status } } } }"""
    answer = await ask(query, owner)
    assert answer["statements"]["nodes"] == [
        {
            "number": 1,
            "openedOn": "2026-01-01",
            "closedOn": "2026-01-30",
            "paymentOn": "2026-02-10",
            "openingBalance": "1000.00",
            "closingBalance": "1200.00",
            "creditLimit": None,
            "apr": None,
            "contract": {"label": "Réserve"},
            "operations": {"totalCount": 1, "nodes": [{"label": "Café"}]},
        }
    ]
    first, second = answer["operations"]["nodes"]
    assert (first["merchant"], first["amount"], first["statement"], first["card"]) == (
        "Chez Zoé",
        "-3.20",
        {"number": 1},
        {"status": "ACTIVE"},
    )
    assert second == {
        "label": "Seule",
        "merchant": None,
        "kind": "PURCHASE",
        "status": "PENDING",
        "occurredOn": "2026-01-01",
        "bookedOn": None,
        "amount": "12.50",
        "principal": None,
        "contract": {"label": "Réserve"},
        "statement": None,
        "card": None,
    }
