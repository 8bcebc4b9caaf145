"""Searching operations by text: what a reader expects to find, whatever accents, case and signs."""

from __future__ import annotations

import pytest

from models import Customer, Operation
from schema import ids
from schema.ids import Kind
from tests import cast
from tests.schema.asking import Asker

LIST = """query($filter: OperationFilter) {
    operations(filter: $filter, first: 100) { totalCount nodes { id } } }"""

LABELS = {
    "cafe": ("Café de l\u2019Été", None),
    "fish": ("POISSONNERIE", "L'Œuf & Cie"),
    "percent": ("Remise 50%", None),
    "under": ("REF_2026", None),
    "back": (r"C:\achats", None),
    "quotes": ("""D'"Artagnan" ''""", None),
    "emoji": ("Pizza \N{SLICE OF PIZZA}", "Chez \N{GRINNING FACE}"),
    "star": ("a*b?c[d]", None),
}
FOUND = [
    ("cafe", ["cafe"]),
    ("CAFÉ", ["cafe"]),
    ("cafe\u0301", ["cafe"]),
    ("l'ete", ["cafe"]),
    ("L\u2019ÉTÉ", ["cafe"]),
    ("  de   l ", ["cafe"]),
    (" Café  de ", ["cafe"]),
    ("oeuf", ["fish"]),
    ("œuf &", ["fish"]),
    ("nnerie l'", ["fish"]),
    ("%", ["percent"]),
    ("0%", ["percent"]),
    ("50_", []),
    ("_", ["under"]),
    ("ref_2", ["under"]),
    ("ref%2", []),
    ("\\", ["back"]),
    (":\\a", ["back"]),
    ("\\\\", []),
    ("\\%", []),
    ("'", ["cafe", "fish", "quotes"]),
    ("''", ["quotes"]),
    ('"artagnan"', ["quotes"]),
    ("' OR '1'='1", []),
    ("\N{SLICE OF PIZZA}", ["emoji"]),
    ("chez \N{GRINNING FACE}", ["emoji"]),
    ("\N{PILE OF POO}", []),
    ("*", ["star"]),
    ("?c[", ["star"]),
    ("a.b", []),
    ("\0", list(LABELS)),
    ("caf\0e", []),
    ("x" * 80, []),
]


@pytest.mark.parametrize(("text", "found"), FOUND, ids=lambda value: ascii(value)[:20])
async def test_texts_are_found_whatever_their_accents_and_signs(
    ask: Asker, text: str, found: list[str]
) -> None:
    credit = await cast.contract(await cast.ines())
    rows = {
        name: cast.operation_row(credit, label=label, merchant=merchant)
        for name, (label, merchant) in LABELS.items()
    }
    await Operation.bulk_create(rows.values())
    owner = await Customer.get(id=credit.customer_id)
    answer = (await ask(LIST, owner, filter={"text": text}))["operations"]
    names = {ids.encoded(Kind.OPERATION, owner.id, row.id): name for name, row in rows.items()}
    assert sorted(names[node["id"]] for node in answer["nodes"]) == sorted(found)
    assert answer["totalCount"] == len(found)
