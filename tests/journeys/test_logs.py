"""What the server writes while customers are served: JSON, a request id, and nothing of anybody."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.folding import folded
from feed.sample.customers import SampleCustomer
from feed.sample.demo import DEMO_CODE, DEMO_NUMBER
from tests.gateways.conftest import Service
from tests.journeys.browser import Browser, manifest, texts_of
from tests.journeys.conftest import Serve, servers
from tests.journeys.databases import query
from tests.journeys.personal import (
    dialled,
    looked_for,
    of_the_cast,
    sample_customer,
    spilled,
    spilled_by,
)
from tests.journeys.portal import Portal
from tests.journeys.test_changing import CHANGE_EMAIL, CHANGE_PHONE, CONFIRM, NEW_CODE
from tests.journeys.test_reading import DASHBOARD, OPERATIONS
from tests.journeys.test_troubles import CHANGE_ADDRESS

NEW_PHONE, NEW_EMAIL = "+33730009879", "nouvelle.adresse@example.org"
VERSION = "{ customer { version } }"
STREET = "9 rue Introuvable"


async def test_nothing_of_a_customer_is_ever_logged(
    copy: dict[str, Any], production: dict[str, Any], service: Service, serve: Serve, tmp_path: Path
) -> None:
    asked = manifest(
        tmp_path, DASHBOARD, OPERATIONS, VERSION, CHANGE_ADDRESS, CHANGE_PHONE, CHANGE_EMAIL, CONFIRM
    )
    logs = {"log_level": "debug", "log_format": "json"}
    portal = serve(**{**copy, **production, **asked, **logs})
    async with Browser(portal, texts=texts_of(service)) as browser:
        secrets = await _signs_in_and_changes_everything(browser, service)
        await _recovers_a_code(browser, sample_customer("Kervoëlen"))
        await _asks_badly(browser)
        if "sqlite" not in copy["database_url"]:
            await _loses_the_database(browser, copy["database_url"])
        request_ids = browser.request_ids
    assert portal.stop() == 0
    # Where documents are free, those that are wrong are parsed and validated, and their faults are told.
    free = serve(**{**copy, **logs})
    async with Browser(free, cookie=browser.cookie) as browser:
        await _asks_badly(browser)
    assert free.stop() == 0
    assert spilled_by(free) == []

    portal.held |= secrets | {NEW_CODE, NEW_EMAIL, STREET}
    assert (len(portal.held) > 25, len(of_the_cast()) > 900) == (True, True)
    assert spilled_by(portal) == []
    lines = [json.loads(line) for line in portal.said.splitlines() if line]
    answered = {line["request_id"]: line for line in lines if line["event"] == "answered"}
    assert answered.keys() >= set(request_ids)
    assert len(request_ids) > 20
    assert {line["route"] for line in answered.values()} == {"/graphql", "other"}
    assert all(re.fullmatch(r"[0-9a-f]{16}", request_id) for request_id in answered)
    assert [line for line in lines if line["event"] == "message sent"]


async def _signs_in_and_changes_everything(browser: Browser, service: Service) -> set[str]:
    step = await browser.begin("logIn", DEMO_NUMBER)
    refused = await browser.enter_code(step, "975310")
    step = await browser.enter_code(refused["next"], DEMO_CODE)
    signed_in = await browser.enter_sms_code(step, await browser.sms_code(step))
    assert signed_in["__typename"] == "SignedIn"
    await browser.ask(DASHBOARD)
    await browser.ask(OPERATIONS, first=100)
    version = (await browser.ask(VERSION))["customer"]["version"]
    await browser.ask(CHANGE_ADDRESS, version=version, line=STREET)
    found = {"975310"}
    for act, to in ((CHANGE_PHONE, NEW_PHONE), (CHANGE_EMAIL, NEW_EMAIL)):
        change = (await browser.ask(act, to=to))["changed"]["change"]
        code = _code_sent(service, to)
        assert (await browser.ask(CONFIRM, id=change["id"], code=code))["changed"][
            "__typename"
        ] == "ContactChanged"
        found |= {code, change["id"], change["masked"]}
    return found | dialled(NEW_PHONE)


async def _recovers_a_code(browser: Browser, one: SampleCustomer) -> None:
    assert one.row.phone is not None
    step = await browser.begin("recoverCode", one.sign_in_numbers[1])
    step = await browser.confirm_phone(step, one.row.phone)
    chosen = await browser.choose_code(
        await browser.enter_sms_code(step, await browser.sms_code(step)), NEW_CODE
    )
    assert chosen["__typename"] == "SignedIn"


def _code_sent(service: Service, to: str) -> str:
    """The last code that the service was given for a phone or an address."""
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        bodies = [text.body for text in texts_of(service)() if text.to == to]
        if codes := re.findall(r"code (\d{6})", " ".join(bodies)):
            return str(codes[-1])
        time.sleep(0.01)
    raise AssertionError(f"no code for {to} in {service.requests}")


async def _asks_badly(browser: Browser) -> None:
    """What a client may get wrong, with personal values in every place where one can be put."""
    number, email = DEMO_NUMBER, "camille.lefevre@example.fr"
    for document, variables in (
        ("{ customer { firstNames", {}),
        (f'{{ node(id: "{number}") {{ id }} }}', {}),
        ("query($id: ID!) { node(id: $id) { id } }", {"id": {"number": number}}),
        (f'mutation {{ requestEmailChange(email: "{email}" ', {}),
        (f"{{ {email.partition('.')[0]}{number} }}", {}),
        ("mutation($first: Int) { signOut { sessionsClosed } }", {"first": number}),
    ):
        response = await browser.send(document, **variables)
        assert "errors" in response.json()
    for path in (f"/{number}?phone=0612345678", f"/graphql?query={{{number}}}&email={email}"):
        assert (await browser.http.get(path)).status_code in (200, 400, 404)
    broken = await browser.http.post(
        "/graphql", content=f'{{"query": {number}', headers={"Content-Type": "application/json"}
    )
    assert broken.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def _loses_the_database(browser: Browser, url: str) -> None:
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    ended += "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    for _ in range(3):
        query(url, ended)
        await browser.send(DASHBOARD)


PLANTED = [
    "Lefèvre",
    "lefevre",
    "LE GOFF",
    "Pé",
    "Œuvrard",
    "30601020304050600",
    "3060 1020 3040 5060 0",
    "+33730003957",
    "07 30 00 39 57",
    "730003957",
    "camille.lefevre@example.fr",
    "1987-04-23",
    "23/04/1987",
    "23 avril 1987",
    "274916",
]


@pytest.mark.parametrize("value", PLANTED)
def test_what_is_personal_is_found_in_a_log(value: str) -> None:
    line = f'{{"event": "answered {value}, again", "status": 200}}'
    assert spilled(line, of_the_cast()) != []


@pytest.mark.parametrize("value", ["été", "Pépin", "1274916", "2026-11-23T08:00:00.274916Z", "Lefevres"])
def test_what_only_holds_something_personal_is_not(value: str) -> None:
    assert spilled(f'{{"event": "{value}"}}', of_the_cast()) == []


def _logs_a_name(portal: Portal) -> None:
    with (portal.folder / "stderr").open("a", encoding="utf-8") as log:
        log.write('{"event": "hello Kervoëlen"}\n')


def _answers_a_name(portal: Portal) -> None:
    portal.refusals.append(('{"query": "{ Célestine }"}', '[{"message": "no field Célestine"}]'))
    portal.refusals.append(('{"query": "{ customer { id } }"}', '[{"message": "Whitcombe: no"}]'))


@pytest.mark.parametrize(
    ("plant", "caught"), [(_logs_a_name, "['kervoelen']"), (_answers_a_name, "['whitcombe']")]
)
def test_a_server_that_logs_or_answers_a_name_is_caught_in_the_end(
    plant: Callable[[Portal], None], caught: str, sqlite_copy: dict[str, Any], tmp_path: Path
) -> None:
    def serves() -> None:
        with servers() as start:
            plant(start(tmp_path / "server", **sqlite_copy))

    with pytest.raises(AssertionError) as failed:
        serves()
    assert str(failed.value).startswith(f"assert {caught} == []")


async def test_the_tokens_that_a_browser_holds_are_looked_for(
    sqlite_copy: dict[str, Any], serve: Serve
) -> None:
    portal = serve(**sqlite_copy)
    async with Browser(portal) as browser:
        step = await browser.begin("logIn", DEMO_NUMBER)
        challenge = step["keypad"]["challengeId"]
        step = await browser.enter_code(step, DEMO_CODE)
        code = await browser.sms_code(step)
        await browser.enter_sms_code(step, code)
    assert browser.session is not None
    for held in (
        step["flowId"],
        challenge,
        code,
        browser.session,
        browser.session.partition(".")[2],
        *browser.devices.values(),
    ):
        assert folded(held) in spilled(f"unknown: {held}, again", looked_for(portal))
