"""E-mail addresses: what mail systems really carry, not all that RFC 5322 allows.

Sources: RFC 5321 4.5.3.1 (local part 64, address 254 octets), RFC 1035 2.3.4 (label 63), RFC 3490
(international domain names, kept as written and measured as sent). No quoted local part, no comment, no
address literal.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from enum import Enum

from domain.privacy import mask_email

EMAIL_LENGTH_MAX = 254
LOCAL_LENGTH_MAX = 64

# Without braces, which mark the places of a service's address.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`|~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")


class BadEmail(Enum):
    """Why a text is not an e-mail address."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    AT_SIGN = "at_sign"
    LOCAL_PART = "local_part"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Email:
    """An address in its normal form: local part as given, domain in lower case."""

    address: str = field(repr=False)

    @property
    def masked(self) -> str:
        """What may be shown of it: "c••••@exemple.fr"."""
        return mask_email(self.address)


def email(text: str) -> Email | BadEmail:
    """Read an address, spaces around it ignored."""
    text = text.strip()
    if not text:
        return BadEmail.EMPTY
    if len(text) > EMAIL_LENGTH_MAX:
        return BadEmail.TOO_LONG
    if text.count("@") != 1:
        return BadEmail.AT_SIGN
    local, domain = text.split("@")
    if len(local) > LOCAL_LENGTH_MAX or not _LOCAL.fullmatch(local):
        return BadEmail.LOCAL_PART
    domain = unicodedata.normalize("NFKC", domain).lower()
    wire = _wire_form(domain)
    if wire is None:
        return BadEmail.DOMAIN
    return BadEmail.TOO_LONG if len(f"{local}@{wire}") > EMAIL_LENGTH_MAX else Email(f"{local}@{domain}")


def on_the_wire(address: str) -> str:
    """A checked address as mail systems carry it: the domain in ASCII ("xn--…")."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{_wire_form(domain) or domain}"


def _wire_form(domain: str) -> str | None:
    """The domain as DNS sees it ("xn--…"), or None when it cannot be one."""
    labels = domain.split(".")
    if len(labels) < 2 or len(labels[-1]) < 2 or labels[-1].isdigit():
        return None
    if not all(_is_label(label) for label in labels):
        return None
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None


def _is_label(label: str) -> bool:
    """Letters, marks, digits and inner hyphens, in any script."""
    if not label or label.startswith("-") or label.endswith("-"):
        return False
    return all(
        character in "-0123456789" or unicodedata.category(character)[0] in "LM" for character in label
    )
