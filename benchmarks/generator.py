"""A load generator of its own process: kept connections, requests made beforehand, one epoll loop.

`python -m benchmarks.generator FILE` reads a pickled job, then a command a line: `connect`, or
`run SECONDS ANSWERS`, which ends with the first of the two. Each is answered by a line of JSON. The requests
are sent in circles, each connection asking again as soon as it was answered; nothing is read of an answer but
its status, its length, and that it has data and no errors.
"""

from __future__ import annotations

import gc
import json
import pickle
import select
import socket
import sys
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from time import perf_counter
from typing import Any

READ_BYTES = 262_144
LENGTH = b"content-length:"
WAIT_SECONDS_MAX = 30.0
CONNECT_SECONDS = 0.01  # between two connections, so that every process of a server takes some


@dataclass(frozen=True)
class Job:
    """What to send where."""

    port: int
    connections: int
    requests: list[bytes]


class Connection:
    """One kept connection, which waits for the answer to what it sent last."""

    __slots__ = ("begun", "had", "length", "parts", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS_MAX)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.begun = 0.0
        self.had = self.length = 0  # bytes of the answer; its length is 0 until the head is here
        self.parts: list[bytes] = []

    def ask(self, request: bytes) -> None:
        """Send what fits into the socket's buffer in one go."""
        self.begun = perf_counter()
        if self.socket.send(request) != len(request):
            raise RuntimeError("a request was too long to be sent in one go")

    def answer(self) -> bytes | None:
        """The whole answer once its last byte is here."""
        read = self.socket.recv(READ_BYTES)
        if not read:
            raise RuntimeError("the server closed a connection that was to be kept")
        self.parts.append(read)
        self.had += len(read)
        if not self.length:
            self.length = _length(b"".join(self.parts))
        if not self.length or self.had < self.length:
            return None
        whole = read if len(self.parts) == 1 else b"".join(self.parts)
        self.parts.clear()
        self.had = self.length = 0
        return whole


def _length(read: bytes) -> int:
    """Bytes of head and body together, 0 while the head is not here."""
    end = read.find(b"\r\n\r\n")
    if end < 0:
        return 0
    head = read[:end].lower()
    found = head.find(LENGTH)
    if found < 0:
        raise RuntimeError(f"an answer without a length: {head[:300]!r}")
    return end + 4 + int(head[found + len(LENGTH) :].split(b"\r\n", 1)[0])


def fault(answer: bytes) -> str | None:
    """What is wrong with an answer, None where it is a good one."""
    if answer[9:12] != b"200":
        return answer[9:12].decode("latin-1") + " " + answer.partition(b"\r\n\r\n")[2][:200].decode()
    body = answer.find(b"\r\n\r\n") + 4
    if not answer.startswith((b'{"data":{', b'{"data": {'), body) or answer.find(b'"errors"', body) >= 0:
        return "200 " + answer[body : body + 200].decode()
    return None


class Load:
    """The connections of a job, and what came of them."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._next: Iterator[bytes] = cycle(job.requests)
        self._connections: dict[int, Connection] = {}

    def connect(self) -> dict[str, Any]:
        """Open all connections anew, one after the other, each with a first question."""
        for connection in self._connections.values():
            connection.socket.close()
        self._connections = {}
        for _ in range(self._job.connections):
            connection = Connection(self._job.port)
            self._connections[connection.socket.fileno()] = connection
            connection.ask(next(self._next))
            while connection.answer() is None:
                pass
            select.select([], [], [], CONNECT_SECONDS)
        return {"connections": len(self._connections)}

    def run(self, seconds: float, answers_max: int) -> dict[str, Any]:
        """Ask for so long, or for so many answers, then wait for what is still to come."""
        latencies, faults = array("d"), Counter[str]()
        poll = select.epoll()
        for number, connection in self._connections.items():
            poll.register(number, select.EPOLLIN)
            connection.ask(next(self._next))
        begun = perf_counter()
        end, waiting, answered = begun + seconds, len(self._connections), 0
        size = 0
        while waiting:
            ready = poll.poll(WAIT_SECONDS_MAX)
            if not ready:
                raise RuntimeError(f"no answer for {WAIT_SECONDS_MAX:.0f} s")
            for number, _ in ready:
                connection = self._connections[number]
                answer = connection.answer()
                if answer is None:
                    continue
                now = perf_counter()
                latencies.append(now - connection.begun)
                answered += 1
                size += len(answer)
                wrong = fault(answer)
                if wrong is not None:
                    faults[wrong] += 1
                if now < end and answered < answers_max:
                    connection.ask(next(self._next))
                else:
                    waiting -= 1
        lasted = perf_counter() - begun
        poll.close()
        ordered = sorted(latencies)
        return {
            "answers": answered,
            "seconds": lasted,
            "p50_ms": 1000 * ordered[len(ordered) // 2],
            "p99_ms": 1000 * ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)],
            "bytes": size // answered,
            "faults": dict(faults.most_common(3)),
            "refused": sum(faults.values()),
        }


def main(file: str) -> None:
    """Obey a command a line until there is none."""
    load = Load(pickle.loads(Path(file).read_bytes()))
    gc.collect()
    gc.freeze()
    gc.disable()
    for line in sys.stdin:
        command, *given = line.split()
        told = load.connect() if command == "connect" else load.run(float(given[0]), int(given[1]))
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
