"""SMS and e-mails on their way out: what a message is, and the two ways it can fail."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Protocol

from domain.channels import Channel

PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`|~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
EMAIL_LENGTH_MAX = 254


@dataclass(frozen=True, slots=True)
class Message:
    """One text for one person. `id` is the same at each try, so that a service can see a repetition."""

    id: str
    channel: Channel
    to: str = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)


class NotNow(Exception):
    """The service did not take the message: try again later."""


class Refused(Exception):
    """The message can never be sent as it is."""


class Messages(Protocol):
    """Sends one message. Returns once the service has taken it, or raises `NotNow` or `Refused`."""

    async def send(self, message: Message) -> None:
        """Send it, once."""


class MemoryMessages:
    """Keeps messages in a list."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    async def send(self, message: Message) -> None:
        """Keep it."""
        check(message)
        self.sent.append(message)


def check(message: Message) -> None:
    """Refuse what could reach somebody else, or several, or nobody."""
    shape = PHONE if message.channel is Channel.SMS else EMAIL
    if not shape.fullmatch(message.to) or len(message.to) > EMAIL_LENGTH_MAX:
        raise Refused("the address is malformed")
    if not message.body.strip():
        raise Refused("the text is empty")
    if any(ord(character) < ord(" ") for character in message.subject):
        raise Refused("the subject has control characters")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", message.id):
        raise Refused("the id is malformed")
