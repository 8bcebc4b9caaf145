"""Opaque ids: only the one spelling that was given out is taken."""

from __future__ import annotations

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Refusal
from schema.ids import Kind, RowId, decoded, encoded
from tests import cast
from tests.kept import ON_ONE
from tests.schema.asking import Asker

GOOD = encoded(Kind.CONTRACT, 2**62 + 5, 2**61 + 9)
ROW_IDS = st.integers(min_value=0, max_value=2**63 - 1)
MALFORMED = "This is not an id given out by this server"


def packed(kind: bytes, customer_id: int, row_id: int) -> str:
    return base64.urlsafe_b64encode(struct.pack(">cQQ", kind, customer_id, row_id)).rstrip(b"=").decode()


HOSTILE = {
    "empty": "",
    "too short": GOOD[:-1],
    "too long": f"{GOOD}A",
    "padded": f"{GOOD}=",
    "a space before": f" {GOOD}",
    "a line break after": f"{GOOD}\n",
    "the other alphabet": packed(b"c", 2**62 + 0xFFFF, 2**63 - 1).replace("_", "/").replace("-", "+"),
    "stray bits at the end": GOOD[:-1] + chr(ord(GOOD[-1]) + 1),
    "unknown kind": packed(b"z", 1, 1),
    "kind in capitals": packed(b"C", 1, 1),
    "a customer of 64 bits": packed(b"c", 2**63, 1),
    "a row of 64 bits": packed(b"c", 1, 2**63),
    "a plain number": "1",
    "a negative number": "-1",
    "relay's own": base64.b64encode(b"Contract:1").decode(),
    "unicode": "é" * 23,
    "digits of another script": "٣" * 23,
    "full width": GOOD.translate({ord(letter): ord(letter) + 0xFEE0 for letter in GOOD[:1]}),
    "nul": f"\0{GOOD[1:]}",
    "a surrogate": "\ud800" * 23,
    "a megabyte": "A" * 1_000_000,
}


@given(st.sampled_from(Kind), ROW_IDS, ROW_IDS)
def test_an_id_names_its_row_again(kind: Kind, customer_id: int, row_id: int) -> None:
    text = encoded(kind, customer_id, row_id)
    assert decoded(text, kind) == decoded(text) == RowId(kind, customer_id, row_id)
    assert (len(text), text.isascii()) == (23, True)


@given(st.text(max_size=30))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match=MALFORMED):
        decoded(text)


@pytest.mark.parametrize("_case", HOSTILE)
def test_what_was_never_given_out_is_refused(_case: str) -> None:
    assert decoded(GOOD) == RowId(Kind.CONTRACT, 2**62 + 5, 2**61 + 9)
    assert HOSTILE[_case] != GOOD
    with pytest.raises(Refusal, match=MALFORMED) as refused:
        decoded(HOSTILE[_case])
    assert refused.value.code == "BAD_USER_INPUT"


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.CARD])
def test_another_kind_than_asked_for_is_refused(kind: Kind) -> None:
    with pytest.raises(Refusal) as refused:
        decoded(encoded(kind, 1, 2), Kind.CARD)
    assert refused.value.message == f"This id names a {kind.name.lower()}, not a card"


def test_the_letters_of_the_kinds_never_change() -> None:
    assert {kind.name: kind.value for kind in Kind} == {
        "CUSTOMER": b"u",
        "CONTRACT": b"c",
        "CARD": b"k",
        "INSTALMENT": b"i",
        "STATEMENT": b"s",
        "OPERATION": b"o",
        "CONFIRMATION": b"f",
        "SESSION": b"e",
        "DEVICE": b"d",
        "EVENT": b"l",
    }


@ON_ONE
@pytest.mark.parametrize("_case", [name for name in HOSTILE if name not in ("a surrogate", "a megabyte")])
async def test_the_api_refuses_it_alike_for_everyone(ask: Asker, _case: str) -> None:
    query = "query($id: ID!) { node(id: $id) { id } }"
    for asking in (None, await cast.ines()):
        answer = await ask(query, asking, id=HOSTILE[_case])
        assert answer.refused == ({"node": None}, [("BAD_USER_INPUT", MALFORMED)])
