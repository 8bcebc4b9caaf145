"""What may be shown of numbers and addresses, and the smallest group analytics may report.

Source: PCI DSS 4.0.1, requirement 3.4.1 (at most BIN and last four digits); the other masks are a choice.
Input that is too short to be what it should be comes back fully masked: a mask never leaks by mistake.
"""

from __future__ import annotations

import phonenumbers

SMALLEST_GROUP = 11
HIDDEN = "••••"
PHONE_DIGITS_MIN = 5

_FRENCH_PLANS = (33, 262, 590, 594, 596)


def mask_number(number: str) -> str:
    """Card or credit number: "30601234567894321" -> "3060 •••• •••• •4321"."""
    return f"{number[:4]} {HIDDEN} {HIDDEN} •{number[-4:]}" if len(number) >= 16 else HIDDEN


def mask_file_number(number: str) -> str:
    """File number: its last third, at most four characters: "AB-2024-00917" -> "•••• 0917"."""
    shown = min(4, len(number) // 3)
    return f"{HIDDEN} {number[-shown:]}" if shown else HIDDEN


def mask_iban(iban: str) -> str:
    """IBAN: country and last four: "FR7630006000011234567890189" -> "FR•• •••• 0189"."""
    compact = "".join(iban.split())
    return f"{compact[:2]}•• {HIDDEN} {compact[-4:]}" if len(compact) >= 15 else HIDDEN


def mask_phone(e164: str) -> str:
    """Phone in E.164: "+33612345678" -> "06 •• •• •• 78"; a foreign one shows its country: "+44 •••• 21"."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return HIDDEN
    national = str(number.national_number)
    if len(national) < PHONE_DIGITS_MIN:
        return HIDDEN
    if number.country_code in _FRENCH_PLANS:
        return f"0{national[0]} •• •• •• {national[-2:]}"
    return f"+{number.country_code} {HIDDEN} {national[-2:]}"


def mask_email(email: str) -> str:
    """E-mail: first character, if there are more, and domain: "camille@exemple.fr" -> "c••••@exemple.fr"."""
    local, at, domain = email.rpartition("@")
    return f"{local[0] if len(local) > 1 else ''}{HIDDEN}@{domain}" if at and local else HIDDEN
