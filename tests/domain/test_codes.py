"""Secret codes that may not be chosen."""

from __future__ import annotations

from datetime import date

import pytest

from domain.codes import Weakness, weakness

BORN = date(1987, 4, 23)
NUMBERS = ("30601234567894321", "PRT-2024-000917", "+33612345678")


def test_an_ordinary_code_is_fine() -> None:
    assert weakness("804153", birth_date=BORN, numbers=NUMBERS) is None


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("", id="empty"),
        pytest.param("80415", id="five digits"),
        pytest.param("8041530", id="seven digits"),
        pytest.param("80415a", id="letter"),
        pytest.param("80415 ", id="space"),
        pytest.param("80415\u0663", id="digit of another script"),
        pytest.param("80415\u00b2", id="superscript"),
    ],
)
def test_a_code_is_six_digits(code: str) -> None:
    assert weakness(code, birth_date=None, numbers=()) is Weakness.MALFORMED


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("111111", id="one digit"),
        pytest.param("121212", id="two in turn"),
        pytest.param("112112", id="two in groups"),
        pytest.param("111112", id="one but last"),
        pytest.param("900000", id="round number"),
        pytest.param("473473", id="a half twice"),
        pytest.param("473374", id="a half mirrored"),
        pytest.param("447733", id="pairs"),
    ],
)
def test_repeats_are_weak(code: str) -> None:
    assert weakness(code, birth_date=None, numbers=()) is Weakness.REPEATED


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("123456", id="up"),
        pytest.param("987654", id="down"),
        pytest.param("789012", id="up past nine"),
        pytest.param("210987", id="down past zero"),
        pytest.param("135791", id="odd numbers"),
        pytest.param("024680", id="even numbers"),
        pytest.param("147258", id="two columns of a phone"),
        pytest.param("159357", id="the diagonals"),
        pytest.param("789456", id="rows from below"),
    ],
)
def test_sequences_are_weak(code: str) -> None:
    assert weakness(code, birth_date=None, numbers=()) is Weakness.SEQUENCE


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("230487", id="DDMMYY"),
        pytest.param("042387", id="MMDDYY"),
        pytest.param("870423", id="YYMMDD"),
        pytest.param("872304", id="YYDDMM"),
        pytest.param("231987", id="DDYYYY"),
        pytest.param("041987", id="MMYYYY"),
        pytest.param("198704", id="YYYYMM"),
        pytest.param("198723", id="YYYYDD"),
        pytest.param("230419", id="the beginning of DDMMYYYY"),
        pytest.param("304198", id="the middle of DDMMYYYY"),
    ],
)
def test_forms_of_the_birth_date_are_weak(code: str) -> None:
    assert weakness(code, birth_date=BORN, numbers=()) is Weakness.BIRTH_DATE
    assert weakness(code, birth_date=None, numbers=()) is None


def test_a_short_day_and_month_need_no_zeros() -> None:
    assert weakness("531987", birth_date=date(1987, 3, 5), numbers=()) is Weakness.BIRTH_DATE


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("894321", id="tail of the card number"),
        pytest.param("306012", id="head of the card number"),
        pytest.param("678943", id="middle of the card number"),
        pytest.param("400091", id="digits of the file number, letters left out"),
        pytest.param("061234", id="the phone as dialled, with its zero"),
        pytest.param("361234", id="the phone as kept, with its country"),
    ],
)
def test_runs_of_the_customers_own_numbers_are_weak(code: str) -> None:
    assert weakness(code, birth_date=None, numbers=NUMBERS) is Weakness.OWN_NUMBER
    assert weakness(code, birth_date=None, numbers=()) is None


def test_a_phone_that_cannot_be_read_still_counts_digit_by_digit() -> None:
    assert weakness("840617", birth_date=None, numbers=["+84061"]) is None
    assert weakness("840617", birth_date=None, numbers=["+999840617"]) is Weakness.OWN_NUMBER


def test_less_than_one_code_in_a_hundred_is_refused_to_everyone() -> None:
    refused = sum(weakness(f"{code:06d}", birth_date=None, numbers=()) is not None for code in range(10**6))
    assert refused == 5_256
