"""Kinds of cells that lead to somebody: numbers of contracts and accounts, ways to reach a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import schwifty
from schwifty.exceptions import SchwiftyException

from domain import addresses, emails, identifiers, phones
from feed.kinds import Unfit


@dataclass(frozen=True)
class FileNumber:
    """The number of a contract's file, which its customer may sign in with."""

    stored: ClassVar[str] = "text"
    repeats: ClassVar[bool] = True
    words: ClassVar[str] = (
        f"file number, {identifiers.FILE_NUMBER_LENGTH_MIN} to {identifiers.FILE_NUMBER_LENGTH_MAX} "
        "letters, digits and inner hyphens"
    )

    def read(self, text: str) -> str:
        number = identifiers.file_number(text)
        if isinstance(number, identifiers.Malformed):
            raise Unfit(f"is not a {self.words}")
        return number.value


@dataclass(frozen=True)
class AccountNumber:
    """The number of a revolving credit, of a card account or of a card."""

    stored: ClassVar[str] = "text"
    repeats: ClassVar[bool] = True
    words: ClassVar[str] = f"{identifiers.NUMBER_LENGTH} digits beginning {identifiers.NUMBER_PREFIX}"

    def read(self, text: str) -> str:
        number = identifiers.card_or_credit_number(text)
        if isinstance(number, identifiers.Malformed):
            raise Unfit(f"is not {self.words}")
        return number.value


@dataclass(frozen=True)
class Iban:
    """A bank account, checked by its country's form and its check digits."""

    stored: ClassVar[str] = "text"
    repeats: ClassVar[bool] = False
    words: ClassVar[str] = "IBAN with right check digits"

    def read(self, text: str) -> str:
        try:
            return str(schwifty.IBAN(text))
        except SchwiftyException:
            raise Unfit("is not an IBAN with right check digits") from None


@dataclass(frozen=True)
class PhoneNumber:
    """A phone number, kept in E.164."""

    stored: ClassVar[str] = "text"
    repeats: ClassVar[bool] = False
    words: ClassVar[str] = "phone number, French or with its country code"

    def read(self, text: str) -> str:
        number = phones.phone(text)
        if isinstance(number, phones.BadPhone):
            raise Unfit("is not a phone number that a numbering plan allots")
        return number.e164


@dataclass(frozen=True)
class EmailAddress:
    """An e-mail address, its domain in lower case."""

    stored: ClassVar[str] = "text"
    repeats: ClassVar[bool] = False
    words: ClassVar[str] = f"e-mail address, at most {emails.EMAIL_LENGTH_MAX} characters"

    def read(self, text: str) -> str:
        address = emails.email(text)
        if isinstance(address, emails.BadEmail):
            raise Unfit("is not an e-mail address that can be written to")
        return address.address


@dataclass(frozen=True)
class Country:
    """A country's code."""

    stored: ClassVar[str] = "text"
    repeats: ClassVar[bool] = True
    words: ClassVar[str] = "country, ISO 3166-1 alpha-2"

    def read(self, text: str) -> str:
        if text not in addresses.COUNTRIES:
            raise Unfit("is not a country of ISO 3166-1, such as FR")
        return text
