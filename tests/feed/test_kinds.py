"""Cells one by one: what they are read into, or why they are not."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

import models
from domain.money import CENTS_MAX
from feed.columns import Column, Entity, Reader, quoted
from feed.format import ENTITIES
from feed.identities import AccountNumber, Country, EmailAddress, FileNumber, Iban, PhoneNumber
from feed.kinds import Amount, Choice, Code, Count, Currency, Day, Kind, Rate, Text, Unfit, Value

GOOD: list[tuple[str, Kind, str, Value]] = [
    ("plain", Text(10), "Durand", "Durand"),
    ("blanks_around", Text(10), "  Durand\u00a0", "Durand"),
    ("composed", Text(1), "e\u0301", "é"),
    ("inner_no_break_space", Text(10), "1\u00a0234", "1\u00a0234"),
    ("as_long_as_may_be", Text(3), "abc", "abc"),
    ("code", Code(24), "BIG_SHOP2", "BIG_SHOP2"),
    ("day", Day(), "2024-02-29", "2024-02-29"),
    ("first_day", Day(), "1900-01-01", "1900-01-01"),
    ("last_day", Day(), "2200-12-31", "2200-12-31"),
    ("choice", Choice(models.Title), "MS", "MS"),
    ("currency", Currency(), "CZK", "CZK"),
    ("amount", Amount(), "1234.50", 123450),
    ("amount_one_decimal", Amount(), "-0.5", -50),
    ("amount_largest", Amount(), "90071992547409.91", CENTS_MAX),
    ("amount_lowest", Amount(), "-90071992547409.91", -CENTS_MAX),
    ("amount_zero", Amount(cents_min=0), "0", 0),
    ("rate", Rate(), "0.1990", "0.199000"),
    ("rate_with_idle_zeros", Rate(), "0.19900000", "0.199000"),
    ("rate_largest", Rate(), "10", "10.000000"),
    ("count", Count(1, 31), "31", 31),
    ("count_leading_zero", Count(1, 31), "05", 5),
    ("file_number", FileNumber(), "pp-0001", "PP-0001"),
    ("account_number", AccountNumber(), "3060 1234 5678 9012 3", "30601234567890123"),
    ("iban", Iban(), "FR14 2004 1010 0505 0001 3M02 606", "FR1420041010050500013M02606"),
    ("phone", PhoneNumber(), "06 12 34 56 78", "+33612345678"),
    ("phone_abroad", PhoneNumber(), "+420 601 123 456", "+420601123456"),
    ("email", EmailAddress(), "Camille@Exemple.FR", "Camille@exemple.fr"),
    ("country", Country(), "FR", "FR"),
]

DAY = "is not a day written like 2026-11-30"
AMOUNT = "is not an amount written like 1234.50, with at most two decimals"
FILE_NUMBER = "is not a file number, 4 to 24 letters, digits and inner hyphens"

BAD: list[tuple[str, Kind, str, str]] = [
    ("blank", Text(10), "   ", "is blank"),
    ("too_long", Text(3), "abcd", "has 4 characters, at most 3 are taken"),
    ("line_break", Text(10), "a\nb", "holds a line break"),
    ("line_separator", Text(10), "a\u2028b", "holds a line break"),
    ("nul", Text(10), "a\0b", "holds a control character (U+0000)"),
    ("escape", Text(10), "a\x1b[2Jb", "holds a control character (U+001B)"),
    ("turned_around", Text(10), "a\u202eb", "holds a control character (U+202E)"),
    ("latin_1", Text(10), "caf\udce9", "is not UTF-8"),
    ("code", Code(4), "big shop", "is not a code of capitals, digits and underscores, at most 4"),
    ("french_day", Day(), "31/12/2024", DAY),
    ("basic_day", Day(), "20241231", DAY),
    ("week", Day(), "2024-W01-1", DAY),
    ("arabic_digits", Day(), "٢٠٢٤-01-01", DAY),
    ("no_such_day", Day(), "2023-02-29", "is not a day of the calendar"),
    ("too_early", Day(), "1899-12-31", "lies outside the years 1900 to 2200"),
    ("too_late", Day(), "2201-01-01", "lies outside the years 1900 to 2200"),
    ("choice", Choice(models.Title), "Mme", "is not one of MS, MR"),
    ("currency", Currency(), "EURO", "is not a currency of ISO 4217, such as EUR"),
    ("no_currency", Currency(), "XXX", "is not a currency of ISO 4217, such as EUR"),
    ("comma", Amount(), "12,50", AMOUNT),
    ("third_decimal", Amount(), "1.234", AMOUNT),
    ("exponent", Amount(), "1e3", AMOUNT),
    ("not_a_number", Amount(), "NaN", AMOUNT),
    ("underscore", Amount(), "1_0", AMOUNT),
    ("plus", Amount(), "+1", AMOUNT),
    ("beyond", Amount(), "90071992547409.92", "is beyond 90071992547409.91"),
    ("negative", Amount(cents_min=0), "-0.01", "is negative"),
    ("zero", Amount(cents_min=1), "0.00", "is not above zero"),
    ("percent", Rate(), "19.90 %", "is not a fraction written like 0.1990"),
    ("percentage", Rate(), "19.90", "is above 10, which is 1,000 %: rates are fractions"),
    ("negative_rate", Rate(), "-0.1", "is not a fraction written like 0.1990"),
    ("seventh_decimal", Rate(), "0.1234567", "has more than 6 decimals"),
    ("count_beyond", Count(1, 31), "32", "is not a whole number, 1 to 31"),
    ("count_below", Count(1, 31), "0", "is not a whole number, 1 to 31"),
    ("count_endless", Count(1, 31), "9" * 5000, "is not a whole number, 1 to 31"),
    ("superscript", Count(1, 31), "²", "is not a whole number, 1 to 31"),
    ("file_number", FileNumber(), "A1", FILE_NUMBER),
    ("long_number_as_file", FileNumber(), "30601234567890123", FILE_NUMBER),
    ("account_short", AccountNumber(), "3060", "is not 17 digits beginning 3060"),
    ("account_prefix", AccountNumber(), "40601234567890123", "is not 17 digits beginning 3060"),
    ("iban", Iban(), "FR1520041010050500013M02606", "is not an IBAN with right check digits"),
    ("phone", PhoneNumber(), "0999", "is not a phone number that a numbering plan allots"),
    ("email", EmailAddress(), "camille@", "is not an e-mail address that can be written to"),
    ("country", Country(), "fr", "is not a country of ISO 3166-1, such as FR"),
]


@pytest.mark.parametrize(("_case", "kind", "text", "value"), GOOD, ids=[case[0] for case in GOOD])
def test_good_cells_become_values(_case: str, kind: Kind, text: str, value: Value) -> None:
    assert Reader(Column("cell", kind, "A cell"))[text] == value


@pytest.mark.parametrize(("_case", "kind", "text", "reason"), BAD, ids=[case[0] for case in BAD])
def test_bad_cells_say_why(_case: str, kind: Kind, text: str, reason: str) -> None:
    with pytest.raises(Unfit) as unfit:
        Reader(Column("cell", kind, "A cell"))[text]
    assert str(unfit.value) == f"{quoted(text)} {reason}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Épicerie", '"Épicerie"'),
        ("two\nlines", '"two\\u000alines"'),
        ("caf\udce9", '"caf\\xe9"'),
        ("9" * 41, f'"{"9" * 40}…"'),
    ],
)
def test_what_is_repeated_fits_on_one_line_of_any_terminal(text: str, shown: str) -> None:
    assert quoted(text) == shown


def test_personal_cells_are_never_repeated() -> None:
    with pytest.raises(Unfit, match=r"^is not a phone number that a numbering plan allots$"):
        Reader(Column("phone", PhoneNumber(), "Phone", personal=True))["0612"]


def test_an_empty_cell_is_none_its_default_or_a_fault() -> None:
    assert Reader(Column("day", Day(), "Day"))[""] is None
    assert Reader(Column("fees", Amount(), "Fees", default="0"))[""] == 0
    with pytest.raises(Unfit, match="^is required, and empty$"):
        Reader(Column("day", Day(), "Day", required=True))[""]


def test_what_is_remembered_is_bounded() -> None:
    reader = Reader(Column("amount", Amount(), "Amount"))
    assert [reader[str(units)] for units in range(50_000)] == [units * 100 for units in range(50_000)]
    assert len(reader) <= Reader.REMEMBERED_MAX


def test_what_never_repeats_is_not_remembered() -> None:
    reader = Reader(Column("label", Text(40), "Label"))
    assert [reader[str(number)] for number in range(100)][-1] == "99"
    assert len(reader) == 0


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
@given(text=st.text(max_size=60) | st.from_regex(r"[0-9.,+\-:TW ]{0,40}", fullmatch=True))
def test_whatever_is_in_a_cell_is_read_or_told(entity: Entity, text: str) -> None:
    for column in entity.columns:
        with suppress(Unfit):
            assert isinstance(column.read(text), str | int | None)
