"""Invented numbers with true check digits, in ranges where nobody is reached or charged.

Arcep reserves 06 39 98 and 01 99 00 for fiction, among others, but the numbering metadata behind
`domain.phones` knows no French mobile in the former: the mobile ranges here pass there and are allotted to no
operator. The bank code of the IBANs is allotted to no bank.
"""

from __future__ import annotations

from random import Random

from schwifty import IBAN

from domain.identifiers import NUMBER_PREFIX, luhn_holds

BANK_CODE = "30999"
MOBILE_STARTS = {"FR": "+3373000", "GP": "+59069001", "MQ": "+59669700"}
LANDLINE_START = "+33199000"


def long_number(customer: int, rank: int, chance: Random) -> str:
    """A card or revolving-credit number, unlike any other: it holds the customer and a rank among theirs."""
    return checked(f"{NUMBER_PREFIX}{chance.randrange(10**7):07d}{customer:03d}{rank:02d}")


def checked(digits: str) -> str:
    """The number with its check digit, so that it also passes where Luhn's check is switched on."""
    return next(number for last in "0123456789" if luhn_holds(number := digits + last))


def file_number(prefix: str, customer: int, rank: int, chance: Random) -> str:
    return f"{prefix}-{chance.randrange(1000, 10_000)}-{customer:03d}{rank:02d}"


def iban(chance: Random) -> str:
    """A French account with a true RIB key and IBAN check digits."""
    branch, account = f"{chance.randrange(10**5):05d}", f"{chance.randrange(10**11):011d}"
    return str(IBAN.generate("FR", bank_code=BANK_CODE, branch_code=branch, account_code=account))


def phone(start: str, chance: Random) -> str:
    """A number of the range, in E.164: nine digits after the country code in every French plan."""
    free = len("+33123456789" if start.startswith("+33") else "+590123456789") - len(start)
    return f"{start}{chance.randrange(10**free):0{free}d}"
