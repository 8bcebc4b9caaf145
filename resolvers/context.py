"""What one operation works with: who asks, the neighbours, the loaders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import models
from domain.assurance import Assurance
from domain.opening_hours import day_in_paris
from domain.staff import Staff
from gateways import Gateways
from models.owned import NOBODY, keep_to
from resolvers import sessions
from resolvers.newsroom import Newsroom
from resolvers.sessions import Cookie

if TYPE_CHECKING:
    from resolvers.budgets import Charge


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in customer, and the day in Paris on which she asks."""

    customer_id: int
    assurance: Assurance
    today: date
    row: models.Session | None = field(default=None, compare=False)

    @property
    def owner(self) -> int:
        """Whose rows may be read."""
        return self.customer_id

    @property
    def sight(self) -> tuple[Assurance, date]:
        """What decides how far back those rows are seen."""
        return self.assurance, self.today

    @property
    def session(self) -> models.Session:
        """The session in which she asks, where it was read as a row."""
        assert self.row is not None, "a viewer of `context.viewer()` has its session"
        return self.row

    @property
    def session_id(self) -> int:
        return int(self.session.id)


@dataclass
class Context:
    """One per operation. The tokens are what the cookies held, the setters put one into the answer."""

    gateways: Gateways
    address: str
    session_token: str | None = None
    device_token: str | None = None
    user_agent: str = ""
    staff: Staff | None = None
    set_session: Callable[[Cookie], None] = lambda _cookie: None
    set_device: Callable[[Cookie], None] = lambda _cookie: None
    wake_outbox: Callable[[], None] = lambda: None
    newsroom: Newsroom | None = None
    loaders: Any = None  # those of the operation, made by whoever reads in batches
    charge: Charge | None = None
    _session: asyncio.Future[models.Session | None] | None = None
    _columns: models.SessionColumns | None = None
    _touched: bool = False

    @property
    def now(self) -> datetime:
        """UTC."""
        return self.gateways.clock()

    @property
    def today(self) -> date:
        """The day in Paris."""
        return day_in_paris(self.now)

    async def viewer(self) -> Viewer | None:
        """The signed-in customer, whose session lives on; None for a stranger and a provisional session."""
        row = await self.session()
        if row is None or row.provisional:
            return None
        if not self._touched:
            self._touched = True
            await sessions.touch(self.gateways, row)
        return self._viewer_of(row, row)

    @property
    def customer_id(self) -> int | None:
        """The customer of an open session that was read already, if it was one."""
        return None if self._columns is None else self._columns.customer_id

    def look_again(self) -> None:
        """What was read is read anew from here on, and prolongs no session: a stream goes on by itself."""
        self._session, self._columns, self._touched, self.loaders = None, None, True, None

    def sessions_changed(self, customer_id: int) -> None:
        """Sessions of the customer were closed, and that is committed: streams in them end now."""
        if self.newsroom is not None:
            self.newsroom.wake(customer_id)

    async def session(self) -> models.Session | None:
        """The open session of the cookie, read once however many fields ask; looking does not prolong it."""
        if self._session is None:
            self._session = asyncio.ensure_future(self._read_session())
            # Whoever asked may be cancelled by then: a failure that nobody hears is no error of ours.
            self._session.add_done_callback(lambda read: read.cancelled() or read.exception())
        row = self._session.result() if self._session.done() else await asyncio.shield(self._session)
        if row is not None:
            keep_to(row.customer_id)
        return row

    def remember(self, columns: models.SessionColumns) -> Viewer | None:
        """What was just read with the cookie's token is the session of the operation, if it is open.

        None where it is over, or provisional.
        """
        if columns.provisional or not sessions.is_open(self.gateways, columns):
            return None
        keep_to(columns.customer_id)
        self._columns, self._session = columns, None
        return self._viewer_of(columns, None)

    async def touch(self) -> None:
        """Something was asked in the session that is remembered: it lives on."""
        if self._columns is not None and not self._touched:
            self._touched = True
            await sessions.touch(self.gateways, self._columns)

    def _viewer_of(
        self, columns: models.Session | models.SessionColumns, row: models.Session | None
    ) -> Viewer:
        now = self.now
        return Viewer(columns.customer_id, sessions.assurance_of(columns, now), day_in_paris(now), row)

    async def _read_session(self) -> models.Session | None:
        if self.session_token is None or self.staff is not None:  # staff are no customers
            return None
        keep_to(sessions.customer_of(self.session_token) or NOBODY)
        return await sessions.resume(self.gateways, self.session_token)

    def hold_session(self, cookie: Cookie) -> None:
        """From here on, and for the next requests, the session is this one; an empty token is none."""
        self.set_session(cookie)
        self.session_token = cookie.token or None
        self._session, self._columns, self._touched = None, None, False

    def hold_device(self, cookie: Cookie) -> None:
        """The browser is known by this from here on."""
        self.set_device(cookie)
        self.device_token = cookie.token
