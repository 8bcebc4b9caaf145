"""Every sentence of the API that a customer reads, by code and by language."""

from __future__ import annotations

from collections.abc import Mapping

from models import Locale

_FRENCH, _ENGLISH = Locale.FR_FR, Locale.EN_GB

PROBLEMS: Mapping[str, tuple[str, str]] = {
    "UNAUTHENTICATED": ("Connectez-vous pour continuer.", "Sign in to continue."),
    "BAD_USER_INPUT": ("Certaines informations sont à corriger.", "Some details need correcting."),
    "THROTTLED": (
        "Trop d'essais. Patientez avant de réessayer.",
        "Too many tries. Wait before trying again.",
    ),
    "TEMPORARILY_UNAVAILABLE": (
        "Le service est momentanément indisponible. Réessayez dans un instant.",
        "The service is unavailable for a moment. Try again shortly.",
    ),
    "FLOW_OVER": ("Votre demande a expiré. Recommencez.", "Your request has expired. Start again."),
    "KEYPAD_OVER": (
        "Le clavier a expiré. Saisissez votre code sur le nouveau.",
        "The keypad expired. Use the new one.",
    ),
    "WRONG_CREDENTIALS": ("Identifiant ou code incorrect.", "Wrong identifier or code."),
    "WRONG_CODE": ("Code incorrect.", "Wrong code."),
    "ACCOUNT_LOCKED": (
        "Trop de codes incorrects : l'accès est bloqué. Vous pouvez choisir un nouveau code par SMS.",
        "Too many wrong codes: access is locked. You can choose a new code by SMS.",
    ),
    "WEAK_CODE": (
        "Ce code est trop facile à deviner. Choisissez-en un autre.",
        "This code is too easy to guess.",
    ),
    "CODES_DIFFER": ("Les deux saisies sont différentes.", "The two entries differ."),
    "CONFIRMATION_OVER": (
        "Ce code n'est plus valable. Demandez-en un autre.",
        "This code is no longer valid.",
    ),
    "VERSION_CONFLICT": (
        "Ces informations ont changé entre-temps. Relisez-les avant de les modifier.",
        "These details changed in the meantime. Read them again before changing them.",
    ),
}

RULES: Mapping[str, tuple[str, str]] = {
    "IDENTIFIER_EMPTY": ("Saisissez votre identifiant.", "Enter your identifier."),
    "IDENTIFIER_CHARACTERS": (
        "L'identifiant contient un caractère inattendu.",
        "The identifier has an unexpected character.",
    ),
    "IDENTIFIER_LENGTH": ("L'identifiant n'a pas la bonne longueur.", "The identifier has the wrong length."),
    "IDENTIFIER_PREFIX": ("Le numéro commence par 3060.", "The number begins with 3060."),
    "IDENTIFIER_CHECK_DIGIT": ("Le numéro comporte une erreur de saisie.", "The number is mistyped."),
    "IDENTIFIER_CARD_OR_CREDIT_NUMBER": (
        "C'est un numéro de carte ou de crédit, pas de dossier.",
        "This is a card or credit number, not a file number.",
    ),
    "POSITIONS_COUNT": ("Le code comporte six chiffres.", "The code has six digits."),
    "POSITIONS_OUT_OF_RANGE": ("Une touche n'existe pas sur le clavier.", "A key is not on the keypad."),
    "SMS_CODE_MALFORMED": ("Le code reçu comporte six chiffres.", "The code received has six digits."),
    "PHONE_EMPTY": ("Saisissez votre numéro de téléphone.", "Enter your phone number."),
    "PHONE_TOO_LONG": ("Le numéro de téléphone est trop long.", "The phone number is too long."),
    "PHONE_CHARACTERS": (
        "Le numéro contient un caractère inattendu.",
        "The number has an unexpected character.",
    ),
    "PHONE_UNKNOWN_NUMBER": ("Ce numéro de téléphone n'existe pas.", "This phone number does not exist."),
    "PHONE_NOT_MOBILE": ("Ce numéro ne peut pas recevoir de SMS.", "This number cannot receive an SMS."),
    "EMAIL_EMPTY": ("Saisissez votre adresse e-mail.", "Enter your e-mail address."),
    "EMAIL_TOO_LONG": ("L'adresse e-mail est trop longue.", "The e-mail address is too long."),
    "EMAIL_AT_SIGN": ("L'adresse e-mail comporte un seul @.", "An e-mail address has exactly one @."),
    "EMAIL_LOCAL_PART": (
        "L'adresse e-mail est incorrecte avant le @.",
        "The e-mail address is wrong before the @.",
    ),
    "EMAIL_DOMAIN": (
        "L'adresse e-mail est incorrecte après le @.",
        "The e-mail address is wrong after the @.",
    ),
    "ADDRESS_REQUIRED": ("Cette information est nécessaire.", "This is required."),
    "ADDRESS_TOO_MANY": ("Quatre lignes au plus.", "Four lines at most."),
    "ADDRESS_TOO_LONG": (
        "Ce texte est trop long pour une enveloppe.",
        "This text is too long for an envelope.",
    ),
    "ADDRESS_CHARACTERS": (
        "Ce texte contient un caractère inattendu.",
        "This text has an unexpected character.",
    ),
    "ADDRESS_FORMAT": ("Le code postal est incorrect.", "The postal code is wrong."),
    "ADDRESS_UNKNOWN_COUNTRY": ("Ce pays n'existe pas.", "This country does not exist."),
}


def problem(code: str, locale: Locale) -> str:
    """The sentence of a refusal."""
    return _in(locale, PROBLEMS[code])


def rule(name: str, locale: Locale) -> str:
    """The sentence of a rule that a value breaks."""
    return _in(locale, RULES[name])


def _in(locale: Locale, sentences: tuple[str, str]) -> str:
    return sentences[(_FRENCH, _ENGLISH).index(locale)]
