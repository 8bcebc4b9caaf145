"""Amortisation tables: published vectors, due days, and what holds for every loan."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.instalments import (
    MONTHS_MAX,
    Instalment,
    amortisation_table,
    due_day_in,
    due_days,
    equal_instalment_cents,
    monthly_interest_cents,
)
from domain.money import CENTS_MAX
from domain.rates import RATE_MAX

FIRST = date(2027, 1, 5)


@pytest.mark.parametrize(
    ("principal_cents", "rate", "months", "instalment", "last", "interest"),
    [
        pytest.param(1_000_000, "0.058", 48, 233_93, 234_16, 1_228_87, id="L1"),
        pytest.param(300_000, "0.20", 24, 152_69, 152_58, 664_45, id="L3"),
        pytest.param(600_000, "0.049", 36, 179_56, 179_42, 464_02, id="L4"),
        pytest.param(120_000, "0", 12, 100_00, 100_00, 0, id="free credit"),
        pytest.param(100_00, "0", 3, 33_33, 33_34, 0, id="free credit that does not divide"),
        pytest.param(100_00, "0.12", 1, 101_00, 101_00, 1_00, id="one month"),
    ],
)
def test_the_last_instalment_absorbs_rounding(
    principal_cents: int, rate: str, months: int, instalment: int, last: int, interest: int
) -> None:
    table = amortisation_table(principal_cents, Decimal(rate), months, FIRST)

    assert equal_instalment_cents(principal_cents, Decimal(rate), months) == instalment
    assert {row.payment_cents for row in table[:-1]} <= {instalment}
    assert table[-1].payment_cents == last
    assert sum(row.interest_cents for row in table) == interest
    assert len(table) == months


@pytest.mark.parametrize(
    ("principal_cents", "rate", "months"),
    [
        pytest.param(CENTS_MAX, "0.05", 12, id="the largest principal"),
        pytest.param(1, "0.05", MONTHS_MAX, id="the longest, for a cent"),
        pytest.param(100_00, RATE_MAX, 2, id="the highest rate"),
    ],
)
def test_loans_at_the_bounds(principal_cents: int, rate: str, months: int) -> None:
    table = amortisation_table(principal_cents, Decimal(rate), months, FIRST)
    assert len(table) == months
    assert sum(row.principal_cents for row in table) == principal_cents


def test_an_instalment_that_rounds_to_its_interest_leaves_all_to_the_last() -> None:
    table = amortisation_table(6, Decimal(1), 24, FIRST)
    assert {(row.payment_cents, row.principal_cents) for row in table[:-1]} == {(1, 0)}
    assert (table[-1].payment_cents, table[-1].principal_cents) == (7, 6)


def test_first_rows_of_the_example() -> None:
    table = amortisation_table(1_000_000, Decimal("0.058"), 48, FIRST)
    assert table[:2] == (
        Instalment(1, date(2027, 1, 5), 233_93, 185_60, 48_33, 0, 9_814_40),
        Instalment(2, date(2027, 2, 5), 233_93, 186_49, 47_44, 0, 9_627_91),
    )


def test_insurance_is_flat_and_part_of_the_payment() -> None:
    bare = amortisation_table(600_000, Decimal("0.049"), 36, FIRST)
    insured = amortisation_table(600_000, Decimal("0.049"), 36, FIRST, insurance_monthly_cents=6_50)
    assert {row.insurance_cents for row in insured} == {6_50}
    assert [row.payment_cents - 6_50 for row in insured] == [row.payment_cents for row in bare]
    assert [row.principal_cents for row in insured] == [row.principal_cents for row in bare]


def test_months_too_short_for_the_due_day_use_their_last_day() -> None:
    days = due_days(date(2027, 12, 31), 5)
    assert days == [
        date(2027, 12, 31),
        date(2028, 1, 31),
        date(2028, 2, 29),
        date(2028, 3, 31),
        date(2028, 4, 30),
    ]


def test_a_loan_that_begins_in_february_can_fall_due_on_the_31st() -> None:
    table = amortisation_table(100_00, Decimal(0), 3, date(2027, 2, 28), due_day=31)
    assert [row.due_on for row in table] == [date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)]


@pytest.mark.parametrize(
    ("year", "month", "day", "expected"),
    [
        pytest.param(2027, 2, 28, 28, id="28 fits every month"),
        pytest.param(2027, 2, 29, 28, id="29 February of a common year"),
        pytest.param(2028, 2, 29, 29, id="29 February of a leap year"),
        pytest.param(2100, 2, 29, 28, id="a century that is not leap"),
        pytest.param(2027, 4, 31, 30, id="31 April"),
        pytest.param(2027, 12, 31, 31, id="31 December"),
    ],
)
def test_due_day_of_a_month(year: int, month: int, day: int, expected: int) -> None:
    assert due_day_in(year, month, day) == date(year, month, expected)


@pytest.mark.parametrize(
    ("principal_cents", "rate", "months", "message"),
    [
        pytest.param(0, "0.05", 12, "principal of 0 cents", id="nothing lent"),
        pytest.param(-1, "0.05", 12, "principal of -1 cents", id="negative principal"),
        pytest.param(10**18, "0.05", 12, "principal of", id="more than there is"),
        pytest.param(100, "-0.01", 12, "rate of -0.01", id="negative rate"),
        pytest.param(100, "101", 12, "rate of 101", id="rate beyond reason"),
        pytest.param(100, "0.05", 0, "0 months", id="no month"),
        pytest.param(100, "0.05", MONTHS_MAX + 1, "361 months", id="too many months"),
    ],
)
def test_impossible_loans_are_a_mistake_of_the_caller(
    principal_cents: int, rate: str, months: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        amortisation_table(principal_cents, Decimal(rate), months, FIRST)


@given(
    principal_cents=st.integers(min_value=1, max_value=10_000_000),
    rate=st.decimals(min_value=0, max_value=1, places=4),
    months=st.integers(min_value=1, max_value=144),
    due_day=st.integers(min_value=1, max_value=31),
)
def test_every_table_repays_its_principal_and_never_goes_below_zero(
    principal_cents: int, rate: Decimal, months: int, due_day: int
) -> None:
    table = amortisation_table(principal_cents, rate, months, FIRST, due_day=due_day)
    owed = [principal_cents, *(row.outstanding_after_cents for row in table)]

    assert sum(row.principal_cents for row in table) == principal_cents
    assert owed[-1] == 0
    assert all(before >= after >= 0 for before, after in pairwise(owed))
    assert all(before.due_on < after.due_on for before, after in pairwise(table))
    for before, row in zip(owed, table, strict=False):
        assert row.payment_cents == row.principal_cents + row.interest_cents
        assert row.interest_cents == monthly_interest_cents(before, rate)
        assert row.outstanding_after_cents == before - row.principal_cents


@given(
    principal_cents=st.integers(min_value=100_00, max_value=10_000_000),
    rate=st.decimals(min_value=0, max_value="0.25", places=4),
    months=st.integers(min_value=1, max_value=120),
)
def test_rounding_moves_the_last_instalment_by_little(
    principal_cents: int, rate: Decimal, months: int
) -> None:
    table = amortisation_table(principal_cents, rate, months, FIRST)
    instalment = equal_instalment_cents(principal_cents, rate, months)
    growth = (1 + rate / 12) ** months
    assert abs(table[-1].payment_cents - instalment) <= months * growth + 1
