"""Masks: what they show, and that they never show more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.privacy import (
    HIDDEN,
    SMALLEST_GROUP,
    mask_email,
    mask_file_number,
    mask_iban,
    mask_number,
    mask_phone,
)


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        pytest.param(mask_number, "30601234567894321", "3060 •••• •••• •4321", id="card or credit number"),
        pytest.param(mask_number, "3060123456784321", "3060 •••• •••• •4321", id="16 digits"),
        pytest.param(mask_number, "306012345678432", HIDDEN, id="15 digits"),
        pytest.param(mask_number, "3060123", HIDDEN, id="too short a number"),
        pytest.param(mask_number, "", HIDDEN, id="no number"),
        pytest.param(mask_file_number, "AB-2024-00917", "•••• 0917", id="file number"),
        pytest.param(mask_file_number, "A" * 24, "•••• AAAA", id="long file number"),
        pytest.param(mask_file_number, "AB12", "•••• 2", id="short file number"),
        pytest.param(mask_file_number, "AB", HIDDEN, id="too short a file number"),
        pytest.param(mask_iban, "FR7630006000011234567890189", "FR•• •••• 0189", id="French IBAN"),
        pytest.param(mask_iban, "FR76 3000 6000 0112 3456 7890 189", "FR•• •••• 0189", id="IBAN in groups"),
        pytest.param(mask_iban, "NO9386011117947", "NO•• •••• 7947", id="the shortest IBAN"),
        pytest.param(mask_iban, "FR763000", HIDDEN, id="too short an IBAN"),
        pytest.param(mask_phone, "+33612345678", "06 •• •• •• 78", id="French mobile"),
        pytest.param(mask_phone, "+262692123456", "06 •• •• •• 56", id="mobile of Réunion"),
        pytest.param(mask_phone, "+590690001234", "06 •• •• •• 34", id="mobile of Guadeloupe"),
        pytest.param(mask_phone, "+594694201234", "06 •• •• •• 34", id="mobile of Guyane"),
        pytest.param(mask_phone, "+596696201234", "06 •• •• •• 34", id="mobile of Martinique"),
        pytest.param(mask_phone, "+441234", HIDDEN, id="four digits"),
        pytest.param(mask_phone, "+4412345", "+44 •••• 45", id="five digits"),
        pytest.param(mask_phone, "+442079460958", "+44 •••• 58", id="foreign phone"),
        pytest.param(mask_phone, "+3361", HIDDEN, id="too short a phone"),
        pytest.param(mask_phone, "0612345678", HIDDEN, id="not E.164"),
        pytest.param(mask_email, "camille@exemple.fr", "c••••@exemple.fr", id="e-mail"),
        pytest.param(mask_email, "cd@exemple.fr", "c••••@exemple.fr", id="a name of two letters"),
        pytest.param(mask_email, "c@exemple.fr", "••••@exemple.fr", id="a name of one letter"),
        pytest.param(mask_email, "@exemple.fr", HIDDEN, id="e-mail without name"),
        pytest.param(mask_email, "camille", HIDDEN, id="no e-mail"),
    ],
)
def test_masks(mask: Callable[[str], str], value: str, shown: str) -> None:
    assert mask(value) == shown


@given(st.text(alphabet="0123456789", max_size=30))
def test_a_number_shows_eight_digits_at_most(number: str) -> None:
    shown = [character for character in mask_number(number) if character.isdigit()]
    assert len(shown) in (0, 8)
    assert len(shown) <= len(number) / 2


@given(st.text(alphabet="ABC123-", max_size=40))
def test_a_file_number_shows_a_third_at_most(number: str) -> None:
    shown = mask_file_number(number).removeprefix(HIDDEN).strip()
    assert len(shown) <= min(4, len(number) / 3)


@given(st.text(max_size=40))
def test_masks_never_fail_nor_give_a_value_back(value: str) -> None:
    masks = (mask_number, mask_file_number, mask_iban, mask_phone, mask_email)
    assert all(HIDDEN in mask(value) or "••" in mask(value) for mask in masks)
    assert value == HIDDEN or all(mask(value) != value for mask in masks)


def test_groups_below_eleven_customers_are_not_reported() -> None:
    assert SMALLEST_GROUP == 11
