"""Who may be read for: what an application says of those who ask, before and after their claim is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from engine.planning.fields import Scope
from engine.planning.questions import Claimed


class Claim(NamedTuple):
    """Whose rows are asked for, and the values by which the row is found that allows it."""

    owner: int
    values: tuple[Any, ...]


class Gate(Protocol):
    """Lets reads through. Nothing that was read is used unless the claim was found and admitted."""

    claimed: Claimed

    def claim(self, context: Any) -> Claim | None:
        """What the context's credentials claim, unproven; None for whoever claims nothing."""

    def foresee(self, context: Any, claim: Claim) -> Scope:
        """The scope that the claim most probably has. Where it has not, everything is read anew."""

    def admit(self, context: Any, columns: Sequence[Any]) -> Scope | None:
        """The scope that the claimed row gives, of whose columns these are the values; None for none."""

    async def welcome(self, context: Any) -> None:
        """Somebody was admitted: note what is to be noted of that."""

    def may_read(self, context: Any, claim: Claim, points: int) -> bool:
        """Whether what costs so many points may be read for the claim before it is proven and charged."""
