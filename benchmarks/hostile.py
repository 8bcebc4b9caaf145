"""What hostile documents do to everybody else: `python -m benchmarks.hostile [--quick]`.

The server runs in a process of its own, which watches its own loop: how long a tick of it was late, and how
long its thread really worked in between, which no other process can disturb. First each document of
`worst_documents.py` is sent alone, by a stranger and by the demo customer. Then an honest customer asks for
their dashboard, and for something tiny, alone and while twenty clients send the whole catalogue in circles
from a third process and addresses of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.worst_documents import Worst, catalogue
from engine.sharing import interpreter
from gateways.logs import configure_logs
from gateways.settings import Settings
from server import create_app

CLIENTS = 20
SECONDS, QUICK_SECONDS = 20.0, 6.0
TICK_SECONDS = 0.001
HEADERS = {"Content-Type": "application/json", "Accept": "application/graphql-response+json"}
TINY = "{ contact { phone } }"
DASHBOARD = """{ customer {
    firstNames
    contracts {
        __typename id label outstandingPrincipal
        nextInstalment { dueOn payment }
        statements(first: 3) { nodes { closedOn closingBalance } }
        operations(first: 5) { nodes { occurredOn label amount contract { id } statement { number } } }
        ... on RevolvingCredit { availableCredit cards { maskedNumber } }
        ... on PersonalLoan { amortisationTable { number } } } } }"""


def measure(seconds: float) -> dict[str, float]:
    """Longest holds, and the honest client's latencies, in milliseconds."""
    with _server() as (port, cookie):
        held = _held_by_each(port, cookie)
        quiet = _honest(port, cookie, seconds / 2)
        with _attack(port, cookie, seconds + 2):
            time.sleep(1)
            _watched(port)
            attacked = _honest(port, cookie, seconds)
            lag = _watched(port)
    figures = {}
    for name in quiet:
        figures[f"{name}_p99_ratio"] = round(_p(attacked[name], 99) / _p(quiet[name], 99), 1)
        for when, found in (("quiet", quiet[name]), ("attacked", attacked[name])):
            figures |= {f"{name}_{when}_p{p}_ms": round(_p(found, p), 1) for p in (50, 99)}
            figures[f"{name}_{when}_answers"] = len(found)
    worst = sorted(held, key=lambda name: -held[name]["held_ms"])
    figures["longest_hold_ms"] = held[worst[0]]["held_ms"]
    figures["longest_hold_attacked_ms"] = lag["held_ms"]
    figures["longest_lag_attacked_ms"] = lag["late_ms"]
    for name in worst[:12]:
        print(f"    {name:58}held {held[name]['held_ms']:>8.1f} ms, late {held[name]['late_ms']:>8.1f} ms")
    return figures


def _p(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


# The server, which watches itself


class Watched:
    """ASGI wrapper: `/watched` tells and forgets the longest hold of the loop since it was asked last."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._late = self._held = 0.0
        self._watching: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._watching is None:
            self._watch(time.perf_counter() + TICK_SECONDS, time.thread_time())
        if scope["type"] != "http" or scope["path"] != "/watched":
            await self._app(scope, receive, send)
            return
        told = {"late_ms": round(self._late * 1000, 1), "held_ms": round(self._held * 1000, 1)}
        self._late = self._held = 0.0
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})

    def _watch(self, due: float, worked: float) -> None:
        now, working = time.perf_counter(), time.thread_time()
        self._late, self._held = max(self._late, now - due), max(self._held, working - worked)
        loop = asyncio.get_running_loop()
        self._watching = loop.call_later(TICK_SECONDS, self._watch, now + TICK_SECONDS, working)


def _serve(port: int) -> None:
    settings = Settings.read(os.environ)
    configure_logs(settings)
    app = Watched(create_app(settings))
    interpreter.settle()
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False)


@contextmanager
def _server() -> Iterator[tuple[int, str]]:
    with tempfile.TemporaryDirectory(prefix="portal-hostile-") as folder:
        environ = {**os.environ, "PORTAL_DATA_DIRECTORY": folder, "PORTAL_LOG_LEVEL": "error"}
        portal = str(Path(sys.executable).with_name("portal"))
        for command in ("migrate", "sample"):
            subprocess.run([portal, command], env=environ, check=True, stdout=subprocess.DEVNULL)
        signed_in = subprocess.run(
            [portal, "sign-in"], env=environ, check=True, capture_output=True, text=True
        )
        port = _free_port()
        serve = [sys.executable, "-m", "benchmarks.hostile", "--serve", str(port)]
        with (Path(folder) / "out").open("wb") as out:
            server = subprocess.Popen(serve, env=environ, stdout=out, stderr=subprocess.STDOUT)
            try:
                _wait_for(port)
                yield port, signed_in.stdout.strip()
            finally:
                server.terminate()
                server.wait(30)
        told = (Path(folder) / "out").read_text(encoding="utf-8", errors="replace")
        if told:
            print(f"    the server said: {told[:3_000]}")


def _wait_for(port: int) -> None:
    limit = time.monotonic() + 30
    while True:
        try:
            _post(port, json.dumps({"query": TINY}).encode())
            return
        except OSError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# One document at a time


def _held_by_each(port: int, cookie: str) -> dict[str, dict[str, float]]:
    held = {}
    for who, given in (("stranger", ""), ("customer", cookie)):
        for number, worst in enumerate(catalogue()):
            _watched(port)
            status, body = _post(port, worst.fresh(number), given)
            code = _code(body)
            if code != worst.code and (worst.code or who == "stranger") and status != 200:
                print(f"    {who}, {worst.name}: {status} {code}, expected {worst.code or 'an answer'}")
            time.sleep(0.005)
            held[f"{worst.name} ({who})"] = _watched(port)
    return held


def _code(body: bytes) -> str:
    answer = json.loads(body)
    if answer.get("data") is not None or "errors" not in answer:
        return ""
    return str(answer["errors"][0]["extensions"]["code"])


def _post(port: int, body: bytes, cookie: str = "") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/graphql", body, HEADERS | ({"Cookie": cookie} if cookie else {}))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _watched(port: int) -> dict[str, float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/watched")
        told: dict[str, float] = json.loads(connection.getresponse().read())
        return told
    finally:
        connection.close()


# The honest client


def _honest(port: int, cookie: str, seconds: float) -> dict[str, list[float]]:
    """Milliseconds of each answer, one question at a time on a kept connection, as a browser does."""
    found: dict[str, list[float]] = {"dashboard": [], "tiny": []}
    bodies = {"dashboard": DASHBOARD, "tiny": TINY}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = HEADERS | {"Cookie": cookie}
    refused: Counter[str] = Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, query in bodies.items():
            begun = time.perf_counter()
            connection.request("POST", "/graphql", json.dumps({"query": query}).encode(), headers)
            response = connection.getresponse()
            body = response.read()
            found[name].append((time.perf_counter() - begun) * 1000)
            if response.status != 200:
                refused[f"{name} {response.status} {_code(body)}"] += 1
            time.sleep(0.01)
    connection.close()
    if refused:
        print(f"    refused to the honest client: {dict(refused)}")
    return found


# The hostile clients


@contextmanager
def _attack(port: int, cookie: str, seconds: float) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.hostile", "--attack", str(port), cookie, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as attackers:
        yield
        told, _ = attackers.communicate(timeout=60)
        print(f"    the attackers were told: {told.strip()}")


async def _send_in_circles(port: int, cookie: str, seconds: float) -> Counter[str]:
    told: Counter[str] = Counter()
    everything = catalogue()
    end = time.monotonic() + seconds
    await asyncio.gather(*(_attacker(n, port, cookie, everything, end, told) for n in range(CLIENTS)))
    return told


async def _attacker(
    number: int, port: int, cookie: str, everything: list[Worst], end: float, told: Counter[str]
) -> None:
    """Half of them are signed in. Each has an address of its own where the machine has them."""
    mine = random.Random(number).sample(everything, len(everything))
    count = number * 1_000_000
    own = (f"127.0.1.{number + 1}", 0) if sys.platform == "linux" else None
    reader: Any = None
    writer: Any = None
    while time.monotonic() < end:
        for worst in mine:
            if time.monotonic() > end:
                break
            count += 1
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection(
                        "127.0.0.1", port, local_addr=own, limit=2**24
                    )
                writer.write(_request(worst.fresh(count), cookie if number % 2 else ""))
                status, closes = await _response(reader)
                told[status] += 1
            except (OSError, asyncio.IncompleteReadError):
                told["cut"] += 1
                closes = True
            if closes and writer is not None:
                writer.close()
                writer = None
    if writer is not None:
        writer.close()


def _request(body: bytes, cookie: str) -> bytes:
    headers = {**HEADERS, "Host": "127.0.0.1", "Content-Length": str(len(body))}
    if cookie:
        headers["Cookie"] = cookie
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /graphql HTTP/1.1\r\n{lines}\r\n".encode() + body


async def _response(reader: asyncio.StreamReader) -> tuple[str, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.partition("content-length: ")[2].split("\r\n")[0])
    await reader.readexactly(length)
    return head.split(" ", 2)[1], "connection: close" in head


def main() -> None:
    """Print what was measured, a figure a line."""
    parser = argparse.ArgumentParser(description="What hostile documents do to everybody else.")
    parser.add_argument("--quick", action="store_true", help="less time")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--attack", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        _serve(arguments.serve)
    elif arguments.attack:
        port, cookie, seconds = arguments.attack
        print(dict(asyncio.run(_send_in_circles(int(port), cookie, float(seconds)))))
    else:
        for name, figure in measure(QUICK_SECONDS if arguments.quick else SECONDS).items():
            print(f"  {name.replace('_', ' '):36}{figure:>14,}")


if __name__ == "__main__":
    main()
