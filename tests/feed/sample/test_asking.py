"""What a statement charges and asks for, against the domain's vectors R1 and the fifteen euros of the law."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from feed.sample.asking import agreed_cents, asked, charge
from feed.sample.ledger import Ledger, Parts
from feed.sample.plans import LinePlan
from models import OperationKind

CREDIT = LinePlan(limit_cents=3_000_00, apr=Decimal("0.20"), insured=True)
CARD = LinePlan(limit_cents=3_000_00, fee_waived=True)
OPENED, CLOSED = date(2026, 10, 21), date(2026, 11, 20)


def test_the_borrowing_rate_compounds_to_the_apr() -> None:
    assert CREDIT.borrowing_rate == Decimal("0.1837")
    assert CARD.borrowing_rate is None


def test_what_is_agreed_is_the_first_minimum_in_whole_euros() -> None:
    # 2,000 euros: 42.06 of principal and 30.62 of interest.
    assert agreed_cents(CREDIT, 2_000_00) == 73_00
    assert agreed_cents(CARD, 2_000_00) == 0


def test_a_credit_asks_for_what_was_agreed_and_for_its_costs() -> None:
    still = Parts(1_900_00, 29_00, 11_00, 2_50)
    assert asked(CREDIT, still, 2_000_00, 73_00) == Parts(44_00, 29_00, 11_00, 2_50)


def test_much_interest_does_not_lower_the_principal_below_the_legal_minimum() -> None:
    still = Parts(1_900_00, 60_00)
    assert asked(CREDIT, still, 2_000_00, 73_00) == Parts(42_06, 60_00)


def test_fifteen_euros_at_least_and_all_that_is_left_at_most() -> None:
    assert asked(CREDIT, Parts(200_00, 3_00), 200_00, 8_00) == Parts(12_00, 3_00)
    assert asked(CREDIT, Parts(9_00, 10), 200_00, 8_00) == Parts(9_00, 10)
    assert asked(CREDIT, Parts(), 200_00, 8_00) == Parts()


def test_a_card_account_asks_for_everything() -> None:
    still = Parts(812_40, 0, 0, 5_00)
    assert asked(CARD, still, 812_40, 0) == still


def test_interest_and_insurance_are_charged_the_closing_day() -> None:
    ledger = Ledger()
    ledger.book(OperationKind.DRAWDOWN, OPENED, "Virement", Parts(1_000_00))
    charge(CREDIT, ledger, OPENED, CLOSED)
    # 31 days at 18.37 % over 365 days, and 0.58 % of insurance.
    assert ledger.owed == Parts(1_000_00, 15_60, 5_80)
    assert all(moved.booked_on == CLOSED for moved in ledger.movements[1:])


def test_on_the_last_day_only_the_days_before_bear_interest() -> None:
    ledger = Ledger()
    ledger.book(OperationKind.DRAWDOWN, OPENED, "Virement", Parts(1_000_00))
    charge(CREDIT, ledger, OPENED, CLOSED, last=True)
    assert ledger.owed.interest == 15_10


def test_a_yearly_fee_can_be_waived() -> None:
    ledger = Ledger()
    charge(CARD, ledger, OPENED, CLOSED, card_fee=True)
    assert [(moved.kind, moved.parts.fees) for moved in ledger.movements] == [
        (OperationKind.FEE, 24_00),
        (OperationKind.WAIVER, -24_00),
    ]
