"""One suite for every way a message leaves."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from domain.channels import Channel
from gateways.apprise_messages import AppriseMessages
from gateways.messages import MemoryMessages, Message, Messages, Refused
from gateways.terminal_messages import TerminalMessages, read_messages

pytestmark = pytest.mark.anyio

CODE = Message(
    "m1", Channel.SMS, "+33612345678", "", "Votre code n° 7F :\n123456 — <valable> 10 min & c'est tout 🔑"
)
LETTER = Message(
    "m2", Channel.EMAIL, "camille+portail@example.fr", "Été : relevé n° 3", "Bonjour,\n\nÀ bientôt."
)


class Arrival(NamedTuple):
    id: str
    to: str
    body: str


class Line(NamedTuple):
    """A gateway, and what came out at its other end."""

    messages: Messages
    arrived: Callable[[], list[Arrival]]


@pytest.fixture(params=["memory", "terminal", "apprise"])
def line(request: pytest.FixtureRequest, tmp_path: Path) -> Line:
    if request.param == "memory":
        memory = MemoryMessages()
        return Line(memory, lambda: [Arrival(m.id, m.to, m.body) for m in memory.sent])
    if request.param == "terminal":
        terminal = TerminalMessages(tmp_path, io.StringIO())
        return Line(terminal, lambda: [Arrival(m.id, m.to, m.body) for m in read_messages(tmp_path)])
    service: Any = request.getfixturevalue("service")
    apprise = AppriseMessages(service.url, service.url)
    return Line(apprise, lambda: [Arrival(r["id"], r["to"], r["message"]) for r in service.requests])


@pytest.mark.parametrize("message", [CODE, LETTER], ids=["sms", "e-mail"])
async def test_text_and_recipient_arrive_unchanged_with_the_id(line: Line, message: Message) -> None:
    await line.messages.send(message)

    assert line.arrived() == [Arrival(message.id, message.to, message.body)]


async def test_parallel_messages_arrive_once_each(line: Line) -> None:
    messages = [Message(f"m{n}", Channel.SMS, f"+3360000{n:04}", "", f"code {n}") for n in range(20)]

    await asyncio.gather(*[line.messages.send(message) for message in messages])

    assert sorted(line.arrived()) == sorted(Arrival(m.id, m.to, m.body) for m in messages)


@pytest.mark.parametrize(
    ("_case", "message", "reason"),
    [
        ("two numbers", Message("m", Channel.SMS, "+33612345678,+33612345679", "", "x"), "address"),
        ("national number", Message("m", Channel.SMS, "0612345678", "", "x"), "address"),
        ("no number", Message("m", Channel.SMS, "", "", "x"), "address"),
        ("two addresses", Message("m", Channel.EMAIL, "a@example.fr,b@example.fr", "s", "x"), "address"),
        ("header", Message("m", Channel.EMAIL, "a@example.fr\nBcc: b@example.fr", "s", "x"), "address"),
        ("number by e-mail", Message("m", Channel.EMAIL, "+33612345678", "s", "x"), "address"),
        ("subject in lines", Message("m", Channel.EMAIL, "a@example.fr", "s\r\nBcc: b@c.fr", "x"), "subject"),
        ("nothing to say", Message("m", Channel.SMS, "+33612345678", "", " \n"), "text"),
        ("id that is a URL", Message("m&:to=b", Channel.SMS, "+33612345678", "", "x"), "id"),
    ],
)
async def test_what_could_reach_somebody_else_is_refused(
    line: Line, _case: str, message: Message, reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        await line.messages.send(message)

    assert line.arrived() == []


def test_a_message_that_is_printed_by_mistake_shows_no_one() -> None:
    assert repr(CODE) == "Message(id='m1', channel=<Channel.SMS: 'SMS'>)"
