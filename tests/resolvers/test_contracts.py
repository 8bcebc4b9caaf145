"""What the columns of a contract say together."""

from __future__ import annotations

import pytest

from models import ContractStatus
from resolvers.contracts import available_cents


@pytest.mark.parametrize(
    ("_case", "status", "limit_cents", "outstanding_cents", "expected"),
    [
        ("drawn in part", "ACTIVE", 300_000, 120_000, 180_000),
        ("late", "LATE", 300_000, 120_000, 180_000),
        ("to the limit", "ACTIVE", 300_000, 300_000, 0),
        ("over the limit", "ACTIVE", 300_000, 300_001, 0),
        ("no limit", "ACTIVE", None, 120_000, 0),
        ("in credit", "ACTIVE", 300_000, -100, 300_100),
        ("suspended", "SUSPENDED", 300_000, 120_000, 0),
        ("closed", "CLOSED", 300_000, 0, 0),
    ],
)
def test_what_can_be_drawn(
    _case: str, status: str, limit_cents: int | None, outstanding_cents: int, expected: int
) -> None:
    assert available_cents(ContractStatus(status), limit_cents, outstanding_cents) == expected
