"""Reasons that staff give for what they do."""

from __future__ import annotations

import pytest

from domain.staff import BadReason, reason_given


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("abc", "abc"),
        ("  Appel du 3 juin, pièce d'identité vue. \n", "Appel du 3 juin, pièce d'identité vue."),
        ("ticket\u00a04711", "ticket\u00a04711"),
        ("a" * 200, "a" * 200),
        (f" {'é' * 200} ", "é" * 200),
        ("", BadReason.TOO_SHORT),
        (" a \t b"[:3], BadReason.TOO_SHORT),
        (f"ab{' ' * 300}", BadReason.TOO_SHORT),
        ("a" * 201, BadReason.TOO_LONG),
        ("two\nlines", BadReason.CHARACTERS),
        ("two\rlines", BadReason.CHARACTERS),
        ("two\u2028lines", BadReason.CHARACTERS),
        ("two\u2029paragraphs", BadReason.CHARACTERS),
        ("a\ttab", BadReason.CHARACTERS),
        ("a\0null", BadReason.CHARACTERS),
        ("an \x1b[31mescape", BadReason.CHARACTERS),
        ("the other \u202eway", BadReason.CHARACTERS),
        ("no\u200bwidth", BadReason.CHARACTERS),
        ("half \ud800", BadReason.CHARACTERS),
    ],
)
def test_a_reason_is_one_line_of_plain_text(text: str, reason: str | BadReason) -> None:
    assert reason_given(text) == reason
