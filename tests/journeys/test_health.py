"""What an orchestrator asks: does it live, is it ready; and how it starts and stops."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
from typing import Any

import httpx
import pytest

from feed.sample.demo import DEMO_CODE, DEMO_NUMBER
from tests.journeys.browser import FAST, Browser
from tests.journeys.conftest import Serve, on_sqlite
from tests.journeys.databases import query
from tests.journeys.portal import Portal
from tests.journeys.test_changing import CHANGE_PHONE, code_in, messages

OK = {"status": "ok", "database": "ok", "migrations": "ok", "rate_limits": "ok"}


def asked(portal: Portal, path: str) -> tuple[int, Any]:
    answer = httpx.get(f"{portal.url}{path}", **FAST)
    return answer.status_code, answer.json()


def test_a_server_on_a_filled_database_lives_and_is_ready(shared_portal: Portal) -> None:
    assert asked(shared_portal, "/health/live") == (200, {"status": "ok"})
    assert asked(shared_portal, "/health/ready") == (200, OK)


def test_what_has_no_route_is_refused_in_the_shape_of_every_refusal(shared_portal: Portal) -> None:
    status, body = asked(shared_portal, "/nothing")
    assert (status, body["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")


def test_a_server_whose_database_lacks_a_migration_lives_and_is_not_ready(shared_portal: Portal) -> None:
    url = shared_portal.settings["database_url"]
    query(url, "UPDATE tortoise_migrations SET name = '-' || name")
    try:
        status, told = asked(shared_portal, "/health/ready")
        assert asked(shared_portal, "/health/live") == (200, {"status": "ok"})
    finally:
        query(url, "UPDATE tortoise_migrations SET name = substr(name, 2)")
    assert re.fullmatch(r"[1-9] pending: run `portal migrate`", told.pop("migrations"))
    assert (status, told) == (503, {"status": "unavailable", "database": "ok", "rate_limits": "ok"})
    assert asked(shared_portal, "/health/ready") == (200, OK)


async def test_a_server_that_is_told_to_stop_answers_what_runs_and_sends_what_waits(
    copy: dict[str, Any], serve: Serve
) -> None:
    """Four wrong codes take a digest each, one after the other: they still run when the signal comes."""
    number = signal.SIGTERM if "sqlite" in copy["database_url"] else signal.SIGINT
    portal = serve(**{**copy, "digest_memory_kib": 65_536, "digest_passes": 2, "digest_threads_max": 1})
    async with Browser(portal) as browser:
        await browser.sign_in(DEMO_NUMBER, DEMO_CODE)
        of_the_sign_in = messages(portal, since=0, count=2)
        steps = [await browser.begin("logIn", f"3060000000000001{last}") for last in range(4)]
        running = [asyncio.create_task(browser.enter_code(step, "135791")) for step in steps]
        change = (await browser.ask(CHANGE_PHONE, to="07 30 00 98 77"))["changed"]
        assert change["__typename"] == "ConfirmationSent"

        portal.tell(number)
        assert not all(task.done() for task in running)

        answers = await asyncio.gather(*running)
    assert [answer["__typename"] for answer in answers] == ["WrongCredentials"] * 4
    assert portal.ended() == 0
    assert "Traceback" not in portal.stderr
    sent = portal.messages()[len(of_the_sign_in) :]
    assert len(sent) == 3
    assert code_in(next(message for message in sent if message["to"].endswith("9877")))
    waiting = query(copy["database_url"], "SELECT count(*) AS found FROM delivery WHERE state = 'WAITING'")
    assert waiting == [{"found": 0}]
    with pytest.raises(httpx.ConnectError):
        asked(portal, "/health/live")


@on_sqlite
def test_a_request_that_outlives_the_wait_is_told_that_the_server_stops(
    copy: dict[str, Any], serve: Serve
) -> None:
    portal = serve(**copy, shutdown_seconds_max=1)
    host, port = portal.url.removeprefix("http://").split(":")
    head = (
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=20) as slow:
        slow.sendall(head + b'{"query":')
        assert asked(portal, "/health/live")[0] == 200  # so the slow one is being read, too
        portal.tell(signal.SIGTERM)
        answer = slow.makefile("rb").read()
    status, _, body = answer.partition(b"\r\n")
    assert status == b"HTTP/1.1 503 Service Unavailable"
    error = json.loads(body.partition(b"\r\n\r\n")[2])["errors"][0]
    assert error["message"] == "The server is stopping, try again"
    assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE", "retryAfterSeconds": 2}
    assert portal.ended() == 0
