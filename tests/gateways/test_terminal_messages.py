from __future__ import annotations

import io
import os
import resource
from pathlib import Path

import pytest

from domain.channels import Channel
from gateways.messages import Message, NotNow
from gateways.terminal_messages import BYTES_MAX, FILE, KEPT_MAX, TerminalMessages, read_messages

pytestmark = pytest.mark.anyio


def sms(body: str, id: str = "m") -> Message:
    return Message(id, Channel.SMS, "+33612345678", "", body)


async def test_text_is_shown_in_a_box(tmp_path: Path) -> None:
    out = io.StringIO()

    await TerminalMessages(tmp_path, out).send(
        Message("m", Channel.EMAIL, "camille@example.fr", "Votre relevé", "Bonjour,\nil est là.")
    )

    assert out.getvalue().splitlines() == [
        "┌─ EMAIL to camille@example.fr ────────────────────────────────────────────┐",
        "│ Votre relevé                                                             │",
        "│                                                                          │",
        "│ Bonjour,                                                                 │",
        "│ il est là.                                                               │",
        "└──────────────────────────────────────────────────────────────────────────┘",
    ]


async def test_long_lines_stay_in_the_box_and_no_text_steers_the_terminal(tmp_path: Path) -> None:
    out = io.StringIO()

    await TerminalMessages(tmp_path, out).send(sms("\x1b[2J" + "mot " * 60 + "a" * 200))

    assert {len(line) for line in out.getvalue().splitlines()} == {76}
    assert "\x1b" not in out.getvalue()


async def test_nobody_else_on_the_machine_reads_the_file(tmp_path: Path) -> None:
    await TerminalMessages(tmp_path / "new", io.StringIO()).send(sms("123456"))

    assert (tmp_path / "new" / FILE).stat().st_mode & 0o777 == 0o600


async def test_the_file_keeps_the_last_hundreds(tmp_path: Path) -> None:
    messages = TerminalMessages(tmp_path, io.StringIO())
    count = BYTES_MAX // 2_000 + KEPT_MAX

    for n in range(count):
        await messages.send(sms("x" * 2_000, f"m{n}"))

    kept = [message.id for message in read_messages(tmp_path)]
    assert KEPT_MAX <= len(kept) < count
    assert kept == [f"m{n}" for n in range(count - len(kept), count)]
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == [FILE]


async def test_a_torn_line_loses_only_itself(tmp_path: Path) -> None:
    messages = TerminalMessages(tmp_path, io.StringIO())
    await messages.send(sms("first"))
    with (tmp_path / FILE).open("a") as file:
        file.write('{"id": "half\n[]\n')
    await messages.send(sms("last"))

    assert [message.body for message in read_messages(tmp_path)] == ["first", "last"]


def test_nothing_was_sent_yet(tmp_path: Path) -> None:
    assert read_messages(tmp_path / "absent") == []


async def test_a_folder_that_cannot_be_written_means_later_and_shows_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    out = io.StringIO()

    with pytest.raises(NotNow, match="messages.jsonl cannot be written"):
        await TerminalMessages(tmp_path / "file", out).send(sms("123456"))

    assert out.getvalue() == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
async def test_a_full_disk_means_later(tmp_path: Path) -> None:
    (tmp_path / FILE).symlink_to("/dev/full")

    with pytest.raises(NotNow, match="No space left on device"):
        await TerminalMessages(tmp_path, io.StringIO()).send(sms("123456"))


async def test_a_message_cut_short_leaves_no_half_line(tmp_path: Path) -> None:
    messages = TerminalMessages(tmp_path, io.StringIO())
    await messages.send(sms("first"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / FILE).stat().st_size + 10, before[1]))
    try:
        with pytest.raises(NotNow):
            await messages.send(sms("second"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    await messages.send(sms("third"))

    assert [message.body for message in read_messages(tmp_path)] == ["first", "third"]


async def test_a_closed_terminal_loses_no_message(tmp_path: Path) -> None:
    out = io.StringIO()
    out.close()

    await TerminalMessages(tmp_path, out).send(sms("123456"))

    assert [message.body for message in read_messages(tmp_path)] == ["123456"]
