"""The writing end of a connection: closed so that answers arrive, not held by a client that reads none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from engine.admission import Admission


class Wire:
    """uvicorn's transport, with a `close` of ours: its own resets who still sends, answer and all."""

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
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading
        self._admission = admission
        self._limits = admission.limits
        self._loop = loop
        self._has_unread = has_unread
        self._unwritten = 0
        self._linger_clock: asyncio.TimerHandle | None = None
        self._write_clock: asyncio.TimerHandle | None = None

    def is_closing(self) -> bool:
        """Whether nothing may be written any more."""
        return self.is_leaving or self.transport.is_closing()

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
