"""How a message travels to a customer."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """SMS to a phone number in E.164, or e-mail to an address."""

    SMS = "SMS"
    EMAIL = "EMAIL"
