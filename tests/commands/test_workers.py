"""Several workers: even load, and nobody turned away while one dies, grows too large, or is replaced."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.engine.serving import Client
from tests.journeys.portal import CHEAP, Portal

ROOT = Path(__file__).parents[2]
WAIT_SECONDS_MAX = 60  # a process begins slowly on a busy machine
GET = b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n"


class Small:
    """`small_server` in processes of its own."""

    def __init__(self, file: Path, workers: int, megabytes_max: int) -> None:
        self._file = file
        with file.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.commands.small_server", str(workers), str(megabytes_max)],
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        assert eventually(lambda: re.search(r"^\d+$", self.said, re.MULTILINE) is not None), self.said
        found = re.search(r"^\d+$", self.said, re.MULTILINE)
        assert found is not None
        self.port = int(found[0])

    @property
    def said(self) -> str:
        return self._file.read_text()

    def connected(self) -> Client:
        return Client(self.port)

    def ask(self, path: bytes = b"/") -> int:
        """The worker that answers on a new connection."""
        with closing(self.connected()) as client:
            return answered(client.send(GET % path))

    def workers(self) -> set[int]:
        """Who answers now, as ten connections at once are shared by all."""
        clients = [self.connected() for _ in range(10)]
        try:
            return {answered(client.send(GET % b"/")) for client in clients}
        finally:
            for client in clients:
                client.close()


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it holds before long."""
    limit = time.monotonic() + WAIT_SECONDS_MAX
    while not (held := holds()) and time.monotonic() < limit:
        time.sleep(0.1)
    return held


def is_gone(worker: int) -> bool:
    """Whether a process has ended, though its parent may not have noticed."""
    try:
        return Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def answered(client: Client) -> int:
    answer = client.answer()
    assert answer.status == 200
    return int(answer.body)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Small]]:
    """Start a server, which must end well when it is told to."""
    started: list[Small] = []

    def start(workers: int = 2, megabytes_max: int = 0) -> Small:
        started.append(Small(tmp_path / f"said{len(started)}", workers, megabytes_max))
        return started[-1]

    try:
        yield start
        for small in started:
            if small.process.poll() is not None:
                continue
            small.process.terminate()
            assert small.process.wait(30) == 0, small.said
            assert "Traceback" not in small.said, small.said
    finally:
        for small in started:
            if small.process.poll() is None:
                os.killpg(small.process.pid, signal.SIGKILL)
                small.process.wait()


@contextmanager
def always_asked(small: Small) -> Iterator[Counter[int]]:
    """Somebody comes all the time, on connections of their own, and must be answered; by whom."""
    answers: Counter[int] = Counter()
    failures: list[Exception] = []
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            try:
                answers[small.ask()] += 1
            except Exception as error:
                failures.append(error)
            time.sleep(0.02)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield answers
    finally:
        is_over.set()
        asking.join()
    assert failures == []


def test_forty_connections_find_room_in_two_workers_of_twenty(tmp_path: Path) -> None:
    settings: dict[str, Any] = {**CHEAP, "workers": 2, "connections_of_address_max": 20}
    portal = Portal(tmp_path, **settings)
    try:
        port = int(portal.wait_until_it_listens().url.rpartition(":")[2])
        for _ in range(6):
            clients = [Client(port).send(GET % b"/health/live") for _ in range(40)]
            assert [client.answer().status for client in clients] == [200] * 40
            for client in clients:
                client.close()
            time.sleep(0.5)
        assert portal.stop() == 0
        assert portal.said.count("process is ready") == portal.said.count("process has stopped") == 2
    finally:
        portal.kill()


@pytest.mark.parametrize("workers", [2, 3])
def test_connections_are_shared_evenly_whoever_leaves_between(
    serve: Callable[..., Small], workers: int
) -> None:
    small = serve(workers)
    held: list[tuple[int, Client]] = []
    for _ in range(4):
        new = [small.connected().send(GET % b"/") for _ in range(8 * workers)]
        held += [(answered(client), client) for client in new]
        shares = Counter(worker for worker, _ in held)
        assert len(shares) == workers
        assert max(shares.values()) - min(shares.values()) <= 1
        first = held[0][0]
        for worker, client in held:
            if worker == first:  # all of one worker leave
                client.close()
        held = [(worker, client) for worker, client in held if worker != first]
        time.sleep(1)
    for _, client in held:
        client.close()


def test_a_worker_that_dies_is_replaced_and_nobody_is_turned_away(serve: Callable[..., Small]) -> None:
    small = serve()
    before = small.workers()
    assert len(before) == 2
    os.kill(min(before), signal.SIGKILL)
    time.sleep(0.2)  # what it had been given is lost with it
    with always_asked(small):
        assert eventually(lambda: len(small.workers()) == 2)
        assert min(before) not in small.workers()


def test_who_comes_while_no_worker_is_left_waits_for_the_next(serve: Callable[..., Small]) -> None:
    small = serve()
    before = small.workers()
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    time.sleep(0.2)
    clients = [small.connected().send(GET % b"/") for _ in range(20)]
    assert before.isdisjoint({answered(client) for client in clients})
    for client in clients:
        client.close()


def test_a_worker_that_hangs_is_given_no_more(serve: Callable[..., Small]) -> None:
    small = serve()
    hanging, other = small.workers()
    os.kill(hanging, signal.SIGSTOP)
    try:
        lost = [small.connected() for _ in range(4)]
        time.sleep(1.3)
        clients = [small.connected().send(GET % b"/") for _ in range(10)]
        assert {answered(client) for client in clients} == {other}
    finally:
        os.kill(hanging, signal.SIGCONT)
    for client in (*lost, *clients):
        client.close()


def test_all_are_replaced_on_sighup_and_nobody_is_turned_away(serve: Callable[..., Small]) -> None:
    small = serve()
    before = small.workers()
    with always_asked(small):
        small.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: all(is_gone(worker) for worker in before))
    assert before.isdisjoint(small.workers())


def test_what_runs_is_finished_when_the_server_stops(serve: Callable[..., Small]) -> None:
    small = serve()
    clients = [small.connected().send(GET % b"/slow") for _ in range(6)]
    time.sleep(0.3)
    small.process.terminate()
    assert len({answered(client) for client in clients}) == 2
    assert small.process.wait(30) == 0
    for client in clients:
        client.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", small.port))


def test_workers_end_when_their_parent_is_gone(serve: Callable[..., Small]) -> None:
    small = serve()
    workers = small.workers()
    os.kill(small.process.pid, signal.SIGKILL)
    small.process.wait()
    assert eventually(lambda: all(is_gone(worker) for worker in workers))


def test_a_worker_that_grows_too_large_is_replaced_and_nobody_is_turned_away(
    serve: Callable[..., Small],
) -> None:
    small = serve(megabytes_max=250)
    before = small.workers()
    with always_asked(small):
        grown = small.ask(b"/grow")
        assert eventually(lambda: is_gone(grown))
    assert before - small.workers() == {grown}
    assert small.said.count("process takes too much memory") == 1


def test_a_process_that_serves_alone_only_says_that_it_grows(serve: Callable[..., Small]) -> None:
    small = serve(workers=1, megabytes_max=250)
    grown = small.ask(b"/grow")
    assert eventually(lambda: "process takes too much memory" in small.said)
    assert small.ask() == grown


def test_a_limit_below_what_a_process_takes_from_the_start_replaces_nobody(
    serve: Callable[..., Small],
) -> None:
    small = serve(megabytes_max=1)
    before = small.workers()
    assert eventually(lambda: small.said.count("process takes too much memory from the start") == 2)
    time.sleep(1.5)
    assert small.workers() == before
