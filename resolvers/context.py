"""What one operation works with: who asks, the neighbours, the loaders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import models
from gateways import Gateways
from resolvers import sessions
from resolvers.loaders import Loaders


@dataclass(frozen=True)
class Viewer:
    """A signed-in customer."""

    customer_id: int
    session_id: int
    assurance: models.Assurance


@dataclass
class Context:
    """One per operation. `session_token` is what the cookie held, `set_session` puts one into the answer."""

    gateways: Gateways
    address: str
    session_token: str | None = None
    set_session: Callable[[sessions.Cookie], None] = lambda _cookie: None
    wake_outbox: Callable[[], None] = lambda: None
    loaders: Loaders = field(default_factory=Loaders)
    _viewer: asyncio.Future[Viewer | None] | None = None

    @property
    def now(self) -> datetime:
        """UTC."""
        return self.gateways.clock()

    async def viewer(self) -> Viewer | None:
        """The signed-in customer, read once however many fields ask; None for a stranger."""
        if self._viewer is None:
            self._viewer = asyncio.ensure_future(self._read_viewer())
            # Whoever asked may be cancelled by then: a failure that nobody hears is no error of ours.
            self._viewer.add_done_callback(lambda read: read.cancelled() or read.exception())
        return await asyncio.shield(self._viewer)

    async def _read_viewer(self) -> Viewer | None:
        if self.session_token is None:
            return None
        row = await sessions.resume(self.gateways, self.session_token)
        return None if row is None else Viewer(row.customer_id, row.id, row.assurance)

    def forget_viewer(self) -> None:
        """After signing in or out, who asks is read again."""
        self._viewer = None
