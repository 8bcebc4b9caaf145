"""Neighbours that go away while the server serves: what it says then, and that it heals by itself."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import pytest

from feed.sample.demo import DEMO_CODE, DEMO_NUMBER
from tests.journeys.browser import Browser
from tests.journeys.conftest import Serve
from tests.journeys.databases import earlier, query
from tests.journeys.portal import Portal
from tests.journeys.proxy import Proxy
from tests.journeys.test_changing import CHANGE_PHONE, messages
from tests.journeys.test_health import OK, asked

DASHBOARD = "{ customer { firstNames contracts { label operations(first: 3) { nodes { label amount } } } } }"
VERSION = "{ customer { version } }"
CHANGE_ADDRESS = """
mutation($version: Int!, $line: String!) { changed: changeAddress(expectedVersion: $version,
    address: { lines: [$line], postalCode: "29200", city: "Brest" }) { __typename } }
"""
LOG_IN = 'mutation { logIn(identifier: { fileNumber: "X-1234" }) { __typename } }'
UNAVAILABLE = {"code": "SERVICE_UNAVAILABLE", "retryAfterSeconds": 2}
AUDITED = "SELECT count(*) AS found FROM audit_event WHERE kind = 'ADDRESS_CHANGED'"


async def is_refused(browser: Browser, document: str, **variables: Any) -> None:
    """Refused for now, in words a client may read, with nothing but them in the answer."""
    response = await browser.send(document, **variables)
    body = response.json()
    assert [error["extensions"] for error in body["errors"]] == [UNAVAILABLE]
    assert [error["message"] for error in body["errors"]] == ["Temporarily unavailable, try again"]
    assert not [value for value in (body.get("data") or {}).values() if value]
    assert response.headers.get("Retry-After") == (None if body.get("data") else "2")


def through(proxy: Proxy, url: str) -> str:
    """The URL by way of the proxy."""
    parts = urlsplit(url)
    user = f"{parts.username}@" if parts.username else ""
    return parts._replace(netloc=f"{user}127.0.0.1:{proxy.port}").geturl()


def proxy_to(url: str, port: int) -> Proxy:
    parts = urlsplit(url)
    return Proxy(parts.hostname or "127.0.0.1", parts.port or port)


@asynccontextmanager
async def signed_in(portal: Portal) -> AsyncIterator[Browser]:
    async with Browser(portal) as browser:
        assert (await browser.sign_in(DEMO_NUMBER, DEMO_CODE))["__typename"] == "SignedIn"
        yield browser


async def test_a_database_server_that_goes_away_and_comes_back(
    postgres_copy: dict[str, Any], serve: Serve
) -> None:
    with proxy_to(postgres_copy["database_url"], 5432) as proxy:
        portal = serve(**{**postgres_copy, "database_url": through(proxy, postgres_copy["database_url"])})
        async with signed_in(portal) as browser:
            before = await browser.ask(DASHBOARD)
            for _ in range(2):
                proxy.cut()
                await is_refused(browser, DASHBOARD)
                await is_refused(browser, "mutation { signOut { sessionsClosed } }")
                assert (await browser.ask("{ contact { phone } }"))["contact"] == {"phone": "30 26"}
                gone = {"status": "unavailable", "database": "unavailable", "migrations": "unknown"}
                assert asked(portal, "/health/ready") == (503, {**OK, **gone})
                assert asked(portal, "/health/live") == (200, {"status": "ok"})

                proxy.restore()
                assert await browser.ask(DASHBOARD) == before
                assert asked(portal, "/health/ready") == (200, OK)
    assert "Traceback" not in portal.stderr


async def test_a_database_server_that_hangs_holds_nobody_for_long(
    postgres_copy: dict[str, Any], serve: Serve
) -> None:
    with proxy_to(postgres_copy["database_url"], 5432) as proxy:
        url = through(proxy, postgres_copy["database_url"])
        portal = serve(**{**postgres_copy, "database_url": url, "operation_seconds_max": 1})
        async with signed_in(portal) as browser:
            before = await browser.ask(DASHBOARD)
            proxy.stall()
            answer = (await browser.send(DASHBOARD)).json()
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["DEADLINE_EXCEEDED"]
            status, body = await asyncio.to_thread(asked, portal, "/health/ready")
            assert (status, body["database"]) == (503, "unavailable")

            proxy.restore()
            assert await asyncio.gather(*(browser.ask(DASHBOARD) for _ in range(12))) == [before] * 12
            assert asked(portal, "/health/ready") == (200, OK)
    assert "Traceback" not in portal.stderr


async def test_what_was_answered_is_kept_and_the_rest_is_whole_or_absent_when_connections_break(
    postgres_copy: dict[str, Any], serve: Serve
) -> None:
    with proxy_to(postgres_copy["database_url"], 5432) as proxy:
        portal = serve(**{**postgres_copy, "database_url": through(proxy, postgres_copy["database_url"])})
        async with signed_in(portal) as browser:
            start = (await browser.ask(VERSION))["customer"]["version"]
            changed = 0
            for turn in range(6):
                storm = asyncio.create_task(_changes(browser, 20))
                await asyncio.sleep(0.02 * turn)
                proxy.cut()
                changed += await storm
                proxy.restore()
            end = (await browser.ask(VERSION))["customer"]["version"]
    kept = query(postgres_copy["database_url"], AUDITED)[0]["found"]
    assert end - start == kept >= changed > 0


async def _changes(browser: Browser, count: int) -> int:
    """Change the address so many times; how often the answer said so."""
    done = 0
    for number in range(count):
        answer = (await browser.send(VERSION)).json()
        if answer.get("data", {}).get("customer"):
            version = answer["data"]["customer"]["version"]
            response = await browser.send(CHANGE_ADDRESS, version=version, line=f"{number} rue du Port")
            answer = response.json()
        if "errors" in answer:
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["SERVICE_UNAVAILABLE"]
        else:
            done += answer["data"]["changed"]["__typename"] == "AddressChanged"
    return done


async def test_counters_that_are_away_close_the_ways_in_and_leave_reading_open(
    postgres_copy: dict[str, Any], serve: Serve
) -> None:
    with proxy_to(postgres_copy["redis_url"], 6379) as proxy:
        portal = serve(**{**postgres_copy, "redis_url": through(proxy, postgres_copy["redis_url"])})
        async with signed_in(portal) as browser, Browser(portal) as stranger:
            before, sent = await browser.ask(DASHBOARD), messages(portal, since=0, count=2)
            proxy.cut()
            assert await browser.ask(DASHBOARD) == before
            for act in ("logIn", "recoverCode", "connectFirstTime"):
                answer = await stranger.begin(act, DEMO_NUMBER)
                assert (answer["__typename"], answer["retryAfterSeconds"]) == ("TemporarilyUnavailable", 5)
            asked_for = (await browser.ask(CHANGE_PHONE, to="07 30 00 98 78"))["changed"]
            assert asked_for["code"] == "TEMPORARILY_UNAVAILABLE"
            assert portal.messages() == sent
            assert asked(portal, "/health/ready") == (200, {**OK, "rate_limits": "unavailable"})

            proxy.restore()
            assert (await stranger.sign_in(DEMO_NUMBER, DEMO_CODE))["__typename"] == "SignedIn"
            assert asked(portal, "/health/ready") == (200, OK)


async def test_a_file_that_another_process_writes_to_is_read_and_written_again_once_it_is_free(
    sqlite_copy: dict[str, Any], serve: Serve
) -> None:
    url = sqlite_copy["database_url"]
    portal = serve(**{**sqlite_copy, "database_url": f"{url}?busy_timeout=0.2"})
    async with signed_in(portal) as browser, Browser(portal) as stranger:
        before, version = await browser.ask(DASHBOARD), (await browser.ask(VERSION))["customer"]["version"]
        _look_idle(url)
        with closing(sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            assert await browser.ask(DASHBOARD) == before
            await is_refused(browser, CHANGE_ADDRESS, version=version, line="3 rue du Port")
            await is_refused(stranger, LOG_IN)
            assert asked(portal, "/health/ready") == (200, OK)
            other.execute("ROLLBACK")
        assert (await browser.ask(VERSION))["customer"]["version"] == version
        changed = await browser.ask(CHANGE_ADDRESS, version=version, line="3 rue du Port")
        assert changed["changed"]["__typename"] == "AddressChanged"
    assert "Traceback" not in portal.stderr


def _look_idle(url: str) -> None:
    """As if the session had not been used for a minute: the next request wants to write that it was."""
    query(url, f"UPDATE session SET {earlier(url, 'seen_at', seconds=60)}")


SMALL_DISK = 'mount -t tmpfs -o size=24m none "$1" && cp -r "$2"/. "$1" && shift 2 && exec "$@"'


async def test_a_full_disk_loses_nothing_and_is_left_behind(
    sqlite_copy: dict[str, Any], serve: Serve, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    small = ["unshare", "-rm", "sh", "-c", SMALL_DISK, "sh", str(disk), str(sqlite_copy["data_directory"])]
    if os.spawnvp(os.P_WAIT, small[0], [*small, "true"]):
        pytest.skip("no file system of its own can be mounted here (unshare -rm)")
    settings = {"data_directory": disk, "database_url": f"sqlite://{disk}/portal.sqlite3"}
    portal = serve(before=small, **{**sqlite_copy, **settings})
    # The disk is the server's alone.
    portal.data = seen = Path(f"/proc/{portal.process.pid}/root{disk}")
    async with signed_in(portal) as browser:
        start = (await browser.ask(VERSION))["customer"]["version"]
        before = await browser.ask(DASHBOARD)
        _fill(seen / "filler")

        changed = 0
        while (answer := (await _try_change(browser, start + changed)))["data"]:
            changed += 1
            assert changed < 2_000
        assert [error["extensions"] for error in answer["errors"]] == [UNAVAILABLE]
        assert await browser.ask(DASHBOARD) == before
        assert (await browser.ask(VERSION))["customer"]["version"] == start + changed

        (seen / "filler").unlink()
        assert (await _try_change(browser, start + changed))["data"]["changed"]
        for file in seen.glob("portal.sqlite3*"):
            shutil.copyfile(file, tmp_path / file.name)
    assert query(f"sqlite://{tmp_path}/portal.sqlite3", AUDITED) == [{"found": changed + 1}]
    assert "Traceback" not in portal.stderr


def _fill(file: Path) -> None:
    """Write until there is no space left, first much at a time, then little."""
    with file.open("wb", buffering=0) as filler:
        for size in (1 << 20, 4096):
            with pytest.raises(OSError, match="No space left"):
                _write_for_ever(filler, b"x" * size)


def _write_for_ever(filler: BinaryIO, block: bytes) -> None:
    while True:
        filler.write(block)


async def _try_change(browser: Browser, version: int) -> dict[str, Any]:
    answer: dict[str, Any] = (await browser.send(CHANGE_ADDRESS, version=version, line="1 rue")).json()
    return {"data": None, **answer}
