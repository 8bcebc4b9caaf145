"""Revolving credit: daily interest, legal minimum, pay-off."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.revolving import (
    BalanceSpan,
    BalanceStep,
    NeverPaidOff,
    PayOff,
    RepaymentMode,
    alpha,
    balance_spans,
    interest_cents,
    minimum_instalment_cents,
    minimum_principal_cents,
    months_max,
    pay_off,
)

APRIL, MAY = date(2027, 4, 1), date(2027, 5, 1)


def test_a_period_is_cut_where_the_balance_changes() -> None:
    steps = [
        BalanceStep(date(2027, 4, 20), 150_00),
        BalanceStep(date(2027, 3, 15), 100_00),
        BalanceStep(date(2027, 2, 1), 999_00),
        BalanceStep(date(2027, 4, 11), 300_00),
        BalanceStep(date(2027, 5, 1), 0),
    ]
    spans = balance_spans(steps, APRIL, MAY)
    assert spans == [
        BalanceSpan(APRIL, date(2027, 4, 11), 100_00),
        BalanceSpan(date(2027, 4, 11), date(2027, 4, 20), 300_00),
        BalanceSpan(date(2027, 4, 20), MAY, 150_00),
    ]
    assert [span.days for span in spans] == [10, 9, 11]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([], [BalanceSpan(APRIL, MAY, 0)], id="no step: nothing owed"),
        pytest.param([BalanceStep(APRIL, 5)], [BalanceSpan(APRIL, MAY, 5)], id="a step on the first day"),
        pytest.param(
            [BalanceStep(APRIL, 5), BalanceStep(APRIL, 7)],
            [BalanceSpan(APRIL, MAY, 7)],
            id="the last of a day counts",
        ),
        pytest.param([BalanceStep(MAY, 5)], [BalanceSpan(APRIL, MAY, 0)], id="the end is excluded"),
    ],
)
def test_edges_of_a_period(steps: list[BalanceStep], expected: list[BalanceSpan]) -> None:
    assert balance_spans(steps, APRIL, MAY) == expected


def test_an_empty_period_has_no_span() -> None:
    assert balance_spans([BalanceStep(APRIL, 5)], APRIL, APRIL) == []


@pytest.mark.parametrize(
    ("spans", "rate", "expected"),
    [
        pytest.param(
            [BalanceSpan(date(2026, 12, 1), date(2026, 12, 11), 1_000_000)], "0.058", 15_89, id="W1: ten days"
        ),
        pytest.param([BalanceSpan(APRIL, date(2028, 4, 1), 365_00)], "0.10", 36_60, id="366 days over 365"),
        pytest.param([BalanceSpan(APRIL, MAY, -500_00)], "100", 0, id="in the customer's favour"),
        pytest.param([], "0.20", 0, id="nothing"),
        pytest.param(
            [
                BalanceSpan(APRIL, date(2027, 4, 2), 730),
                BalanceSpan(date(2027, 4, 2), date(2027, 4, 3), 1095),
            ],
            "0.10",
            1,
            id="rounded once, not by span",
        ),
    ],
)
def test_interest_counts_real_days(spans: list[BalanceSpan], rate: str, expected: int) -> None:
    assert interest_cents(spans, Decimal(rate)) == expected


@given(
    balances=st.lists(st.integers(min_value=0, max_value=3_000_00), min_size=1, max_size=28),
    rate=st.decimals(min_value=0, max_value="0.25", places=4),
)
def test_interest_is_that_of_each_day_added_up(balances: list[int], rate: Decimal) -> None:
    steps = [BalanceStep(APRIL + timedelta(days=day), cents) for day, cents in enumerate(balances)]
    until = APRIL + timedelta(days=len(balances))
    exact = sum((Decimal(cents) for cents in balances), Decimal()) * rate / 365
    spans = balance_spans(steps, APRIL, until)
    assert sum(span.days for span in spans) == len(balances)
    assert abs(interest_cents(spans, rate) - exact) <= Decimal("0.5")


@pytest.mark.parametrize(
    ("rate", "months", "expected"),
    [
        pytest.param("0.20", 36, "0.0210294924", id="R1 over 36 months"),
        pytest.param("0.20", 60, "0.0102864105", id="R1 over 60 months"),
        pytest.param("0.2360", 36, "0.0200549996", id="R2 at the first ceiling"),
        pytest.param("0.1576", 60, "0.0113751465", id="R2 at the second ceiling"),
        pytest.param("0", 36, "0.0277777778", id="free credit: a thirty-sixth"),
    ],
)
def test_alpha(rate: str, months: int, expected: str) -> None:
    assert round(alpha(Decimal(rate), months), 10) == Decimal(expected)


def test_the_insurance_rate_adds_to_the_apr() -> None:
    assert alpha(Decimal("0.18"), 36, Decimal("0.02")) == alpha(Decimal("0.20"), 36)


@given(st.decimals(min_value="0.0001", max_value=1, places=4), st.sampled_from([36, 60]))
def test_the_constant_instalment_that_starts_with_alpha_repays_all_in_time(
    rate: Decimal, months: int
) -> None:
    monthly = (1 + rate) ** (Decimal(1) / 12) - 1
    owed = Decimal(1)
    instalment = alpha(rate, months) + monthly
    for _ in range(months):
        owed -= instalment - owed * monthly
    assert abs(owed) < Decimal("1e-9")


@pytest.mark.parametrize(
    ("outstanding", "limit", "mode", "rate", "expected"),
    [
        pytest.param(2_000_00, 3_000_00, RepaymentMode.CONSTANT, "0.20", 42_06, id="R1 small credit"),
        pytest.param(5_000_00, 6_000_00, RepaymentMode.CONSTANT, "0.20", 51_43, id="R1 larger credit"),
        pytest.param(2_000_00, 3_000_00, RepaymentMode.CONSTANT, "0.2360", 40_11, id="R2 small credit"),
        pytest.param(5_000_00, 6_000_00, RepaymentMode.CONSTANT, "0.1576", 56_88, id="R2 larger credit"),
        pytest.param(2_000_00, 3_000_00, RepaymentMode.VARIABLE, "0.20", 20_00, id="R3: 1 %"),
        pytest.param(5_000_00, 6_000_00, RepaymentMode.VARIABLE, "0.20", 25_00, id="R3: 0.5 %"),
        pytest.param(
            2_000_00, 3_000_01, RepaymentMode.VARIABLE, "0.20", 10_00, id="the limit decides, not use"
        ),
        pytest.param(-5_00, 3_000_00, RepaymentMode.VARIABLE, "0.20", 0, id="nothing owed"),
    ],
)
def test_minimum_principal(
    outstanding: int, limit: int, mode: RepaymentMode, rate: str, expected: int
) -> None:
    assert minimum_principal_cents(outstanding, limit, mode, Decimal(rate)) == expected


@pytest.mark.parametrize(("limit", "months"), [(3_000_00, 36), (3_000_01, 60), (1, 36)])
def test_longest_duration(limit: int, months: int) -> None:
    assert months_max(limit) == months


@pytest.mark.parametrize(
    ("outstanding", "principal", "interest", "insurance", "expected"),
    [
        pytest.param(2_000_00, 42_06, 31_00, 4_00, 77_06, id="the parts due"),
        pytest.param(400_00, 4_00, 6_00, 0, 15_00, id="at least 15 euros"),
        pytest.param(8_00, 8_00, 10, 0, 8_10, id="the last may be less"),
        pytest.param(0, 0, 0, 0, 0, id="nothing owed, nothing due"),
        pytest.param(0, 0, 0, 3_00, 3_00, id="insurance alone"),
    ],
)
def test_minimum_instalment(
    outstanding: int, principal: int, interest: int, insurance: int, expected: int
) -> None:
    assert minimum_instalment_cents(outstanding, principal, interest, insurance) == expected


def test_insurance_is_optional() -> None:
    assert minimum_instalment_cents(2_000_00, 42_06, 31_00) == 73_06


@pytest.mark.parametrize(
    ("outstanding", "rate", "payment", "expected"),
    [
        pytest.param(2_000_00, "0.20", 75_00, PayOff(36, 667_16), id="P1: 75 a month"),
        pytest.param(2_000_00, "0.20", 100_00, PayOff(25, 453_20), id="P1: 100 a month"),
        pytest.param(400_00, "0.20", 15_00, PayOff(36, 133_44), id="P1: the legal floor"),
        pytest.param(0, "0.20", 75_00, PayOff(0, 0), id="nothing owed"),
        pytest.param(100_00, "0", 50_00, PayOff(2, 0), id="free credit"),
        pytest.param(2_000_00, "0.20", 33_33, NeverPaidOff(33_33), id="interest only"),
        pytest.param(2_000_00, "0", 0, NeverPaidOff(0), id="no payment"),
        pytest.param(1_200, "0", 1, PayOff(1200, 0), id="the longest that is told"),
        pytest.param(1_201, "0", 1, NeverPaidOff(0), id="longer than is told"),
    ],
)
def test_pay_off(outstanding: int, rate: str, payment: int, expected: PayOff | NeverPaidOff) -> None:
    assert pay_off(outstanding, Decimal(rate), payment) == expected


@given(
    outstanding=st.integers(min_value=1, max_value=6_000_00),
    rate=st.decimals(min_value=0, max_value="0.24", places=4),
    payment=st.integers(min_value=15_00, max_value=500_00),
    more=st.integers(min_value=1, max_value=100_00),
)
def test_paying_more_never_takes_longer_nor_costs_more(
    outstanding: int, rate: Decimal, payment: int, more: int
) -> None:
    slow, fast = pay_off(outstanding, rate, payment), pay_off(outstanding, rate, payment + more)
    if isinstance(slow, PayOff):
        assert isinstance(fast, PayOff)
        assert fast.months <= slow.months
        assert fast.total_interest_cents <= slow.total_interest_cents
        assert slow.months * payment >= outstanding + slow.total_interest_cents
