"""From the command to the first ready answer, on a migrated SQLite file with the sample customers."""

from __future__ import annotations

import http.client
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WAIT_SECONDS_MAX = 30


def measure(rounds: int) -> dict[str, float]:
    """Seconds from exec to the first 200 of /health/ready, and CPU seconds of the process by then."""
    with tempfile.TemporaryDirectory(prefix="portal-start-") as folder:
        environ = {**os.environ, "PORTAL_DATA_DIRECTORY": folder, "PORTAL_LOG_LEVEL": "error"}
        _start(environ)  # migrates and makes the sample
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = [_start(environ) for _ in range(rounds)]
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / rounds
    return {"ready_seconds": round(statistics.median(seconds), 3), "cpu_seconds": round(cpu, 3)}


def _start(environ: dict[str, str]) -> float:
    port = free_port()
    command = [str(Path(sys.executable).with_name("portal")), "serve", "--port", str(port)]
    begun = time.perf_counter()
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL) as server:
        try:
            while not _is_ready(port):
                if server.poll() is not None or time.perf_counter() - begun > WAIT_SECONDS_MAX:
                    raise RuntimeError("the server did not become ready")
                time.sleep(0.01)
            return time.perf_counter() - begun
        finally:
            server.terminate()


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
