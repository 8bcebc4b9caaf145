"""What SMS and e-mails say, in the customer's language. One function for each occasion."""

from __future__ import annotations

from dataclasses import dataclass

BRAND = "Espace client"
ADVISER_PHONE = "30 26"


@dataclass(frozen=True)
class Letter:
    """`subject` is for e-mail only. An SMS is one segment: 160 characters of the GSM 03.38 alphabet."""

    body: str
    subject: str | None = None


def provisional_code(locale: str, code: str, reference: str, minutes: int) -> Letter:
    """SMS: the code that lets a customer choose a secret code."""
    if locale == "EN_GB":
        return Letter(
            f"{BRAND}: code {code} (ref. {reference}), valid {minutes} min. Never give it to anyone."
        )
    return Letter(
        f"{BRAND} : code {code} (réf. {reference}), valable {minutes} min. Ne le donnez à personne."
    )


def confirmation_code(locale: str, code: str, reference: str, minutes: int) -> Letter:
    """SMS or e-mail to a new phone number or address: proves that it is the customer's."""
    if locale == "EN_GB":
        return Letter(
            f"{BRAND}: to confirm your new details, enter code {code} (ref. {reference}), "
            f"valid {minutes} min.",
            subject=f"Your confirmation code, ref. {reference}",
        )
    return Letter(
        f"{BRAND} : pour confirmer vos coordonnées, saisissez le code {code} (réf. {reference}), "
        f"valable {minutes} min.",
        subject=f"Votre code de confirmation, réf. {reference}",
    )


def phone_changing(locale: str, masked: str) -> Letter:
    """To the old number or address: someone asked to change the phone number."""
    return _changing(locale, masked, french="le téléphone", english="phone number")


def email_changing(locale: str, masked: str) -> Letter:
    """To the old number or address: someone asked to change the e-mail address."""
    return _changing(locale, masked, french="l'e-mail", english="e-mail address")


def _changing(locale: str, masked: str, *, french: str, english: str) -> Letter:
    to = masked.replace("•", "*")[-60:]  # a long address would make two SMS of one
    if locale == "EN_GB":
        return Letter(
            f"{BRAND}: your {english} is to become {to}. Not you? Call {ADVISER_PHONE}.",
            subject=f"Your {english} is being changed",
        )
    return Letter(
        f"{BRAND} : {french} de votre compte va devenir {to}. "
        f"Si ce n'est pas vous, appelez le {ADVISER_PHONE}.",
        subject="Vos coordonnées vont changer",
    )


def contact_changed(locale: str) -> Letter:
    """To the old and the new number or address: it is done."""
    if locale == "EN_GB":
        return Letter(
            f"{BRAND}: your contact details were changed. Not you? Call {ADVISER_PHONE}.",
            subject="Your contact details were changed",
        )
    return Letter(
        f"{BRAND} : vos coordonnées ont été modifiées. Si ce n'est pas vous, appelez le {ADVISER_PHONE}.",
        subject="Vos coordonnées ont été modifiées",
    )


def code_chosen(locale: str) -> Letter:
    """SMS: a new secret code was chosen."""
    if locale == "EN_GB":
        return Letter(f"{BRAND}: your secret code was changed. Not you? Call {ADVISER_PHONE}.")
    return Letter(
        f"{BRAND} : votre code secret a été modifié. Si ce n'est pas vous, appelez le {ADVISER_PHONE}."
    )
