"""Messages on a developer's machine: shown in the terminal, kept in a file for tests and the demo login."""

from __future__ import annotations

import errno
import json
import os
import sys
import textwrap
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from anyio import to_thread

from domain.channels import Channel
from gateways.messages import Message, NotNow, check

FILE = "messages.jsonl"
KEPT_MAX = 500
BYTES_MAX = 1_000_000
WIDTH = 76


class TerminalMessages:
    """Prints each message in a box and appends it to `messages.jsonl`, which keeps the last hundreds."""

    def __init__(self, folder: Path, out: TextIO | None = None) -> None:
        self._folder = folder
        self._out = out

    async def send(self, message: Message) -> None:
        """Keep it, then show it. A full disk is `NotNow`."""
        check(message)
        try:
            await to_thread.run_sync(_keep, self._folder, message)
        except OSError as error:
            raise NotNow(f"{FILE} cannot be written: {error.strerror}") from error
        # A terminal that is gone loses the picture, not the message.
        with suppress(OSError, ValueError):
            print(box(message), file=self._out or sys.stdout, flush=True)


def read_messages(folder: Path) -> list[Message]:
    """The messages kept in the folder, oldest first. A line cut short by a crash is left out."""
    path = folder / FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [message for message in map(_message, lines) if message is not None]


def box(message: Message) -> str:
    """The message as it is shown: nothing in it can steer the terminal."""
    title = f" {message.channel} to {message.to} "
    lines = [message.subject, ""] if message.subject else []
    for line in message.body.splitlines():
        lines += textwrap.wrap(line, WIDTH - 4) or [""]
    inside = [f"│ {_printable(line):<{WIDTH - 4}} │" for line in lines]
    return "\n".join([f"┌─{_printable(title):─<{WIDTH - 3}}┐", *inside, f"└{'─' * (WIDTH - 2)}┘"])


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)


def _keep(folder: Path, message: Message) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    line = json.dumps(asdict(message)).encode() + b"\n"
    # One write at the end of the file: two processes do not mix their lines.
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        before = os.fstat(handle).st_size
        if os.write(handle, line) < len(line):
            os.ftruncate(handle, before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(handle)
    if before > BYTES_MAX:
        _shorten(path)


def _shorten(path: Path) -> None:
    last = path.read_bytes().splitlines(keepends=True)[-KEPT_MAX:]
    aside = path.with_suffix(f".{os.getpid()}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.writelines(last)
    aside.replace(path)


def _message(line: str) -> Message | None:
    try:
        fields = json.loads(line)
        return Message(**{**fields, "channel": Channel(fields["channel"])})
    except (ValueError, KeyError, TypeError):
        return None
