"""Amounts between texts and cents, rounding, currencies."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import CENTS_MAX, AmountProblem, decimal_text, half_up, is_currency, parse_decimal_text

AMOUNTS = st.integers(min_value=-CENTS_MAX, max_value=CENTS_MAX)


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        pytest.param(0, "0.00", id="nothing"),
        pytest.param(5, "0.05", id="a coin"),
        pytest.param(123450, "1234.50", id="a trailing zero is kept"),
        pytest.param(-1, "-0.01", id="negative below one unit"),
        pytest.param(-123456, "-1234.56", id="negative"),
        pytest.param(CENTS_MAX, "90071992547409.91", id="the largest"),
    ],
)
def test_amounts_have_two_decimals_and_a_sign(cents: int, text: str) -> None:
    assert decimal_text(cents) == text
    assert parse_decimal_text(text) == cents


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        pytest.param("12", 1200, id="no decimals"),
        pytest.param("12.5", 1250, id="one decimal"),
        pytest.param("007.50", 750, id="leading zeros"),
        pytest.param("0" * 63 + "1", 100, id="64 characters"),
        pytest.param("-0", 0, id="minus zero is zero"),
        pytest.param("-90071992547409.91", -CENTS_MAX, id="the lowest"),
    ],
)
def test_other_spellings_are_read(text: str, cents: int) -> None:
    assert parse_decimal_text(text) == cents


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("-", id="sign only"),
        pytest.param("+1", id="plus"),
        pytest.param("--1", id="two signs"),
        pytest.param(" 1", id="space before"),
        pytest.param("1\n", id="line end after"),
        pytest.param("1.234", id="three decimals"),
        pytest.param("1.", id="point without decimals"),
        pytest.param(".5", id="point without units"),
        pytest.param("1,50", id="comma"),
        pytest.param("1 000", id="grouped"),
        pytest.param("1_000", id="underscore"),
        pytest.param("1e3", id="exponent"),
        pytest.param("NaN", id="not a number"),
        pytest.param("Infinity", id="infinity"),
        pytest.param("0x10", id="hexadecimal"),
        pytest.param("\u0661\u0662", id="digits of another script"),
        pytest.param("\uff11", id="full-width digit"),
        pytest.param("0" * 64 + "1", id="65 characters"),
        pytest.param("9" * 5000, id="longer than any amount"),
    ],
)
def test_anything_else_is_malformed(text: str) -> None:
    assert parse_decimal_text(text) is AmountProblem.MALFORMED


@pytest.mark.parametrize("text", ["90071992547409.92", "-90071992547409.92", "1000000000000000"])
def test_amounts_a_reader_of_json_would_round_are_refused(text: str) -> None:
    assert parse_decimal_text(text) is AmountProblem.OUT_OF_BOUNDS


@given(AMOUNTS)
def test_writing_then_reading_gives_the_amount_back(cents: int) -> None:
    assert parse_decimal_text(decimal_text(cents)) == cents


@given(st.text(alphabet="0123456789.-+eE ", max_size=20))
def test_what_is_read_is_what_exact_decimals_read(text: str) -> None:
    cents = parse_decimal_text(text)
    if isinstance(cents, int):
        assert Decimal(text) * 100 == cents


@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        pytest.param("0.49", 0, id="below half"),
        pytest.param("0.5", 1, id="half goes up"),
        pytest.param("1.5", 2, id="odd half goes up"),
        pytest.param("2.5", 3, id="even half goes up too"),
        pytest.param("-0.5", -1, id="negative half goes away from zero"),
        pytest.param("-0.49", 0, id="negative below half"),
        pytest.param("12345678901234567890123456789012345.5", 12345678901234567890123456789012346, id="long"),
    ],
)
def test_halves_are_rounded_away_from_zero(amount: str, cents: int) -> None:
    assert half_up(Decimal(amount)) == cents


@pytest.mark.parametrize(
    ("code", "known"),
    [
        pytest.param("EUR", True, id="euro"),
        pytest.param("XPF", True, id="Pacific franc"),
        pytest.param("eur", False, id="small letters"),
        pytest.param("FRF", False, id="gone since 2002"),
        pytest.param("BGN", False, id="gone since 2026"),
        pytest.param("XAU", False, id="gold"),
        pytest.param("XXX", False, id="no currency"),
        pytest.param("", False, id="empty"),
    ],
)
def test_currencies_are_active_codes_in_capitals(code: str, known: bool) -> None:
    assert is_currency(code) is known
