"""Rates between texts and fractions; the annual percentage rate against published examples."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyxirr import xirr

from domain.instalments import amortisation_table
from domain.rates import (
    FLOWS_MAX,
    RATE_MAX,
    Flow,
    NoApr,
    RateProblem,
    apr,
    in_months,
    on_dates,
    parse_rate_text,
    period_rate,
    rate_text,
    rounded,
)

SHARED_DATA = Path(__file__).parents[2] / os.environ.get("PORTAL_SHARED_DATA", "../shared/data")
GOLDEN = SHARED_DATA / "apr_examples" / "apr_golden.json"
GOLDEN_COUNT = 44

Months: TypeAlias = list[tuple[int, int | Decimal]]


def percent(rate: Decimal | NoApr, decimals: int = 2) -> Decimal:
    assert isinstance(rate, Decimal), rate
    return rounded(rate, decimals + 2) * 100


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        pytest.param("0.199", "0.1990", id="padded to four decimals"),
        pytest.param("0.19900000", "0.1990", id="needless zeros go"),
        pytest.param("0.058125", "0.058125", id="six decimals stay"),
        pytest.param("0", "0.0000", id="nothing"),
        pytest.param("-0", "0.0000", id="minus zero"),
        pytest.param("1E+1", "10.0000", id="no exponent above"),
        pytest.param("1E-7", "0.0000001", id="no exponent below"),
        pytest.param("-0.01", "-0.0100", id="negative"),
    ],
)
def test_a_rate_has_one_spelling(rate: str, text: str) -> None:
    assert rate_text(Decimal(rate)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("0.1990", Decimal("0.199"), id="canonical"),
        pytest.param("0", Decimal(0), id="no decimals"),
        pytest.param("100", RATE_MAX, id="the highest"),
        pytest.param("100.01", RateProblem.OUT_OF_BOUNDS, id="above"),
        pytest.param("-0.01", RateProblem.MALFORMED, id="negative"),
        pytest.param("1e-2", RateProblem.MALFORMED, id="exponent"),
        pytest.param("0,199", RateProblem.MALFORMED, id="comma"),
        pytest.param("NaN", RateProblem.MALFORMED, id="not a number"),
        pytest.param("0.1234567890123", RateProblem.MALFORMED, id="thirteen decimals"),
        pytest.param("\u0660.5", RateProblem.MALFORMED, id="digits of another script"),
        pytest.param("0.1990\n", RateProblem.MALFORMED, id="line end"),
    ],
)
def test_rates_are_read_strictly(text: str, expected: Decimal | RateProblem) -> None:
    assert parse_rate_text(text) == expected


@given(st.decimals(min_value=0, max_value=RATE_MAX, places=12))
def test_writing_then_reading_gives_the_rate_back(rate: Decimal) -> None:
    assert parse_rate_text(rate_text(rate)) == rate


@pytest.mark.parametrize(
    ("drawn", "repaid", "expected"),
    [
        pytest.param("1000", {date(1995, 7, 1): "1200"}, "12.9620", id="A1"),
        pytest.param("950", {date(1995, 7, 1): "1200"}, "16.9026", id="A2: 50 kept by the lender"),
        pytest.param(
            "1000",
            {date(1994, 4, 1): "272", date(1994, 7, 1): "272", date(1995, 1, 1): "544"},
            "13.2262",
            id="A4: 90, 181, 365 days",
        ),
    ],
)
def test_apr_on_dates(drawn: str, repaid: dict[date, str], expected: str) -> None:
    first = date(1994, 1, 1)
    drawings = on_dates(first, [(first, Decimal(drawn))])
    payments = on_dates(first, [(day, Decimal(amount)) for day, amount in repaid.items()])
    assert percent(apr(drawings, payments), 4) == Decimal(expected)


@pytest.mark.parametrize(
    ("drawn", "repaid", "expected"),
    [
        pytest.param(1000, [(12, 600), (24, 600)], "13.0662", id="A3"),
        pytest.param(1000, [(3, 272), (6, 272), (12, 544)], "13.1855", id="A4 on equal months"),
        pytest.param(1000, [(18, 1200)], "12.9243", id="A5: A1 on equal months"),
        pytest.param(950, [(18, 1200)], "16.8526", id="A5: A2 on equal months"),
        pytest.param(1000, [(12, 1000)], "0.0000", id="free credit"),
        pytest.param(200, [(1, 250)], "1355.1915", id="a payday loan"),
        pytest.param(1000, [(12, 1001)], "0.1000", id="one more than was drawn"),
        pytest.param(1000, [(12, 4097 * 1000)], "409600.0000", id="the highest"),
    ],
)
def test_apr_on_equal_months(drawn: int, repaid: Months, expected: str) -> None:
    assert percent(apr(in_months([(0, drawn)]), in_months(repaid)), 4) == Decimal(expected)


@pytest.mark.parametrize(
    ("principal_cents", "rate", "months", "fee_cents", "expected"),
    [
        pytest.param(1_000_000, "0.058", 48, 0, "5.96", id="L1"),
        pytest.param(1_000_000, "0.058", 48, 15_000, "6.78", id="L2: L1 with a fee at the start"),
        pytest.param(300_000, "0.20", 24, 0, "21.94", id="L3"),
        pytest.param(600_000, "0.049", 36, 0, "5.01", id="L4"),
    ],
)
def test_apr_of_amortisation_tables(
    principal_cents: int, rate: str, months: int, fee_cents: int, expected: str
) -> None:
    table = amortisation_table(principal_cents, Decimal(rate), months, date(2027, 1, 5))
    payments = in_months([(0, fee_cents), *((row.number, row.payment_cents) for row in table)])
    assert percent(apr(in_months([(0, principal_cents)]), payments)) == Decimal(expected)


def golden_vectors() -> list[dict[str, object]]:
    return json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else []


def golden_flows(pairs: Sequence[tuple[float, float]]) -> list[Flow]:
    """Times are printed as doubles; each is an exact number of months plus days, so of 4,380ths of a year."""
    return [Flow(Fraction(at).limit_denominator(12 * 365), Decimal(str(amount))) for at, amount in pairs]


@pytest.mark.skipif(not GOLDEN.exists(), reason="no shared data: set PORTAL_SHARED_DATA to its folder")
def test_every_published_example_is_here() -> None:
    assert len(golden_vectors()) == GOLDEN_COUNT


@pytest.mark.skipif(not GOLDEN.exists(), reason="no shared data: set PORTAL_SHARED_DATA to its folder")
@pytest.mark.parametrize("vector", [pytest.param(each, id=str(each["id"])) for each in golden_vectors()])
def test_apr_of_published_examples(vector: dict[str, object]) -> None:
    drawings, payments = vector["drawdowns"], vector["payments"]
    assert isinstance(drawings, list)
    assert isinstance(payments, list)

    found = apr(golden_flows(drawings), golden_flows(payments))

    decimals = vector["decimals"]
    assert isinstance(decimals, int)
    assert percent(found, decimals) == Decimal(str(vector["apr_percent"]))
    assert percent(found, 6) == Decimal(str(vector["computed_percent"]))


@pytest.mark.parametrize(
    ("drawings", "payments", "expected"),
    [
        pytest.param([], [(1, 100)], NoApr.NOTHING_DRAWN, id="no drawing"),
        pytest.param([(0, 0)], [(1, 100)], NoApr.NOTHING_DRAWN, id="a drawing of nothing"),
        pytest.param([(0, 100)], [], NoApr.REPAYS_LESS_THAN_DRAWN, id="never repaid"),
        pytest.param([(0, 100)], [(12, 99)], NoApr.REPAYS_LESS_THAN_DRAWN, id="a cent is given"),
        pytest.param([(0, 100)], [(0, 150)], NoApr.ABOVE_MAXIMUM, id="repaid more at once"),
        pytest.param([(0, 1)], [(1, 1000)], NoApr.ABOVE_MAXIMUM, id="usury without end"),
        pytest.param([(0, 1000)], [(12, 4098 * 1000)], NoApr.ABOVE_MAXIMUM, id="just above the highest"),
    ],
)
def test_flows_without_a_rate(drawings: Months, payments: Months, expected: NoApr) -> None:
    assert apr(in_months(drawings), in_months(payments)) is expected


def test_too_many_flows_are_a_mistake_of_the_caller() -> None:
    assert apr(in_months([(0, FLOWS_MAX - 1)]), in_months([(1, 1)] * (FLOWS_MAX - 1))) == 0
    with pytest.raises(ValueError, match="more than 10000 flows"):
        apr(in_months([(0, 1)]), in_months([(1, 1)] * FLOWS_MAX))


@given(
    drawn=st.integers(min_value=100_00, max_value=100_000_00),
    repaid=st.lists(st.integers(min_value=1, max_value=120), min_size=1, max_size=40, unique=True),
    cost=st.decimals(min_value="0.001", max_value="0.6", places=3),
)
def test_apr_balances_the_equation(drawn: int, repaid: list[int], cost: Decimal) -> None:
    each = Decimal(drawn) * (1 + cost) / len(repaid)
    found = apr(in_months([(0, drawn)]), in_months([(month, each) for month in repaid]))
    assert isinstance(found, Decimal)
    values = [each / (1 + found) ** (Decimal(month) / 12) for month in repaid]
    assert abs(sum(values, Decimal(-drawn))) < Decimal("0.01")


@given(
    drawn=st.integers(min_value=100_00, max_value=100_000_00),
    days=st.lists(st.integers(min_value=30, max_value=3650), min_size=1, max_size=40, unique=True),
    cost=st.decimals(min_value="0.001", max_value="0.4", places=3),
)
def test_apr_on_dates_agrees_with_pyxirr(drawn: int, days: list[int], cost: Decimal) -> None:
    first = date(2026, 1, 1)
    each = Decimal(drawn) * (1 + cost) / len(days)
    paid_on = [date.fromordinal(first.toordinal() + day) for day in days]
    found = apr(on_dates(first, [(first, drawn)]), on_dates(first, [(day, each) for day in paid_on]))
    oracle = xirr([first, *paid_on], [-drawn, *[float(each)] * len(days)])
    assert isinstance(found, Decimal)
    assert oracle == pytest.approx(float(found), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(
    ("yearly", "periods", "expected"),
    [
        pytest.param("0.1990", 12, "0.015238935953", id="a month"),
        pytest.param("0.21", 2, "0.1", id="a half-year, exactly"),
        pytest.param("0", 12, "0", id="free credit"),
    ],
)
def test_period_rate(yearly: str, periods: int, expected: str) -> None:
    assert period_rate(Decimal(yearly), periods) == Decimal(expected)


@given(st.decimals(min_value=0, max_value=1, places=4))
def test_twelve_period_rates_compound_to_the_apr(yearly: Decimal) -> None:
    assert rounded((1 + period_rate(yearly)) ** 12 - 1, 9) == yearly
