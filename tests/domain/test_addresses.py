"""Postal addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.addresses import COUNTRIES, LINE_LENGTH_MAX, Address, AddressProblem, AddressRule, checked_address

HOME = ["12 rue des Lilas"]


@pytest.mark.parametrize(
    ("lines", "postal_code", "city", "country", "expected"),
    [
        pytest.param(
            HOME,
            "33000",
            "Bordeaux",
            "FR",
            Address(("12 rue des Lilas",), "33000", "Bordeaux", "FR"),
            id="France",
        ),
        pytest.param(
            ["Appt 4", "", " Bât.  B ", "12 rue des Lilas", "Lieu-dit Œuf"],
            " 33000 ",
            " Bordeaux\u00a0Cedex  9",
            "fr",
            Address(
                ("Appt 4", "Bât. B", "12 rue des Lilas", "Lieu-dit Œuf"), "33000", "Bordeaux Cedex 9", "FR"
            ),
            id="spaces and empty lines are tidied",
        ),
        pytest.param(
            HOME,
            "97400",
            "Saint-Denis",
            "RE",
            Address(("12 rue des Lilas",), "97400", "Saint-Denis", "RE"),
            id="overseas",
        ),
        pytest.param(
            HOME, "1" * 10, "Y", "IR", Address(("12 rue des Lilas",), "1" * 10, "Y", "IR"), id="ten digits"
        ),
        pytest.param(
            HOME,
            "sw1a 1aa",
            "London",
            "GB",
            Address(("12 rue des Lilas",), "SW1A 1AA", "London", "GB"),
            id="letters abroad",
        ),
        pytest.param(
            HOME,
            "",
            "Hong Kong",
            "HK",
            Address(("12 rue des Lilas",), "", "Hong Kong", "HK"),
            id="no code abroad",
        ),
        pytest.param(
            ["x" * 38],
            "33000",
            "y" * 32,
            "FR",
            Address(("x" * 38,), "33000", "y" * 32, "FR"),
            id="full width",
        ),
        pytest.param(
            ["e\u0301" * 38],
            "33000",
            "Y",
            "FR",
            Address(("é" * 38,), "33000", "Y", "FR"),
            id="accents count once",
        ),
    ],
)
def test_a_good_address_is_tidied(
    lines: list[str], postal_code: str, city: str, country: str, expected: Address
) -> None:
    assert checked_address(lines, postal_code, city, country) == expected


@pytest.mark.parametrize(
    ("lines", "postal_code", "city", "country", "field", "rule"),
    [
        pytest.param([], "33000", "Bordeaux", "FR", "lines", AddressRule.REQUIRED, id="no line"),
        pytest.param(["", " "], "33000", "Bordeaux", "FR", "lines", AddressRule.REQUIRED, id="empty lines"),
        pytest.param(["a"] * 5, "33000", "Bordeaux", "FR", "lines", AddressRule.TOO_MANY, id="five lines"),
        pytest.param(
            ["a", "b" * 39], "33000", "Bordeaux", "FR", "lines.1", AddressRule.TOO_LONG, id="a line of 39"
        ),
        pytest.param(
            ["a\nb"], "33000", "Bordeaux", "FR", "lines.0", AddressRule.CHARACTERS, id="a line in two"
        ),
        pytest.param(
            ["a\u202eb"], "33000", "Bordeaux", "FR", "lines.0", AddressRule.CHARACTERS, id="text turned round"
        ),
        pytest.param(
            ["a\ud800"], "33000", "Bordeaux", "FR", "lines.0", AddressRule.CHARACTERS, id="half a character"
        ),
        pytest.param(["a\x00"], "33000", "Bordeaux", "FR", "lines.0", AddressRule.CHARACTERS, id="a null"),
        pytest.param(HOME, "", "Bordeaux", "FR", "postal_code", AddressRule.REQUIRED, id="no postal code"),
        pytest.param(HOME, "3300", "Bordeaux", "FR", "postal_code", AddressRule.FORMAT, id="four digits"),
        pytest.param(
            HOME, "F-33000", "Bordeaux", "FR", "postal_code", AddressRule.FORMAT, id="country in the code"
        ),
        pytest.param(
            HOME,
            "\u0663" * 5,
            "Bordeaux",
            "FR",
            "postal_code",
            AddressRule.FORMAT,
            id="digits of another script",
        ),
        pytest.param(HOME, "SW1A_1AA", "London", "GB", "postal_code", AddressRule.FORMAT, id="underscore"),
        pytest.param(
            HOME, "1" * 11, "London", "GB", "postal_code", AddressRule.TOO_LONG, id="eleven characters"
        ),
        pytest.param(HOME, "-123", "London", "GB", "postal_code", AddressRule.FORMAT, id="hyphen first"),
        pytest.param(
            HOME, "SW1A\t1AA", "London", "GB", "postal_code", AddressRule.CHARACTERS, id="tab in the code"
        ),
        pytest.param(HOME, "33000", " ", "FR", "city", AddressRule.REQUIRED, id="no city"),
        pytest.param(
            HOME, "33000", "y" * 33, "FR", "city", AddressRule.TOO_LONG, id="no room after the code"
        ),
        pytest.param(HOME, "33000", "Bor\tdeaux", "FR", "city", AddressRule.CHARACTERS, id="tab in the city"),
        pytest.param(
            HOME, "33000", "Bordeaux", "XX", "country_code", AddressRule.UNKNOWN_COUNTRY, id="no country"
        ),
        pytest.param(
            HOME, "33000", "Bordeaux", "FRA", "country_code", AddressRule.UNKNOWN_COUNTRY, id="three letters"
        ),
        pytest.param(
            HOME,
            "33000",
            "Bordeaux",
            "\uff26\uff32",
            "country_code",
            AddressRule.UNKNOWN_COUNTRY,
            id="full width",
        ),
    ],
)
def test_what_is_wrong_is_named(
    lines: list[str], postal_code: str, city: str, country: str, field: str, rule: AddressRule
) -> None:
    assert checked_address(lines, postal_code, city, country) == [AddressProblem(field, rule)]


def test_all_that_is_wrong_is_named_at_once() -> None:
    assert checked_address(["a\x07", "b" * 39], "1", "", "FR") == [
        AddressProblem("lines.0", AddressRule.CHARACTERS),
        AddressProblem("lines.1", AddressRule.TOO_LONG),
        AddressProblem("postal_code", AddressRule.FORMAT),
        AddressProblem("city", AddressRule.REQUIRED),
    ]


@given(st.lists(st.text(max_size=45), max_size=6), st.text(max_size=12), st.text(max_size=45))
def test_a_checked_address_fits_the_envelope_and_checks_again(lines: list[str], code: str, city: str) -> None:
    for country in ("FR", "GB"):
        found = checked_address(lines, code, city, country)
        if isinstance(found, Address):
            assert all(0 < len(line) <= LINE_LENGTH_MAX for line in found.lines)
            assert len(f"{found.postal_code} {found.city}") <= LINE_LENGTH_MAX
            again = checked_address(found.lines, found.postal_code, found.city, found.country_code)
            assert again == found


def test_every_country_is_two_capitals() -> None:
    assert len(COUNTRIES) == 249
    assert all(len(code) == 2 and code.isalpha() and code.isupper() for code in COUNTRIES)
