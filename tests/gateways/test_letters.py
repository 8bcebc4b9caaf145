"""Every text fits one SMS, whatever it is filled with."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.privacy import mask_email
from gateways import letters
from gateways.letters import Letter

# GSM 03.38, basic set, without its control characters.
GSM = frozenset(
    "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
LATE = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # next year in Paris
LONGEST = mask_email(f"{'c' * 60}@{'d' * 60}.{'e' * 60}.example.org")

TEXTS = [
    pytest.param(letters.provisional_code("FR_FR", "012345", "7F", 10), id="provisional code, French"),
    pytest.param(letters.provisional_code("EN_GB", "012345", "7F", 10), id="provisional code, English"),
    pytest.param(letters.confirmation_code("FR_FR", "012345", "7F", 10), id="confirmation code, French"),
    pytest.param(letters.confirmation_code("EN_GB", "012345", "7F", 10), id="confirmation code, English"),
    pytest.param(letters.phone_changing("FR_FR", "06 •• •• •• 78"), id="phone changing, French"),
    pytest.param(letters.phone_changing("EN_GB", "06 •• •• •• 78"), id="phone changing, English"),
    pytest.param(letters.email_changing("FR_FR", LONGEST), id="e-mail changing, French"),
    pytest.param(letters.email_changing("EN_GB", LONGEST), id="e-mail changing, English"),
    pytest.param(letters.contact_changed("FR_FR"), id="contact changed, French"),
    pytest.param(letters.contact_changed("EN_GB"), id="contact changed, English"),
    pytest.param(letters.code_chosen("FR_FR"), id="code chosen, French"),
    pytest.param(letters.code_chosen("EN_GB"), id="code chosen, English"),
    pytest.param(letters.recovery_refused("FR_FR"), id="recovery refused, French"),
    pytest.param(letters.recovery_refused("EN_GB"), id="recovery refused, English"),
    pytest.param(letters.access_locked("FR_FR", LATE), id="access locked, French"),
    pytest.param(letters.access_locked("EN_GB", LATE), id="access locked, English"),
    pytest.param(letters.access_closes_soon("FR_FR", 5), id="access closes soon, French"),
    pytest.param(letters.access_closes_soon("EN_GB", 5), id="access closes soon, English"),
    pytest.param(letters.access_closed("FR_FR"), id="access closed, French"),
    pytest.param(letters.access_closed("EN_GB"), id="access closed, English"),
    pytest.param(letters.access_unlocked("FR_FR"), id="access unlocked, French"),
    pytest.param(letters.access_unlocked("EN_GB"), id="access unlocked, English"),
]


@pytest.mark.parametrize("letter", TEXTS)
def test_is_one_sms(letter: Letter) -> None:
    assert len(letter.body) <= 160
    assert set(letter.body) <= GSM


def test_a_code_says_its_reference_and_its_life() -> None:
    body = letters.provisional_code("FR_FR", "012345", "7F", 10).body

    assert body == "Espace client : code 012345 (réf. 7F), valable 10 min. Ne le donnez à personne."


@pytest.mark.parametrize(
    ("letter", "body"),
    [
        (
            letters.access_locked("FR_FR", LATE),
            "Espace client : trop de codes faux, accès bloqué jusqu'au 01/01 à 00:30 (heure de Paris). "
            "Si ce n'est pas vous, appelez le 30 26.",
        ),
        (
            letters.access_locked("EN_GB", LATE),
            "Espace client: too many wrong codes, access is locked until 00:30 on 01/01 (Paris time). "
            "Not you? Call 30 26.",
        ),
        (
            letters.access_closes_soon("FR_FR", 5),
            "Espace client : trop de codes faux. Après 5 de plus, seul un nouveau code ouvrira votre accès. "
            "Si ce n'est pas vous, appelez le 30 26.",
        ),
        (
            letters.access_closed("EN_GB"),
            "Espace client: too many wrong codes, access is locked. "
            "Choose a new code (forgotten code) or call 30 26.",
        ),
    ],
)
def test_a_lock_says_how_long_and_what_to_do(letter: Letter, body: str) -> None:
    assert letter.body == body
    assert letter.subject is not None
