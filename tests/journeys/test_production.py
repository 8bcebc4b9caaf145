"""What changes with PORTAL_ENV=production, and several workers on one database and one Redis."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from feed.sample.demo import DEMO_CODE, DEMO_NUMBER
from tests.gateways.conftest import Service
from tests.journeys.browser import FAST, Browser, manifest, texts_of
from tests.journeys.conftest import Serve, on_sqlite
from tests.journeys.databases import Filled, copied, query
from tests.journeys.portal import run
from tests.journeys.test_changing import CHANGE_PHONE
from tests.journeys.test_reading import DASHBOARD

WHO = "{ customer { firstNames } }"
SIGN_OUT = "mutation { signOut { sessionsClosed } }"
LOG_IN = 'mutation { step: logIn(identifier: { fileNumber: "AB-1234-56789" }) { __typename } }'


def test_production_tells_all_that_is_missing_in_one_message(tmp_path: Path) -> None:
    done = run("serve", cwd=tmp_path, env="production", workers=2, prot=1)
    head, *mistakes = done.stderr.splitlines()
    assert (done.returncode, done.stdout, head) == (2, "", "7 settings are wrong:")
    assert [mistake.split()[0] for mistake in mistakes] == [
        "PORTAL_DATABASE_URL",
        "PORTAL_EMAIL_URL",
        "PORTAL_PEPPERS",
        "PORTAL_PROT",
        "PORTAL_PUBLIC_URL",
        "PORTAL_REDIS_URL",
        "PORTAL_SMS_URL",
    ]
    assert list(tmp_path.iterdir()) == []


@on_sqlite
async def test_production_shows_no_tools_binds_its_cookie_to_https_and_knows_its_origins(
    copy: dict[str, Any], production: dict[str, Any], service: Service, serve: Serve, tmp_path: Path
) -> None:
    asked = manifest(tmp_path, WHO, SIGN_OUT)
    portal = serve(**{**copy, **production, **asked, "allowed_origins": "https://shop.example"})
    async with Browser(portal, texts=texts_of(service)) as browser:
        page = await browser.http.get("/graphql", headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["content-type"]) == (406, "application/json; charset=utf-8")
        assert (await browser.http.get("/graphql/assets/graphiql.js")).status_code == 404
        assert (await browser.sign_in(DEMO_NUMBER, DEMO_CODE))["__typename"] == "SignedIn"
        given = [cookie.split("; ") for cookie in browser.set_cookies]
        names = [pair.partition("=")[0] for pair, *_ in given]
        assert names == ["__Host-device", "__Host-device", "__Host-session"], "known, then trusted"
        for name, (_, *attributes) in zip(names, given, strict=True):
            seconds = 400 * 86_400 if name == "__Host-device" else 43_200
            assert sorted(a.casefold() for a in attributes) == sorted(
                ["httponly", f"max-age={seconds}", "path=/", "samesite=strict", "secure"]
            )
        assert await browser.ask(WHO) == {"customer": {"firstNames": "Camille"}}
        await browser.ask(SIGN_OUT)
        assert await browser.ask(WHO) == {"customer": None}
    for origin, status in (("https://shop.example", 200), ("https://evil.example", 403)):
        answer = httpx.post(f"{portal.url}/graphql", json={"query": WHO}, headers={"Origin": origin}, **FAST)
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        assert (answer.status_code, allowed) == (status, origin if status == 200 else None)
    assert "Demo" not in portal.stdout


@on_sqlite
@pytest.mark.parametrize(("trusted", "throttled"), [("127.0.0.0/8", False), ("", True)])
async def test_the_address_of_a_client_is_taken_from_trusted_proxies_only(
    trusted: str, throttled: bool, copy: dict[str, Any], serve: Serve
) -> None:
    portal = serve(**{**copy, "trusted_proxies": trusted, "access_flows_of_address_max": 2})
    seen = []
    for last in range(4):
        forwarded = {"X-Forwarded-For": f"203.0.113.250, 198.51.100.{last}"}
        async with Browser(portal, headers=forwarded) as browser:
            seen.append((await browser.ask(LOG_IN))["step"]["__typename"])
    assert seen[:2] == ["KeypadStep"] * 2
    assert seen[2:] == (["Throttled"] if throttled else ["KeypadStep"]) * 2
    forged = {"X-Forwarded-For": "203.0.113.250, 198.51.100.7"}
    async with Browser(portal, headers=forged) as browser:
        last_one = [(await browser.ask(LOG_IN))["step"]["__typename"] for _ in range(3)]
    assert last_one[-1] == "Throttled"


async def test_two_workers_share_sessions_limits_and_the_outbox(
    postgres_filled: Filled, service: Service, serve: Serve, tmp_path: Path
) -> None:
    with copied(postgres_filled, tmp_path / "postgres") as copy:
        services = {"sms_url": service.url, "email_url": service.url}
        portal = serve(**{**copy, **services, "workers": 2, "deliveries_batch_max": 2})
        async with Browser(portal, texts=texts_of(service)) as browser:
            assert (await browser.sign_in(DEMO_NUMBER, DEMO_CODE))["__typename"] == "SignedIn"
            clients = [Browser(portal, cookie=browser.cookie) for _ in range(12)]
            try:
                answers = await asyncio.gather(*(client.ask(DASHBOARD) for client in clients))
                assert answers == [answers[0]] * 12
                asked = [
                    client.ask(CHANGE_PHONE, to=f"07 30 00 98 {n}") for n, client in enumerate(clients, 20)
                ]
                outcomes = Counter(answer["changed"]["__typename"] for answer in await asyncio.gather(*asked))
            finally:
                await asyncio.gather(*(client.http.aclose() for client in clients))
        assert outcomes == {"ConfirmationSent": 5, "Throttled": 7}

        portal.tell(signal.SIGTERM)
        assert portal.ended() == 0
        sent = [request["id"] for request in service.requests]
        assert len(set(sent)) == len(sent) == 17  # two of them of the sign-in
        states = query(copy["database_url"], "SELECT state, count(*) AS found FROM delivery GROUP BY state")
        assert states == [{"state": "SENT", "found": 17}]
    assert "Traceback" not in portal.stderr
