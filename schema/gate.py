"""Whom the planner reads for: customers, by the session whose token is in their cookie."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import models
from domain.assurance import Assurance
from engine.planning.gates import Claim
from engine.planning.questions import Claimed
from resolvers import budgets, sessions
from resolvers.context import Context, Viewer

SEEN_MAX = 20_000


class SessionGate:
    """Admits open sessions that are not provisional, each for the rows of its customer.

    How sure a session is decides how far back it sees, and is known once its row is read. It seldom changes:
    what it was the last time is foreseen, and never believed.
    """

    claimed = Claimed(
        models.Session, models.SessionColumns._fields, found_by=("token_digest",), nulls=("closed_at",)
    )

    def __init__(self) -> None:
        self._seen: OrderedDict[int, Assurance] = OrderedDict()
        self._last = Assurance.STRONG

    def claim(self, context: Context) -> Claim | None:
        """The customer and the digest that the cookie's token stands for; staff are no customers."""
        if context.session_token is None or context.staff is not None:
            return None
        customer_id, digest = sessions.claim_of(context.gateways, context.session_token)
        return None if customer_id is None else Claim(customer_id, (digest,))

    def foresee(self, context: Context, claim: Claim) -> Viewer:
        """The viewer as sure as the customer was when last seen; one not seen yet, as the last one was."""
        assurance = self._seen.get(claim.owner, self._last)
        return Viewer(claim.owner, assurance, context.today)

    def admit(self, context: Context, columns: Sequence[Any]) -> Viewer | None:
        """The viewer of an open session, which is from here on the one of the operation."""
        viewer = context.remember(models.SessionColumns(*columns))
        if viewer is not None:
            self._seen[viewer.customer_id] = self._last = viewer.assurance
            self._seen.move_to_end(viewer.customer_id)
            if len(self._seen) > SEEN_MAX:
                self._seen.popitem(last=False)
        return viewer

    async def welcome(self, context: Context) -> None:
        """The session's idle life begins anew."""
        await context.touch()

    def may_read(self, context: Context, claim: Claim, points: int) -> bool:
        """Whether the customer who is named can pay for it; who cannot is refused before anything is read."""
        return budgets.can_afford(context, claim.owner, points)
