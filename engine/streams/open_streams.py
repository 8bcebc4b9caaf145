"""What stays open, and must end when the server is told to stop: event streams and sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class OpenStreams:
    """The open streams of one process.

    A server waits for its running requests, so whoever stops it calls `stop` first. The lifespan hands it to
    the server's protocols under the name `stop_streams`.
    """

    def __init__(self) -> None:
        self._stops: set[Callable[[], None]] = set()
        self._is_stopping = False

    def __len__(self) -> int:
        return len(self._stops)

    @contextmanager
    def opened(self, stop: Callable[[], None]) -> Iterator[None]:
        """While this lasts, `stop` is called when all must end: at once, where they must already."""
        self._stops.add(stop)
        try:
            if self._is_stopping:
                stop()
            yield
        finally:
            self._stops.discard(stop)

    def stop(self) -> None:
        """End all that are open, and those that still come."""
        self._is_stopping = True
        for stop in list(self._stops):
            stop()
