from __future__ import annotations

import asyncio
import io
import logging
import socket
import socketserver
import threading
from dataclasses import replace
from typing import Any

import pytest

from domain.channels import Channel
from gateways.apprise_messages import SENDING_MAX, AppriseMessages, UnknownService
from gateways.messages import Message, NotNow, Refused

pytestmark = pytest.mark.anyio

SMS = Message("m1", Channel.SMS, "+33612345678", "not for SMS", "Votre code : 123456")


async def test_sms_has_no_title_and_e_mail_has_its_subject(service: Any) -> None:
    messages = AppriseMessages(service.url, service.url)

    await messages.send(SMS)
    await messages.send(Message("m2", Channel.EMAIL, "camille@example.fr", "Bonjour", "Texte"))

    assert [request["title"] for request in service.requests] == ["", "Bonjour"]


async def test_each_channel_has_its_own_url(service: Any) -> None:
    messages = AppriseMessages(service.url.replace("/{to}", "/sms"), service.url.replace("/{to}", "/email"))

    await messages.send(SMS)
    await messages.send(Message("m2", Channel.EMAIL, "camille@example.fr", "Bonjour", "Texte"))

    assert [request["path"] for request in service.requests] == ["/sms", "/email"]


@pytest.mark.parametrize("status", [400, 410, 413, 422])
async def test_an_answer_about_the_message_is_final(service: Any, status: int) -> None:
    service.status = status

    with pytest.raises(Refused, match=f"^the service answered {status}$"):
        await AppriseMessages(service.url, service.url).send(SMS)


@pytest.mark.parametrize("status", [401, 403, 404, 408, 429, 500, 503])
async def test_an_answer_about_us_or_about_now_means_later(service: Any, status: int) -> None:
    service.status = status

    with pytest.raises(NotNow, match=f"^the service answered {status}$"):
        await AppriseMessages(service.url, service.url).send(SMS)


async def test_a_silent_service_means_later(service: Any) -> None:
    service.may_answer.clear()

    with pytest.raises(NotNow, match="did not answer in 0.2 seconds"):
        await AppriseMessages(service.url, service.url, seconds_max=0.2).send(SMS)


async def test_many_at_once_to_a_slow_service_are_each_sent_once(service: Any) -> None:
    service.may_answer.clear()
    messages = AppriseMessages(service.url, service.url, seconds_max=5)
    sending = [
        asyncio.create_task(messages.send(replace(SMS, id=str(number)))) for number in range(3 * SENDING_MAX)
    ]
    while len(service.requests) < SENDING_MAX:
        await asyncio.sleep(0.02)
    service.may_answer.set()
    await asyncio.gather(*sending)

    assert sorted(int(request["id"]) for request in service.requests) == list(range(3 * SENDING_MAX))


async def test_a_service_that_is_down_means_later() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"json://127.0.0.1:{closed.getsockname()[1]}/{{to}}"

        with pytest.raises(NotNow, match="could not be reached"):
            await AppriseMessages(url, url).send(SMS)


async def test_a_slow_service_holds_up_nobody_else(service: Any) -> None:
    service.may_answer.clear()
    sending = asyncio.create_task(AppriseMessages(service.url, service.url).send(SMS))
    while not service.requests:
        await asyncio.sleep(0.01)

    assert not sending.done()
    service.may_answer.set()
    await sending


@pytest.mark.parametrize(
    ("sms", "email", "channel"),
    [
        ("nosuch://key-of-ours@host/{to}", "json://host/{to}", Channel.SMS),
        ("json://host/{to}", "mailto://{to}", Channel.EMAIL),
    ],
)
def test_a_url_that_leads_nowhere_is_refused_at_start_and_never_repeated(
    sms: str, email: str, channel: Channel
) -> None:
    with pytest.raises(UnknownService) as caught:
        AppriseMessages(sms, email)

    assert caught.value.channel is channel
    assert "key-of-ours" not in str(caught.value)


async def test_neither_the_url_nor_the_recipient_is_logged(service: Any) -> None:
    service.status = 500
    url = service.url.replace("json://", "json://user:key-of-ours@")
    messages = AppriseMessages(url, url)
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logging.getLogger("apprise").addHandler(handler)
    try:
        with pytest.raises(NotNow) as caught:
            await messages.send(SMS)
    finally:
        logging.getLogger("apprise").removeHandler(handler)

    assert "500" in written.getvalue()
    for secret in ("key-of-ours", "33612345678", "123456"):
        assert secret not in written.getvalue() + str(caught.value)


class _Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as one letter needs."""

    def handle(self) -> None:
        letters: list[str] = self.server.letters  # type: ignore[attr-defined]
        self.wfile.write(b"220 ready\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                text = b""
                while not text.endswith(b"\r\n.\r\n"):
                    text += self.rfile.readline()
                letters.append(text.decode())
            elif word == b"RCPT":
                letters.append(line.decode().strip())
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")


async def test_e_mail_goes_to_the_one_recipient_over_smtp() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mail) as server:
        server.letters = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        url = (
            f"mailto://127.0.0.1:{server.server_address[1]}?from=portail@example.com&to={{to}}&mode=insecure"
        )
        try:
            await AppriseMessages(url, url).send(
                Message("m", Channel.EMAIL, "camille+x@example.fr", "Relevé", "Bonjour\n<Camille> & co")
            )
        finally:
            server.shutdown()
            thread.join()
        recipient, letter = server.letters  # type: ignore[attr-defined]

    assert recipient.lower() == "rcpt to:<camille+x@example.fr>"
    assert "\r\nTo: camille+x@example.fr\r\n" in letter
    assert "\r\nSubject: =?utf-8?q?Relev=C3=A9?=\r\n" in letter
    assert letter.endswith("\r\n\r\nBonjour\r\n<Camille> & co\r\n.\r\n")
