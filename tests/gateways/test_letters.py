"""Every text fits one SMS, whatever it is filled with."""

from __future__ import annotations

import pytest

from domain.privacy import mask_email
from gateways import letters
from gateways.letters import Letter

# GSM 03.38, basic set, without its control characters.
GSM = frozenset(
    "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
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
]


@pytest.mark.parametrize("letter", TEXTS)
def test_is_one_sms(letter: Letter) -> None:
    assert len(letter.body) <= 160
    assert set(letter.body) <= GSM


def test_a_code_says_its_reference_and_its_life() -> None:
    body = letters.provisional_code("FR_FR", "012345", "7F", 10).body

    assert body == "Espace client : code 012345 (réf. 7F), valable 10 min. Ne le donnez à personne."
