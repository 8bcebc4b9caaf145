"""The two identifiers: what passes, what is tidied, what is refused and why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers import (
    CardOrCreditNumber,
    FileNumber,
    Malformed,
    MalformedReason,
    card_or_credit_number,
    file_number,
    luhn_holds,
)

NUMBER = "30601234567894321"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(NUMBER, id="plain"),
        pytest.param("  30601234567894321 ", id="spaces around"),
        pytest.param("3060 1234 5678 94321", id="groups"),
        pytest.param("3060\u00a01234\u00a05678\u00a094321", id="no-break spaces"),
        pytest.param("3060\u202f1234\u202f5678\u202f94321", id="narrow no-break spaces"),
        pytest.param("3060.1234.5678.94321", id="dots"),
        pytest.param("3060-1234-5678-94321", id="hyphens"),
        pytest.param("3060\u20111234\u20115678\u201194321", id="no-break hyphens"),
        pytest.param("3060 - 1234 - 5678 - 94321", id="hyphens between spaces"),
        pytest.param(
            "30 - 60 - 12 - 34 - 56 - 7   8   9   4   3   2   1" + " " * 40, id="spaces around do not count"
        ),
        pytest.param("   ".join(NUMBER[:-2]) + NUMBER[-2:], id="59 characters"),
    ],
)
def test_a_long_number_is_read_however_it_is_grouped(text: str) -> None:
    assert card_or_credit_number(text) == CardOrCreditNumber(NUMBER)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", MalformedReason.EMPTY, id="empty"),
        pytest.param(" \u00a0 ", MalformedReason.EMPTY, id="spaces"),
        pytest.param("3060123456789432", MalformedReason.LENGTH, id="16 digits"),
        pytest.param("306012345678943210", MalformedReason.LENGTH, id="18 digits"),
        pytest.param("3" * 65, MalformedReason.LENGTH, id="longer than is looked at"),
        pytest.param("x" * 64, MalformedReason.CHARACTERS, id="the longest that is looked at"),
        pytest.param("x" * 65, MalformedReason.LENGTH, id="one longer"),
        pytest.param("40601234567894321", MalformedReason.PREFIX, id="another issuer"),
        pytest.param("3060123456789432l", MalformedReason.CHARACTERS, id="a letter for a one"),
        pytest.param("-30601234567894321", MalformedReason.CHARACTERS, id="a hyphen before"),
        pytest.param("30601234567894321.", MalformedReason.CHARACTERS, id="a dot after"),
        pytest.param("3060    1234 5678 94321", MalformedReason.CHARACTERS, id="four spaces"),
        pytest.param("3060\n1234567894321", MalformedReason.CHARACTERS, id="line end inside"),
        pytest.param("3060/1234567894321", MalformedReason.CHARACTERS, id="slash"),
        pytest.param(
            "\uff13\uff10\uff16\uff10" + NUMBER[4:], MalformedReason.CHARACTERS, id="full-width digits"
        ),
        pytest.param("\u0663" + NUMBER[1:], MalformedReason.CHARACTERS, id="digit of another script"),
    ],
)
def test_a_text_that_is_no_long_number_says_why(text: str, reason: MalformedReason) -> None:
    assert card_or_credit_number(text) == Malformed(reason)


def test_the_check_digit_counts_only_when_asked() -> None:
    good = next(NUMBER[:16] + digit for digit in "0123456789" if luhn_holds(NUMBER[:16] + digit))
    bad = NUMBER[:16] + str((int(good[16]) + 1) % 10)
    assert card_or_credit_number(good, check_luhn=True) == CardOrCreditNumber(good)
    assert card_or_credit_number(bad, check_luhn=True) == Malformed(MalformedReason.CHECK_DIGIT)
    assert card_or_credit_number(bad) == CardOrCreditNumber(bad)


@pytest.mark.parametrize(
    ("digits", "holds"),
    [
        pytest.param("79927398713", True, id="the textbook example"),
        pytest.param("79927398710", False, id="another last digit"),
        pytest.param("4111111111111111", True, id="a card of the schemes' tests"),
        pytest.param("4111111111111121", False, id="two digits off"),
    ],
)
def test_luhn(digits: str, holds: bool) -> None:
    assert luhn_holds(digits) is holds


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("AB12", "AB12", id="the shortest"),
        pytest.param("A" * 24, "A" * 24, id="the longest"),
        pytest.param(" prt-2024-000917 ", "PRT-2024-000917", id="small letters and spaces around"),
        pytest.param("PRT 2024\u00a0000917", "PRT2024000917", id="spaces inside"),
        pytest.param("PRT\u20112024", "PRT-2024", id="no-break hyphen"),
        pytest.param("12345678", "12345678", id="digits only"),
        pytest.param("40601234567894321", "40601234567894321", id="17 digits of another beginning"),
        pytest.param("3060123456789432", "3060123456789432", id="16 digits beginning 3060"),
    ],
)
def test_a_file_number_is_tidied(text: str, value: str) -> None:
    assert file_number(text) == FileNumber(value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", MalformedReason.EMPTY, id="empty"),
        pytest.param("\u202f ", MalformedReason.EMPTY, id="spaces"),
        pytest.param("AB1", MalformedReason.LENGTH, id="three characters"),
        pytest.param("A" * 25, MalformedReason.LENGTH, id="25 characters"),
        pytest.param("AB_12", MalformedReason.CHARACTERS, id="underscore"),
        pytest.param("AB/12", MalformedReason.CHARACTERS, id="slash"),
        pytest.param("-AB12", MalformedReason.CHARACTERS, id="hyphen first"),
        pytest.param("AB12-", MalformedReason.CHARACTERS, id="hyphen last"),
        pytest.param("----", MalformedReason.CHARACTERS, id="hyphens only"),
        pytest.param("DOSSIÉ12", MalformedReason.CHARACTERS, id="accent"),
        pytest.param("stra\u00dfe12", MalformedReason.CHARACTERS, id="a letter that grows when upper-cased"),
        pytest.param(
            "d\u0131x12", MalformedReason.CHARACTERS, id="a letter that becomes ASCII when upper-cased"
        ),
        pytest.param("AB\n12", MalformedReason.CHARACTERS, id="line end"),
        pytest.param(NUMBER, MalformedReason.CARD_OR_CREDIT_NUMBER, id="a long number"),
        pytest.param("3060-1234-5678-94321", MalformedReason.CARD_OR_CREDIT_NUMBER, id="in groups"),
    ],
)
def test_a_text_that_is_no_file_number_says_why(text: str, reason: MalformedReason) -> None:
    assert file_number(text) == Malformed(reason)


@given(st.text(max_size=40) | st.from_regex(r"3060[0-9. -]{13,20}", fullmatch=True))
def test_no_text_is_both_and_tidying_twice_changes_nothing(text: str) -> None:
    long, short = card_or_credit_number(text), file_number(text)
    assert isinstance(long, Malformed) or isinstance(short, Malformed)
    if isinstance(long, CardOrCreditNumber):
        assert card_or_credit_number(long.value) == long
    if isinstance(short, FileNumber):
        assert file_number(short.value) == short


def test_a_number_does_not_show_when_printed() -> None:
    assert "3060" not in repr(CardOrCreditNumber(NUMBER))
    assert "PRT" not in f"{FileNumber('PRT-2024')!r}"
