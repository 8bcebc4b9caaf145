"""The product as an operator runs it: `portal` in processes of its own, ended whatever happens."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PORTAL = Path(sys.executable).with_name("portal")
ADDRESS = re.compile(r"http://[\w.]+:(\d+)/graphql")
SHOWN = ("  Demo ", "┌", "│", "└")
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
# Digests too cheap for anything but tests; one address signs in many customers.
CHEAP = {
    "digest_memory_kib": 8,
    "digest_passes": 1,
    "access_flows_of_address_max": 100_000,
    "access_tries_of_address_max": 100_000,
    "access_tries_of_code_max": 100_000,
    "sms_of_address_max": 100_000,
    "deliveries_pause_seconds": 1,
}

# A service that nobody asks in these tests stands where a message would go.
PRODUCTION = {
    "env": "production",
    "peppers": "test:0123456789abcdef0123456789abcdef",
    "public_url": "https://portal.example",
    "sms_url": "jsons://127.0.0.1:9/?:to={to}",
    "email_url": "jsons://127.0.0.1:9/?:to={to}",
}


def environment(settings: Mapping[str, object]) -> dict[str, str]:
    """The machine's environment without any PORTAL_ name, and these settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    return kept | {f"PORTAL_{name.upper()}": str(value) for name, value in settings.items()}


def run(*words: str, cwd: Path, **settings: Any) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        [PORTAL, *words], cwd=cwd, env=environment(settings), capture_output=True, text=True, timeout=60
    )


class Portal:
    """`portal serve` on a free port. What it prints goes to files, so it never waits for a reader."""

    def __init__(self, folder: Path, before: Sequence[str] = (), **settings: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data = Path(str(settings.get("data_directory", folder / "data")))
        self.started_at = time.perf_counter()
        self.trusted: dict[str, dict[str, str]] = {}  # device cookies by the number that signed in
        self.held: set[str] = set()  # tokens that browsers were given, codes and phones they sent
        self.refusals: list[tuple[str, str]] = []  # what browsers asked, and the errors they were given
        self.settings = {"port": 0, "data_directory": self.data, **settings}
        with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
            self.process = subprocess.Popen(
                [*before, PORTAL, "serve"],
                cwd=folder,
                env=environment(self.settings),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    @property
    def stdout(self) -> str:
        return (self.folder / "stdout").read_text(encoding="utf-8")

    @property
    def stderr(self) -> str:
        return (self.folder / "stderr").read_text(encoding="utf-8")

    @property
    def said(self) -> str:
        """All it wrote, save its welcome and, in development, the messages it shows in boxes."""
        lines = self.stdout.partition("/graphql\n")[2].splitlines()
        return "\n".join([*(line for line in lines if not line.startswith(SHOWN)), self.stderr])

    @property
    def url(self) -> str:
        """Where it said that it listens."""
        found = ADDRESS.search(self.stdout)
        assert found is not None, self.stdout + self.stderr
        return f"http://127.0.0.1:{found[1]}"

    def wait_until_it_listens(self) -> Portal:
        """Return once it printed its address; fail with what it said when it ended instead."""
        limit = time.monotonic() + START_SECONDS_MAX
        while ADDRESS.search(self.stdout) is None:
            assert self.process.poll() is None, f"ended: {self.stdout}{self.stderr}"
            assert time.monotonic() < limit, f"no address in time: {self.stdout}{self.stderr}"
            time.sleep(0.01)
        return self

    def tell(self, signal_number: int) -> None:
        self.process.send_signal(signal_number)

    def ended(self) -> int:
        """Wait for its end; the exit code."""
        return self.process.wait(STOP_SECONDS_MAX)

    def stop(self) -> int:
        """As an orchestrator does; the exit code."""
        if self.process.poll() is None:
            self.tell(signal.SIGTERM)
        return self.ended()

    def kill(self) -> None:
        """Leave nothing behind: its workers are in its process group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def messages(self) -> list[dict[str, Any]]:
        """SMS and e-mails that left, oldest first, as development keeps them."""
        kept = self.data / "messages.jsonl"
        lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
        return [json.loads(line) for line in lines]
