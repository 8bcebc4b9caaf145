"""A process that serves: uvicorn, saying when it listens and what memory it takes, alone or among others."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from signal import SIGINT
from types import FrameType
from typing import Any

import structlog
import uvicorn

from commands.door import NO_MORE, NUMBER, REPLACE_ME

MEGABYTE = 1_000_000
LOOKS_EVERY = 10  # ticks, of a tenth of a second
ASKS_EVERY_SECONDS = 60.0
LAST_WORD_SECONDS_MAX = 5.0
FIRST_WORD_SECONDS = 0.5  # in which who was just let in says what they want

_log = structlog.get_logger("processes")


def resident_bytes() -> int:
    """The memory that this process takes; where the kernel does not tell, the most it ever took."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        if sys.platform == "win32":
            return 0
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1_024


class Server(uvicorn.Server):
    """Says when it listens and what memory it takes. Ending because it was told to is no death by signal."""

    def __init__(
        self,
        config: uvicorn.Config,
        welcome: Callable[[], None] = lambda: None,
        *,
        megabytes_max: int = 0,
        tells_memory: bool = True,
    ) -> None:
        super().__init__(config)
        self._tells_memory = tells_memory
        self._welcome = welcome
        self._megabytes_max = megabytes_max
        self._told_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            taken = resident_bytes()
            if self._tells_memory:
                _log.info("process is ready", worker=os.getpid(), bytes=taken)
            if 0 < self._megabytes_max * MEGABYTE < taken:  # so would whoever replaced it
                _log.warning("process takes too much memory from the start", worker=os.getpid(), bytes=taken)
                self._megabytes_max = 0
            self._welcome()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        if self._megabytes_max and counter % LOOKS_EVERY == 0:
            self._watch_memory()
        return await super().on_tick(counter)

    def _watch_memory(self) -> None:
        taken = resident_bytes()
        if taken <= self._megabytes_max * MEGABYTE:
            return
        now = time.monotonic()
        if self._told_at is None or now - self._told_at >= ASKS_EVERY_SECONDS:
            self._told_at = now
            _log.warning("process takes too much memory", worker=os.getpid(), bytes=taken)
            self.too_large()

    def too_large(self) -> None:
        """Alone it goes on: nobody would take its place."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what runs, then say so."""
        await super().shutdown(sockets)
        if self._tells_memory:
            _log.info("process has stopped", worker=os.getpid(), bytes=resident_bytes())

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Finish what runs; a second Ctrl-C waits for nothing. uvicorn's own would raise the signal again."""
        self.force_exit = self.should_exit and sig == SIGINT
        self.should_exit = True


class WorkerServer(Server):
    """One of several: its connections come through the channel of the door."""

    def __init__(self, config: uvicorn.Config, channel: socket.socket, *, megabytes_max: int = 0) -> None:
        super().__init__(config, megabytes_max=megabytes_max)
        self._channel = channel
        self._channel.setblocking(False)
        self._taken = 0
        self._arriving: set[asyncio.Task[Any]] = set()
        self._told: tuple[int, int] | None = None  # of how many taken how many have ended
        self._channel_ended = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then let the door know."""
        await super().startup([])
        if self.started:
            asyncio.get_running_loop().add_reader(self._channel, self._take)
            self._tell()

    async def on_tick(self, counter: int) -> bool:
        """Tell the door how many connections have ended."""
        self._tell()
        return await super().on_tick(counter)

    def too_large(self) -> None:
        """Ask to be replaced, and serve until somebody can."""
        self._say(REPLACE_ME)

    def _tell(self) -> None:
        ended = self._taken - len(self._arriving) - len(self.server_state.connections)
        if self._told != (self._taken, ended) and self._say(max(ended, 0)):
            self._told = (self._taken, ended)

    def _say(self, number: int) -> bool:
        try:
            return self._channel.send(NUMBER.pack(number)) == NUMBER.size
        except OSError:
            return False  # it is busy, and hears the next number; or gone, which `_take` sees

    def _take(self) -> None:
        try:
            said, files, _, _ = socket.recv_fds(self._channel, 1, 1, getattr(socket, "MSG_CMSG_CLOEXEC", 0))
        except BlockingIOError:
            return
        except OSError:
            said, files = b"", []
        for file in files:
            self._taken += 1
            arriving = asyncio.create_task(self._let_in(socket.socket(fileno=file)))
            self._arriving.add(arriving)
            arriving.add_done_callback(self._arriving.discard)
        if not said:
            asyncio.get_running_loop().remove_reader(self._channel)
            self._channel.close()
            self._channel_ended.set()
            self.should_exit = True  # nobody hands out connections any more

    async def _let_in(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._protocol, connection, ssl=self.config.ssl
            )
        except OSError:  # who came has left
            connection.close()

    def _protocol(self) -> asyncio.Protocol:
        made: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = made(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take the last of what the door has handed on, and finish it."""
        if not self.force_exit and not self._channel_ended.is_set():
            self._say(NO_MORE)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._channel_ended.wait(), LAST_WORD_SECONDS_MAX)
            await asyncio.sleep(FIRST_WORD_SECONDS if self._taken else 0)
        if self._arriving:
            await asyncio.wait(self._arriving)
        await super().shutdown(None)
