"""The door of several workers: takes connections in, and hands each to the worker that has the fewest.

Workers that take connections from one socket by themselves share by chance: of 32 that come at once, one of
two workers gets nearly all in a quarter of the trials. Here a connection goes to its worker through a pair of
sockets, a channel. There the worker says, in numbers, how many of its connections ended, that it wants to be
replaced, or that it takes no more. When a channel ends, the other side is gone.
"""

from __future__ import annotations

import selectors
import socket
import struct
import threading
import time
from queue import SimpleQueue

BACKLOG = 2_048
NUMBER = struct.Struct("!q")
REPLACE_ME = -1
NO_MORE = -2
STUCK_SECONDS = 1.0  # a worker tells within a tenth of that what it took
RETRY_SECONDS = 0.05


class Load:
    """What one worker has."""

    __slots__ = ("ended", "given", "is_ready", "untold_since")

    def __init__(self) -> None:
        self.is_ready = False
        self.given = 0
        self.ended = 0
        self.untold_since: float | None = None  # of the first connection given since it spoke

    def rank(self) -> tuple[bool, int, int]:
        """The least is served next; one that says nothing of what it was given, last."""
        silence = 0.0 if self.untold_since is None else time.monotonic() - self.untold_since
        return silence > STUCK_SECONDS, self.given - self.ended, self.given


class Door(threading.Thread):
    """Listens as soon as a worker is ready. While none is, connections wait outside and are not refused."""

    def __init__(self, listening: socket.socket) -> None:
        super().__init__(name="door", daemon=True)
        self.asking: set[socket.socket] = set()  # channels of workers that want to be replaced
        self._listening = listening
        self._loads: dict[socket.socket, Load] = {}
        self._coming: SimpleQueue[socket.socket] = SimpleQueue()
        self._held: socket.socket | None = None  # a connection that nobody could be given yet
        self._is_over = False
        self._woken, self._waking = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._woken, selectors.EVENT_READ)

    def add(self, channel: socket.socket) -> None:
        """Serve another worker, as soon as it says a first word."""
        self._coming.put(channel)
        self._waking.send(b"!")

    def shut(self) -> None:
        """Take nobody in any more, and end all channels."""
        if not self._is_over:
            self._is_over = True
            self._waking.send(b"!")
            self.join()

    @property
    def has_failed(self) -> bool:
        """Whether it ended without being shut, which is a bug."""
        return not self._is_over and not self.is_alive()

    def run(self) -> None:
        """Until it is shut."""
        while not self._is_over:
            for key, _ in self._selector.select(RETRY_SECONDS if self._held else None):
                if key.fileobj is self._listening:
                    self._take_in()
                elif key.fileobj is self._woken:
                    self._wake()
                else:
                    self._hear(key.fileobj)  # type: ignore[arg-type]
            self._open_or_close()
        for channel in list(self._loads):
            self._forget(channel)
        for rest in (self._held, self._listening, self._selector, self._woken, self._waking):
            if rest is not None:
                rest.close()

    def _wake(self) -> None:
        self._woken.recv(4_096)
        while not self._coming.empty():
            channel = self._coming.get()
            channel.setblocking(False)
            self._loads[channel] = Load()
            self._selector.register(channel, selectors.EVENT_READ)

    def _hear(self, channel: socket.socket) -> None:
        if channel not in self._loads:  # forgotten since the selector saw it
            return
        try:
            said = channel.recv(NUMBER.size * 64)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        numbers = [number for (number,) in NUMBER.iter_unpack(said)]
        if not said or NO_MORE in numbers:
            self._forget(channel)
            return
        load = self._loads[channel]
        load.is_ready, load.untold_since = True, None
        load.ended = max(load.ended, *numbers)
        if REPLACE_ME in numbers:
            self.asking.add(channel)

    def _forget(self, channel: socket.socket) -> None:
        """End a channel: its worker still finds in it what it was given."""
        del self._loads[channel]
        self.asking.discard(channel)
        self._selector.unregister(channel)
        channel.close()

    def _take_in(self) -> None:
        try:
            connection, _ = self._listening.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError:  # no files are left: they come back as connections end
            time.sleep(RETRY_SECONDS)
            return
        self._give(connection)

    def _give(self, connection: socket.socket) -> None:
        ready = {channel: load for channel, load in self._loads.items() if load.is_ready}
        for channel in sorted(ready, key=lambda channel: ready[channel].rank()):
            try:
                socket.send_fds(channel, [b"c"], [connection.fileno()])
            except BlockingIOError:
                continue
            except OSError:
                self._forget(channel)
                continue
            load = ready[channel]
            load.given += 1
            load.untold_since = load.untold_since or time.monotonic()
            connection.close()
            self._held = None
            return
        self._held = connection

    def _open_or_close(self) -> None:
        """Listen while there is somebody to give to."""
        if self._held is not None:
            self._give(self._held)
        is_open = self._listening in self._selector.get_map()
        may_open = self._held is None and any(load.is_ready for load in self._loads.values())
        if may_open and not is_open:
            self._listening.listen(BACKLOG)
            self._listening.setblocking(False)
            self._selector.register(self._listening, selectors.EVENT_READ)
        elif is_open and not may_open:
            self._selector.unregister(self._listening)
