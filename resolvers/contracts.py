"""What the columns of a contract say together."""

from __future__ import annotations

from models import ContractStatus

DRAWABLE = (ContractStatus.ACTIVE, ContractStatus.LATE)


def available_cents(status: ContractStatus, limit_cents: int | None, outstanding_cents: int) -> int:
    """What can be drawn now: the limit less what is owed, nothing while the line is suspended or closed."""
    return max(0, (limit_cents or 0) - outstanding_cents) if status in DRAWABLE else 0
