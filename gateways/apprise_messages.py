"""SMS and e-mails through Apprise, which speaks to some 170 services, each by one URL."""

from __future__ import annotations

import asyncio
import re
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from domain.channels import Channel
from gateways.messages import Message, NotNow, Refused, check

# What a service answers about the message itself. 401, 404 or 429 are about us or about now.
REFUSAL_STATUSES = frozenset({"400", "410", "413", "422"})
STATUS = re.compile(r"\berror=(\d{3})\b")
SENDING_MAX = 4  # threads that send at once, so that a wait for a thread is no wait for the service
SAMPLES = {Channel.SMS: "+33600000000", Channel.EMAIL: "someone@example.com"}


class UnknownService(Exception):
    """Apprise knows no service by that URL. Holds the channel, never the URL."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        super().__init__(f"Apprise knows no service by the URL given for {channel}")


class AppriseMessages:
    """Sends through the two URLs, in which `{to}` stands for the recipient and `{id}` for the message's id.

    A service that takes an idempotency key sees a repetition by it, as in
    `jsons://host/path?+Idempotency-Key={id}&:to={to}`.
    """

    def __init__(self, sms_url: str, email_url: str, *, seconds_max: float = 10) -> None:
        # Imported here: it takes a fifth of a second, and development does without.
        with warnings.catch_warnings():
            # One of its plugins imports `imghdr`, deprecated since Python 3.11.
            warnings.simplefilter("ignore", DeprecationWarning)
            import apprise

            self._apprise = apprise
            self._asset = apprise.AppriseAsset(app_id="Portal", app_desc="Portal", storage_mode="memory")
            self._urls = {Channel.SMS: sms_url, Channel.EMAIL: email_url}
            self._seconds_max = seconds_max
            self._turns = asyncio.Semaphore(SENDING_MAX)
            for channel, sample in SAMPLES.items():
                if self._service(channel, sample, "0") is None:
                    raise UnknownService(channel)

    async def send(self, message: Message) -> None:
        """Send it. What the service says of it decides between `NotNow` and `Refused`."""
        check(message)
        service = self._service(message.channel, message.to, message.id)
        if service is None:
            raise Refused("the service does not take this address")
        apprise = self._apprise.Apprise(services=[service], asset=self._asset)
        async with self._turns:
            result = await apprise.async_notify(
                body=message.body,
                title=message.subject if message.channel is Channel.EMAIL else "",
                body_format=self._apprise.NotifyFormat.TEXT,
                timeout=2 * self._seconds_max,
            )
        with result:
            if not result:
                raise self._failure(result)

    def _service(self, channel: Channel, to: str, id: str) -> Any:
        url = self._urls[channel].replace("{to}", quote(to, safe="")).replace("{id}", id)
        service = self._apprise.Apprise.instantiate(url, asset=self._asset)
        if service is not None:
            # Apprise gives up after four seconds by itself, and what it gave up may have been sent.
            service.socket_connect_timeout = service.socket_read_timeout = self._seconds_max
        return service

    def _failure(self, result: Any) -> NotNow | Refused:
        statuses = set(_statuses(result))
        if statuses & REFUSAL_STATUSES:
            return Refused(f"the service answered {min(statuses & REFUSAL_STATUSES)}")
        if statuses:
            return NotNow(f"the service answered {min(statuses)}")
        return NotNow(f"the service could not be reached, or did not answer in {self._seconds_max:g} seconds")


def _statuses(result: Any) -> Iterator[str]:
    # Plugins say the HTTP status only in what they log, all in these words.
    for entry in result.logs():
        yield from STATUS.findall(entry.message)
