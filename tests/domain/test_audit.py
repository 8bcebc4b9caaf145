"""What a seal is made over, and the anchor that is kept elsewhere."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from domain.audit import Anchor, AuditKind, ChainsDigest, fact_text, has_float, head_text

NOON = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
FACT: dict[str, Any] = {
    "customer_id": 12,
    "id": 3,
    "number": 4,
    "kind": "SIGNED_IN",
    "at": NOON,
    "session_id": 5,
    "label": "Firefox, Windows",
    "details": {"purpose": "SIGN_IN", "wrong_codes_before": 2},
}


def text(seal_before: str = "a$0", **columns: Any) -> str:
    return fact_text(seal_before, **{**FACT, **columns})


def test_a_fact_says_all_it_is_in_one_spelling() -> None:
    assert text() == (
        '["fact","a$0",12,3,4,"SIGNED_IN",1781517600000000,5,"Firefox, Windows",'
        '{"purpose":"SIGN_IN","wrong_codes_before":2}]'
    )


@pytest.mark.parametrize(
    "columns",
    [
        {"seal_before": ""},
        {"customer_id": 123, "id": 3},
        {"id": 23},
        {"number": 5},
        {"number": None},
        {"kind": "SIGNED_OUT"},
        {"at": NOON + timedelta(microseconds=1)},
        {"session_id": None},
        {"label": "Firefox"},
        {"label": 'Firefox, Windows",{}'},
        {"details": {}},
        {"details": {"purpose": "SIGN_IN", "wrong_codes_before": "2"}},
        {"details": {"purpose": "SIGN_IN", "wrong_codes_before": True}},
        {"details": {"purpose": "SIGN_IN", "wrong_codes_before": 2, "more": None}},
    ],
    ids=str,
)
def test_every_other_fact_says_something_else(columns: dict[str, Any]) -> None:
    assert text(**columns) != text()


def test_what_databases_may_write_otherwise_says_the_same() -> None:
    paris = timezone(timedelta(hours=2))
    same: dict[str, Any] = {"at": NOON.astimezone(paris), "kind": AuditKind.SIGNED_IN}
    assert text(**same, details={"wrong_codes_before": 2, "purpose": "SIGN_IN"}) == text()
    assert text(details={"list": ("a", 1)}) == text(details={"list": ["a", 1]})


def test_the_ends_of_a_chain_are_never_taken_for_a_fact() -> None:
    ends = {"customer_id": 12, "first_number": 1, "purged_seal": "", "last_number": 4, "last_seal": "a$0"}
    assert head_text(**ends) == '["head",12,1,"",4,"a$0"]'  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("details", "found"),
    [({}, False), ({"a": [1, {"b": "1.5"}]}, False), ({"a": 1.0}, True), ({"a": [1, {"b": 1e22}]}, True)],
)
def test_a_float_is_found_wherever_it_is(details: dict[str, Any], found: bool) -> None:
    assert has_float(details) is found


def test_an_anchor_is_the_digest_of_the_last_facts() -> None:
    digest = ChainsDigest(NOON.replace(microsecond=7))
    digest.add(1, 4, "a$0")
    digest.add(2, 0, "")  # none by then
    digest.add(30, 1, "a$1")
    expected = hashlib.sha256(b"1 4 a$0\n30 1 a$1\n").hexdigest()
    assert digest.anchor() == Anchor(NOON, expected)
    assert str(digest.anchor()) == f"20260615T100000Z-{expected}"


def test_an_anchor_is_read_as_it_was_written() -> None:
    anchor = ChainsDigest(NOON).anchor()
    assert Anchor.parse(f" {anchor}\n") == anchor


@pytest.mark.parametrize(
    "text",
    ["", "20260615T100000Z", "0" * 64, "20261315T100000Z-" + "0" * 64, "20260615T100000Z-" + "0" * 63, "é"],
)
def test_any_other_text_is_no_anchor(text: str) -> None:
    assert Anchor.parse(text) is None
