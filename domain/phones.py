"""Phone numbers: read as a French customer writes them, kept in E.164.

National forms are tried in the French plans one after another: 0692 is a mobile of Réunion and nothing in
metropolitan France. Ranges come from the `phonenumbers` package.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from domain.privacy import mask_phone

REGIONS = ("FR", "RE", "GP", "MQ", "GF", "YT")
PHONE_TEXT_MAX = 32

_CHARACTERS = re.compile(r"\(?\+?[0-9()./ \u00a0\u2009\u202f\u2010\u2011-]+")
_SMS_TYPES = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}


class BadPhone(Enum):
    """Why a text is not a phone number."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    CHARACTERS = "characters"
    UNKNOWN_NUMBER = "unknown_number"


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that a plan allots, in E.164: "+33612345678"."""

    e164: str = field(repr=False)

    @property
    def masked(self) -> str:
        """What may be shown of it: "06 •• •• •• 78"."""
        return mask_phone(self.e164)

    @property
    def takes_sms(self) -> bool:
        """Whether the number can be a mobile; a landline cannot receive a code."""
        return phonenumbers.number_type(phonenumbers.parse(self.e164)) in _SMS_TYPES


def phone(text: str) -> Phone | BadPhone:
    """Read "06 12 34 56 78", "+33 (0)6 12…", "0692…" or a foreign number with its country code."""
    text = text.strip()
    if not text:
        return BadPhone.EMPTY
    if len(text) > PHONE_TEXT_MAX:
        return BadPhone.TOO_LONG
    if not _CHARACTERS.fullmatch(text):
        return BadPhone.CHARACTERS
    for region in REGIONS:
        number = _parsed(text, region)
        if number is not None and phonenumbers.is_valid_number(number):
            return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    return BadPhone.UNKNOWN_NUMBER


def national_digits(e164: str) -> str:
    """The digits as dialled inside the country: "+33612345678" -> "0612345678"."""
    number = _parsed(e164, None)
    if number is None:
        return ""
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    return "".join(character for character in national if character.isdigit())


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
