"""Postal addresses as an envelope can carry them.

Source: AFNOR XP Z10-011: six lines of at most 38 characters, of which the first is the name and the last
the postal code with the town, so four are left. The same width holds abroad: it is the window of the
envelope.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

LINES_MAX = 4
LINE_LENGTH_MAX = 38
POSTAL_CODE_LENGTH_MAX = 10

_FIVE_DIGITS = re.compile(r"[0-9]{5}")
_FOREIGN_CODE = re.compile(r"(?:[A-Z0-9][A-Z0-9 -]*)?[A-Z0-9]")
_UNSEEN = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")


class AddressRule(StrEnum):
    """What a part of an address breaks."""

    REQUIRED = "REQUIRED"
    TOO_MANY = "TOO_MANY"
    TOO_LONG = "TOO_LONG"
    CHARACTERS = "CHARACTERS"
    FORMAT = "FORMAT"
    UNKNOWN_COUNTRY = "UNKNOWN_COUNTRY"


@dataclass(frozen=True, slots=True)
class AddressProblem:
    """A part ("lines", "lines.0", "postal_code", "city", "country_code") and the rule it breaks."""

    field: str
    rule: AddressRule


@dataclass(frozen=True, slots=True)
class Address:
    """A checked address, spaces tidied, without empty lines."""

    lines: tuple[str, ...]
    postal_code: str
    city: str
    country_code: str


def checked_address(
    lines: Sequence[str], postal_code: str, city: str, country_code: str
) -> Address | list[AddressProblem]:
    """The address in its normal form, or everything that is wrong with it at once."""
    country = country_code.strip().upper() if country_code.isascii() else ""
    code, town = _tidy(postal_code).upper(), _tidy(city)
    problems = [
        *_line_problems(lines),
        *_postal_code_problems(postal_code, code, country),
        *_text_problems("city", city, room=LINE_LENGTH_MAX - len(code) - 1),
    ]
    if not town:
        problems.append(AddressProblem("city", AddressRule.REQUIRED))
    if country not in COUNTRIES:
        problems.append(AddressProblem("country_code", AddressRule.UNKNOWN_COUNTRY))
    kept = tuple(line for line in map(_tidy, lines) if line)
    return problems or Address(kept, code, town, country)


def _line_problems(lines: Sequence[str]) -> list[AddressProblem]:
    written = sum(1 for line in lines if _tidy(line))
    if not written:
        return [AddressProblem("lines", AddressRule.REQUIRED)]
    if written > LINES_MAX:
        return [AddressProblem("lines", AddressRule.TOO_MANY)]
    return [
        problem
        for index, line in enumerate(lines)
        for problem in _text_problems(f"lines.{index}", line, room=LINE_LENGTH_MAX)
    ]


def _postal_code_problems(given: str, code: str, country: str) -> list[AddressProblem]:
    """Five digits in France, overseas and Monaco; elsewhere optional: Ireland long had none."""
    if country in FIVE_DIGIT_COUNTRIES:
        rule = AddressRule.FORMAT if code else AddressRule.REQUIRED
        return [] if _FIVE_DIGITS.fullmatch(code) else [AddressProblem("postal_code", rule)]
    if not code or _FOREIGN_CODE.fullmatch(code):
        return _text_problems("postal_code", given, room=POSTAL_CODE_LENGTH_MAX)
    return [AddressProblem("postal_code", AddressRule.FORMAT)]


def _text_problems(field: str, text: str, *, room: int) -> list[AddressProblem]:
    if any(unicodedata.category(character) in _UNSEEN for character in text):
        return [AddressProblem(field, AddressRule.CHARACTERS)]
    return [AddressProblem(field, AddressRule.TOO_LONG)] if len(_tidy(text)) > room else []


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


FIVE_DIGIT_COUNTRIES = frozenset(
    ("FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "NC", "PF", "WF", "MC")
)

# ISO 3166-1 alpha-2, officially assigned codes.
_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_CODES.split())
