"""Every sentence of the API that a customer reads, by code and by language."""

from __future__ import annotations

from collections.abc import Mapping

from models import Locale

_FRENCH, _ENGLISH = Locale.FR_FR, Locale.EN_GB

PROBLEMS: Mapping[str, tuple[str, str]] = {
    "UNAUTHENTICATED": ("Connectez-vous pour continuer.", "Sign in to continue."),
    "BAD_USER_INPUT": ("Certaines informations sont à corriger.", "Some details need correcting."),
    "FORBIDDEN": ("Cette action est réservée aux conseillers.", "Only advisers may do this."),
    "UNKNOWN_IDENTIFIER": ("Aucun client n'a cet identifiant.", "No customer has this identifier."),
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
    "NO_PHONE": (
        "Aucun numéro de mobile n'est enregistré pour vous envoyer un code. Appelez le 30 26.",
        "No mobile number is on file to send you a code. Call 30 26.",
    ),
    "STEP_UP_REQUIRED": (
        "Pour continuer, confirmez que c'est bien vous.",
        "To go on, confirm that it is you.",
    ),
    "WEAK_CODE": (
        "Ce code est trop facile à deviner. Choisissez-en un autre.",
        "This code is too easy to guess. Choose another one.",
    ),
    "CODES_DIFFER": ("Les deux saisies sont différentes.", "The two entries differ."),
    "CONFIRMATION_OVER": (
        "Ce code n'est plus valable. Demandez-en un autre.",
        "This code is no longer valid. Ask for another one.",
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
    "SMS_CODE_MALFORMED": (
        "Saisissez tous les chiffres du code reçu.",
        "Enter all the digits of the code received.",
    ),
    "REASON_TOO_SHORT": (
        "Indiquez un motif de trois caractères au moins.",
        "Give a reason, three characters or more.",
    ),
    "REASON_TOO_LONG": ("Le motif a 200 caractères au plus.", "A reason has 200 characters at most."),
    "REASON_CHARACTERS": (
        "Le motif contient un caractère inattendu.",
        "The reason has an unexpected character.",
    ),
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


ACCESS_EVENTS: Mapping[str, tuple[str, str]] = {
    "CODE_CHOSEN": ("Un code secret a été choisi.", "A secret code was chosen."),
    "SIGNED_IN": ("Connexion à votre espace client.", "Signed in to your customer area."),
    "STEPPED_UP": (
        "Votre identité a été confirmée par votre code secret et un code reçu par SMS.",
        "Your identity was confirmed by your secret code and a code sent by SMS.",
    ),
    "SIGNED_OUT": ("Déconnexion de votre espace client.", "Signed out of your customer area."),
    "SESSION_CLOSED": ("D'autres connexions ont été fermées.", "Other sessions were closed."),
    "DEVICE_TRUSTED": ("Un navigateur a été enregistré.", "A browser was registered."),
    "DEVICE_FORGOTTEN": (
        "Un ou plusieurs navigateurs ne sont plus enregistrés.",
        "One or more browsers are no longer registered.",
    ),
    "ADDRESS_CHANGED": ("L'adresse postale a été modifiée.", "The postal address was changed."),
    "PHONE_CHANGE_REQUESTED": (
        "Un changement de numéro de téléphone a été demandé.",
        "A change of phone number was asked for.",
    ),
    "PHONE_CHANGED": ("Le numéro de téléphone a été modifié.", "The phone number was changed."),
    "EMAIL_CHANGE_REQUESTED": (
        "Un changement d'adresse e-mail a été demandé.",
        "A change of e-mail address was asked for.",
    ),
    "EMAIL_CHANGED": ("L'adresse e-mail a été modifiée.", "The e-mail address was changed."),
    "ACCESS_LOCKED": (
        "L'accès a été bloqué après trop de codes incorrects.",
        "Access was locked after too many wrong codes.",
    ),
    "ACCESS_UNLOCKED": ("L'accès a été débloqué par un conseiller.", "Access was unlocked by an adviser."),
    "RECOVERY_REFUSED": (
        "Un nouveau code a été refusé : le numéro de téléphone a changé récemment.",
        "A new code was refused: the phone number changed recently.",
    ),
}

ONE_WRONG_CODE = (
    "Un code incorrect avait été saisi auparavant.",
    "One wrong code had been entered before.",
)
WRONG_CODES = (
    "{0} codes incorrects avaient été saisis auparavant.",
    "{0} wrong codes had been entered before.",
)


def access_event(kind: str, wrong_codes: int, locale: Locale) -> str:
    """The sentence of an entry of the access log, and another one for wrong codes."""
    sentences = [ACCESS_EVENTS[kind]]
    if wrong_codes > 0:
        sentences.append(ONE_WRONG_CODE if wrong_codes == 1 else WRONG_CODES)
    return " ".join(_in(locale, sentence) for sentence in sentences).format(wrong_codes)


def problem(code: str, locale: Locale) -> str:
    """The sentence of a refusal."""
    return _in(locale, PROBLEMS[code])


def rule(name: str, locale: Locale) -> str:
    """The sentence of a rule that a value breaks."""
    return _in(locale, RULES[name])


def _in(locale: Locale, sentences: tuple[str, str]) -> str:
    return sentences[(_FRENCH, _ENGLISH).index(locale)]
