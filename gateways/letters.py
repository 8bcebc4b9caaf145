"""What SMS and e-mails say, in the customer's language. One function for each occasion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.opening_hours import PARIS

BRAND = "Espace client"
ADVISER_PHONE = "30 26"


@dataclass(frozen=True)
class Letter:
    """`subject` is for e-mail only. An SMS is one segment: 160 characters of the GSM 03.38 alphabet."""

    body: str
    subject: str | None = None


def provisional_code(locale: str, code: str, reference: str, minutes: int) -> Letter:
    """SMS: the code that proves the phone, on the way in and wherever that is proven again."""
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
    """SMS and e-mail: a new secret code was chosen."""
    if locale == "EN_GB":
        return Letter(
            f"{BRAND}: your secret code was changed. Not you? Call {ADVISER_PHONE}.",
            subject="Your secret code was changed",
        )
    return Letter(
        f"{BRAND} : votre code secret a été modifié. Si ce n'est pas vous, appelez le {ADVISER_PHONE}.",
        subject="Votre code secret a été modifié",
    )


def recovery_refused(locale: str) -> Letter:
    """SMS to the number on file and to the one before: it was changed too recently to recover a code."""
    if locale == "EN_GB":
        return Letter(
            f"{BRAND}: someone asks for a new code. Your phone number changed too recently for that. "
            f"Call {ADVISER_PHONE}."
        )
    return Letter(
        f"{BRAND} : nouveau code demandé, mais votre numéro de téléphone est trop récent. "
        f"Appelez le {ADVISER_PHONE}."
    )


def new_device(locale: str, browser: str) -> Letter:
    """E-mail: a browser that was never used before signed in and is trusted from now on."""
    if locale == "EN_GB":
        return Letter(
            f"{BRAND}: you signed in on a new device ({browser or 'unknown browser'}). "
            f"Not you? Call {ADVISER_PHONE}.",
            subject="You signed in on a new device",
        )
    return Letter(
        f"{BRAND} : connexion depuis un nouvel appareil ({browser or 'navigateur inconnu'}). "
        f"Si ce n'est pas vous, appelez le {ADVISER_PHONE}.",
        subject="Connexion depuis un nouvel appareil",
    )


def access_locked(locale: str, until: datetime) -> Letter:
    """SMS and e-mail: too many wrong codes in a row, none is looked at until then."""
    local = until.astimezone(PARIS)
    if locale == "EN_GB":
        return Letter(
            f"{BRAND}: too many wrong codes, access is locked until {local:%H:%M} on {local:%d/%m} "
            f"(Paris time). Not you? Call {ADVISER_PHONE}.",
            subject="Your access is locked for a while",
        )
    return Letter(
        f"{BRAND} : trop de codes faux, accès bloqué jusqu'au {local:%d/%m} à {local:%H:%M} "
        f"(heure de Paris). Si ce n'est pas vous, appelez le {ADVISER_PHONE}.",
        subject="Votre accès est bloqué un moment",
    )


def access_closes_soon(locale: str, tries_left: int) -> Letter:
    """SMS and e-mail: the last tries before only a new code opens again (RTS art. 4(4))."""
    if locale == "EN_GB":
        return Letter(
            f"{BRAND}: too many wrong codes. After {tries_left} more, only a new code will open your access. "
            f"Not you? Call {ADVISER_PHONE}.",
            subject="Your access will soon be locked for good",
        )
    return Letter(
        f"{BRAND} : trop de codes faux. Après {tries_left} de plus, "
        "seul un nouveau code ouvrira votre accès. "
        f"Si ce n'est pas vous, appelez le {ADVISER_PHONE}.",
        subject="Votre accès sera bientôt bloqué",
    )


def access_closed(locale: str) -> Letter:
    """SMS and e-mail: only a new code opens again."""
    if locale == "EN_GB":
        return Letter(
            f"{BRAND}: too many wrong codes, access is locked. Choose a new code (forgotten code) "
            f"or call {ADVISER_PHONE}.",
            subject="Your access is locked",
        )
    return Letter(
        f"{BRAND} : trop de codes faux, accès bloqué. Choisissez un nouveau code (code oublié) "
        f"ou appelez le {ADVISER_PHONE}.",
        subject="Votre accès est bloqué",
    )


def access_unlocked(locale: str) -> Letter:
    """SMS and e-mail: a member of staff let codes be tried again."""
    if locale == "EN_GB":
        return Letter(
            f"{BRAND}: an adviser unlocked your access. You did not ask for it? Call {ADVISER_PHONE}.",
            subject="Your access was unlocked",
        )
    return Letter(
        f"{BRAND} : un conseiller a débloqué votre accès. "
        f"Si vous ne l'avez pas demandé, appelez le {ADVISER_PHONE}.",
        subject="Votre accès a été débloqué",
    )
