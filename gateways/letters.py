"""What SMS and e-mails say, in the customer's language. One function for each occasion."""

from __future__ import annotations

from dataclasses import dataclass

BRAND = "Espace client"
ADVISER_PHONE = "30 26"


@dataclass(frozen=True)
class Letter:
    """`subject` is for e-mail only. SMS bodies stay within 160 characters of the GSM alphabet."""

    body: str
    subject: str | None = None


def provisional_code(locale: str, code: str, reference: str, minutes: int) -> Letter:
    """SMS: the code that lets a customer choose a secret code."""
    if locale == "EN_GB":
        return Letter(f"{BRAND}: code no. {reference}: {code}. Valid {minutes} min. Never give it to anyone.")
    return Letter(f"{BRAND} : code n° {reference} : {code}. Valable {minutes} min. Ne le donnez à personne.")


def confirmation_code(locale: str, code: str, reference: str, minutes: int) -> Letter:
    """SMS or e-mail to a new phone number or address: proves that it is the customer's."""
    if locale == "EN_GB":
        return Letter(
            f"{BRAND}: to confirm your new details, enter code no. {reference}: {code}. Valid {minutes} min.",
            subject=f"Your confirmation code no. {reference}",
        )
    return Letter(
        f"{BRAND} : pour confirmer vos coordonnées, saisissez le code n° {reference} : {code}. "
        f"Valable {minutes} min.",
        subject=f"Votre code de confirmation n° {reference}",
    )


def phone_changing(locale: str, masked: str) -> Letter:
    """To the old number or address: someone asked to change the phone number."""
    return _changing(locale, masked, french="le numéro de téléphone", english="phone number")


def email_changing(locale: str, masked: str) -> Letter:
    """To the old number or address: someone asked to change the e-mail address."""
    return _changing(locale, masked, french="l'adresse e-mail", english="e-mail address")


def _changing(locale: str, masked: str, *, french: str, english: str) -> Letter:
    if locale == "EN_GB":
        return Letter(
            f"{BRAND}: the {english} of your account is being changed to {masked}. Not you? Call {ADVISER_PHONE}.",
            subject=f"Your {english} is being changed",
        )
    return Letter(
        f"{BRAND} : {french} de votre compte va devenir {masked}. Ce n'est pas vous ? Appelez le {ADVISER_PHONE}.",
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
        f"{BRAND} : vos coordonnées ont été modifiées. Ce n'est pas vous ? Appelez le {ADVISER_PHONE}.",
        subject="Vos coordonnées ont été modifiées",
    )


def code_chosen(locale: str) -> Letter:
    """SMS: a new secret code was chosen."""
    if locale == "EN_GB":
        return Letter(f"{BRAND}: your secret code was changed. Not you? Call {ADVISER_PHONE}.")
    return Letter(
        f"{BRAND} : votre code secret a été modifié. Ce n'est pas vous ? Appelez le {ADVISER_PHONE}."
    )
