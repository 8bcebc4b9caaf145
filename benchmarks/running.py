"""A contestant that runs, a load generator that runs beside it, and what both used meanwhile."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import pickle
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from benchmarks.contestants import Contestant, Question
from benchmarks.generator import Job, fault
from benchmarks.processes import cpu_ms, family, memory_mb, spent_ms

CONNECTIONS = 32
START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 20.0
ANSWERS_MAX = 10_000_000
BACKENDS = ["client backend", "parallel worker"]
BUSIEST_MAX = 0.75  # of the work of a server, done by one of its processes: else connect anew
RECONNECTIONS_MAX = 4
FIRST = 1  # the customer who asks first of a server that starts
Answer = dict[str, Any]


class Failed(Exception):
    """A server did not start, or answered what nobody asked: a sentence, and what it said."""


@dataclass
class Running:
    """A server that answers."""

    contestant: Contestant
    port: int
    pid: int
    start_seconds: float
    start_cpu_seconds: float

    def ask(self, question: Question) -> Answer:
        """One answer, checked and read."""
        request = self.contestant.request(question)
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(request)
            response = http.client.HTTPResponse(connection)
            response.begin()
            body = response.read()
        if fault(b"HTTP/1.1 %d\r\n\r\n" % response.status + body) is not None:
            raise Failed(f"{self.contestant.title} answers {question}: {response.status} {body[:400]!r}")
        answer: Answer = json.loads(body)["data"]
        return answer

    def cpu_ms(self) -> dict[int, float]:
        """CPU time of each of its processes so far, milliseconds."""
        return cpu_ms(family(self.pid))

    def memory_mb(self) -> dict[str, float]:
        """Memory of all its processes, megabytes."""
        pids = family(self.pid)
        return {**memory_mb(pids), "processes": len(pids)}


@contextmanager
def running(contestant: Contestant, port: int) -> Iterator[Running]:
    """Start a server, wait for its first answer, and stop it at the end."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("PORTAL_")}
    with tempfile.TemporaryFile() as said:
        begun = time.perf_counter()
        process = subprocess.Popen(
            contestant.command,
            env={**inherited, **contestant.environ},
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_for(contestant, port, process, said)
            seconds, cpu = time.perf_counter() - begun, sum(cpu_ms(family(process.pid)).values()) / 1000
            yield Running(contestant, port, process.pid, seconds, cpu)
        finally:
            _stop(process)


def _wait_for(contestant: Contestant, port: int, process: subprocess.Popen[bytes], said: Any) -> None:
    limit, server = time.monotonic() + START_SECONDS_MAX, Running(contestant, port, process.pid, 0.0, 0.0)
    while True:
        try:
            server.ask(Question("PROFILE", FIRST))
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > limit:
                said.seek(0)
                words = said.read().decode(errors="replace")[-1_500:]
                raise Failed(f"{contestant.title} did not start: {words}") from None
            time.sleep(0.02)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        print("    a server had to be killed", flush=True)
    finally:
        with suppress(ProcessLookupError):  # whatever of it is still there
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


# Load


@dataclass(frozen=True)
class Spell:
    """How long a measurement lasts, and what goes before it: so many answers, or so long for slow ones."""

    measured_seconds: float
    warm_answers: int
    warm_seconds_max: float

    @property
    def after_start(self) -> Spell:
        """Of a server that was just started: what compiles while it runs needs some thousand answers."""
        return replace(self, warm_answers=self.warm_answers * 4, warm_seconds_max=self.warm_seconds_max * 4)


def measure(
    server: Running,
    questions: Sequence[Question],
    spell: Spell,
    postgres: Postgres,
    redis_pid: int | None,
) -> dict[str, Any]:
    """Ask the questions in circles over 32 connections: rates, latencies, and CPU per request."""
    job = Job(server.port, CONNECTIONS, [server.contestant.request(question) for question in questions])
    with _generator(job) as order:
        for _ in range(RECONNECTIONS_MAX):
            order("connect")
            before = server.cpu_ms()
            order(f"run {spell.warm_seconds_max} {spell.warm_answers}")
            spent = {pid: used - before.get(pid, 0.0) for pid, used in server.cpu_ms().items()}
            busiest = max(spent.values()) / (sum(spent.values()) or 1.0)
            if busiest <= BUSIEST_MAX:
                break
        beside = [redis_pid] if redis_pid else []
        cpu_before = server.cpu_ms(), postgres.cpu_ms(), cpu_ms(beside)
        told = order(f"run {spell.measured_seconds} {ANSWERS_MAX}")
        cpu_after = server.cpu_ms(), postgres.cpu_ms(), cpu_ms(beside)
    if told["refused"]:
        words = f"{server.contestant.title} refused {told['refused']} of {told['answers']}: {told['faults']}"
        if told["refused"] > told["answers"] / 100:
            raise Failed(words)
        print(f"    {words}", flush=True)
    server_ms, postgres_ms, redis_ms = (
        spent_ms(*both) / told["answers"] for both in zip(cpu_before, cpu_after, strict=True)
    )
    beside_ms = redis_ms if server.contestant.has_sessions else 0.0
    return {
        "requests_per_second": told["answers"] / told["seconds"],
        "p50_ms": told["p50_ms"],
        "p99_ms": told["p99_ms"],
        "server_cpu_ms": server_ms,
        "postgres_cpu_ms": postgres_ms,
        "redis_cpu_ms": beside_ms,
        "cpu_ms": server_ms + postgres_ms + beside_ms,
        "bytes": told["bytes"],
        "answers": told["answers"],
        "refused": told["refused"],
        "busiest_process": busiest,
    }


@contextmanager
def _generator(job: Job) -> Iterator[Any]:
    with tempfile.NamedTemporaryFile(suffix=".job") as file:
        file.write(pickle.dumps(job))
        file.flush()
        command = [sys.executable, "-m", "benchmarks.generator", file.name]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            stdin, stdout = process.stdin, process.stdout

            def order(command: str) -> dict[str, Any]:
                stdin.write(f"{command}\n")
                stdin.flush()
                line = stdout.readline()
                if not line:
                    raise Failed("the load generator ended")
                told: dict[str, Any] = json.loads(line)
                return told

            yield order
            stdin.close()


def customers(count: int, among: int, operation: str, seed: int) -> list[Question]:
    """Questions of customers drawn at random, the same each time."""
    draw = random.Random(seed)
    return [Question(operation, draw.randint(1, among)) for _ in range(count)]


class Postgres:
    """CPU time of the backends of one database, where they run on this machine."""

    def __init__(self, server: str, database: str) -> None:
        self._server = server
        self._database = database

    def cpu_ms(self) -> dict[int, float]:
        """CPU time of each backend so far, milliseconds."""
        return cpu_ms(asyncio.run(self._pids()))

    async def _pids(self) -> list[int]:
        connection = await asyncpg.connect(self._server, timeout=5)
        try:
            rows = await connection.fetch(
                "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND backend_type = ANY($2)",
                self._database,
                BACKENDS,
            )
            return [row["pid"] for row in rows]
        finally:
            await connection.close()


def redis_pid(url: str) -> int | None:
    """The process of a Redis server; None where there is none, or on another machine."""
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        pid = Redis.from_url(url).info("server")["process_id"]
    except (RedisError, OSError):
        return None
    return int(pid)
