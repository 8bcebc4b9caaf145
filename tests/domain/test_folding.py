"""One spelling for searching."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.folding import folded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("PRÉLÈVEMENT", "prelevement", id="capitals with accents"),
        pytest.param("pre\u0301le\u0300vement", "prelevement", id="accents apart"),
        pytest.param("Façade Noël Île", "facade noel ile", id="cedilla, diaeresis, circumflex"),
        pytest.param("Œuvre du Cœur", "oeuvre du coeur", id="o and e joined"),
        pytest.param("Ex Æquo", "ex aequo", id="a and e joined"),
        pytest.param("Straße STRASSE", "strasse strasse", id="sharp s"),
        pytest.param("\u1e9e", "ss", id="capital sharp s"),
        pytest.param("\ufb01nance", "finance", id="f and i joined"),
        pytest.param("Łódź Smørrebrød", "lodz smorrebrod", id="barred letters"),
        pytest.param("\u0130stanbul \u0131l\u0131k", "istanbul ilik", id="Turkish i"),
        pytest.param("  deux\u00a0mots\t\n ensemble ", "deux mots ensemble", id="white space"),
        pytest.param("l\u2019eau", "l'eau", id="typographic apostrophe"),
        pytest.param("vingt\u2011deux \u2013 trente", "vingt-deux - trente", id="hyphens and dashes"),
        pytest.param("n\u00ba 1\u00b2 \uff11", "no 12 1", id="signs that stand for letters and digits"),
        pytest.param("a\x00b\u200bc\ud800d", "a b c d", id="what no database keeps"),
        pytest.param("ΑΘΉΝΑ Σίσυφος", "αθηνα σισυφοσ", id="Greek"),
    ],
)
def test_folding(text: str, expected: str) -> None:
    assert folded(text) == expected


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(st.text())
def test_both_ways_to_write_an_accent_fold_alike(text: str) -> None:
    assert folded(unicodedata.normalize("NFC", text)) == folded(unicodedata.normalize("NFD", text))


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzéèêëàâîïôûùüçœæ '-"))
def test_case_does_not_matter(text: str) -> None:
    assert folded(text.upper()) == folded(text)
