"""Amounts of money: integer hundredths of the currency's unit ("cents"), never a float.

Every currency is kept in hundredths, also where the smallest coin is another (the yen, the dinar): one
column, one scalar and one sum serve all. The bound is the largest integer any JSON reader keeps exactly
(2^53 - 1).
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import TypeAlias

Cents: TypeAlias = int

CENTS_MAX: Cents = 9_007_199_254_740_991
AMOUNT_TEXT_MAX = 64

_AMOUNT = re.compile(r"(-?)([0-9]+)(?:\.([0-9]{1,2}))?")


class AmountProblem(Enum):
    """Why a text is not an amount."""

    MALFORMED = "malformed"
    OUT_OF_BOUNDS = "out_of_bounds"


def decimal_text(cents: Cents) -> str:
    """The amount in units with exactly two decimals: 123450 -> "1234.50", -5 -> "-0.05"."""
    digits = f"{cents:03d}" if cents >= 0 else f"{-cents:03d}"
    return f"{'-' if cents < 0 else ''}{digits[:-2]}.{digits[-2:]}"


def parse_decimal_text(text: str) -> Cents | AmountProblem:
    """Read "1234.5", "-0.05" or "12": an optional minus, ASCII digits, one or two decimals after a point.

    Nothing else passes: no plus, exponent, space, comma, NaN or third decimal. Leading zeros are harmless.
    """
    found = _AMOUNT.fullmatch(text) if len(text) <= AMOUNT_TEXT_MAX else None
    if found is None:
        return AmountProblem.MALFORMED
    sign, units, decimals = found.groups(default="")
    cents = int(units) * 100 + int(decimals.ljust(2, "0"))
    if cents > CENTS_MAX:
        return AmountProblem.OUT_OF_BOUNDS
    return -cents if sign else cents


def half_up(amount: Decimal) -> Cents:
    """The nearest integer, halves away from zero: the rounding of every amount that is computed."""
    return int(amount.to_integral_value(ROUND_HALF_UP))


def is_currency(code: str) -> bool:
    """Whether `code` is an active ISO 4217 currency that people pay with, in capitals."""
    return code in CURRENCIES


# ISO 4217 list one as of 2026, without funds codes, metals, units of account and test codes.
# Bulgaria joined the euro on 1 January 2026, so BGN is gone, as are ANG, CUC, HRK, SLL and ZWL.
_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG
HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL
MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR
RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD
TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CODES.split())
