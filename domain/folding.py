"""One spelling for searching: without accents, case, ligatures or typographic variants.

The same function fills the database column `search_text` and folds what is searched, so that both databases
agree without an extension. Method: compatibility caseless matching (Unicode 15, 3.13, D146), no marks.
"""

from __future__ import annotations

import unicodedata

# Letters that have no decomposition, and the signs a French keyboard does not have.
_PLAIN = str.maketrans(
    {
        "œ": "oe",
        "æ": "ae",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ħ": "h",
        "\u0131": "i",
        "ł": "l",
        "ŧ": "t",
        "\u2018": "'",
        "\u2019": "'",
        "\u02bc": "'",
        "\u2010": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
    }
)


def folded(text: str) -> str:
    """ "  Crédit\\u00a0Cœur d\u2019ÉTÉ " -> "credit coeur d'ete". Folding twice changes nothing."""
    simple = _decomposed(_decomposed(text).casefold()).casefold().translate(_PLAIN)
    return " ".join("".join(_kept(character) for character in simple).split())


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFKD", text)


def _kept(character: str) -> str:
    """Marks go; what no eye sees and PostgreSQL may refuse (controls, surrogates, formats) parts words."""
    category = unicodedata.category(character)
    if category in ("Mn", "Me"):
        return ""
    return " " if category.startswith("C") else character
