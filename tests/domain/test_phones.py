"""Phone numbers of France and elsewhere."""

from __future__ import annotations

import pytest

from domain.phones import BadPhone, Phone, national_digits, phone


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        pytest.param("0612345678", "+33612345678", id="bare"),
        pytest.param(" 06 12 34 56 78 ", "+33612345678", id="pairs"),
        pytest.param("06.12.34.56.78", "+33612345678", id="dots"),
        pytest.param("06\u00a012\u00a034\u00a056\u00a078", "+33612345678", id="no-break spaces"),
        pytest.param("+33 (0)6 12 34 56 78", "+33612345678", id="zero in brackets"),
        pytest.param("(+33) 6 12 34 56 78", "+33612345678", id="country in brackets"),
        pytest.param("0033612345678", "+33612345678", id="international prefix"),
        pytest.param("+33612345678", "+33612345678", id="E.164"),
        pytest.param("0692 12 34 56", "+262692123456", id="mobile of Réunion"),
        pytest.param("0690 00 12 34", "+590690001234", id="mobile of Guadeloupe"),
        pytest.param("0696 20 12 34", "+596696201234", id="mobile of Martinique"),
        pytest.param("0694 20 12 34", "+594694201234", id="mobile of Guyane"),
        pytest.param("0639 01 23 45", "+262639012345", id="mobile of Mayotte"),
        pytest.param("01 42 68 53 00", "+33142685300", id="landline"),
        pytest.param("+44 20 7946 0958", "+442079460958", id="abroad"),
        pytest.param("+32 470 12 34 56", "+32470123456", id="Belgian mobile"),
    ],
)
def test_a_number_is_kept_in_one_form(text: str, e164: str) -> None:
    assert phone(text) == Phone(e164)
    assert phone(e164) == Phone(e164)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", BadPhone.EMPTY, id="empty"),
        pytest.param(" \u00a0", BadPhone.EMPTY, id="spaces"),
        pytest.param("0" * 33, BadPhone.TOO_LONG, id="longer than is looked at"),
        pytest.param("0" * 32, BadPhone.UNKNOWN_NUMBER, id="the longest that is looked at"),
        pytest.param("06 12 34 56 7", BadPhone.UNKNOWN_NUMBER, id="nine digits"),
        pytest.param("06 12 34 56 78 9", BadPhone.UNKNOWN_NUMBER, id="eleven digits"),
        pytest.param("3026", BadPhone.UNKNOWN_NUMBER, id="a short number"),
        pytest.param("00 00 00 00 00", BadPhone.UNKNOWN_NUMBER, id="zeros"),
        pytest.param("+999 123456", BadPhone.UNKNOWN_NUMBER, id="no such country"),
        pytest.param("++33612345678", BadPhone.CHARACTERS, id="two plus signs"),
        pytest.param("06123+45678", BadPhone.CHARACTERS, id="a plus sign inside"),
        pytest.param("()", BadPhone.UNKNOWN_NUMBER, id="no digit"),
        pytest.param("0612345678 poste 2", BadPhone.CHARACTERS, id="extension"),
        pytest.param("0800 CREDIT", BadPhone.CHARACTERS, id="letters for digits"),
        pytest.param("06;12345678", BadPhone.CHARACTERS, id="semicolon"),
        pytest.param("06123456\u0667\u0668", BadPhone.CHARACTERS, id="digits of another script"),
        pytest.param("0612345678\n0612345678", BadPhone.CHARACTERS, id="two lines"),
    ],
)
def test_a_text_that_is_no_number_says_why(text: str, reason: BadPhone) -> None:
    assert phone(text) is reason


@pytest.mark.parametrize(
    ("e164", "takes"),
    [
        pytest.param("+33612345678", True, id="French mobile"),
        pytest.param("+33756123456", True, id="French mobile in 07"),
        pytest.param("+262692123456", True, id="mobile of Réunion"),
        pytest.param("+12025550123", True, id="a plan where mobiles look like landlines"),
        pytest.param("+33142685300", False, id="landline"),
        pytest.param("+33970123456", False, id="box line"),
        pytest.param("+33800123456", False, id="free number"),
    ],
)
def test_only_what_may_be_a_mobile_takes_codes(e164: str, takes: bool) -> None:
    assert Phone(e164).takes_sms is takes


@pytest.mark.parametrize(
    ("e164", "digits"),
    [
        pytest.param("+33612345678", "0612345678", id="France"),
        pytest.param("+262692123456", "0692123456", id="Réunion"),
        pytest.param("+442079460958", "02079460958", id="United Kingdom"),
        pytest.param("nonsense", "", id="no number"),
    ],
)
def test_digits_as_dialled_at_home(e164: str, digits: str) -> None:
    assert national_digits(e164) == digits


def test_a_number_does_not_show_when_printed() -> None:
    assert "612345678" not in repr(Phone("+33612345678"))
    assert Phone("+33612345678").masked == "06 •• •• •• 78"
