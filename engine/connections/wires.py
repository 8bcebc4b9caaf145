"""A connection's transport: not read while held, closed so that answers arrive, cut if nobody reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from engine.connections.admission import Admission


class Wire:
    """uvicorn's transport. Its own `close` would reset who still sends, answer and all.

    uvicorn reads on with every answer; `hold` has it wait for us as well.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        admission: Admission,
        loop: asyncio.AbstractEventLoop,
        has_unread: Callable[[], bool],
    ) -> None:
        self.transport = transport
        self.is_leaving = False
        self.discarded = 0  # bytes of one request that nobody read
        self.write = transport.write
        self.get_extra_info = transport.get_extra_info
        self._admission = admission
        self._limits = admission.limits
        self._loop = loop
        self._has_unread = has_unread
        self._is_held = self._is_paused = False  # by us, by uvicorn
        self._unwritten = 0
        self._linger_clock: asyncio.TimerHandle | None = None
        self._write_clock: asyncio.TimerHandle | None = None

    def is_closing(self) -> bool:
        """Whether nothing may be written any more."""
        return self.is_leaving or self.transport.is_closing()

    def pause_reading(self) -> None:
        """What uvicorn calls while the application is behind."""
        self._is_paused = True
        self._read_or_wait()

    def resume_reading(self) -> None:
        """What uvicorn calls after each answer, and whenever the application asks for a part of the body."""
        self._is_paused = False
        self._read_or_wait()

    def hold(self, is_held: bool) -> None:
        """Read nothing while it is held, whatever uvicorn says."""
        if is_held != self._is_held:
            self._is_held = is_held
            self._read_or_wait()

    def _read_or_wait(self) -> None:
        if self.is_closing():
            return
        if self._is_held or self._is_paused:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def close(self) -> None:
        """Close once all is written. Where more may come, one half first: a reset would eat the answer."""
        if self.is_closing():
            self.is_leaving = True
            return
        self.is_leaving = True
        has_room = self._admission.lingering < self._limits.lingering_max
        if self._has_unread() and has_room and self.transport.can_write_eof():
            self._linger()
        else:
            self.transport.close()
        self.watch()

    def _linger(self) -> None:
        self._admission.lingering += 1
        self._linger_clock = self._loop.call_later(self._limits.linger_seconds_max, self.end)
        self.transport.resume_reading()
        self.transport.write_eof()

    def discard(self, size: int) -> None:
        """So many bytes came that nobody reads."""
        self.discarded += size
        if self.discarded > self._limits.linger_bytes_max:
            self.end()

    def end(self) -> None:
        """Read no more of it."""
        self.is_leaving = True
        self.transport.close()
        self.watch()

    def watch(self) -> None:
        """See to it that what is to be written leaves."""
        if self._write_clock is None:
            self._unwritten = self.transport.get_write_buffer_size()
            self._write_clock = self._loop.call_later(self._limits.write_seconds_max, self._look)

    def _look(self) -> None:
        """Slow is well, standing still is not."""
        self._write_clock = None
        left = self.transport.get_write_buffer_size()
        if not left:
            return
        if self._unwritten - left < self._limits.write_bytes_per_second_min * self._limits.write_seconds_max:
            self._admission.note("ANSWER_NOT_READ")
            self.transport.abort()
        else:
            self.watch()

    def lost(self) -> None:
        """The connection is gone."""
        self.is_leaving = True
        if self._linger_clock is not None:
            self._admission.lingering -= 1
            self._linger_clock.cancel()
        if self._write_clock is not None:
            self._write_clock.cancel()
        self._linger_clock = self._write_clock = None
